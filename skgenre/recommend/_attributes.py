"""What a fitted recommender says of its collection."""

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skgenre.recommend._filters import read_only
from skgenre.recommend._hubness import skewness
from skgenre.recommend._queries import NeighborQueries
from skgenre.recommend._turns import asks

_LIST = 10


class Attributes(NeighborQueries, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Mixin of estimators with an index: what the catalogue and the index hold, without the gaps of removed tracks."""

    @property
    @asks
    def embeddings_(self) -> np.ndarray:
        # Held by the index alone: joblib writes an array twice that two attributes share.
        vectors = np.asarray(self.index_.vectors)
        if len(vectors) > len(self._catalogue):
            return vectors[self._catalogue.rows]
        return read_only(vectors)  # distances are computed from them

    @property
    @asks
    def track_ids_(self) -> np.ndarray:
        return self._catalogue.track_ids

    @property
    @asks
    def groups_(self) -> np.ndarray | None:
        groups = self._catalogue.groups
        return None if groups is None else groups[self._catalogue.rows]

    @property
    @asks
    def metadata_(self) -> dict[str, np.ndarray]:
        return {name: column[self._catalogue.rows] for name, column in self._catalogue.columns.items()}

    @property
    @asks
    def n_samples_fit_(self) -> int:
        return len(self._catalogue)

    @property
    def effort_(self) -> int | None:
        return self.index_.effort

    @property
    def hubness_(self) -> float:
        return skewness(self.k_occurrence())

    @asks
    def k_occurrence(self, n_neighbors: int | None = None) -> np.ndarray:
        """Count in how many of the tracks' lists of neighbours each track is.

        Parameters
        ----------
        n_neighbors : int, default=None
            Length of a list. None means 10, or as many as there are other tracks; a lone track is in no list.

        Returns
        -------
        occurrence : ndarray of shape (n_tracks,), int
            One count a track: ``n_neighbors`` on average.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [2.5], [-1.5]])
        >>> recommender.k_occurrence(n_neighbors=1)
        array([2, 2, 0, 0])
        """
        check_is_fitted(self)
        if n_neighbors is None:
            n_neighbors = min(_LIST, self.n_samples_fit_ - 1)
            if n_neighbors < 1:
                return np.zeros(self.n_samples_fit_, dtype=np.intp)
        indices = self.kneighbors(None, n_neighbors, return_distance=False)
        return np.bincount(np.ravel(indices), minlength=self.n_samples_fit_)

    @asks
    def transform(self, X: Any) -> csr_matrix:
        """Give the graph of neighbours that scikit-learn's methods take as ``metric="precomputed"``.

        As of ``sklearn.neighbors.KNeighborsTransformer``, each row holds one neighbour more than ``n_neighbors``, since
        a fitted track is its own first neighbour. So a Pipeline can end in ``TSNE(metric="precomputed")``.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_dims), or tracks that the embedder takes
            As in ``kneighbors``.

        Returns
        -------
        graph : csr_matrix of shape (n_queries, n_tracks), float64
            The distances.

        Examples
        --------
        >>> from sklearn.manifold import Isomap
        >>> from sklearn.pipeline import make_pipeline
        >>> from skgenre import EmbeddingRecommender
        >>> neighbors = EmbeddingRecommender(metric="euclidean", n_neighbors=2)
        >>> layout = make_pipeline(neighbors, Isomap(n_neighbors=2, metric="precomputed"))
        >>> layout.fit_transform([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]).shape
        (4, 2)
        """
        check_is_fitted(self)
        name = "n_neighbors + 1, a track among its own neighbours,"
        distances, indices = self._nearest(X, self.n_neighbors + 1, None, None, name)
        return self._graph_of_lists(distances, indices, "distance")

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_
