"""What genres and labels are: one genre of each track, or 0 and 1 in a column for each label, NaN where unknown."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score
from sklearn.utils import assert_all_finite, check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

_HINT = "y of several labels must hold a column of 0, 1 or NaN (not known) for each; MultiLabelBinarizer makes it"


def as_labels(values: Any) -> np.ndarray:
    """Return genres as a new array, those of a list as objects where some are str: numpy makes "nan" of NaN beside."""
    labels = np.array(values)
    return np.array(values, dtype=object) if labels.dtype.kind in "US" and not hasattr(values, "dtype") else labels


def read_labels(y: Any) -> np.ndarray | None:
    """Return labels as an array where there are several for each track.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_tracks,) or (n_tracks, n_labels)
        Targets.

    Returns
    -------
    labels : ndarray of shape (n_tracks, n_labels), float32, or None
        0, 1 or NaN. None where ``y`` has one column: one genre for each track.

    Raises
    ------
    ValueError
        If there are several columns that hold anything else, or lists of names.
    """
    if sparse.issparse(y):
        y = y.toarray()
    elif hasattr(y, "iloc") and y.ndim == 2:
        y = y.astype(object).mask(y.isna(), np.nan)  # NA is no number to numpy, and columns may be sparse
    try:
        shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    except ValueError as error:  # lists of unequal length have no shape
        raise ValueError(f"{_HINT} of lists of names") from error
    if len(shape) < 2 or shape[1:] == (1,):
        return None
    try:
        labels = check_array(y, dtype=np.float32, ensure_all_finite="allow-nan", input_name="y")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_HINT} of lists of names: {error}") from error
    known = labels[~np.isnan(labels)]
    if len(strange := known[(known != 0) & (known != 1)]):
        # cross_val_predict numbers what it finds in each column where it asks for probabilities.
        told = ", as cross_val_predict writes for NaN" if strange[0] == 2 else ""
        raise ValueError(f"{_HINT} of lists of names, got {strange[0]:g}{told}")
    return labels


def read_genres(y: Any) -> np.ndarray:
    """Return genres as an array.

    Parameters
    ----------
    y : array-like of shape (n_tracks,)
        One genre for each track.

    Returns
    -------
    genres : ndarray of shape (n_tracks,)
        The genres.

    Raises
    ------
    ValueError
        If a track has none, or genres are of types that cannot be sorted together, or numbers that are no classes.
    """
    if isinstance(y, list | tuple) and len({isinstance(genre, str) for genre in y}) > 1:
        y = np.asarray(y, dtype=object)  # else numpy spells a NaN among names "nan", and a number like a name
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    elif y.dtype.kind == "O":
        if missing := [row for row, genre in enumerate(y) if is_missing(genre)]:
            raise ValueError(
                f"y must hold a genre for every track, got none in {len(missing)} rows, first {missing[0]}"
            )
        try:
            np.unique(y)
        except TypeError:
            kinds = sorted({type(genre).__name__ for genre in y})
            raise ValueError(f"y must hold genres of one type, such as str, got {' and '.join(kinds)}") from None
    check_classification_targets(y)
    return y


def is_missing(name: Any) -> bool:
    """Tell whether a name, such as a genre or an artist, is None, NaN or pandas' NA."""
    try:
        return name is None or bool(name != name)  # NaN is the value that differs from itself
    except TypeError:  # and what is missing in pandas does not say whether it does
        return True


def classes_of(n_labels: int) -> np.ndarray:
    """Return ``classes_`` for several labels: absent and present, for each.

    A list of pairs to scikit-learn's scorers, as its own forests have it, and an array to its ``cross_val_predict``.
    """
    return np.tile([0, 1], (n_labels, 1))


def forget_labels(estimator: Any) -> None:
    """Remove the ``thresholds_`` of an earlier fit: by them a classifier is known as one of several labels."""
    if hasattr(estimator, "thresholds_"):
        del estimator.thresholds_


class LabelsMixin:
    """Says that a classifier takes several labels, and scores it on those that are known."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of tracks that are answered rightly.

        Parameters
        ----------
        X : array-like
            Tracks, as ``predict`` takes them.
        y : array-like of shape (n_tracks,) or (n_tracks, n_labels)
            True genres, or labels. A track of several labels is right where all labels that are known are; tracks
            with none are left out.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track.

        Returns
        -------
        score : float
            Accuracy.
        """
        labels = read_labels(y)
        answers = self.predict(X)  # type: ignore[attr-defined]
        if labels is None:
            return accuracy_score(y, answers, sample_weight=sample_weight)
        check_consistent_length(answers, labels, sample_weight)
        if answers.shape != labels.shape:
            raise ValueError(f"y must have a column for each label, got {labels.shape[1]} columns")
        known = ~np.isnan(labels)
        tracks = known.any(axis=1)
        if not tracks.any():
            raise ValueError("y must hold at least one label that is known")
        right = ((answers == labels) | ~known).all(axis=1)
        weights = None if sample_weight is None else np.asarray(sample_weight)[tracks]
        return float(np.average(right[tracks], weights=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.classifier_tags.multi_label = True
        return tags


def thresholds_of(estimator: Any, n_labels: int) -> np.ndarray:
    """Return the thresholds that a fitted classifier, or the last step of a pipeline, answers by; else one half."""
    while not hasattr(estimator, "thresholds_"):
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return np.full(n_labels, 0.5)
    return estimator.thresholds_


def label_probabilities(estimator: Any, X: Any) -> np.ndarray:
    """Return the probability of each label, of shape (n_tracks, n_labels), in whichever of two ways it is answered."""
    answers = estimator.predict_proba(X)
    if not isinstance(answers, list):
        return answers
    # As trees and neighbours answer: two columns for each label, or one where training knew only one answer.
    columns = [
        answer[:, list(known).index(1)] if 1 in known else np.zeros(len(answer))
        for answer, known in zip(answers, estimator.classes_, strict=True)
    ]
    return np.column_stack(columns)
