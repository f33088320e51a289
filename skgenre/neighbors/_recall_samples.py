"""Queries whose exact answers are known, to measure the recall of an index by."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skgenre.neighbors._checks import check_integers
from skgenre.neighbors._index import Index
from skgenre.neighbors._others import query_others
from skgenre.neighbors._scan import Scan


class RecallSample:
    """Queries whose exact answers are known, to measure the recall of an index.

    Half of them are rows of the index, which leave themselves out. They are found more easily than tracks that are not
    in the collection, most of all in a graph that they are part of. So the other half are strangers: rows moved in a
    random direction, as far as their nearest neighbour is.

    Parameters
    ----------
    index : Index
        The index; its answers are compared with those of the exhaustive search over its vectors.
    n_neighbors : int, default=10
        Neighbours that are looked for, fewer where the index holds fewer.
    n_queries : int, default=512
        How many queries.
    random_state : int, RandomState instance or None, default=None
        Draws the queries.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex, RecallSample
    >>> vectors = np.random.default_rng(0).standard_normal((2000, 16))
    >>> index = AnnoyIndex(n_trees=10, effort=1).build(vectors)
    >>> sample = RecallSample(index, random_state=0)
    >>> of_rows, of_strangers = sample.measure(index)
    >>> bool(of_rows.mean() < 0.9), bool(of_strangers.mean() < 0.9)
    (True, True)
    """

    def __init__(self, index: Index, *, n_neighbors: int = 10, n_queries: int = 512, random_state: Any = None) -> None:
        check_integers(1, n_neighbors=n_neighbors, n_queries=n_queries)
        rng = check_random_state(random_state)
        alive = np.flatnonzero(index.alive)
        self._n_neighbors = min(n_neighbors, len(alive) - 1)
        if self._n_neighbors < 1:
            raise ValueError(f"a recall can be measured from two rows on, the index holds {len(alive)}")
        rows = alive[rng.permutation(len(alive))[:n_queries]]
        scan = Scan(index._space, index.vectors)
        distances, _ = scan.query(index.take(rows), self._n_neighbors + 1, index.alive)
        # A row is its own nearest, or among the equals of its nearest.
        half = (len(rows) + 1) // 2
        self._rows, self._farthest_others = rows[:half], distances[:half, -1]
        near = index.take(rows[half:] if len(rows) > 1 else rows)
        steps = distances[-len(near) :, 1]
        if index.metric == "cosine":
            steps = np.sqrt(2 * steps) * np.linalg.norm(near, axis=1)
        directions = rng.standard_normal(near.shape)
        directions *= (steps / np.linalg.norm(directions, axis=1))[:, None]
        largest = np.finfo(np.float32).max
        self._strangers = np.clip(near + directions, -largest, largest).astype(np.float32)
        self._farthest = scan.query(self._strangers, self._n_neighbors, index.alive)[0][:, -1]

    def measure(self, index: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return the recall of each row and of each stranger: the share of answers no farther than the exact ones."""
        others = query_others(index, self._rows, self._n_neighbors)[0]
        found = index.query(self._strangers, self._n_neighbors)[0]
        return (others <= self._farthest_others[:, None]).mean(axis=1), (found <= self._farthest[:, None]).mean(axis=1)


class HeldOut:
    """Vectors that an index does not know yet, with their exact answers among those it knows.

    Parameters
    ----------
    index : Index
        The index during the trial of its ``build``.
    vectors : ndarray of shape (n_queries, n_dims), float32
        The vectors.
    n_neighbors : int
        Neighbours that are looked for, fewer where the index holds fewer.
    """

    def __init__(self, index: Index, vectors: np.ndarray, n_neighbors: int) -> None:
        self._vectors, self._n_neighbors = vectors, min(n_neighbors, len(index))
        self._farthest = Scan(index._space, index.vectors).query(vectors, self._n_neighbors, index.alive)[0][:, -1]

    def measure(self, index: Index) -> tuple[np.ndarray]:
        """Return the recall of each."""
        # As if all rows were alive: those that the index does not know cannot be found.
        found = index._query(self._vectors, self._n_neighbors, None)[0]
        return ((found <= self._farthest[:, None]).mean(axis=1),)
