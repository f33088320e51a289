"""An immutable sequence with one row per track, indexable in every way that scikit-learn's splitters ask."""

from abc import abstractmethod
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np


class RowSequence(Sequence):
    """Base of sequences whose rows may differ in length or are made on access.

    An integer gives the row; a slice, boolean mask, list or array of integers, or ``(indices, ...)``, gives a
    sequence of the same kind. ``shape`` is ``(n,)``.
    """

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
            return self._row(range(len(self))[key])
        if not isinstance(key, slice):
            key = np.asarray(key)
            if key.size == 0:
                key = key.astype(np.intp)
        return self._take(np.arange(len(self))[key])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} tracks)"
