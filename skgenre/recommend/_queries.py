"""scikit-learn's questions to a collection of tracks."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skgenre.recommend._search import Search
from skgenre.recommend._turns import asks


class NeighborQueries(Search):
    """Mixin of estimators with an index: the questions of ``sklearn.neighbors.NearestNeighbors``."""

    n_neighbors: int

    @asks
    def kneighbors(
        self,
        X: Any = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
        *,
        where: Any = None,
        exclude: Any = None,
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find the fitted tracks nearest to tracks, as ``sklearn.neighbors.NearestNeighbors.kneighbors`` does.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_dims), or tracks that the embedder takes, default=None
            Embeddings, or with an embedder for example paths: a lone path is one track. None means the fitted tracks,
            each leaving itself out.
        n_neighbors : int, default=None
            How many to find. None means the parameter ``n_neighbors``.
        return_distance : bool, default=True
            Whether to return the distances too.
        where : mask, mapping or callable, default=None
            Which tracks may be an answer: a boolean array with one value a track; a mapping from columns of the
            metadata to a value, a collection of values such as ``range(1990, 2000)``, or a callable that makes a mask
            of the column; or a callable that makes a mask of all columns. Groups are the column "group". Of a track
            with a list, set or array in a column, as of tags, one value must fit. Dates may be given as strings;
            None and NaN ask for what is missing.
        exclude : array-like of ids, default=None
            Tracks that are no answer. Ids that are not in the collection are passed over.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Ascending. Not returned if ``return_distance`` is False.
        indices : ndarray of shape (n_queries, n_neighbors), int
            Positions in ``track_ids_``; equal distances in ascending order.

        Raises
        ------
        ValueError
            If fewer tracks may be an answer than ``n_neighbors``.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]])
        >>> recommender.kneighbors([[0.9]], n_neighbors=2, return_distance=False)
        array([[1, 0]])
        >>> recommender.kneighbors(n_neighbors=1)
        (array([[1.], [1.], [2.]]), array([[1], [0], [1]]))
        """
        check_is_fitted(self)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        distances, indices = self._nearest(X, n_neighbors, where, exclude, "n_neighbors")
        return (distances, indices) if return_distance else indices

    @asks
    def neighbors_of(
        self, tracks: Any, n_neighbors: int | None = None, *, where: Any = None, exclude: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the fitted tracks nearest to each of several, all by their ids.

        Parameters
        ----------
        tracks : an id or path, or array-like of shape (n_queries,) of them
            Tracks, looked up as ids first; what is no id is a path, or open binary file, and goes through the
            embedder. A track of the collection leaves itself out.
        n_neighbors : int, default=None
            How many to find. None means the parameter ``n_neighbors``.
        where, exclude : default=None
            As in ``kneighbors``.

        Returns
        -------
        ids : ndarray of shape (n_queries, n_neighbors)
            The nearest first.
        distances : ndarray of shape (n_queries, n_neighbors), float64
            As ``kneighbors`` gives them.

        Raises
        ------
        ValueError
            If a track is neither an id nor a path for an embedder, or fewer tracks may be an answer than
            ``n_neighbors``.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]], track_ids=list("abc"))
        >>> recommender.neighbors_of(["a", "c"], n_neighbors=1)
        (array([['b'],
               ['b']], dtype=object), array([[1.],
               [2.]]))
        """
        check_is_fitted(self)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        vectors, rows = self._tracks(self._several(tracks), "tracks")
        allowed = self._allowed(where, exclude)
        known = rows >= 0
        self._check_count("n_neighbors", n_neighbors, allowed, leave_out=rows[known] if known.any() else None)
        distances, found = np.empty((len(rows), n_neighbors)), np.empty((len(rows), n_neighbors), dtype=np.intp)
        for which, own in ((known, rows[known]), (~known, None)):
            if which.any():
                distances[which], found[which] = self._search(vectors[which], n_neighbors, rows=own, allowed=allowed)
        return self._catalogue.ids_of(found.ravel()).reshape(found.shape), distances

    @asks
    def kneighbors_graph(
        self,
        X: Any = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
        *,
        include_self: bool = False,
        where: Any = None,
        exclude: Any = None,
    ) -> csr_matrix:
        """Give the graph of neighbours, as ``sklearn.neighbors.NearestNeighbors.kneighbors_graph`` does.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_dims), or tracks that the embedder takes, default=None
            As in ``kneighbors``.
        n_neighbors : int, default=None
            As in ``kneighbors``.
        mode : {"connectivity", "distance"}, default="connectivity"
            What an edge weighs: 1, or the distance.
        include_self : bool, default=False
            Where ``X`` is None, whether each track is the first of its own neighbours, as those estimators of
            scikit-learn expect that take a graph with ``metric="precomputed"``.
        where, exclude : default=None
            As in ``kneighbors``.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_tracks), float64
            The edge from a query to each of its neighbours.

        Raises
        ------
        ValueError
            If ``mode`` is another, or fewer tracks may be an answer than ``n_neighbors``.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]])
        >>> recommender.kneighbors_graph(n_neighbors=1, mode="distance").toarray()
        array([[0., 1., 0.],
               [1., 0., 0.],
               [0., 2., 0.]])
        """
        _check_mode(mode)
        check_is_fitted(self)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        if X is not None or not include_self:
            distances, indices = self.kneighbors(X, n_neighbors, where=where, exclude=exclude)
        elif n_neighbors == 1:
            distances, indices = np.zeros((len(self._catalogue), 1)), np.arange(len(self._catalogue))[:, None]
        else:
            check_scalar(n_neighbors, "n_neighbors", Integral, min_val=1)
            name = "n_neighbors - 1, those besides the track itself,"
            distances, indices = self._nearest(None, n_neighbors - 1, where, exclude, name)
            distances = np.column_stack([np.zeros(len(distances)), distances])
            indices = np.column_stack([np.arange(len(indices)), indices])
        return self._graph_of_lists(distances, indices, mode)

    @asks
    def radius_neighbors(
        self,
        X: Any = None,
        radius: float | None = None,
        return_distance: bool = True,
        sort_results: bool = True,
        *,
        where: Any = None,
        exclude: Any = None,
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find all fitted tracks within a distance, as ``NearestNeighbors.radius_neighbors`` does.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_dims), or tracks that the embedder takes, default=None
            As in ``kneighbors``.
        radius : float, default=None
            The largest distance, itself included. None means 1.
        return_distance : bool, default=True
            Whether to return the distances too.
        sort_results : bool, default=True
            As in scikit-learn; here distances ascend either way.
        where, exclude : default=None
            As in ``kneighbors``.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of float64 arrays
            Of each query, ascending. Not returned if ``return_distance`` is False.
        indices : ndarray of shape (n_queries,) of int arrays
            Positions in ``track_ids_``.

        Raises
        ------
        ValueError
            If ``radius`` is negative.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]])
        >>> distances, indices = recommender.radius_neighbors([[0.9], [9.0]], radius=1.0)
        >>> indices
        array([array([1, 0]), array([], dtype=int64)], dtype=object)
        """
        check_is_fitted(self)
        queries, rows = self._asked(X)
        allowed = self._allowed(where, exclude)
        radius = 1.0 if radius is None else radius
        check_scalar(radius, "radius", Real, min_val=0)
        if np.isnan(radius):
            raise ValueError("radius must be a number from 0 on, got nan")
        distances, indices = np.empty(len(queries), dtype=object), np.empty(len(queries), dtype=object)
        for i, (near, found) in enumerate(zip(*self._within(queries, radius, rows, allowed), strict=True)):
            if rows is not None:
                near, found = near[found != rows[i]], found[found != rows[i]]
            distances[i], indices[i] = near, self._catalogue.places[found]
        return (distances, indices) if return_distance else indices

    @asks
    def radius_neighbors_graph(
        self,
        X: Any = None,
        radius: float | None = None,
        mode: str = "connectivity",
        sort_results: bool = True,
        *,
        where: Any = None,
        exclude: Any = None,
    ) -> csr_matrix:
        """Give the graph of the tracks within a distance, as ``NearestNeighbors.radius_neighbors_graph`` does.

        Parameters
        ----------
        X, radius, sort_results, where, exclude
            As in ``radius_neighbors``.
        mode : {"connectivity", "distance"}, default="connectivity"
            What an edge weighs: 1, or the distance.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_tracks), float64
            The edge from a query to each track within the radius.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]])
        >>> recommender.radius_neighbors_graph(radius=1.0).toarray()
        array([[0., 1., 0.],
               [1., 0., 0.],
               [0., 0., 0.]])
        """
        _check_mode(mode)
        distances, indices = self.radius_neighbors(X, radius, where=where, exclude=exclude)
        starts = np.concatenate([[0], np.cumsum([len(row) for row in indices], dtype=np.intp)])
        indices = np.concatenate([*indices, np.empty(0, dtype=np.intp)])  # there may be no query
        return self._graph(np.concatenate([*distances, np.empty(0)]), indices, starts, mode)

    def _graph_of_lists(self, distances: np.ndarray, indices: np.ndarray, mode: str) -> csr_matrix:
        return self._graph(distances.ravel(), indices.ravel(), np.arange(0, indices.size + 1, indices.shape[1]), mode)

    def _graph(self, distances: np.ndarray, indices: np.ndarray, starts: np.ndarray, mode: str) -> csr_matrix:
        weights = distances if mode == "distance" else np.ones_like(distances)
        return csr_matrix((weights, indices, starts), shape=(len(starts) - 1, len(self._catalogue)))


def _check_mode(mode: str) -> None:
    if mode not in ("connectivity", "distance"):
        raise ValueError(f'mode must be "connectivity" or "distance", got {mode!r}')
