"""The names of tracks, and their rows."""

import os
from collections import Counter
from typing import Any

import numpy as np

from skgenre.audio import as_rows, is_paths


class RowsOfIds:
    """The row of each track id."""

    def __init__(self, track_ids: np.ndarray) -> None:
        self._rows = {track_id: row for row, track_id in enumerate(track_ids.tolist())}

    def __contains__(self, track: Any) -> bool:
        return bool(self[[track]][0] >= 0)

    def __getitem__(self, tracks: list) -> np.ndarray:
        """Return the row of each track, -1 for what is no id."""
        return np.array([self._row(track) for track in tracks])

    def _row(self, track: Any) -> int:
        try:
            return self._rows.get(_plain(track), -1)
        except TypeError:  # not hashable
            return -1


def check_ids(track_ids: Any, X: Any, n_tracks: int) -> np.ndarray:
    """Return the ids in an array: as given, else the paths in X, else row numbers."""
    where = "track_ids"
    if track_ids is None:
        if not (is_paths(X) and all(isinstance(track, str | os.PathLike) for track in X)):
            return np.arange(n_tracks)
        track_ids, where = X, "track_ids, here the paths in X,"
    ids = [_plain(track_id) for track_id in as_rows(track_ids)]
    if len(ids) != n_tracks:
        raise ValueError(f"track_ids must hold one id per track, got {len(ids)} for {n_tracks} tracks")
    try:
        counts = Counter(ids)
    except TypeError as error:
        raise TypeError(f"track_ids must be hashable: {error}") from error
    for track_id, count in counts.most_common(1):
        if count > 1:
            raise ValueError(f"{where} must be unique, got {track_id!r} {count} times")
    if all(isinstance(track_id, int) for track_id in ids):
        return np.array(ids)
    # numpy.array would turn tuples into a second axis, and mixed ids into strings.
    return np.fromiter(ids, dtype=object, count=n_tracks)


def _plain(track_id: Any) -> Any:
    if isinstance(track_id, os.PathLike):
        return str(track_id)
    return track_id.item() if isinstance(track_id, np.generic) else track_id
