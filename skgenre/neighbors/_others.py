"""The neighbours of what is indexed itself."""

from numbers import Integral

import numpy as np

from skgenre.neighbors._index import Index


def query_others(
    index: Index, rows: np.ndarray, n_neighbors: int, *, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest of indexed vectors, each leaving itself out, even where others equal it.

    Parameters
    ----------
    index : Index
        A built index.
    rows : ndarray of shape (n_queries,), int
        Rows of the index to find the neighbours of.
    n_neighbors : int
        How many to find.
    allowed : ndarray of shape (n_rows,), bool, default=None
        Rows that may be an answer. None means all that are alive.

    Returns
    -------
    distances, rows : ndarray of shape (n_queries, n_neighbors)
        As ``query`` returns them.

    Raises
    ------
    ValueError
        If fewer other rows may answer than ``n_neighbors``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import ExactIndex, query_others
    >>> index = ExactIndex("euclidean").build(np.float32([[1], [1], [3]]))
    >>> query_others(index, np.array([1, 2]), n_neighbors=1)
    (array([[0.], [2.]]), array([[0], [0]]))
    """
    if allowed is not None and not allowed[rows].any():
        return index.query(index.take(rows), n_neighbors, allowed=allowed)
    n_allowed = np.count_nonzero(index.alive if allowed is None else index.alive & allowed)
    if not (isinstance(n_neighbors, Integral) and 1 <= int(n_neighbors) < n_allowed):
        raise ValueError(f"n_neighbors must be from 1 to {n_allowed - 1}, the other rows allowed, got {n_neighbors!r}")
    distances, found = index.query(index.take(rows), n_neighbors + 1, allowed=allowed)
    others = found != rows[:, None]
    others[others.all(axis=1), -1] = False
    shape = (len(rows), n_neighbors)
    return distances[others].reshape(shape), found[others].reshape(shape)
