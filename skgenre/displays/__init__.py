"""Training runs, collections of tracks, recommenders and scores, drawn as scikit-learn style Displays.

They draw with matplotlib, which the extra ``plot`` brings: ``pip install "skgenre[plot]"``.
"""

from skgenre.displays._curves import TrainingCurvesDisplay
from skgenre.displays._embedding_map import EmbeddingMapDisplay
from skgenre.displays._hubness import HubnessDisplay
from skgenre.displays._label_curves import LabelPrecisionRecallDisplay
from skgenre.displays._neighbors import NeighborsDisplay
from skgenre.displays._protocols import ProtocolsDisplay
from skgenre.displays._recall import RecallDisplay
from skgenre.displays._timeline import TimelineDisplay

__all__ = [
    "EmbeddingMapDisplay",
    "HubnessDisplay",
    "LabelPrecisionRecallDisplay",
    "NeighborsDisplay",
    "ProtocolsDisplay",
    "RecallDisplay",
    "TimelineDisplay",
    "TrainingCurvesDisplay",
]
