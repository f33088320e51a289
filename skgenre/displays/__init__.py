"""Pictures of a training run and of a collection of tracks, as scikit-learn style Displays.

They draw with matplotlib, which the extra ``plot`` brings: ``pip install "skgenre[plot]"``.
"""

from skgenre.displays._curves import TrainingCurvesDisplay
from skgenre.displays._embedding_map import EmbeddingMapDisplay

__all__ = ["EmbeddingMapDisplay", "TrainingCurvesDisplay"]
