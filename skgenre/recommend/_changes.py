"""A collection that changes while it serves: tracks come and go."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgenre._warnings import users_line
from skgenre.audio import as_rows
from skgenre.neighbors import tune_effort
from skgenre.recommend._hubness import Reduction
from skgenre.recommend._ids import plain_ids
from skgenre.recommend._search import Search
from skgenre.recommend._turns import Turns

_FEW_GAPS = 1000


class Changes(Search):
    """Mixin of estimators with an index: tracks are added, removed and replaced without fitting anew."""

    n_neighbors: int
    recall: float | None
    random_state: Any
    _n_untuned: int
    _n_unlearned: int
    y_: np.ndarray | None
    _turns: Turns

    def partial_fit(
        self, X: Any, y: Any = None, track_ids: Any = None, groups: Any = None, metadata: Any = None
    ) -> Self:
        """Add tracks to the collection, or fit where there is none.

        The embedder stays as it is. The search effort is set anew where as many tracks have come or been replaced since
        it was as there were then, and what ``hubness`` goes by is learned anew where a tenth of the tracks have come,
        gone or been replaced. Other threads may ask meanwhile: they wait for a change, as it waits for them.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
            Embeddings, or with an embedder for example paths, as in ``fit``.
        y : array-like of shape (n_tracks,), default=None
            Used only where this is the first call, as in ``fit``.
        track_ids : array-like of shape (n_tracks,), default=None
            New ids. None means the paths where ``X`` is paths; else, if ``fit`` got no ids either, the numbers after
            the greatest that there ever was.
        groups, metadata : default=None
            As in ``fit``, and given if they were given there.

        Returns
        -------
        self : EmbeddingRecommender
            The recommender.

        Raises
        ------
        ValueError
            If an id is not new, or what ``fit`` was given is missing. The collection is as it was.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [5.0]], track_ids=["a", "b"])
        >>> recommender.partial_fit([[4.0]], track_ids=["c"]).recommend("b", n=1)
        (array(['c'], dtype=object), array([0.5]))
        """
        if not hasattr(self, "index_"):
            return self.fit(X, y, track_ids=track_ids, groups=groups, metadata=metadata)  # type: ignore[attr-defined]
        X = as_rows(X)
        embeddings = self._embeddings_of(X)
        with self._turns.changing():
            new = self._catalogue.check_new(X, len(embeddings), track_ids, groups, metadata)
            self._warn_of_zeros(embeddings, new.ids)
            before = self._n_untuned, self._n_unlearned, self._catalogue.numbered
            rows = self._add(embeddings)
            try:
                self._catalogue.add(new)
            except BaseException:
                self._undo(rows)
                raise
            self._n_untuned += len(rows)
            self._n_unlearned += len(rows)
            try:
                self._keep_up_recall()
                self._keep_up_with_hubs()
            except BaseException:
                self._catalogue.remove(rows)
                self._n_untuned, self._n_unlearned, self._catalogue.numbered = before
                with suppress(Exception):
                    self.index_.remove(rows)
                raise
            self.y_ = None
            self._keep_house()  # what an earlier change may have left
        return self

    def remove(self, track_ids: Any) -> Self:
        """Remove tracks from the collection.

        Parameters
        ----------
        track_ids : an id, or array-like of ids
            Tracks of the collection.

        Returns
        -------
        self : EmbeddingRecommender
            The recommender.

        Raises
        ------
        ValueError
            If a track is not in the collection, or given twice. The collection is as it was.

        Warns
        -----
        UserWarning
            If the tracks are removed, but what is due then, as building the index anew, failed.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [5.0], [4.0]], track_ids=["a", "b", "c"])
        >>> recommender.remove("c").recommend("b", n=1)[0]
        array(['a'], dtype=object)
        """
        check_is_fitted(self)
        with self._turns.changing():
            rows = self._known(self._several(track_ids))
            self.index_.remove(rows)
            self._catalogue.remove(rows)
            self._n_unlearned += len(rows)
            self.y_ = None
            self._keep_house()
        return self

    def replace(self, X: Any, track_ids: Any = None) -> Self:
        """Give tracks of the collection another embedding: they were remastered, or the embedder heard more of them.

        What is known of them, groups and metadata, stays. They become the last of the collection.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
            As in ``fit``.
        track_ids : array-like of shape (n_tracks,), default=None
            Ids of tracks of the collection. None means the paths in ``X``.

        Returns
        -------
        self : EmbeddingRecommender
            The recommender.

        Raises
        ------
        ValueError
            If a track is not in the collection, or given twice. The collection is as it was.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [5.0], [4.0]], track_ids=["a", "b", "c"])
        >>> recommender.replace([[0.5]], track_ids=["c"]).recommend("a", n=1)[0]
        array(['c'], dtype=object)
        """
        check_is_fitted(self)
        X = as_rows(X)
        tracks = plain_ids(X if track_ids is None else self._several(track_ids))
        with self._turns.asking():
            self._known(tracks)
        embeddings = self._embeddings_of(X)
        if len(embeddings) != len(tracks):
            raise ValueError(f"track_ids must hold one id per track, got {len(tracks)} for {len(embeddings)} tracks")
        with self._turns.changing():
            old = self._known(tracks)  # others may have changed the collection meanwhile
            self._warn_of_zeros(embeddings, tracks)
            added = self._add(embeddings)
            try:
                take_in = self._catalogue.adding(self._catalogue.of_rows(old), gone=old)
                self.index_.remove(old)
            except BaseException:
                self._undo(added)
                raise
            take_in()
            self.y_ = None
            self._n_untuned += len(old)
            self._n_unlearned += len(old)
            self._keep_house()
        return self

    def _build(self, embeddings: np.ndarray, then: Callable[[], Any]) -> None:
        """Build the index, and make it search as hard as the recall takes."""
        if self.recall is None:
            self.index_.build(embeddings, then=then)
            self.recall_ = 1.0 if self.index_.effort is None else np.nan
            self._n_tuned, self._n_untuned = len(self._catalogue), 0
        else:
            self._tune(embeddings, then)

    def _tune(self, embeddings: np.ndarray | None = None, then: Callable[[], Any] | None = None) -> None:
        """Make the index search as hard as the recall takes; build it, where there are embeddings."""
        if self.recall is not None:
            effort, options = self.index_.effort, {"n_neighbors": self.n_neighbors, "random_state": self.random_state}
            try:
                self.recall_ = tune_effort(self.index_, embeddings, recall=self.recall, then=then, **options)
            except BaseException:
                self.index_.effort = effort
                raise
        self._n_tuned, self._n_untuned = len(self._catalogue), 0

    def _keep_house(self) -> None:
        """Do what is due after a change that cannot be undone: where that fails, it stays due at the next change."""
        for task in (self._close_gaps, self._keep_up_recall, self._keep_up_with_hubs):
            try:
                task()
            except Exception as error:
                message = f"the collection is changed, but its upkeep failed and waits for the next change: {error!r}"
                warnings.warn(message, stacklevel=users_line())

    def _keep_up_recall(self) -> None:
        if len(self._catalogue) and self._n_untuned >= self._n_tuned:
            self._tune()

    def _keep_up_with_hubs(self) -> None:
        if len(self._catalogue) and self._n_unlearned > 0.1 * self._n_learned:
            self._learn_hubs(None if self._reduction is None else type(self._reduction))

    def _learn_hubs(self, kind: Any) -> None:
        """Learn what distances are rescaled by, of all tracks."""
        reduction: Reduction | None = None
        if kind is not None:
            rng = check_random_state(self.random_state)
            rows = self._catalogue.rows
            reduction = kind.fit(self.index_.metric, self.index_, rows, rng)
            numbers = reduction.of_rows(self.index_, rows)
            self._numbers = np.ones((self.index_.n_rows, numbers.shape[1]))
            self._numbers[rows] = numbers
        self._reduction, self._n_learned, self._n_unlearned = reduction, len(self._catalogue), 0

    def _warn_of_zeros(self, embeddings: np.ndarray, ids: list) -> None:
        if self.index_.metric == "cosine":
            zero = np.flatnonzero(~embeddings.any(axis=1))
            if len(zero):
                more = f" and of {len(zero) - 1} more" if len(zero) > 1 else ""
                message = f"the embedding of {ids[zero[0]]!r}{more} is zero: under cosine it is as far from all tracks"
                warnings.warn(message, stacklevel=users_line())

    def _known(self, tracks: list) -> np.ndarray:
        """Return the rows of different tracks of the collection."""
        rows = self._catalogue.known_rows(tracks, "track_ids")
        if len(set(rows.tolist())) < len(rows):
            raise ValueError(f"track_ids must be unique, got {plain_ids(tracks)!r}")
        return rows

    def _add(self, embeddings: np.ndarray) -> np.ndarray:
        rows = self.index_.add(embeddings)
        if self._reduction is not None:
            try:
                self._numbers = np.concatenate([self._numbers, self._reduction.of_rows(self.index_, rows)])
            except BaseException:
                self._numbers = np.concatenate([self._numbers, np.ones((len(rows), self._numbers.shape[1]))])
                self._undo(rows)
                raise
        return rows

    def _undo(self, rows: np.ndarray) -> None:
        """Leave rows that were added as gaps that no id leads to, even if the index can no longer be reached."""
        with suppress(Exception):
            self.index_.remove(rows)
        self._catalogue.add_gaps(len(rows))

    def _close_gaps(self) -> None:
        """Build the index anew where more than half of its rows are gaps."""
        if not self.index_.saves_vectors:
            return  # it would drop the vectors that what was saved needs
        n_gaps = self.index_.n_rows - len(self.index_)
        if n_gaps <= max(_FEW_GAPS, len(self.index_)) or not len(self.index_):
            return
        # Rows that it failed to take back are no tracks, and must not become any.
        self.index_.remove(np.flatnonzero(self.index_.alive & ~self._catalogue.alive))
        kept = self.index_.compact()
        self._catalogue = self._catalogue.of_rows(kept)
        if self._reduction is not None:
            self._numbers = self._numbers[kept]
