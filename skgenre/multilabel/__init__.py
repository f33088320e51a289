"""Several labels of a track with any classifier: one classifier for each label, and labels that imply others."""

from skgenre.multilabel._hierarchy import HierarchicalClassifier
from skgenre.multilabel._parents import imply_parents
from skgenre.multilabel._per_label import PerLabelClassifier

__all__ = ["HierarchicalClassifier", "PerLabelClassifier", "imply_parents"]
