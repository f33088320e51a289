"""The nets as scikit-learn classifiers: ``CNNClassifier`` and ``RNNClassifier``."""

from skgenre.classifiers._cnn import CNNClassifier
from skgenre.classifiers._rnn import RNNClassifier

__all__ = ["CNNClassifier", "RNNClassifier"]
