"""How far the confidence of a classifier is from its accuracy."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from skgenre._sklearn import column_or_1d

_SUM_TOLERANCE = 1e-3
"""How far the probabilities of a track may be from a sum of one, as those of a float32 net are."""


def expected_calibration_error(
    y_true: ArrayLike, y_prob: ArrayLike, *, labels: ArrayLike | None = None, n_bins: int = 10
) -> float:
    """Measure how far a classifier's confidence is from its accuracy.

    The confidence of a prediction is its highest probability. Predictions are sorted by it into bins of equal width
    from 0 to 1; the error is the distance between mean confidence and accuracy in a bin, averaged over the bins with
    the number of predictions in each as its weight. Of 100 tracks that a model is 80 % sure of, 80 should be right.

    Parameters
    ----------
    y_true : array-like of shape (n_tracks,)
        The true genres.
    y_prob : array-like of shape (n_tracks, n_classes)
        Probability of each genre, from 0 to 1; rows sum to one.
    labels : array-like of shape (n_classes,), default=None
        The genre of each column. None means the sorted genres of ``y_true``.
    n_bins : int, default=10
        Number of bins. A bin holds its upper edge and not its lower one.

    Returns
    -------
    error : float
        From 0, where confidence and accuracy agree, to 1.

    Raises
    ------
    ValueError
        If the columns are not one a genre, a track's genre has no column, or rows do not sum to one.

    See Also
    --------
    sklearn.metrics.log_loss : Rewards a classifier for being right and sure alike.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks", 2017.

    Examples
    --------
    >>> from skgenre import expected_calibration_error
    >>> y_prob = [[0.8, 0.2], [0.8, 0.2], [0.8, 0.2], [0.2, 0.8]]
    >>> round(expected_calibration_error(["folk", "folk", "rock", "rock"], y_prob), 3)
    0.05
    """
    if not isinstance(n_bins, Integral) or n_bins < 1:
        raise ValueError(f"n_bins must be an integer from 1 on, got {n_bins!r}")
    y_true = column_or_1d(y_true, "y_true")
    y_prob = check_array(y_prob, dtype=np.float64, input_name="y_prob")
    check_consistent_length(y_true, y_prob)
    columns = np.unique(y_true) if labels is None else column_or_1d(labels, "labels")
    if len(columns) != y_prob.shape[1]:
        raise ValueError(
            f"y_prob must have a column for each genre, got {y_prob.shape[1]} columns for the {len(columns)} genres "
            f"{list(map(str, columns))}; labels says what the columns are"
        )
    if len(np.unique(columns)) < len(columns):
        raise ValueError(f"labels must name each genre once, got {list(map(str, columns))}")
    unknown = np.setdiff1d(y_true, columns)
    if len(unknown):
        raise ValueError(f"labels must hold every genre of y_true, {list(map(str, unknown))} are missing")
    if y_prob.min() < 0 or np.abs(y_prob.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        raise ValueError("y_prob must hold probabilities that sum to one in each row")
    confidence = y_prob.max(axis=1)
    is_right = columns[y_prob.argmax(axis=1)] == y_true
    bins = np.digitize(confidence, np.linspace(0, 1, n_bins + 1)[1:-1], right=True)
    excess = np.bincount(bins, weights=confidence - is_right, minlength=n_bins)
    return float(np.abs(excess).sum() / len(y_true))
