"""Targets that are one genre of each track."""

from numbers import Real
from typing import Any

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score
from sklearn.utils.class_weight import compute_class_weight

from skgenre.classifiers._losses import GenreLoss
from skgenre.segments import pool_scores


class OneGenre:
    """One genre of each track: softmax, cross-entropy, and the genre with the highest probability.

    Parameters
    ----------
    y : ndarray of shape (n_tracks,)
        Genres.
    classes : array-like of shape (n_classes,), default=None
        All genres; None means those in ``y``.
    """

    meaning = "one genre of each track"

    def __init__(self, y: np.ndarray, classes: Any = None) -> None:
        self.classes = np.unique(y if classes is None else classes)
        self.n_outputs = len(self.classes)

    def weigh(self, y: np.ndarray, weights: np.ndarray, class_weight: Any) -> np.ndarray:
        """Return the weights of tracks, those of their genres included."""
        if not (class_weight is None or isinstance(class_weight, str | dict)):
            raise ValueError(
                'class_weight must be None, "balanced" or a dict by genre where each track has one genre, got '
                f"{class_weight!r}"
            )
        if class_weight is None:
            return weights
        if not isinstance(class_weight, dict):
            return weights * _balance(np.searchsorted(self.classes, y), weights)
        for genre, weight in class_weight.items():
            if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
                raise ValueError(
                    f"class_weight must hold a number from 0 on for each genre, got {weight!r} for {genre!r}"
                )
        # By all genres: those of a batch of partial_fit may be few.
        of_genres = compute_class_weight(class_weight, classes=self.classes, y=y)
        return weights * of_genres[np.searchsorted(self.classes, y)]

    def expect(self, y: np.ndarray, classes: Any = None) -> None:
        """Check that genres are among those known."""
        if classes is not None and not np.array_equal(np.unique(classes), self.classes):
            raise ValueError(f"classes must be those of the first call, {self.classes}, got {np.unique(classes)}")
        unseen = np.setdiff1d(y, self.classes)
        if len(unseen):
            raise ValueError(f"y must hold only the genres known so far, {self.classes}, got also {unseen}")
        if len(self.classes) < 2:
            raise ValueError(f"y must hold at least two genres, got one class: {self.classes[0]}")

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return the targets of the net: 1 for the genre, 0 for the others, of shape (n_tracks, n_classes)."""
        return np.eye(self.n_outputs, dtype=np.float32)[np.searchsorted(self.classes, y)]

    def strata(self, targets: np.ndarray) -> np.ndarray:
        """Return what a validation split should have its share of, as columns of 0 and 1."""
        return targets.astype(int)

    def criterion(self, targets: np.ndarray, weights: np.ndarray, label_smoothing: float, class_weight: Any) -> dict:
        """Return the loss as skorch takes it."""
        return {"criterion": GenreLoss, "criterion__label_smoothing": label_smoothing}

    def fitted(self) -> dict[str, Any]:
        """Return what the estimator shows of them as its attributes."""
        return {"classes_": self.classes}

    @staticmethod
    def activate(logits: torch.Tensor) -> torch.Tensor:
        """Return the probabilities of segments."""
        return logits.softmax(dim=1)

    @staticmethod
    def pool(scores: np.ndarray, pooling: str) -> np.ndarray:
        """Return the probabilities of a track from those of its segments."""
        return pool_scores(scores, pooling)

    @staticmethod
    def loss(targets: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> float:
        """Return the weighted log-loss."""
        winners = targets.argmax(axis=1)
        losses = -np.log(np.maximum(probabilities[np.arange(len(winners)), winners], 1e-7))
        return float(np.average(losses, weights=weights))

    @staticmethod
    def choose(scores: np.ndarray, cut: float) -> np.ndarray:
        """Return the answers, for targets, logits or probabilities alike."""
        return scores.argmax(axis=1)

    @staticmethod
    def judge(expected: np.ndarray, answered: np.ndarray) -> dict[str, float]:
        """Return accuracy and macro F1 of answers."""
        f1 = f1_score(expected, answered, average="macro", zero_division=0)
        return {"accuracy": float(accuracy_score(expected, answered)), "f1": float(f1)}

    def decide(self, probabilities: np.ndarray, thresholds: np.ndarray | None) -> np.ndarray:
        """Return what to predict."""
        return self.classes[probabilities.argmax(axis=1)]


def _balance(codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what makes all genres that have any weight count alike; a weight of 2 is the track twice."""
    totals = np.bincount(codes, weights)
    return totals.sum() / (np.count_nonzero(totals) * np.where(totals > 0, totals, 1))[codes]
