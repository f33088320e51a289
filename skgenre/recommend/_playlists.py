"""Tracks in the order to hear them: journeys and playlists."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from skgenre.recommend._distances import distances_between
from skgenre.recommend._diversity import choose, group_codes
from skgenre.recommend._ids import ids_array, plain_id, plain_ids
from skgenre.recommend._paths import even_path, smooth_order, waypoints
from skgenre.recommend._recommendations import Recommendations, check_diversity
from skgenre.recommend._turns import asks

_NEAR_THE_WAY, _MOST_ON_THE_WAY = 50, 1000
_APART = 2


class Playlists(Recommendations):
    """Mixin of estimators with an index: a recommendation to be heard from beginning to end."""

    @asks
    def journey(
        self, start: Any, end: Any, n: int = 10, *, exclude: Any = None, where: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Lead from one track to another in small even steps.

        Every track on the way is nearer to the end, compared with the start, than the one before it, and the sum of
        the squared steps is the least there is among the tracks near the direct line. Where groups were given to
        ``fit``, no two tracks of one group stand in a row, for which it may lead further from that line.

        Parameters
        ----------
        start, end : an id or path
            The ends, as in ``recommend``.
        n : int, default=10
            Tracks of the journey, both ends included.
        exclude, where : default=None
            Which tracks may lie on the way, as in ``kneighbors``.

        Returns
        -------
        ids : ndarray of shape (n,)
            The journey, from start to end, no track twice. An end that is no id stands there as it was given.
        scores : ndarray of shape (n - 1,), float64
            Similarity of each track to the next: the cosine, or ``1 / (1 + distance)`` if ``metric`` is "euclidean".

        Raises
        ------
        ValueError
            If the ends are the same track, or there are too few tracks.

        Warns
        -----
        UserWarning
            If two tracks of one group stand in a row, because there are too few of others.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> embeddings = [[3, 0], [2, 1], [1, 1], [1, 2], [0, 3]]
        >>> recommender = EmbeddingRecommender().fit(embeddings, track_ids=list("abcde"))
        >>> ids, scores = recommender.journey("a", "e", n=4)
        >>> ids
        array(['a', 'b', 'd', 'e'], dtype=object)
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=2)
        ends = [self._one(start, "start"), self._one(end, "end")]
        vectors, rows = self._directed_tracks(ends, "the ends of a journey")
        if plain_id(ends[0]) == plain_id(ends[1]):
            raise ValueError(f"a journey must lead from one track to another, got {plain_id(ends[0])!r} as both ends")
        allowed = self._allowed(where, exclude, rows)
        if n > 2:
            self._check_count("n - 2, the tracks between the ends,", n - 2, allowed)
        rows, steps, order = self._way(vectors, rows, n, allowed)
        return self._in_order(order, steps, rows, ends)

    @asks
    def playlist(
        self,
        seeds: Any,
        n: int = 20,
        *,
        disliked: Any = None,
        diversity: float = 0.0,
        exclude: Any = None,
        where: Any = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Make a playlist: tracks and what goes with them, in an order of smooth transitions.

        The playlist holds the seeds and the tracks that ``recommend`` gives for them. It begins with the first seed,
        and each track is near the one before it, as far as the order of all allows. Where groups were given to
        ``fit``, a group comes back after two tracks of others at the soonest, or after as many as can be, and another
        track begins where two of one group would stand in a row otherwise.

        Parameters
        ----------
        seeds : an id or path, or array-like of shape (n_seeds,) of them
            Tracks to begin with, as ``liked`` in ``recommend``.
        n : int, default=20
            Tracks of the playlist, seeds included.
        disliked, diversity, exclude, where
            What else to play, as in ``recommend``.

        Returns
        -------
        ids : ndarray of shape (n,)
            The playlist. A seed that is no id stands there as it was given.
        scores : ndarray of shape (n - 1,), float64
            Similarity of each track to the next, as in ``journey``.

        Raises
        ------
        ValueError
            If there are more seeds than ``n`` or one twice, or as in ``recommend``.

        Warns
        -----
        UserWarning
            If two tracks of one group stand in a row, because there are too few of others.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> embeddings = [[3, 0], [2, 1], [1, 1], [1, 2], [0, 3]]
        >>> recommender = EmbeddingRecommender().fit(embeddings, track_ids=list("abcde"))
        >>> ids, scores = recommender.playlist(["a", "d"], n=4)
        >>> ids
        array(['a', 'b', 'c', 'd'], dtype=object)
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        check_diversity(diversity)
        seeds = self._several(seeds)
        vectors, rows, taste, allowed = self._ask(seeds, disliked, exclude, where, "seeds")
        if len(seeds) > n or len(set(plain_ids(seeds))) < len(seeds):
            raise ValueError(f"seeds must be at most {n} different tracks, got {plain_ids(seeds)!r}")
        if len(seeds) < n:
            self._check_count("n - n_seeds", n - len(seeds), allowed)
            rows, _, chosen = self._choose(taste, n, diversity, allowed, rows)
            vectors = np.concatenate([vectors, self.index_.take(rows[len(seeds) :])])
        else:
            chosen = choose(np.empty(0), n, groups=self._groups_of(rows), n_first=n)
            chosen += np.setdiff1d(np.arange(n), chosen).tolist()
        vectors, rows, seeds = vectors[chosen], rows[chosen], [*seeds, *[None] * len(rows)]
        steps = distances_between(vectors, None, self.index_.metric)
        order = smooth_order(steps, self._groups_of(rows), _APART)
        return self._in_order(order, steps, rows, [seeds[place] for place in chosen])

    def _one(self, track: Any, name: str) -> Any:
        tracks = self._several(track)
        if len(tracks) != 1:
            raise ValueError(f"{name} must be one track, got {track!r}")
        return tracks[0]

    def _way(
        self, ends: np.ndarray, rows: np.ndarray, n: int, allowed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Find a way among the tracks near the direct line; where groups clash, also among the nearest of other groups.

        Where that is not enough, of any group, as long as there are not many.

        Returns the rows of these tracks, the ends first, the distances between them, and the places of the way.
        """
        vectors, groups, crowded = ends, self._catalogue.groups, set[int]()
        free = (self._catalogue.alive if allowed is None else allowed).copy()
        while True:
            if n > 2:
                between = np.setdiff1d(self._on_the_way(ends, n, allowed), rows)
                rows, vectors = np.r_[rows, between], np.concatenate([vectors, self.index_.take(between)])
            steps = distances_between(vectors, None, self.index_.metric)
            progress = steps[0] / np.maximum(steps[0] + steps[1], np.finfo(np.float64).tiny)
            order = even_path(steps, progress, n, self._groups_of(rows))
            if groups is None or n == 2 or not self._clash(rows[order]):
                return rows, steps, order
            numbers, way = np.array(group_codes(groups)), rows[order]
            on_the_way = set(numbers[way[way >= 0]].tolist())
            free[rows[rows >= 0]] = False
            others = free & ~np.isin(numbers, [*on_the_way])
            searched = on_the_way <= crowded or not others.any()
            if not free.any() or (searched and len(rows) >= _MOST_ON_THE_WAY):
                return rows, steps, order
            allowed = others if others.any() else free
            crowded |= on_the_way

    def _on_the_way(self, ends: np.ndarray, n: int, allowed: np.ndarray | None) -> np.ndarray:
        """Return the rows near the direct line between two embeddings, at least as many as a journey needs."""
        n_allowed = len(self._catalogue) if allowed is None else int(np.count_nonzero(allowed))
        points = np.concatenate([ends, waypoints(ends[0], ends[1], n - 2, self.index_.metric)])
        near = min(n_allowed, max(_NEAR_THE_WAY, _MOST_ON_THE_WAY // len(points), n))
        return np.unique(self.index_.query(points, near, allowed=allowed)[1])

    def _in_order(
        self, order: list[int], steps: np.ndarray, rows: np.ndarray, given: list
    ) -> tuple[np.ndarray, np.ndarray]:
        self._warn_of_groups(rows[order])
        ids = [self._catalogue.ids[row] if row >= 0 else plain_id(given[place]) for place, row in enumerate(rows)]
        distances = steps[order[:-1], order[1:]]
        scores = 1 - distances if self.index_.metric == "cosine" else 1 / (1 + distances)
        return ids_array([ids[place] for place in order]), scores
