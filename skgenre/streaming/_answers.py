"""What the numbers of a net mean: one genre of several, or several labels at once."""

from typing import Any

import numpy as np
import torch

from skgenre.segments import pool_scores


class Answers:
    """Tells the numbers of a fitted net.

    Parameters
    ----------
    net : CNNClassifier or RNNClassifier
        The fitted net.
    labels : array-like of shape (n_labels,), default=None
        Names of the columns of a net that was fitted with several labels a track; None numbers them.
    """

    def __init__(self, net: Any, labels: Any = None) -> None:
        self._pooling = net.pooling
        self.several = np.ndim(net.classes_) == 2
        if labels is not None and not self.several:
            raise ValueError(f"labels must be None for a net of one genre a track, which has names, got {labels!r}")
        n_labels = len(net.classes_)
        names = net.classes_ if not self.several else np.arange(n_labels) if labels is None else np.asarray(labels)
        if len(names) != n_labels:
            raise ValueError(f"labels must name the {n_labels} labels of the net, got {len(names)} names")
        self.classes = names

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the probabilities of segments."""
        return logits.sigmoid() if self.several else logits.softmax(dim=1)

    def genre(self, posterior: np.ndarray) -> Any:
        """Return the most probable genre."""
        return self.classes.tolist()[posterior.argmax()]

    def pool(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities of a track from those of its segments."""
        if not self.several:
            return pool_scores(scores, self._pooling)
        if self._pooling == "vote":
            scores = scores >= 0.5
        return scores.max(axis=0) if self._pooling == "max" else scores.mean(axis=0)
