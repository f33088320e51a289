"""Targets that are several labels of each track, any of which may not be known."""

from typing import Any

import numpy as np
import torch

from skgenre._labels import classes_of
from skgenre.classifiers._losses import LabelLoss
from skgenre.segments import check_pooling

_EDGE = 1e-7
"""How near a probability of a label comes to 0 and 1."""


class SeveralLabels:
    """Several labels of each track: a sigmoid and a threshold for each, and binary cross-entropy over those known.

    Parameters
    ----------
    y : ndarray of shape (n_tracks, n_labels)
        1, 0 or NaN.
    classes : array-like, default=None
        Not used: the columns are the labels.
    """

    meaning = "several labels of each track"

    def __init__(self, y: np.ndarray, classes: Any = None) -> None:
        self.n_outputs = y.shape[1]
        self.pos_weight = np.ones(self.n_outputs)

    @staticmethod
    def read(y: np.ndarray) -> np.ndarray:
        """Check labels."""
        if np.isnan(y).all():
            raise ValueError("y must hold at least one label that is known, got only NaN")
        return y

    @staticmethod
    def weigh(y: np.ndarray, weights: np.ndarray, class_weight: Any) -> np.ndarray:
        """Return the weights of tracks: none for those of which no label is known."""
        return weights * ~np.isnan(y).all(axis=1)

    def expect(self, y: np.ndarray, classes: Any = None) -> None:
        """Check that there are as many labels as before."""
        if y.shape[1:] != (self.n_outputs,):
            raise ValueError(f"y must have the {self.n_outputs} columns known so far, got the shape {y.shape}")
        if classes is not None and len(classes) != self.n_outputs:
            raise ValueError(
                f"classes must name the {self.n_outputs} columns of y, or be left out, got {len(classes)} of them"
            )

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the targets of the net, of shape (n_tracks, n_labels)."""
        return y

    def strata(self, targets: np.ndarray) -> np.ndarray:
        """Return what a validation split should have its share of: each label, and tracks without any."""
        present = targets == 1
        return np.column_stack([present, ~present.any(axis=1)]).astype(int)

    def criterion(self, targets: np.ndarray, weights: np.ndarray, label_smoothing: float, class_weight: Any) -> dict:
        """Return the loss as skorch takes it; how frequent labels are is seen here, once."""
        weights = weights[:, None] * ~np.isnan(targets)
        present, all_ = (weights * (targets == 1)).sum(axis=0), weights.sum(axis=0)
        shares = np.divide(present, all_, out=np.full(self.n_outputs, 0.5), where=all_ > 0)
        self.pos_weight = _pos_weight(class_weight, present, all_ - present)
        return {
            "criterion": LabelLoss,
            "criterion__pos_weight": self.pos_weight,
            "criterion__shares": shares,
            "criterion__label_smoothing": label_smoothing,
        }

    def fitted(self) -> dict[str, Any]:
        """Return what the estimator shows of them as its attributes."""
        return {
            "classes_": classes_of(self.n_outputs),
            "pos_weight_": self.pos_weight,
            "thresholds_": np.full(self.n_outputs, 0.5),
        }

    @staticmethod
    def activate(logits: torch.Tensor) -> torch.Tensor:
        """Return the probabilities of segments."""
        return logits.sigmoid()

    @staticmethod
    def pool(scores: np.ndarray, pooling: str) -> np.ndarray:
        """Return the probabilities of a track from those of its segments, strictly between 0 and 1."""
        check_pooling(pooling)
        if pooling == "vote":
            scores = scores >= 0.5
        pooled = scores.max(axis=0) if pooling == "max" else scores.mean(axis=0)
        return np.clip(pooled, _EDGE, 1 - _EDGE)

    def loss(self, targets: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> float:
        """Return the weighted log-loss over the labels that are known."""
        known = ~np.isnan(targets)
        losses = -np.where(targets == 1, self.pos_weight * np.log(probabilities), np.log1p(-probabilities))
        return float(np.average(losses[known], weights=(weights[:, None] * known)[known]))

    @staticmethod
    def choose(scores: np.ndarray, cut: float) -> np.ndarray:
        """Return the answers: 1, 0, or NaN where the scores are."""
        return np.where(np.isnan(scores), np.nan, scores >= cut)

    @staticmethod
    def judge(expected: np.ndarray, answered: np.ndarray) -> dict[str, float]:
        """Return the share of known labels that are answered rightly, and the macro F1 over labels."""
        known = ~np.isnan(expected)
        if not known.any():
            return {"accuracy": np.nan, "f1": np.nan}
        right = np.sum((expected == 1) & (answered == 1), axis=0)
        either = np.sum(expected == 1, axis=0) + np.sum((answered == 1) & known, axis=0)
        f1 = np.divide(2 * right, either, out=np.zeros(len(either)), where=either > 0)
        accuracy = (expected == answered)[known].mean()
        return {"accuracy": float(accuracy), "f1": float(np.mean(f1, where=known.any(axis=0)))}

    def decide(self, probabilities: np.ndarray, thresholds: np.ndarray | None) -> np.ndarray:
        """Return what to predict."""
        return (probabilities >= thresholds).astype(int)


def _pos_weight(class_weight: Any, present: np.ndarray, absent: np.ndarray) -> np.ndarray:
    """Return the weight of each label's presence; ``present`` and ``absent`` say how often it is which."""
    ones = np.ones(len(present))
    if class_weight is None:
        return ones
    if isinstance(class_weight, str):  # "balanced"
        return np.divide(absent, present, out=ones, where=(absent > 0) & (present > 0))
    if isinstance(class_weight, dict):
        if strange := [label for label in class_weight if label not in range(len(ones))]:
            raise ValueError(
                f"class_weight must name columns of y by numbers from 0 to {len(ones) - 1} where tracks have several "
                f"labels, got {strange[0]!r}"
            )
        given = [class_weight.get(label, 1.0) for label in range(len(ones))]
    else:
        given = class_weight
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):  # some is no number
        weights = np.empty(0)
    if weights.shape != ones.shape or not np.all((weights > 0) & np.isfinite(weights)):
        raise ValueError(
            f"class_weight must hold a number above 0 for each of the {len(ones)} labels, got {class_weight!r}"
        )
    return weights
