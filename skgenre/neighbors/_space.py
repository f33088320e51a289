"""What a metric means: points for a search to compare, and true distances."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from skgenre.neighbors._pairs import FEW, distances_of, ends_and_points, nearest_first

BATCH = 2**22
"""Numbers in the largest temporary array of a search."""


def batches(n: int, size: int) -> Iterator[slice]:
    """Give slices that cover n rows; scikit-learn's ``gen_batches`` takes as long as a short search."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def is_plain(vectors: Any) -> bool:
    """Return whether vectors stand in memory one behind the other, in single precision."""
    return isinstance(vectors, np.ndarray) and vectors.dtype == np.float32 and vectors.flags.c_contiguous


class Space:
    """A metric over given vectors: float32 points whose Euclidean order is that of the metric, and true distances.

    For the cosine distance points are unit vectors; for the Euclidean they are centred and scaled to at most 1, which
    keeps the digits of float32 where vectors lie far from the origin and close together. Vectors that are added later
    have the centre and the scale of the first.
    """

    def __init__(self, metric: str, centre: Any = 0.0, scale: float = 1.0) -> None:
        self.metric = metric
        self.centre = np.asarray(centre, dtype=np.float64)
        self.scale = np.array([scale], dtype=np.float64)

    @classmethod
    def of(cls, metric: str, vectors: np.ndarray) -> Self:
        if metric == "cosine":
            return cls(metric)
        centre = vectors.mean(axis=0, dtype=np.float64)
        extent = float(np.maximum(vectors.max(axis=0) - centre, centre - vectors.min(axis=0)).max())
        return cls(metric, centre, extent if extent > 0 else 1.0)

    def points(self, vectors: np.ndarray) -> np.ndarray:
        points = np.empty(vectors.shape, dtype=np.float32)
        for batch in batches(len(vectors), max(1, BATCH // vectors.shape[1])):
            points[batch] = self.ends_and_points(vectors[batch])[1]
        return points

    def ends_and_points(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return vectors in double precision, as distances are worked out from, and their points."""
        has_centre = self.metric == "cosine" or self.centre.ndim  # or it is 0, for any number of dimensions
        centre = self.centre if has_centre else np.full(vectors.shape[1], self.centre)
        return ends_and_points(vectors, self.metric, centre, self.scale)

    def squares(self, points: np.ndarray) -> np.ndarray:
        """Return |a|² of points; 1 for a zero vector under cosine, which puts it at distance 1 from all."""
        if self.metric == "cosine":
            return np.ones(len(points), dtype=np.float32)
        with np.errstate(over="ignore"):
            return np.vecdot(points, points)

    def squared_radius(self, radius: float) -> float:
        """Return the square of the distance between points that lie at this distance in the metric."""
        if self.metric == "cosine":
            return 2 * radius
        radius = radius / self.scale.item()
        return radius * radius  # a power of what is too large is an error, a product is infinite

    def distances(self, queries: np.ndarray, vectors: Any, asked: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Return the distances of (asked, found) pairs of a query and a row."""
        return self.between(self.ends_and_points(queries)[0], vectors, asked, found)

    def between(self, ends: np.ndarray, vectors: Any, asked: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Return the distances of pairs of an end, as ``ends_and_points`` gives it, and a row."""
        if is_plain(vectors):
            return distances_of(ends, asked, vectors, found, self.metric)
        distances = np.empty(len(found))
        for batch in batches(len(found), max(1, BATCH // vectors.shape[1])):
            near = np.ascontiguousarray(vectors[found[batch]], dtype=np.float32)
            distances[batch] = distances_of(ends, asked[batch], near, np.arange(len(near)), self.metric)
        return distances

    def nearest(
        self,
        queries: np.ndarray,
        vectors: np.ndarray,
        asked: np.ndarray,
        found: np.ndarray,
        n_neighbors: int,
        numbers: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and rows of the nearest, out of (asked, found) pairs, at least so many of each query.

        ``numbers`` of the pairs, the rows if None, order those at equal distances.
        """
        distances = self.distances(queries, vectors, asked, found)
        numbers = found if numbers is None else numbers
        n_each = len(asked) // len(queries)
        if np.array_equal(asked, np.repeat(np.arange(len(queries)), n_each)):  # the usual case, sorted row by row
            order = np.lexsort((numbers.reshape(-1, n_each), distances.reshape(-1, n_each)), axis=1)[:, :n_neighbors]
            order += n_each * np.arange(len(queries))[:, None]
            return distances[order], found[order]
        order = np.lexsort((numbers, distances, asked))
        counts = np.bincount(asked, minlength=len(queries))
        order = order[(np.cumsum(counts) - counts)[:, None] + np.arange(n_neighbors)]
        return distances[order], found[order]

    def nearest_among(
        self, queries: np.ndarray, vectors: np.ndarray, rows: np.ndarray, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and rows of the nearest, out of rows of each query, of shape (n_queries, n_each).

        Rows below zero are none: they stand last, where there are too few others.
        """
        parts = [
            self.ranked(self.ends_and_points(queries[batch])[0], vectors, rows[batch], n_neighbors)
            for batch in batches(len(rows), max(1, BATCH // max(queries.shape[1], rows.shape[1])))
        ]
        return np.concatenate([far for far, _ in parts]), np.concatenate([near for _, near in parts])

    def ranked(
        self, ends: np.ndarray, vectors: Any, rows: np.ndarray, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Do what ``nearest_among`` does, given the ends that the distances lie at."""
        if rows.shape[1] <= FEW and is_plain(vectors):
            distances, rows = nearest_first(ends, vectors, rows, self.metric)
            return distances[:, :n_neighbors], rows[:, :n_neighbors]
        asked = np.repeat(np.arange(len(rows)), rows.shape[1])
        distances = self.between(ends, vectors, asked, rows.ravel()).reshape(rows.shape)
        distances[rows < 0] = np.inf
        order = np.lexsort((rows, distances), axis=1)[:, :n_neighbors]
        order += rows.shape[1] * np.arange(len(rows))[:, None]
        return distances.take(order), rows.take(order)

    def within(
        self, queries: np.ndarray, vectors: np.ndarray, asked: np.ndarray, found: np.ndarray, radius: float
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return distances and rows, a list for each query, of those within the radius."""
        distances = self.distances(queries, vectors, asked, found)
        near = distances <= radius
        asked, found, distances = asked[near], found[near], distances[near]
        order = np.lexsort((found, distances, asked))
        ends = np.cumsum(np.bincount(asked, minlength=len(queries)))[:-1]
        return np.split(distances[order], ends), np.split(found[order], ends)
