"""What the numbers of a net mean: one genre of several, or several labels at once."""

from typing import Any

import numpy as np
import torch


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
        self._targets, self._pooling = net._targets, net.pooling
        several = np.ndim(net.classes_) == 2
        if labels is not None and not several:
            raise ValueError(f"labels must be None for a net of one genre a track, which has names, got {labels!r}")
        n_labels = len(net.classes_)
        names = net.classes_ if not several else np.arange(n_labels) if labels is None else np.asarray(labels)
        if len(names) != n_labels:
            raise ValueError(f"labels must name the {n_labels} labels of the net, got {len(names)} names")
        self.classes = names

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the probabilities of segments."""
        return self._targets.activate(logits)

    def genre(self, posterior: np.ndarray) -> Any:
        """Return the most probable genre."""
        return self.classes.tolist()[posterior.argmax()]

    def pool(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities of a track from those of its segments."""
        return self._targets.pool(scores, self._pooling)
