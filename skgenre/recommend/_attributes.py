"""What a fitted recommender says of its collection."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgenre.recommend._hubness import skewness
from skgenre.recommend._queries import NeighborQueries

_LIST = 10


class Attributes(NeighborQueries):
    """Mixin of estimators with an index: what the catalogue and the index hold, without the gaps of removed tracks."""

    @property
    def embeddings_(self) -> np.ndarray:
        # Held by the index alone: joblib writes an array twice that two attributes share.
        vectors = np.asarray(self.index_.vectors)
        return vectors if len(vectors) == len(self._catalogue) else vectors[self._catalogue.rows]

    @property
    def track_ids_(self) -> np.ndarray:
        return self._catalogue.track_ids

    @property
    def groups_(self) -> np.ndarray | None:
        groups = self._catalogue.groups
        return None if groups is None else groups[self._catalogue.rows]

    @property
    def metadata_(self) -> dict[str, np.ndarray]:
        return {name: column[self._catalogue.rows] for name, column in self._catalogue.columns.items()}

    @property
    def n_samples_fit_(self) -> int:
        return len(self._catalogue)

    @property
    def effort_(self) -> int | None:
        return self.index_.effort

    @property
    def hubness_(self) -> float:
        return skewness(self.k_occurrence())

    def k_occurrence(self, n_neighbors: int | None = None) -> np.ndarray:
        """Count in how many of the tracks' lists of neighbours each track is.

        Parameters
        ----------
        n_neighbors : int, default=None
            Length of a list. None means 10, or as many as there are other tracks.

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
        n_neighbors = min(_LIST, self.n_samples_fit_ - 1) if n_neighbors is None else n_neighbors
        indices = self.kneighbors(None, n_neighbors, return_distance=False)
        return np.bincount(np.ravel(indices), minlength=self.n_samples_fit_)
