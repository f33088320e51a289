"""Approximate search by the trees of Annoy."""

import tempfile
from pathlib import Path
from typing import Any, Self

import annoy
import numpy as np

from skgenre.neighbors._exact import ExactIndex
from skgenre.neighbors._space import Space


class AnnoyIndex:
    """Look for the nearest vectors in a forest of Annoy's random projection trees: quick, but it may miss some.

    Distances are recomputed from the vectors, so those that are found have the same distances as in ``ExactIndex``.
    Where the forest gives too few, the search is exact: there are always ``n_neighbors`` answers.

    The forest is grown in one thread, since Annoy ignores its seed in more. Its pickle holds the bytes of the file that
    Annoy saves, not a recipe to grow it again: so it loads at once, and the trees are the same on another machine too,
    where sums that round differently could grow others.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.
    n_trees : int, default=100
        Trees in the forest; more find more, and take more memory.
    effort : int, default=4
        Vectors to inspect for each tree and each neighbour asked for.
    seed : int, default=0
        Seed of the random projections.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        The vectors it was built on.

    References
    ----------
    E. Bernhardsson, Annoy: Approximate Nearest Neighbors in C++/Python, https://github.com/spotify/annoy.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex
    >>> index = AnnoyIndex("cosine").build(np.float32([[1, 0], [0, 2], [-3, 0]]))
    >>> distances, rows = index.query(np.float32([[0, 5]]), n_neighbors=2)
    >>> distances, rows
    (array([[0., 1.]]), array([[1, 0]]))
    """

    vectors: np.ndarray

    def __init__(self, metric: str = "cosine", *, n_trees: int = 100, effort: int = 4, seed: int = 0) -> None:
        self.metric = metric
        self.n_trees = n_trees
        self.effort = effort
        self.seed = seed

    def build(self, vectors: np.ndarray) -> Self:
        """Index vectors.

        Parameters
        ----------
        vectors : ndarray of shape (n_rows, n_dims), float32
            Finite vectors; kept, not copied.

        Returns
        -------
        self : AnnoyIndex
            The index.
        """
        self.vectors = vectors
        self._space = Space(self.metric, vectors)
        self._forest = self._new_forest()
        self._forest.set_seed(self.seed)
        for row, point in enumerate(self._space.points(vectors)):
            self._forest.add_item(row, point)
        self._forest.build(self.n_trees, n_jobs=1)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder, "forest.ann")
            self._forest.save(str(path))
            # Read now, not when pickled: save() swaps the forest's memory under the feet of other threads.
            self._bytes = path.read_bytes()
        return self

    def query(self, queries: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """Find vectors that are near, most of them the nearest.

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
        with np.errstate(over="ignore"):
            points = self._space.points(queries)
        found = np.full((len(queries), n_neighbors), -1)
        for row, point in enumerate(points):
            near = self._search(point, n_neighbors)
            found[row, : len(near)] = near
        few = found[:, -1] < 0
        if few.any():
            found[few] = ExactIndex(self.metric).build(self.vectors).query(queries[few], n_neighbors)[1]
        asked = np.repeat(np.arange(len(queries)), n_neighbors)
        return self._space.nearest(queries, self.vectors, asked, found.ravel(), n_neighbors)

    def _search(self, point: np.ndarray, n_neighbors: int) -> list[int]:
        # Further off than this, Annoy's single-precision squares overflow.
        if np.abs(point).max() >= 1e15:
            return []
        # An item occurs once in each tree, so at an effort of 1 or more this many hold n_neighbors different ones.
        inspected = self.effort * self.n_trees * n_neighbors
        return self._forest.get_nns_by_vector(point, n_neighbors, min(inspected, np.iinfo(np.int32).max))

    def _new_forest(self) -> annoy.AnnoyIndex:
        return annoy.AnnoyIndex(self.vectors.shape[1], "angular" if self.metric == "cosine" else "euclidean")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_forest"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forest = self._new_forest()
        # The forest maps the file into memory: where an open file cannot be deleted, the folder outlives this call.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder, "forest.ann")
            path.write_bytes(self._bytes)
            self._forest.load(str(path))
