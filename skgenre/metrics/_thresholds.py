"""Where to cut the probability of each label."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from skgenre._labels import read_labels


def tune_thresholds(y_true: ArrayLike, y_score: ArrayLike) -> np.ndarray:
    """Choose for each label the probability from which on to answer with it, for the highest F1.

    A label that few tracks have seldom reaches a probability of one half. Tune on tracks that the model was not trained
    on, by artists that it was not trained on: the nets do so with ``validation_fraction``, and the answers of
    :func:`~sklearn.model_selection.cross_val_predict` serve as well.

    Parameters
    ----------
    y_true : array-like or sparse matrix of shape (n_tracks, n_labels)
        True labels: 0, 1 or NaN, which is left out.
    y_score : array-like of shape (n_tracks, n_labels)
        Probabilities.

    Returns
    -------
    thresholds : ndarray of shape (n_labels,), float64
        Half-way between the lowest probability that is answered with the label and the next lower one; of cuts that
        are equally good the one nearest to one half. One half for a label that no track has, or every track.

    Raises
    ------
    ValueError
        If the shapes differ, or ``y_true`` holds anything else.

    Examples
    --------
    >>> from skgenre import tune_thresholds
    >>> y_true = [[1, 0], [0, 0], [1, 1], [0, 1]]
    >>> y_score = [[0.4, 0.1], [0.1, 0.6], [0.3, 0.9], [0.2, 0.8]]
    >>> tune_thresholds(y_true, y_score)
    array([0.25, 0.7 ])
    """
    labels = read_labels(y_true)
    if labels is None:
        raise ValueError("y_true must have a column for each of several labels, it has one")
    scores: np.ndarray = check_array(y_score, dtype=np.float64, input_name="y_score")
    check_consistent_length(labels, scores)
    if labels.shape != scores.shape:
        raise ValueError(f"y_score must have the {labels.shape[1]} columns of y_true, got {scores.shape[1]}")
    known = ~np.isnan(labels)
    return np.array([_threshold(labels[rows, j] == 1, scores[rows, j]) for j, rows in enumerate(known.T)])


def _threshold(present: np.ndarray, scores: np.ndarray) -> float:
    if not present.any() or present.all():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    scores, present = scores[order], present[order]
    right = np.cumsum(present)
    f1 = 2 * right / (np.arange(1, len(scores) + 1) + right[-1])
    following = np.append(scores[1:], 0.0)
    f1[:-1][scores[:-1] == scores[1:]] = -1  # no cut divides what is equal
    cuts = (scores + following) / 2
    best = np.flatnonzero(f1 > f1.max() - 1e-12)
    return float(cuts[best[np.abs(cuts[best] - 0.5).argmin()]])
