"""What a metric means: points for a search to compare, and true distances."""

import numpy as np
from sklearn.utils import gen_batches

BATCH = 2**22
"""Numbers in the largest temporary array of a search."""


class Space:
    """A metric over given vectors: float32 points whose Euclidean order is that of the metric, and true distances.

    For the cosine distance points are unit vectors; for the Euclidean they are centred and scaled to at most 1, which
    keeps the digits of float32 where vectors lie far from the origin and close together.
    """

    def __init__(self, metric: str, vectors: np.ndarray) -> None:
        self.metric = metric
        if metric == "euclidean":
            self.centre = vectors.mean(axis=0, dtype=np.float64)
            extent = np.maximum(vectors.max(axis=0) - self.centre, self.centre - vectors.min(axis=0)).max()
            self.scale = extent if extent > 0 else 1.0

    def points(self, vectors: np.ndarray) -> np.ndarray:
        points = np.empty(vectors.shape, dtype=np.float32)
        for batch in gen_batches(len(vectors), max(1, BATCH // vectors.shape[1])):
            rows = vectors[batch]
            points[batch] = _unit(rows)[0] if self.metric == "cosine" else (rows - self.centre) / self.scale
        return points

    def squares(self, points: np.ndarray) -> np.ndarray:
        """Return |a|² of points; 1 for a zero vector under cosine, which puts it at distance 1 from all."""
        if self.metric == "cosine":
            return np.ones(len(points), dtype=np.float32)
        return np.einsum("ij,ij->i", points, points)

    def nearest(
        self, queries: np.ndarray, vectors: np.ndarray, asked: np.ndarray, found: np.ndarray, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and rows of the nearest, out of sorted (asked, found) pairs of query and row."""
        distances = np.empty(len(asked))
        for batch in gen_batches(len(asked), max(1, BATCH // vectors.shape[1])):
            distances[batch] = self._distances(queries[asked[batch]], vectors[found[batch]])
        first = np.searchsorted(asked, np.arange(len(queries)))[:, None]
        order = np.lexsort((found, distances, asked))[first + np.arange(n_neighbors)]
        return distances[order], found[order]

    def _distances(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if self.metric == "euclidean":
            return np.sqrt(_squared(a.astype(np.float64) - b))
        (a, a_has_direction), (b, b_has_direction) = _unit(a), _unit(b)
        # Half the squared chord is 1 - cos, without its cancellation where vectors are nearly parallel.
        return np.where(a_has_direction & b_has_direction, np.minimum(_squared(a - b) / 2, 2), 1)


def _unit(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors at length 1, float64, and which of them have a direction: the others stay zero."""
    vectors = vectors.astype(np.float64)
    lengths = np.sqrt(_squared(vectors))
    return vectors / np.where(lengths > 0, lengths, 1)[:, None], lengths > 0


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", vectors, vectors)
