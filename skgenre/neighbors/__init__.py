"""Indexes of vectors that find the nearest rows: exact search and Annoy's trees, behind one small protocol.

Conventions: vectors are float32 of shape (n_rows, n_dims). Distances are float64, ascending, and mean the same in
every index. The cosine distance is ``1 - cos``, in [0, 2]; a zero vector has no direction and lies at distance 1 from
all, itself included, as in scikit-learn. Equal distances are ordered by row.
"""

from typing import Protocol, Self

import numpy as np

from skgenre.neighbors._annoy import AnnoyIndex
from skgenre.neighbors._exact import ExactIndex

__all__ = ["AnnoyIndex", "ExactIndex", "Index", "query_others"]


class Index(Protocol):
    """What a recommender asks of an index.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        The vectors it was built on.
    """

    vectors: np.ndarray

    def build(self, vectors: np.ndarray) -> Self:
        """Index these vectors and return self."""

    def query(self, queries: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Return distances and rows, each of shape (n_queries, n_neighbors), of the nearest vectors."""


def query_others(index: Index, rows: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest of indexed vectors, each leaving itself out, even where others equal it.

    Parameters
    ----------
    index : Index
        A built index.
    rows : ndarray of shape (n_queries,), int
        Rows of the index to find the neighbours of.
    n_neighbors : int
        How many to find, from 1 to n_rows - 1.

    Returns
    -------
    distances, rows : ndarray of shape (n_queries, n_neighbors)
        As ``query`` returns them.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import ExactIndex, query_others
    >>> index = ExactIndex("euclidean").build(np.float32([[1], [1], [3]]))
    >>> query_others(index, np.array([1, 2]), n_neighbors=1)
    (array([[0.], [2.]]), array([[0], [0]]))
    """
    distances, found = index.query(index.vectors[rows], n_neighbors + 1)
    others = found != rows[:, None]
    others[others.all(axis=1), -1] = False
    shape = (len(rows), n_neighbors)
    return distances[others].reshape(shape), found[others].reshape(shape)
