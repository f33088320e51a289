"""Hubs, tracks that are near to very many others: how uneven a collection is, and distances that even it out.

Conventions: a reduction learns a few numbers about each track, and rescales the distance between two tracks by the
numbers of both. Rescaled distances lie in [0, 1].
"""

from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import skew
from sklearn.utils import gen_batches

from skgenre.neighbors import Index, query_others
from skgenre.recommend._distances import distances_between

_SAMPLE = 1000
_LOCAL = 7
_BATCH = 1024
_LEAST = np.finfo(np.float64).tiny
_SLACK = 1e-9


def skewness(occurrence: np.ndarray) -> float:
    """Return the skewness of how often tracks occur in the lists of others: 0 where all occur alike."""
    return float(skew(occurrence)) if len(set(occurrence.tolist())) > 1 else 0.0


class Reduction(Protocol):
    """What makes distances fairer between tracks in a crowd and tracks apart."""

    def of_queries(self, index: Index, queries: np.ndarray) -> np.ndarray:
        """Return the numbers of new vectors, of shape (n_queries, n_numbers)."""

    def of_rows(self, index: Index, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of indexed vectors, of shape (n_rows, n_numbers)."""

    def rescale(self, distances: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return rescaled distances, given the numbers of both ends along the last axis."""

    def reach(self, radius: float, one: np.ndarray, others: np.ndarray) -> float:
        """Return a distance beyond which no rescaled distance to others is within a radius."""


class MutualProximity:
    """The chance that a track at random is nearer to one of two tracks than they are to each other.

    The distances from a track are taken as normally distributed, with the mean and deviation of those to a sample.

    References
    ----------
    D. Schnitzer, A. Flexer, M. Schedl and G. Widmer, "Local and global scaling reduce hubs in space", 2012.
    """

    def __init__(self, metric: str, sample: np.ndarray) -> None:
        self.metric = metric
        self.sample = sample

    @classmethod
    def fit(cls, metric: str, index: Index, rows: np.ndarray, rng: np.random.RandomState) -> "MutualProximity":
        """Draw the sample."""
        return cls(metric, index.take(np.sort(rng.permutation(rows)[:_SAMPLE])).astype(np.float64))

    def of_queries(self, index: Index, queries: np.ndarray) -> np.ndarray:
        numbers = np.empty((len(queries), 2))
        for batch in gen_batches(len(queries), _BATCH):
            distances = distances_between(queries[batch], self.sample, self.metric)
            numbers[batch] = np.column_stack([distances.mean(axis=1), distances.std(axis=1)])
        return numbers

    def of_rows(self, index: Index, rows: np.ndarray) -> np.ndarray:
        return self.of_queries(index, index.vectors[rows])

    def rescale(self, distances: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        a, b = (
            ndtr((distances - mean_and_sd[..., 0]) / np.maximum(mean_and_sd[..., 1], _LEAST))
            for mean_and_sd in (one, other)
        )
        return np.where(distances > 0, a + b - a * b, 0.0)  # nothing is nearer than what is the same

    def reach(self, radius: float, one: np.ndarray, others: np.ndarray) -> float:
        if radius >= 1:
            return np.inf
        spread = one[1] * ndtri(radius) if one[1] > 0 else 0.0  # and not 0 times infinity
        return max(0.0, float(one[0] + spread) * (1 + _SLACK) + _SLACK)


class LocalScaling:
    """Distances in units of how far the neighbours of both ends are.

    References
    ----------
    L. Zelnik-Manor and P. Perona, "Self-tuning spectral clustering", 2005.
    """

    @classmethod
    def fit(cls, metric: str, index: Index, rows: np.ndarray, rng: np.random.RandomState) -> "LocalScaling":
        """Learn nothing: the index has all there is to know."""
        return cls()

    def of_queries(self, index: Index, queries: np.ndarray) -> np.ndarray:
        return index.query(queries, min(_LOCAL, len(index)))[0][:, -1:]

    def of_rows(self, index: Index, rows: np.ndarray) -> np.ndarray:
        n_others = len(index) - 1
        return query_others(index, rows, min(_LOCAL, n_others))[0][:, -1:] if n_others else np.zeros((len(rows), 1))

    def rescale(self, distances: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # where neighbours are all the same, all others are at 1
            return -np.expm1(-(distances**2) / np.maximum(one[..., 0] * other[..., 0], _LEAST))

    def reach(self, radius: float, one: np.ndarray, others: np.ndarray) -> float:
        if radius >= 1:
            return np.inf
        return float(np.sqrt(-one[0] * others[:, 0].max() * np.log1p(-radius))) * (1 + _SLACK) + _SLACK


REDUCTIONS: dict[str | None, Any] = {"mutual_proximity": MutualProximity, "local_scaling": LocalScaling}
