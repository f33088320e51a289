"""The search for rows of the index, under every condition there is."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_scalar, gen_batches

from skgenre._rows import one_column
from skgenre.audio import as_rows, is_paths
from skgenre.neighbors import Index, query_others
from skgenre.recommend._catalogue import Catalogue
from skgenre.recommend._hubness import Reduction
from skgenre.recommend._ids import check_hashable, check_no_mask, plain_id

_BATCH = 2048
_CANDIDATES, _FEWEST_CANDIDATES = 10, 100


def candidates_for(n: int) -> int:
    """Return among how many of the nearest to choose n."""
    return max(_CANDIDATES * n, _FEWEST_CANDIDATES)


class Search:
    """Mixin of estimators that fit an index with a catalogue, and turn tracks into vectors by ``_embeddings_of``.

    Rows are those of the index; places, which the public methods speak of, count the tracks of the collection.
    """

    embedder_: Any
    index_: Index
    _catalogue: Catalogue
    _reduction: Reduction | None
    _numbers: np.ndarray

    def _embeddings_of(self, X: Any) -> np.ndarray:
        raise NotImplementedError

    def _asked(self, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the embeddings that are asked about, and their rows where they are the fitted ones."""
        if X is not None:
            return self._embeddings_of(as_rows(X)), None
        return self.index_.take(self._catalogue.rows), self._catalogue.rows

    def _allowed(self, where: Any = None, exclude: Any = None, without: Iterable[int] = ()) -> np.ndarray | None:
        """Return a mask of the rows that may be an answer, None for all."""
        mask = self._catalogue.mask(where)
        excluded = [] if exclude is None else self._several(exclude)
        check_hashable(excluded, "exclude")
        rows = [row for row in map(self._catalogue.row, excluded) if row >= 0]
        rows += [row for row in without if row >= 0]
        # Where the index has rows that are no tracks, because it failed to take them back.
        if rows or (mask is None and len(self.index_) != len(self._catalogue)):
            mask = self._catalogue.alive.copy() if mask is None else mask
            mask[rows] = False
        return mask

    def _several(self, tracks: Any) -> list:
        """Return tracks as a list: a lone id or path is one track."""
        check_no_mask(tracks)
        tracks = tracks[()] if isinstance(tracks, np.ndarray) and tracks.ndim == 0 else tracks
        lone = is_paths([tracks]) or isinstance(tracks, bytes) or not isinstance(tracks, Iterable)
        if lone or self._catalogue.row(tracks) >= 0:
            return [tracks]
        # The rows of an array of several columns are no ids, as is said of them later on.
        is_table = hasattr(tracks, "to_numpy") or getattr(tracks, "shape", ())[1:] == (1,)
        return list(as_rows(one_column(tracks, "tracks") if is_table else tracks))

    def _tracks(self, tracks: list, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the embeddings of tracks, and their rows: -1 for those that are no ids."""
        rows = np.array([self._catalogue.row(track) for track in tracks], dtype=np.intp)
        vectors = np.empty((len(tracks), self.index_.vectors.shape[1]), dtype=np.float32)
        vectors[rows >= 0] = self.index_.take(rows[rows >= 0])
        if (rows < 0).any():
            vectors[rows < 0] = self._embeddings_of_strangers([tracks[i] for i in np.flatnonzero(rows < 0)], name)
        return vectors, rows

    def _directed_tracks(self, tracks: list, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the embeddings and rows of tracks, all of which must lead somewhere."""
        vectors, rows = self._tracks(tracks, name)
        if self.index_.metric == "cosine":
            for i in np.flatnonzero(~vectors.any(axis=1)):
                raise ValueError(
                    f"{name} must have a direction under cosine, the embedding of {plain_id(tracks[i])!r} is zero"
                )
        return vectors, rows

    def _embeddings_of_strangers(self, tracks: list, name: str) -> np.ndarray:
        """Embed tracks that are no ids: paths or open files."""
        for track in tracks:
            hint = self._catalogue.hint(track)
            if self.embedder_ is None:
                raise ValueError(
                    f"{name} must be among the track_ids where embedder is None, got {plain_id(track)!r}{hint}"
                )
            if not is_paths([track]):
                raise ValueError(
                    f"{name} must be track_ids or paths, got {plain_id(track)!r}; kneighbors takes other tracks"
                )
        try:
            return self._embeddings_of(tracks)
        except Exception as error:
            hint = self._catalogue.hint(tracks[0])
            error.add_note(f"{tracks[0]!r} is not one of the track_ids, so it was taken for a path{hint}")
            raise

    def _check_count(
        self, name: str, count: Any, allowed: np.ndarray | None = None, *, leave_out: np.ndarray | None = None
    ) -> None:
        """Check that so many answers can be given, where rows each leave themselves out."""
        check_scalar(count, name, Integral, min_val=1)
        n_tracks = len(self._catalogue)
        n_allowed = n_tracks if allowed is None else int(np.count_nonzero(allowed))
        leaves_out = (
            leave_out is not None and len(leave_out) > 0 and (allowed is None or bool(allowed[leave_out].any()))
        )
        if count > n_allowed - leaves_out:
            if n_allowed == 0 and n_tracks:
                raise ValueError(f"where, exclude and the tracks asked about leave none of {n_tracks} tracks to find")
            what = f"there are {n_tracks} tracks"
            what += "" if n_allowed == n_tracks else f", of which {n_allowed} may be an answer"
            what += ", each of which leaves itself out" if leaves_out else ""
            raise ValueError(f"{name} must be <= {n_allowed - leaves_out}, got {count}: {what}")

    def _nearest(self, X: Any, n_neighbors: Any, where: Any, exclude: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Find the places nearest to tracks, or to the fitted ones, each of which leaves itself out."""
        queries, rows = self._asked(X)
        allowed = self._allowed(where, exclude)
        self._check_count(name, n_neighbors, allowed, leave_out=rows)
        distances, found = self._search(queries, n_neighbors, rows=rows, allowed=allowed)
        return distances, self._catalogue.places[found]

    def _search(
        self,
        queries: np.ndarray,
        n: int,
        *,
        rows: np.ndarray | None = None,
        numbers: np.ndarray | None = None,
        allowed: np.ndarray | None = None,
        n_candidates: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest rows. Queries that are themselves in the index leave themselves out, given their rows.

        ``n_candidates`` are rescaled where there is a reduction, None means as many as ``candidates_for`` says.
        """
        index = self.index_
        if self._reduction is None:
            if rows is None:
                return index.query(queries, n, allowed=allowed)
            return query_others(index, rows, n, allowed=allowed)
        if numbers is None:
            numbers = self._reduction.of_queries(index, queries) if rows is None else self._numbers[rows]
        n_allowed = len(self._catalogue) if allowed is None else int(np.count_nonzero(allowed))
        n_candidates = min(n_candidates or candidates_for(n), n_allowed)
        distances, found = np.empty((len(queries), n)), np.empty((len(queries), n), dtype=np.intp)
        for batch in gen_batches(len(queries), _BATCH):
            near, candidates = index.query(queries[batch], n_candidates, allowed=allowed)
            near = self._reduction.rescale(near, numbers[batch, None], self._numbers[candidates])
            if rows is not None:
                near[candidates == rows[batch, None]] = np.inf
            nearest = np.argsort(near, axis=1, kind="stable")[:, :n]
            distances[batch] = np.take_along_axis(near, nearest, axis=1)
            found[batch] = np.take_along_axis(candidates, nearest, axis=1)
        return distances, found

    def _within(
        self, queries: np.ndarray, radius: float, rows: np.ndarray | None, allowed: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Find all rows within a distance, ascending."""
        reduction = self._reduction
        if reduction is None or not len(self._catalogue):
            return self.index_.query_radius(queries, radius, allowed=allowed)
        numbers = reduction.of_queries(self.index_, queries) if rows is None else self._numbers[rows]
        distances, found = [], []
        for query, own in zip(queries, numbers, strict=True):
            reach = reduction.reach(radius, own, self._numbers[self._catalogue.rows])
            near, candidates = (part[0] for part in self.index_.query_radius(query[None], reach, allowed=allowed))
            near = reduction.rescale(near, own, self._numbers[candidates])
            order = np.argsort(near, kind="stable")
            order = order[near[order] <= radius]
            distances.append(near[order])
            found.append(candidates[order])
        return distances, found

    def _similarity(self, distances: np.ndarray) -> np.ndarray:
        """Return how similar tracks at a distance are: the higher, the more."""
        return 1 - distances if self.index_.metric == "cosine" or self._reduction is not None else 1 / (1 + distances)
