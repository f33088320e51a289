"""What to hear next, given what is liked."""

import warnings
from functools import partial
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skgenre._warnings import users_line
from skgenre.recommend._distances import distances_between
from skgenre.recommend._diversity import choose, group_codes
from skgenre.recommend._ids import plain_ids
from skgenre.recommend._search import Search, candidates_for
from skgenre.recommend._taste import DISLIKED, Taste
from skgenre.recommend._turns import asks


def check_diversity(diversity: Any) -> None:
    """Raise an error unless it is a number from 0 to 1."""
    check_scalar(diversity, "diversity", Real, min_val=0, max_val=1)
    if np.isnan(diversity):
        raise ValueError("diversity must be a number from 0 to 1, got nan")


class Recommendations(Search):
    """Mixin of estimators with an index: answers by ids."""

    @asks
    def recommend(
        self,
        liked: Any,
        disliked: Any = None,
        n: int = 10,
        *,
        diversity: float = 0.0,
        exclude: Any = None,
        where: Any = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recommend tracks like one track, or like several together.

        Several tracks are answered together, by what they have in common: under cosine by the mean of their directions,
        less a quarter of that of the disliked ones (Rocchio 1971), under euclidean by the similarity to their mean,
        less a quarter of that to the mean of the disliked ones, of the 100 (or ``10 * n``) tracks most similar to the
        liked. ``kneighbors`` answers each of several tracks on its
        own. A track that is liked, disliked or excluded is never recommended; nor, where groups were given to ``fit``,
        are two tracks of one group in a row.

        Parameters
        ----------
        liked : an id or path, or array-like of shape (n_liked,) of them
            Tracks, looked up as ids first; what is no id is a path, or open binary file, and goes through the
            embedder. A tuple that is an id is one track.
        disliked : an id or path, or array-like of shape (n_disliked,) of them, default=None
            Tracks to keep away from.
        n : int, default=10
            How many tracks to recommend.
        diversity : float, default=0.0
            How different from each other the tracks are, from 0 to 1. Each next one is that with the highest
            ``(1 - diversity) * score - diversity * similarity`` to the most similar before it, among the 100 (or
            ``10 * n``) best.
        exclude : array-like of ids, default=None
            Tracks not to recommend. Ids that are not in the collection are passed over.
        where : mask, mapping or callable, default=None
            Which tracks to recommend, as in ``kneighbors``.

        Returns
        -------
        ids : ndarray of shape (n,)
            Ids of the recommended tracks, the most similar first where diversity and groups do not order them.
        scores : ndarray of shape (n,), float64
            Similarity, higher is better: the cosine, in [-1, 1], or ``1 / (1 + distance)``, in (0, 1], if ``metric``
            is "euclidean"; with ``hubness`` one minus the rescaled distance. In both of these likeness to
            ``disliked`` tracks is subtracted, so that it may be below 0.

        Raises
        ------
        ValueError
            If a track is neither an id nor a path for an embedder (``kneighbors`` takes embeddings and waveforms), has
            no direction under cosine, is both liked and disliked, or there are too few tracks to recommend ``n``.

        Warns
        -----
        UserWarning
            If two tracks of one group stand in a row, because there are too few of others.

        References
        ----------
        J. J. Rocchio, "Relevance feedback in information retrieval", 1971.

        J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
        summaries", 1998.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> embeddings = [[3, 0], [2, 1], [1, 1], [1, 2], [0, 3]]
        >>> recommender = EmbeddingRecommender().fit(embeddings, track_ids=list("abcde"))
        >>> recommender.recommend(["a", "e"], n=1)
        (array(['c'], dtype=object), array([1.]))
        >>> ids, scores = recommender.recommend(["b", "c"], disliked="a", n=2)
        >>> ids
        array(['d', 'e'], dtype=object)
        """
        check_is_fitted(self)
        check_diversity(diversity)
        _, _, taste, allowed = self._ask(self._several(liked), disliked, exclude, where, "liked")
        self._check_count("n", n, allowed)
        rows, scores, chosen = self._choose(taste, n, diversity, allowed)
        self._warn_of_groups(rows[chosen])
        return self._catalogue.ids_of(rows[chosen]), scores[chosen]

    def _ask(
        self, liked: list, disliked: Any, exclude: Any, where: Any, name: str
    ) -> tuple[np.ndarray, np.ndarray, Taste, np.ndarray | None]:
        """Return embeddings and rows of the liked, what is asked for, and which rows may be an answer."""
        disliked = [] if disliked is None else self._several(disliked)
        good, rows = self._directed_tracks(liked, name)
        bad, bad_rows = self._directed_tracks(disliked, "disliked")
        if not len(good):
            raise ValueError(f"{name} must hold at least one track, got none")
        for track in {*plain_ids(liked)}.intersection(plain_ids(disliked)):
            raise ValueError(f"a track must be {name} or disliked, {track!r} is both")
        taste = Taste.of(self.index_.metric, good, bad)
        if len(rows) == 1 and not len(bad):
            # As kneighbors answers it, who knows that the track is one of its own neighbours.
            taste.row = rows[0]
        return good, rows, taste, self._allowed(where, exclude, [*rows, *bad_rows])

    def _choose(
        self, taste: Taste, n: int, diversity: float, allowed: np.ndarray | None, seeds: ArrayLike = ()
    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Choose tracks, no two of one group in a row, from a pool that grows until there are enough.

        Returns rows and scores, those of the seeds first, and the places of those chosen: all seeds are among them.
        """
        seeds = np.asarray(seeds, dtype=np.intp)
        n_allowed = len(self._catalogue) if allowed is None else int(np.count_nonzero(allowed))
        n_more = n - len(seeds)
        plain = not diversity and self._catalogue.groups is None and taste.away is None
        n_candidates = candidates_for(n_more)
        n_pool = n_more if plain else min(n_allowed, n_candidates)
        while True:
            found, scores = self._pool(taste, n_pool, allowed, max(n_pool, n_candidates))
            rows = np.concatenate([seeds, found])
            chosen = choose(
                scores,
                n,
                similarity=partial(self._similarity_of_rows, found),
                diversity=diversity,
                groups=self._groups_of(rows),
                n_first=len(seeds),
            )
            if len(chosen) == n or n_pool == n_allowed:
                break
            n_pool = min(n_allowed, 8 * n_pool)
        scores = np.concatenate([np.ones(len(seeds)), scores])
        if len(chosen) < n or not set(range(len(seeds))) <= set(chosen):
            others = [place for place in chosen if place >= len(seeds)]
            others += np.setdiff1d(np.arange(len(seeds), len(rows)), others).tolist()
            chosen = [*range(len(seeds)), *others[:n_more]]
        return rows, scores, chosen

    def _pool(
        self, taste: Taste, n: int, allowed: np.ndarray | None, n_candidates: int
    ) -> tuple[np.ndarray, np.ndarray]:
        numbers = None
        if self._reduction is not None and taste.row >= 0:
            numbers = self._numbers[[taste.row]]
        towards = taste.towards[None]
        distances, rows = self._search(towards, n, numbers=numbers, allowed=allowed, n_candidates=n_candidates)
        scores = self._similarity(distances[0])
        if taste.away is not None:
            away = distances_between(taste.away[None], self.index_.take(rows[0]), self.index_.metric)
            if self._reduction is not None:
                numbers = self._reduction.of_queries(self.index_, taste.away[None])
                away = self._reduction.rescale(away, numbers, self._numbers[rows[0]])
            scores = scores - DISLIKED * self._similarity(away[0])
        order = np.argsort(-scores, kind="stable")
        return rows[0][order], scores[order]

    def _similarity_of_rows(self, rows: np.ndarray, place: int) -> np.ndarray:
        """Return the similarity of one of the rows to all of them."""
        vectors = self.index_.take(rows)
        distances = distances_between(vectors[[place]], vectors, self.index_.metric)[0]
        if self._reduction is not None:
            distances = self._reduction.rescale(distances, self._numbers[rows[place]], self._numbers[rows])
        return self._similarity(distances)

    def _groups_of(self, rows: np.ndarray) -> list[int] | None:
        groups = self._catalogue.groups
        return None if groups is None else group_codes([groups[row] if row >= 0 else None for row in rows])

    def _clash(self, rows: np.ndarray) -> bool:
        """Return whether two tracks of one group stand in a row."""
        groups = self._groups_of(rows)
        return groups is not None and any(one == other for one, other in pairwise(groups))

    def _warn_of_groups(self, rows: np.ndarray) -> None:
        if self._clash(rows):
            message = "two tracks of one group stand in a row: too few tracks of other groups may be an answer"
            warnings.warn(message, stacklevel=users_line())
