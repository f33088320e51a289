from .audio import AudioError as AudioError
from .audio import AudioLoader as AudioLoader
from .audio import Waveforms as Waveforms
from .classifiers import CNNClassifier as CNNClassifier
from .classifiers import RNNClassifier as RNNClassifier
from .datasets import load_tracks as load_tracks
from .datasets import make_tracks as make_tracks
from .displays import EmbeddingMapDisplay as EmbeddingMapDisplay
from .displays import TrainingCurvesDisplay as TrainingCurvesDisplay
from .features import FrameStatistics as FrameStatistics
from .features import MelExtractor as MelExtractor
from .features import MFCCExtractor as MFCCExtractor
from .recommend import EmbeddingRecommender as EmbeddingRecommender

__version__: str
