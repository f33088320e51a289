"""Named columns: what a group of features hands in."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any

import numpy as np


class Columns:
    """Collects the features of one track, with their names.

    Names are made only where they are asked for, since they are the same for every track.
    """

    def __init__(self) -> None:
        self._names: list[tuple[str, Callable[[], Iterable[tuple]]]] = []
        self._values: list[np.ndarray] = []

    def add(self, name: str, values: Any, *labels: Any) -> None:
        """Add one feature, or an array of them.

        Parameters
        ----------
        name : str
            Name, with ``{}`` for each axis of ``values``: ``"mfcc{}_mean"``.
        values : float or ndarray
            The features.
        *labels : sequence of str
            What stands for ``{}`` along each axis; numbers from 1 where it is not given.
        """
        values = np.asarray(values, dtype=np.float64)
        axes = labels or tuple(range(1, n + 1) for n in values.shape)
        self._names.append((name, partial(product, *axes)))
        self._values.append(values.ravel())

    def add_pairs(self, name: str, matrix: np.ndarray) -> None:
        """Add what stands above the diagonal of a symmetric matrix, under names such as ``"mfcc{}_with_mfcc{}"``."""
        rows, columns = np.triu_indices(len(matrix), 1)
        self._names.append((name, partial(zip, rows + 1, columns + 1)))
        self._values.append(matrix[rows, columns])

    def add_statistics(self, name: str, rows: np.ndarray, statistics: tuple[str, ...]) -> None:
        """Add statistics over time, by name, of rows or of a lone row.

        Parameters
        ----------
        name : str
            Name, with ``{}`` where there are several rows.
        rows : ndarray of shape (n_rows, n_frames) or (n_frames,)
            What is summarised.
        statistics : tuple of str
            Of ``"mean"``, ``"std"``, ``"change"`` (deviation of the differences between neighbours), ``"q10"``,
            ``"q50"`` and ``"q90"``.
        """
        for statistic in statistics:
            self.add(f"{name}_{statistic}", _STATISTICS[statistic](np.asarray(rows)))

    @property
    def values(self) -> np.ndarray:
        """All features, as an array of shape (n_features,)."""
        return np.concatenate(self._values)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [name.format(*label) for name, labels in self._names for label in labels()]


def _changes(rows: np.ndarray) -> np.ndarray:
    return np.diff(rows).std(axis=-1) if rows.shape[-1] > 1 else np.zeros(rows.shape[:-1])


_STATISTICS: dict[str, Any] = {
    "mean": lambda rows: rows.mean(axis=-1),
    "std": lambda rows: rows.std(axis=-1),
    "change": _changes,
    "q10": lambda rows: np.quantile(rows, 0.1, axis=-1),
    "q50": lambda rows: np.quantile(rows, 0.5, axis=-1),
    "q90": lambda rows: np.quantile(rows, 0.9, axis=-1),
}
