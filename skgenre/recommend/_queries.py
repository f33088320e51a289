"""scikit-learn's questions to an index of neighbours."""

from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skgenre.audio import as_rows
from skgenre.neighbors import Index, query_others


class NeighborQueries:
    """Mixin of estimators that fit ``index_`` and turn tracks into its vectors by ``_embeddings_of``."""

    n_neighbors: int
    n_samples_fit_: int
    index_: Index

    def _embeddings_of(self, X: Any) -> np.ndarray:
        raise NotImplementedError

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
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

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Ascending. Not returned if ``return_distance`` is False.
        indices : ndarray of shape (n_queries, n_neighbors), int
            Rows of the fitted tracks; equal distances in ascending order of row.

        Raises
        ------
        ValueError
            If there are fewer tracks than ``n_neighbors``.

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
        self._check_count("n_neighbors", n_neighbors, leaves_itself_out=X is None)
        if X is None:
            distances, indices = query_others(self.index_, np.arange(self.n_samples_fit_), n_neighbors)
        else:
            distances, indices = self.index_.query(self._embeddings_of(as_rows(X)), n_neighbors)
        return (distances, indices) if return_distance else indices

    def kneighbors_graph(self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity") -> csr_matrix:
        """Give the graph of neighbours, as ``sklearn.neighbors.NearestNeighbors.kneighbors_graph`` does.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_dims), or tracks that the embedder takes, default=None
            As in ``kneighbors``.
        n_neighbors : int, default=None
            As in ``kneighbors``.
        mode : {"connectivity", "distance"}, default="connectivity"
            What an edge weighs: 1, or the distance.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_tracks), float64
            The edge from a query to each of its neighbours.

        Raises
        ------
        ValueError
            If ``mode`` is another, or there are fewer tracks than ``n_neighbors``.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]])
        >>> recommender.kneighbors_graph(n_neighbors=1, mode="distance").toarray()
        array([[0., 1., 0.],
               [1., 0., 0.],
               [0., 2., 0.]])
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(f'mode must be "connectivity" or "distance", got {mode!r}')
        distances, indices = self.kneighbors(X, n_neighbors)
        n_queries, n_neighbors = indices.shape
        weights = distances if mode == "distance" else np.ones_like(distances)
        starts = np.arange(0, indices.size + 1, n_neighbors)
        return csr_matrix((weights.ravel(), indices.ravel(), starts), shape=(n_queries, self.n_samples_fit_))

    def _check_count(self, name: str, count: Any, *, leaves_itself_out: bool) -> None:
        check_scalar(count, name, Integral, min_val=1)
        most = self.n_samples_fit_ - leaves_itself_out
        if count > most:
            but = ", each of which leaves itself out" if leaves_itself_out else ""
            raise ValueError(f"{name} must be <= {most}, got {count}: there are {self.n_samples_fit_} tracks{but}")
