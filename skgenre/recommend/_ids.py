"""The names of tracks."""

import os
from collections import Counter
from typing import Any

import numpy as np

from skgenre._labels import is_missing
from skgenre._rows import one_column
from skgenre.audio import as_rows, is_paths


def check_ids(track_ids: Any, X: Any, n_tracks: int, first: int = 0) -> list:
    """Return the ids of tracks: as given, else the paths in X, else numbers from the first on."""
    where = "track_ids"
    if track_ids is None:
        if not name_themselves(X):
            return list(range(first, first + n_tracks))
        track_ids, where = X, "track_ids, here the paths in X,"
    ids = plain_ids(track_ids, "track_ids")
    if len(ids) != n_tracks:
        raise ValueError(f"track_ids must hold one id per track, got {len(ids)} for {n_tracks} tracks")
    check_hashable(ids, "track_ids")
    if missing := [row for row, track_id in enumerate(ids) if track_id is not None and is_missing(track_id)]:
        raise ValueError(f"{where} must not be missing, got {ids[missing[0]]!r} for row {missing[0]}")
    for track_id, count in Counter(ids).most_common(1):
        if count > 1:
            raise ValueError(f"{where} must be unique, got {track_id!r} {count} times")
    return ids


def name_themselves(X: Any) -> bool:
    """Tell whether tracks are paths, which are their ids where none are given; open files have numbers."""
    return is_paths(X) and all(isinstance(track, str | os.PathLike) for track in X)


def check_hashable(names: list, parameter: str) -> None:
    """Raise a TypeError that calls the names by the parameter they were given as, if one is not hashable."""
    for name in names:
        try:
            hash(name)
        except TypeError:
            raise TypeError(f"{parameter} must be hashable, such as str or int, got {name!r:.80}") from None


def check_no_mask(names: Any) -> None:
    """Raise a ValueError where a mask stands for ids: True and False would be taken for the ids 1 and 0."""
    listed = isinstance(names, list) and len(names) > 0 and all(isinstance(name, bool) for name in names)
    if listed or getattr(getattr(names, "dtype", None), "kind", None) == "b":
        raise ValueError("ids must be given, got a mask of bool: choose the ids by it")


def plain_ids(tracks: Any, parameter: str = "tracks") -> list:
    """Return ids as plain Python objects, and paths as str."""
    return [plain_id(track) for track in as_rows(one_column(tracks, parameter))]


def plain_id(track: Any) -> Any:
    if isinstance(track, os.PathLike):
        return str(track)
    if not isinstance(track, np.generic):
        return track
    if track.dtype.kind in "mM" and isinstance(track.item(), int):
        track = track.astype(f"{track.dtype.kind}8[us]")  # of nanoseconds Python's dates know nothing
    return track.item()


def ids_array(ids: list) -> np.ndarray:
    """Return ids in an array: of int where all are, else of object."""
    if ids and all(isinstance(track_id, int) and not isinstance(track_id, bool) for track_id in ids):
        try:
            return np.array(ids, dtype=np.int64)
        except OverflowError:
            pass
    # numpy.array would turn tuples into a second axis, and mixed ids into strings.
    return np.fromiter(ids, dtype=object, count=len(ids))
