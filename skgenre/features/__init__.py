"""Time-frequency features of tracks, and their statistics over time."""

from skgenre.features._extraction import Extractor
from skgenre.features._extractors import MelExtractor, MFCCExtractor
from skgenre.features._sequence import FeatureSequence, check_features
from skgenre.features._statistics import FrameStatistics

__all__ = ["Extractor", "FeatureSequence", "FrameStatistics", "MFCCExtractor", "MelExtractor", "check_features"]
