"""What a metric means: points for a search to compare, and true distances."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from skgenre.neighbors._checks import all_true

BATCH = 2**22
"""Numbers in the largest temporary array of a search."""

CACHED = 2**16
"""Numbers of a temporary array that stays in the processor's cache: five times as quick to fill and to read."""


def batches(n: int, size: int) -> Iterator[slice]:
    """Give slices that cover n rows; scikit-learn's ``gen_batches`` takes as long as a short search."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


class Space:
    """A metric over given vectors: float32 points whose Euclidean order is that of the metric, and true distances.

    For the cosine distance points are unit vectors; for the Euclidean they are centred and scaled to at most 1, which
    keeps the digits of float32 where vectors lie far from the origin and close together. Vectors that are added later
    have the centre and the scale of the first.
    """

    def __init__(self, metric: str, centre: Any = 0.0, scale: float = 1.0) -> None:
        self.metric = metric
        self.centre = np.asarray(centre, dtype=np.float64)
        self.scale = scale

    @classmethod
    def of(cls, metric: str, vectors: np.ndarray) -> Self:
        if metric == "cosine":
            return cls(metric)
        centre = vectors.mean(axis=0, dtype=np.float64)
        extent = float(np.maximum(vectors.max(axis=0) - centre, centre - vectors.min(axis=0)).max())
        return cls(metric, centre, extent if extent > 0 else 1.0)

    def points(self, vectors: np.ndarray) -> np.ndarray:
        points = np.empty(vectors.shape, dtype=np.float32)
        # What is too far off for single precision becomes infinite; the searches know.
        with np.errstate(over="ignore"):
            for batch in batches(len(vectors), max(1, BATCH // vectors.shape[1])):
                rows = vectors[batch]
                points[batch] = _unit(rows)[0] if self.metric == "cosine" else (rows - self.centre) / self.scale
        return points

    def squares(self, points: np.ndarray) -> np.ndarray:
        """Return |a|² of points; 1 for a zero vector under cosine, which puts it at distance 1 from all."""
        if self.metric == "cosine":
            return np.ones(len(points), dtype=np.float32)
        with np.errstate(over="ignore"):
            return _squared(points)

    def squared_radius(self, radius: float) -> float:
        """Return the square of the distance between points that lie at this distance in the metric."""
        return 2 * radius if self.metric == "cosine" else (radius / self.scale) * (radius / self.scale)

    def distances(self, queries: np.ndarray, vectors: np.ndarray, asked: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Return the distances of (asked, found) pairs of a query and a row."""
        ends, directed = self._ends(queries)
        distances = np.empty(len(asked))
        for batch in batches(len(asked), max(1, CACHED // vectors.shape[1])):
            near = asked[batch]
            distances[batch] = self.between(ends[near], directed[near], vectors[found[batch]])
        return distances

    def distances_to(self, queries: np.ndarray, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the distances of each query to rows of its own, of shape (n_queries, n_each)."""
        ends, directed = self._ends(queries)
        n_each, n_dims = rows.shape[1], queries.shape[1]
        distances = np.empty(rows.shape)
        for batch in batches(len(rows), max(1, CACHED // (n_each * n_dims))):
            for part in batches(n_each, max(1, CACHED // n_dims)):
                near = vectors[rows[batch, part]]
                distances[batch, part] = self.between(ends[batch, None], directed[batch, None], near)
        return distances

    def point_and_ends(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return the point of a lone query, its end of all distances, and whether that has a direction.

        Both are float64, of shape (1, n_dims); the last is of shape (1,), or None under the Euclidean metric.
        """
        if self.metric == "cosine":
            ends, directed = _unit(query)
            return ends, ends, directed
        ends = query.astype(np.float64)
        return (ends - self.centre) / self.scale, ends, None

    def _ends(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the distances that lie at the queries, float64, and which of these have a direction."""
        if self.metric == "cosine":
            return _unit(queries)
        return queries.astype(np.float64), np.ones(len(queries), dtype=bool)

    def between(self, ends: np.ndarray, directed: np.ndarray | None, vectors: np.ndarray) -> np.ndarray:
        """Return the distances from ends, as ``point_and_ends`` gives them, to vectors."""
        if directed is None or self.metric == "euclidean":
            return np.sqrt(_squared(ends - vectors))
        vectors, also_directed = _unit(vectors)
        # Half the squared chord is 1 - cos, without its cancellation where vectors are nearly parallel.
        chords = np.minimum(_squared(ends - vectors) / 2, 2)
        directed = directed & also_directed
        return chords if all_true(directed) else np.where(directed, chords, 1)

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
        distances = self.distances_to(queries, vectors, rows)
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


def _unit(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors at length 1, float64, and which of them have a direction: the others stay zero."""
    vectors = vectors.astype(np.float64)
    lengths = np.sqrt(_squared(vectors))
    directed = lengths > 0
    if not all_true(directed):
        lengths[~directed] = 1
    vectors /= lengths[..., None]
    return vectors, directed


def _squared(vectors: np.ndarray) -> np.ndarray:
    vectors = np.ascontiguousarray(vectors)  # numbers that lie apart are summed in another order, to other last digits
    return np.vecdot(vectors, vectors)
