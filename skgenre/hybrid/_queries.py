"""The recommender of sound and listening: what it answers."""

from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skgenre.hybrid._blending import Blend, batches, best_rows, blend_scores, products, standardize
from skgenre.hybrid._collaborative import confidences, fold_in
from skgenre.hybrid._interactions import Names
from skgenre.recommend import EmbeddingRecommender, plain_id


class HybridQueries:
    """Mixin of the fitted ``HybridRecommender``."""

    content_: EmbeddingRecommender
    collaborative_: Any
    blend_: Blend | None
    interactions_: csr_matrix
    popularity_: np.ndarray
    item_factors_: np.ndarray | None
    _user_factors: np.ndarray | None
    _neighbors: csr_matrix
    _mean_distance: float
    _tracks: Names
    _users: Names

    def recommend(
        self, users: Any = None, n: int = 10, *, seeds: Any = None, exclude_heard: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recommend tracks to a user, to each of several, or to somebody who names a few tracks.

        A user who has heard nothing and names no seeds gets what most others have heard.

        Parameters
        ----------
        users : an id, or array-like of shape (n_queries,) of them, default=None
            Users that it was fitted on. A tuple that is an id is one user. None is a user without a history.
        n : int, default=10
            How many tracks to recommend.
        seeds : an id, or array-like of them, default=None
            Tracks that the user, or each of the users, likes besides. They are never recommended.
        exclude_heard : bool, default=True
            Whether to leave out what a user has heard.

        Returns
        -------
        ids : ndarray of shape (n,) for one user, else (n_queries, n)
            Ids of the recommended tracks, the best first.
        scores : ndarray of the same shape, float32
            Higher is better: deviations from the mean over all tracks. They compare the tracks of one user, not users.

        Raises
        ------
        ValueError
            If a user or track is unknown, or there are too few tracks to recommend ``n``.

        Examples
        --------
        >>> from skgenre import HybridRecommender
        >>> recommender = HybridRecommender(blend="content").fit(
        ...     [[1, 0], [0, 1], [1, 0.1]], [[3, 0, 0]], user_ids=["ann"]
        ... )
        >>> recommender.recommend("ann", n=1)[0], recommender.recommend(["ann"], n=1)[0], recommender.recommend(n=1)[0]
        (array([2]), array([[2]]), array([0]))
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        n = int(n)
        lone = users is None or self._users.is_lone(users)
        rows = np.array([-1]) if users is None else self._users.rows([users] if lone else users, "users")
        if not len(rows):
            raise ValueError("users must hold at least one user, got none")
        liked = self._rows_of(seeds, "seeds")
        best, scores = np.empty((len(rows), n), dtype=np.intp), np.empty((len(rows), n), dtype=np.float32)
        for part in batches(len(rows), len(self.popularity_)):
            history, left_out = self._history(rows[part], liked, exclude_heard)
            self._check_count(n, int(left_out.sum(axis=1).max()), rows[part][left_out.sum(axis=1).argmax()])
            all_scores = self._scores(rows[part], history, folds_in=bool(len(liked)))
            if self.blend_ is not None and (self.item_factors_ is None or self.blend_.content == 1):
                self._order_the_rest(all_scores, history, left_out, n)
            all_scores[left_out] = -np.inf
            best[part] = best_rows(all_scores, n)
            scores[part] = np.take_along_axis(all_scores, best[part], axis=1)
        ids = self._tracks.array[best]
        return (ids[0], scores[0]) if lone else (ids, scores)

    def similar(self, tracks: Any, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Find the tracks most similar to a track, or to each of several, by sound and by who has heard them.

        Parameters
        ----------
        tracks : an id, or array-like of shape (n_queries,) of them
            Tracks that it was fitted on, heard or not. A tuple that is an id is one track.
        n : int, default=10
            How many tracks to find.

        Returns
        -------
        ids : ndarray of shape (n,) for a lone track, else (n_queries, n)
            Ids of similar tracks, the most similar first; never the track itself.
        scores : ndarray of the same shape, float32
            From -1 to 1, higher is better: the cosine between factors and the similarity of the sound, blended by the
            share of ``blend_``. A popular track is no more similar for being popular.

        Raises
        ------
        ValueError
            If a track is unknown, or there are too few tracks to find ``n``.

        Examples
        --------
        >>> from skgenre import HybridRecommender
        >>> recommender = HybridRecommender(blend="content").fit([[1, 0], [0, 1], [1, 0.1]], track_ids=["a", "b", "c"])
        >>> recommender.similar("c", n=2)[0]
        array(['a', 'b'], dtype=object)
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        n = int(n)
        lone = self._tracks.is_lone(tracks)
        rows = self._rows_of(tracks, "tracks")
        if not len(rows):
            raise ValueError("tracks must hold at least one track, got none")
        self._check_count(n, 1)
        best, scores = np.empty((len(rows), n), dtype=np.intp), np.empty((len(rows), n), dtype=np.float32)
        for part in batches(len(rows), len(self.popularity_)):
            all_scores = self._similarities(rows[part], n)
            all_scores[np.arange(len(all_scores)), rows[part]] = -np.inf
            best[part] = best_rows(all_scores, n)
            scores[part] = np.take_along_axis(all_scores, best[part], axis=1)
        ids = self._tracks.array[best]
        return (ids[0], scores[0]) if lone else (ids, scores)

    def _rows_of(self, tracks: Any, argument: str) -> np.ndarray:
        if tracks is None:
            return np.empty(0, dtype=np.intp)
        return self._tracks.rows([tracks] if self._tracks.is_lone(tracks) else tracks, argument)

    def _check_count(self, n: int, n_left_out: int, user: int = -1) -> None:
        n_tracks = len(self.popularity_)
        if n > n_tracks - n_left_out:
            by = f" by user {plain_id(self._users.array[user])!r}" if user >= 0 else ""
            raise ValueError(
                f"n must be <= {n_tracks - n_left_out}, got {n}: there are {n_tracks} tracks, {n_left_out} of which "
                f"are heard{by}, named or asked about"
            )

    def _history(self, rows: np.ndarray, liked: np.ndarray, exclude_heard: bool) -> tuple[csr_matrix, np.ndarray]:
        """Return the confidences of users in tracks, and which tracks not to recommend."""
        nobody = rows[0] < 0
        plays = csr_matrix((1, len(self.popularity_)), dtype=np.float32) if nobody else self.interactions_[rows]
        history = confidences(plays)
        left_out = history.toarray() > 0 if exclude_heard else np.zeros(history.shape, dtype=bool)
        left_out[:, liked] = True
        if len(liked):
            seeds = np.zeros((1, history.shape[1]), dtype=np.float32)
            seeds[0, liked] = 1
            history = csr_matrix(history.maximum(csr_matrix(np.repeat(seeds, len(rows), axis=0))))
        return history, left_out

    def _scores(self, rows: np.ndarray, history: csr_matrix, *, folds_in: bool) -> np.ndarray:
        """Score all tracks for users."""
        popular = standardize(np.log1p(self.popularity_.astype(np.float32))[None])
        if self.blend_ is None:
            return np.repeat(popular, len(rows), axis=0)
        by_listening = None
        if self.item_factors_ is not None and self._user_factors is not None:
            if folds_in:
                regularization = getattr(self.collaborative_, "regularization", 0.0)
                # By which implicit's least squares multiply confidences.
                alpha = getattr(self.collaborative_, "alpha", 1.0)
                factors = fold_in(self.item_factors_, alpha * history, regularization)
            else:
                factors = self._user_factors[rows]
            by_listening = products(factors, self.item_factors_)
        scores = blend_scores(by_listening, history, self._neighbors, self.blend_.content)
        scores[np.diff(history.indptr) == 0] = popular
        return scores

    def _order_the_rest(self, scores: np.ndarray, history: csr_matrix, left_out: np.ndarray, n: int) -> None:
        """Order by sound what is no neighbour of anything heard, below what is, for users whom that leaves too few."""
        rest = scores == scores.min(axis=1, keepdims=True)
        too_few = np.count_nonzero(~(rest | left_out), axis=1) < n
        n_near = np.minimum(n + np.count_nonzero(left_out, axis=1), scores.shape[1] - 1)
        for user in np.flatnonzero(too_few & (np.diff(history.indptr) > 0) & (n_near > 0)):
            heard = history[[user]]
            sound = np.zeros(scores.shape[1])
            for part in batches(heard.nnz, n_near[user]):
                tracks = self._tracks.array[heard.indices[part]].tolist()
                ids, distances = self.content_.neighbors_of(tracks, int(n_near[user]))
                near = heard.data[part, None] * np.exp(-distances / self._mean_distance)
                np.add.at(sound, self._tracks.rows(ids.ravel().tolist(), "tracks"), near.ravel())
            sound = sound[rest[user]]
            sound = np.maximum(sound, sound[sound > 0].min(initial=1.0))
            scores[user, rest[user]] -= np.log(sound.max() / sound)

    def _similarities(self, rows: np.ndarray, n: int) -> np.ndarray:
        """Score all tracks by their similarity to tracks; by sound only those nearest are above zero, at least n."""
        by_sound = self._neighbors[rows].toarray()
        if n > np.diff(self._neighbors.indptr).min():
            ids, distances = self.content_.neighbors_of(self._tracks.array[rows].tolist(), n)
            found = self._tracks.rows(ids.ravel().tolist(), "tracks").reshape(ids.shape)
            np.put_along_axis(by_sound, found, np.exp(-distances / self._mean_distance), axis=1)
        if self.blend_ is None or self.item_factors_ is None:
            return by_sound
        directions = normalize(self.item_factors_)
        return self.blend_.content * by_sound + (1 - self.blend_.content) * products(directions[rows], directions)
