"""Pictures of a training run, of a collection of tracks and of scores, as scikit-learn style Displays.

They draw with matplotlib, which the extra ``plot`` brings: ``pip install "skgenre[plot]"``.
"""

from skgenre.displays._curves import TrainingCurvesDisplay
from skgenre.displays._embedding_map import EmbeddingMapDisplay
from skgenre.displays._protocols import ProtocolsDisplay

__all__ = ["EmbeddingMapDisplay", "ProtocolsDisplay", "TrainingCurvesDisplay"]
