"""Exact search by matrix products."""

from typing import Any, Self

import numpy as np
from sklearn.utils import gen_batches

from skgenre.neighbors._space import BATCH, Space


class ExactIndex:
    """Compare each query with every vector, and find exactly the nearest.

    Single-precision matrix products choose candidates, with a margin that covers their rounding error; the distances
    of the candidates are then computed from differences in double precision. So answers depend neither on the batch
    size nor on the number of threads, and distances keep their digits far away from the origin too.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        The vectors it was built on.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import ExactIndex
    >>> index = ExactIndex("euclidean").build(np.float32([[0, 0], [3, 4], [6, 8]]))
    >>> distances, rows = index.query(np.float32([[0, 0]]), n_neighbors=2)
    >>> distances, rows
    (array([[0., 5.]]), array([[0, 1]]))
    """

    vectors: np.ndarray

    def __init__(self, metric: str = "cosine") -> None:
        self.metric = metric

    def build(self, vectors: np.ndarray) -> Self:
        """Index vectors.

        Parameters
        ----------
        vectors : ndarray of shape (n_rows, n_dims), float32
            Finite vectors; kept, not copied.

        Returns
        -------
        self : ExactIndex
            The index.
        """
        self.vectors = vectors
        self._space = Space(self.metric, vectors)
        self._points = self._space.points(vectors)
        self._squares = self._space.squares(self._points)
        return self

    def query(self, queries: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest vectors.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_dims), float32
            Finite vectors.
        n_neighbors : int
            How many to find, from 1 to n_rows.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Ascending.
        rows : ndarray of shape (n_queries, n_neighbors), int
            Rows of the vectors; equal distances in ascending order of row.
        """
        parts = []
        for batch in gen_batches(len(queries), max(1, BATCH // len(self.vectors))):
            asked, found = self._candidates(queries[batch], n_neighbors)
            parts.append(self._space.nearest(queries[batch], self.vectors, asked, found, n_neighbors))
        return np.concatenate([distances for distances, _ in parts]), np.concatenate([rows for _, rows in parts])

    def _candidates(self, queries: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (query, row) pairs, sorted, with every row that can be among the nearest of its query.

        |a - b|² = |a|² + |b|² - 2ab, less |a|², which is the same for all rows. In single precision it is off by no
        more than ``slack * (|a|² + |b|²) + least`` (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
        section 3.1, doubled). A row is a candidate if its lower bound is no more than the k-th smallest upper bound.
        """
        n_dims = queries.shape[1]
        slack = (n_dims + 16) * np.finfo(np.float32).eps
        least = (n_dims + 16) * np.finfo(np.float32).tiny
        # A query very far off overflows: NaN compares as "not greater", so that all rows are candidates.
        with np.errstate(over="ignore", invalid="ignore"):
            points = self._space.points(queries)
            bounds = points @ self._points.T
            bounds *= -2
            bounds += (1 + slack) * self._squares
            limit = np.partition(bounds, n_neighbors - 1, axis=1)[:, n_neighbors - 1]
            limit = limit + 2 * slack * self._space.squares(points) + 2 * least
            bounds -= 2 * slack * self._squares
            asked, found = np.nonzero(~(bounds > limit[:, None]))
        return asked, found

    def __getstate__(self) -> dict[str, Any]:
        return {"metric": self.metric, "vectors": self.vectors}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.metric = state["metric"]
        self.build(state["vectors"])
