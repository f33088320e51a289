"""What a split lets the training part know of the test part."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import check_cv

from skgenre.model_selection._audit_matching import Match

LEAST_IN_COMMON = 3.0
"""Seconds of a recording by which two tracks may be told to hold it."""


def joined(n_tracks: int, matches: Iterable[Match], artists: Sequence[str] | None = None) -> np.ndarray:
    """Give tracks that belong together, by a recording or also by an artist, the same number.

    Parameters
    ----------
    n_tracks : int
        Number of tracks.
    matches : iterable of Match
        Tracks that hold the same recording.
    artists : sequence of str, default=None
        Tracks with the same one belong together; ``""`` where it is not known.

    Returns
    -------
    numbers : ndarray of shape (n_tracks,), int
        The same for tracks that belong together.
    """
    links = [(match.first, match.second) for match in matches]
    if artists is not None:
        first: dict[str, int] = {}
        links += [(first.setdefault(artist, row), row) for row, artist in enumerate(artists) if artist]
    ones, others = np.array(links, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links), dtype=np.int8), (ones, others)), shape=(n_tracks, n_tracks))
    return connected_components(graph, directed=False)[1]


def medleys_of(durations: Sequence[float], matches: Sequence[Match]) -> set[int]:
    """Return the tracks that hold, one after the other, two others which have nothing in common.

    Two that lie at the same place have it in common with the track, even if they are too poor copies to be told alike.
    """
    held: dict[int, list[tuple[int, float, float]]] = {}
    for match in matches:
        one, two = match.first, match.second
        for row, other, start in ((one, two, match.offset), (two, one, -match.offset)):
            end = min(durations[row], start + durations[other])
            held.setdefault(row, []).append((other, max(0.0, start), end))
    alike = {frozenset((match.first, match.second)) for match in matches}

    def are_apart(one: tuple[int, float, float], two: tuple[int, float, float]) -> bool:
        common = min(one[2], two[2]) - max(one[1], two[1])
        return frozenset((one[0], two[0])) not in alike and common < LEAST_IN_COMMON

    return {row for row, parts in held.items() if any(are_apart(one, two) for one, two in combinations(parts, 2))}


def songs_of(n_tracks: int, matches: Sequence[Match], medleys: set[int]) -> np.ndarray:
    """Give tracks that belong together by a recording, and not by way of a medley alone, the same number."""
    return joined(n_tracks, _without(matches, medleys))


def _without(matches: Iterable[Match], rows: set[int]) -> list[Match]:
    return [match for match in matches if match.first not in rows and match.second not in rows]


def splits_of(cv: Any, paths: Sequence[str], y: Any, groups: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give the rows of training and test for whatever names a split.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test), or one (train, test)
        What names it; rows by number or by a boolean mask.
    paths, y, groups : sequence or None
        What a splitter is given.

    Yields
    ------
    train, test : ndarray of int
        Rows.

    Raises
    ------
    ValueError
        If what it gives are no pairs of rows.
    """
    if isinstance(cv, tuple | list) and len(cv) == 2 and all(_are_rows(side) for side in cv):
        cv = [cv]
    X = np.array(paths, dtype=object)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")  # which is what a leak comes from
        splitter = check_cv(cv, y, classifier=y is not None)
        pairs = cv if isinstance(cv, Iterable) and not hasattr(cv, "split") else splitter.split(X, y, groups)
        splits = list(pairs)
    for sides in splits:
        try:
            train, test = (np.arange(len(X))[np.asarray(side) if len(side) else slice(0)] for side in sides)
        except (TypeError, ValueError, IndexError) as error:
            raise ValueError(
                f"cv must give pairs of rows, for training and for test, of the {len(X)} tracks by number or by a "
                f"mask, got {sides!r:.80}: {error}"
            ) from error
        yield train, test


def leaks_of(
    train: np.ndarray, test: np.ndarray, songs: np.ndarray, matches: Iterable[Match], artists: np.ndarray | None
) -> dict[str, int | float]:
    """Count the tracks of a test part that training knows.

    Parameters
    ----------
    train, test : ndarray of int
        Rows.
    songs : ndarray of shape (n_tracks,), int
        The same for tracks that hold the same recording, but by way of a medley alone.
    matches : iterable of Match
        Tracks that hold the same recording, medleys among them.
    artists : ndarray of shape (n_tracks,) of str, or None
        ``""`` where not known.

    Returns
    -------
    counts : dict
        ``n_train``, ``n_test``; of the test tracks ``same_recording``, ``same_artist``, ``leaked`` (either of them),
        and the ``share`` of those.
    """
    trained = set(train.tolist())
    pairs = [(match.first, match.second) for match in matches]
    known = trained | {b for a, b in pairs if a in trained} | {a for a, b in pairs if b in trained}
    recording = np.isin(test, list(known)) | np.isin(songs[test], songs[train])
    artist = np.zeros(len(test), dtype=bool)
    if artists is not None:
        artist = np.isin(artists[test], artists[train]) & (artists[test] != "")
    leaked = recording | artist
    return {
        "n_train": len(train),
        "n_test": len(test),
        "same_recording": int(recording.sum()),
        "same_artist": int(artist.sum()),
        "leaked": int(leaked.sum()),
        "share": float(leaked.mean()) if len(test) else 0.0,
    }


def _are_rows(side: Any) -> bool:
    """Tell rows, numbers or a mask, from a pair of such."""
    return not isinstance(side, str) and hasattr(side, "__len__") and (not len(side) or np.ndim(next(iter(side))) == 0)
