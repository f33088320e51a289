"""What holds one row per track: a sequence, and an array, indexable in every way that scikit-learn's splitters ask."""

from abc import abstractmethod
from collections.abc import Sequence
from importlib import import_module
from numbers import Integral
from typing import Any, Self

import numpy as np

from skgenre._sklearn import _get_output_config


class RowSequence(Sequence):
    """Base of sequences whose rows may differ in length or are made on access.

    An integer gives the row; a slice, boolean mask, list or array of integers, or ``(indices, ...)``, gives a
    sequence of the same kind. ``shape`` is ``(n,)``. ``row_labels`` is the index of the pandas object that the rows
    come from, if any.
    """

    row_labels: Any = None

    @abstractmethod
    def _row(self, position: int) -> np.ndarray:
        """Return one row."""

    @abstractmethod
    def _take(self, positions: np.ndarray) -> Self:
        """Return the sequence of the rows at these positions."""

    @property
    def shape(self) -> tuple[int]:
        """Number of rows, as a tuple."""
        return (len(self),)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(f"{type(self).__name__} has one axis, got the index {key!r}")
            key = key[0]
        if isinstance(key, Integral):
            position = int(key)
            if not -len(self) <= position < len(self):
                raise IndexError(f"row {position} is out of range for {len(self)} tracks")
            return self._row(position % len(self))
        if not isinstance(key, slice):
            key = np.asarray(key)
            if key.size == 0:
                key = key.astype(np.intp)
        positions = np.arange(len(self))[key]
        if positions.ndim > 1:
            raise IndexError(f"{type(self).__name__} has one axis, got an index of shape {np.shape(key)}")
        if not positions.ndim:
            return self._row(int(positions))
        taken = self._take(positions)
        taken.row_labels = None if self.row_labels is None else self.row_labels[positions]
        return taken

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} tracks)"


class RowArray(np.ndarray):
    """Array with one row per track that says what its rows are, for the step after it.

    Choosing rows and pickling keep what it says; whatever else is made of it is silent.

    Parameters
    ----------
    rows : ndarray of shape (n_tracks, ...)
        The array; not copied.
    sample_rate : int, default=None
        Samples per second where a row is a waveform, in hertz.
    band_names : ndarray of shape (n_bands,) of str, default=None
        Names of the bands where a row is a matrix of features.
    row_labels : pandas.Index of shape (n_tracks,), default=None
        Index of the pandas object that the rows come from.
    """

    sample_rate: int | None
    band_names: np.ndarray | None
    row_labels: Any

    def __new__(
        cls,
        rows: np.ndarray,
        sample_rate: int | None = None,
        band_names: np.ndarray | None = None,
        row_labels: Any = None,
    ) -> Self:
        array = np.asarray(rows).view(cls)
        array.sample_rate, array.band_names, array.row_labels = sample_rate, band_names, row_labels
        return array

    def __array_finalize__(self, source: Any) -> None:
        self.sample_rate = self.band_names = self.row_labels = None

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        return array if array.ndim else array[()]

    def __getitem__(self, key: Any) -> Any:
        chosen = np.asarray(self)[key]
        if chosen.ndim != self.ndim or (isinstance(key, tuple) and not (len(key) == 2 and key[1] is Ellipsis)):
            return chosen
        labels = self.row_labels
        if labels is not None:
            labels = labels[np.arange(len(self))[key[0] if isinstance(key, tuple) else key]]
        return type(self)(chosen, self.sample_rate, self.band_names, labels)

    def __reduce__(self) -> tuple:
        return type(self), (np.asarray(self), self.sample_rate, self.band_names, self.row_labels)


def labels_of(X: Any) -> Any:
    """Return the index of a pandas object, or of the one that rows come from; None where there is none."""
    if isinstance(X, RowSequence | RowArray):
        return X.row_labels
    return X.index if hasattr(X, "iloc") else None  # lists have an index too, of another kind


def labelled(table: np.ndarray, estimator: Any, X: Any) -> Any:
    """Give a table that a transformer makes of rows their index, where it is to become a pandas data frame.

    scikit-learn gives it that of ``X``, and looks for it at pandas objects alone.
    """
    labels = labels_of(X)
    if labels is None or _get_output_config("transform", estimator)["dense"] != "pandas":
        return table
    return import_module("pandas").DataFrame(table, index=labels)


def one_column(ids: Any, parameter: str) -> Any:
    """Return the ids in a table, which must have one column, as an array of objects; what is no table as it is."""
    shape = tuple(getattr(ids, "shape", ()))
    if len(shape) < 2:
        return ids
    if len(shape) > 2 or shape[1] != 1:
        raise ValueError(f"{parameter} must be one column, got shape {shape}")
    return np.asarray(ids, dtype=object).ravel()
