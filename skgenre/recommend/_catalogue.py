"""What is known of the tracks of a collection that changes: ids, groups and metadata, by row of the index."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from skgenre.recommend._filters import as_dates, check_metadata, rows_where
from skgenre.recommend._ids import check_hashable, check_ids, ids_array, name_themselves, plain_id, plain_ids

_MOST_TO_COMPARE = 20_000
_CACHED = ("rows", "places", "row_of", "track_ids")


class Catalogue:
    """The tracks of a collection.

    Rows are those of the index: a track that is removed leaves a gap, so that the others keep their rows. Places are
    what the user counts, without gaps.

    Parameters
    ----------
    ids : list of shape (n_rows,)
        The id of each row, all different.
    columns : dict of str to ndarray of shape (n_rows,)
        The metadata.
    groups : ndarray of shape (n_rows,) or None
        The group of each row, as its artist.

    Attributes
    ----------
    numbered : int
        The number that the next track without an id gets, 0 where ids must be given.
    """

    def __init__(self, ids: list, columns: dict[str, np.ndarray], groups: np.ndarray | None = None) -> None:
        self.ids = ids
        self.columns = columns
        self.groups = groups
        self.alive = np.ones(len(ids), dtype=bool)
        self.numbered = 0

    @classmethod
    def of(cls, X: Any, n_tracks: int, track_ids: Any = None, groups: Any = None, metadata: Any = None) -> "Catalogue":
        """Check what is said of tracks."""
        catalogue = cls(check_ids(track_ids, X, n_tracks), check_metadata(metadata, n_tracks))
        if groups is not None:
            catalogue.groups = check_groups(groups, n_tracks)
            if "group" in catalogue.columns:
                raise ValueError("metadata must not have a column 'group' where groups are given, which where calls so")
        catalogue.numbered = n_tracks if track_ids is None and not name_themselves(X) else 0
        return catalogue

    def __len__(self) -> int:
        return len(self.row_of)

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each place."""
        return np.flatnonzero(self.alive)

    @cached_property
    def places(self) -> np.ndarray:
        """The place of each row; that of a removed one means nothing."""
        return np.cumsum(self.alive) - 1

    @cached_property
    def row_of(self) -> dict[Any, int]:
        """The row of each id."""
        return {self.ids[row]: row for row in self.rows.tolist()}

    @cached_property
    def track_ids(self) -> np.ndarray:
        """The id of each place."""
        return self.ids_of(self.rows)

    def ids_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the ids of rows, as an array."""
        return ids_array([self.ids[row] for row in rows.tolist()])

    def row(self, track: Any) -> int:
        """Return the row of a track, -1 for what is no id."""
        try:
            return self.row_of.get(plain_id(track), -1)
        except TypeError:  # not hashable
            return -1

    def known_rows(self, tracks: Any, name: str) -> np.ndarray:
        """Return the rows of tracks, all of which must be known."""
        rows = np.array([self.row(track) for track in tracks], dtype=np.intp)
        unknown = [plain_id(track) for track, row in zip(tracks, rows, strict=True) if row < 0]
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise ValueError(f"{name} must be in the collection, got {unknown[0]!r}{more}{self.hint(unknown[0])}")
        return rows

    def hint(self, track: Any) -> str:
        """Return the ids most like an unknown one, as the end of a message."""
        if not isinstance(track, str) or len(self) > _MOST_TO_COMPARE:
            return ""
        near = get_close_matches(track, [track_id for track_id in self.row_of if isinstance(track_id, str)], n=3)
        return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""

    def mask(self, where: Any) -> np.ndarray | None:
        """Return which rows fit a condition, None for all."""
        if where is None:
            return None
        columns = self.columns if self.groups is None else {"group": self.groups} | self.columns
        if len(self.rows) < len(self.ids):
            columns = {name: column[self.rows] for name, column in columns.items()}
        mask = np.zeros(len(self.ids), dtype=bool)
        mask[self.rows] = rows_where(where, columns, len(self))
        return mask

    def check_new(self, X: Any, n_tracks: int, track_ids: Any, groups: Any, metadata: Any) -> "Catalogue":
        """Check what is said of tracks that are to join."""
        if track_ids is None and not name_themselves(X) and not self.numbered:
            raise ValueError("track_ids must be given, as in fit")
        ids = check_ids(track_ids, X, n_tracks, first=self.numbered)
        known = [track_id for track_id in ids if track_id in self.row_of]
        if known:
            raise ValueError(f"track_ids must be new, got {known[0]!r}, which replace would give another embedding")
        if (groups is None) != (self.groups is None):
            raise ValueError(f"groups must {'not ' if self.groups is None else ''}be given, as in fit")
        new = Catalogue(ids, check_metadata(metadata, n_tracks, names=self.columns))
        new.groups = None if groups is None else check_groups(groups, n_tracks)
        new.numbered = max((track_id + 1 for track_id in ids if isinstance(track_id, int)), default=0)
        return new

    def add(self, new: "Catalogue") -> None:
        """Take tracks in, at rows behind the last."""
        self.adding(new)()

    def adding(self, new: "Catalogue", gone: Any = ()) -> Callable[[], None]:
        """Make all that taking tracks in needs, with gaps at the rows they had, and return what takes them in."""
        columns = {name: _joined(column, new.columns[name]) for name, column in self.columns.items()}
        groups = None if self.groups is None or new.groups is None else _joined(self.groups, new.groups)
        alive = np.concatenate([self.alive, new.alive])
        alive[np.asarray(gone, dtype=np.intp)] = False
        row_of = {track_id: row for row, track_id in enumerate(new.ids, len(self.ids))}

        def take_in() -> None:
            self.row_of.update(row_of)
            self.ids += new.ids
            self.columns, self.groups, self.alive = columns, groups, alive
            self.numbered = max(self.numbered, new.numbered) if self.numbered else 0
            self._forget("rows", "places", "track_ids")

        return take_in

    def add_gaps(self, n_rows: int) -> None:
        """Count rows of the index that are no tracks."""
        gaps = np.zeros(n_rows, dtype=np.intp)  # the values of any row will do
        self.ids += [None] * n_rows
        self.columns = {name: np.concatenate([column, column[gaps]]) for name, column in self.columns.items()}
        self.groups = None if self.groups is None else np.concatenate([self.groups, self.groups[gaps]])
        self.alive = np.concatenate([self.alive, gaps > 0])
        self._forget("rows", "places", "track_ids")

    def remove(self, rows: np.ndarray) -> None:
        """Leave gaps at rows."""
        for row in rows.tolist():
            del self.row_of[self.ids[row]]
        self.alive = self.alive.copy()
        self.alive[rows] = False
        self._forget("rows", "places", "track_ids")

    def of_rows(self, rows: np.ndarray) -> "Catalogue":
        """Return some of the rows, from 0 on."""
        ids = [self.ids[row] for row in rows.tolist()]
        columns = {name: column[rows] for name, column in self.columns.items()}
        taken = Catalogue(ids, columns, None if self.groups is None else self.groups[rows])
        taken.numbered = self.numbered
        return taken

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _CACHED}


def check_groups(groups: Any, n_tracks: int) -> np.ndarray:
    """Return the group of each track, as objects."""
    values = plain_ids(groups, "groups")
    if len(values) != n_tracks:
        raise ValueError(f"groups must hold one per track, got {len(values)} for {n_tracks} tracks")
    check_hashable(values, "groups")
    return np.fromiter(values, dtype=object, count=n_tracks)


def _joined(column: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Return both, one behind the other, in a type that keeps every value: else as objects."""
    kinds = {column.dtype.kind, more.dtype.kind}
    if kinds == {"M", "O"} and not (column.dtype == object and any(isinstance(value, str) for value in column)):
        one, other = (part if part.dtype.kind == "M" else as_dates(part) for part in (column, more))
        if one is not None and other is not None:
            column, more, kinds = one, other, {"M"}
    if column.dtype == more.dtype:
        return np.concatenate([column, more])
    # numpy would make strings of numbers that meet strings, and numbers of dates that become objects.
    if kinds <= set("iufb") or kinds == {"M"} or kinds == {"m"}:
        wanted = [np.promote_types(column.dtype, more.dtype)]
        wanted += [np.dtype(f"{column.dtype.kind}8[us]")] if kinds <= {"M", "m"} else []
        for dtype in wanted:
            if _keeps(column, dtype) and _keeps(more, dtype):
                return np.concatenate([column.astype(dtype), more.astype(dtype)])
    column, more = (
        np.fromiter(part, dtype=object, count=len(part)) if part.dtype.kind in "mM" else part.astype(object)
        for part in (column, more)
    )
    return np.concatenate([column, more])


def _keeps(column: np.ndarray, dtype: np.dtype) -> bool:
    """Tell whether a type holds all values: long integers are more than float64 has, old dates than nanoseconds."""
    if column.dtype.kind == "f" or column.dtype == dtype:
        return True
    there = column.astype(dtype)
    if column.dtype.kind in "iu" and dtype.kind == "f":
        return bool((np.abs(there) < 2**53).all())
    return bool(np.array_equal(there.astype(column.dtype), column, equal_nan=column.dtype.kind in "mM"))
