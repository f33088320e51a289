"""Find the pairs of tracks that hold the same recording, without comparing every track with every other.

The landmarks of all tracks stand in one list, sorted, so that equal ones are neighbours. Pairs of tracks that share
several at the same distance in time are compared peak by peak.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from skgenre.model_selection._fingerprint import FRAME_SECONDS, Fingerprint, agreement, landmarks

_WINDOW = 32
"""Neighbours in the list with which each landmark is paired: work stays in proportion to the list."""

_FEWEST_SHARED = 4
"""Landmarks at one distance in time below which two tracks are not compared."""

_SHIFTS_TRIED = 3
"""Distances in time at which a pair is compared."""

_REPEATS_TRIED = 32
"""Distances in time among which that of a match is chosen: music made of loops agrees at many."""

_FEWEST_PEAKS = 15
"""Peaks that have to agree, more than a second of music."""

_BLOCK = 2**20
"""Landmarks looked up at once."""

_SPAN = 2**21
"""More than twice the frames of the longest track."""


@dataclass(frozen=True)
class Match:
    """Two tracks that hold the same recording.

    Parameters
    ----------
    first, second : int
        Their rows, the smaller one first.
    offset : float
        Where in the first the second begins, in seconds: negative where the second begins earlier.
    similarity : float
        Share of the peaks in the part both cover that agree, from 0 to 1.
    exact : bool
        Whether they decode to the same samples.
    """

    first: int
    second: int
    offset: float
    similarity: float
    exact: bool


def find_matches(fingerprints: Sequence[Fingerprint], digests: Sequence[bytes], min_similarity: float) -> list[Match]:
    """Find all pairs of tracks that hold the same recording.

    Parameters
    ----------
    fingerprints : sequence of Fingerprint
        One for each track; without peaks where it is silent or could not be read.
    digests : sequence of bytes
        What tracks have in common that decode to the same samples; empty for tracks not to be compared.
    min_similarity : float
        Share of peaks that have to agree.

    Returns
    -------
    matches : list of Match
        Sorted by rows.
    """
    first_of: dict[bytes, int] = {}
    same: dict[int, list[int]] = {}
    for row, digest in enumerate(digests):
        if digest:
            same.setdefault(first_of.setdefault(digest, row), []).append(row)
    # Of tracks that are the same to the sample one is looked up, and speaks for all.
    matches = [Match(a, b, 0.0, 1.0, True) for rows in same.values() for i, a in enumerate(rows) for b in rows[i + 1 :]]
    singles = sorted(same)
    for one, other, shifts in _candidates([fingerprints[row] for row in singles]):
        one, other = singles[one], singles[other]
        scores = [(agreement(fingerprints[one], fingerprints[other], shift), shift) for shift in shifts]
        (similarity, n_peaks), shift = max(scores, key=lambda score: score[0][1])
        if similarity >= min_similarity and n_peaks >= _FEWEST_PEAKS:
            similarity, shift = _best(fingerprints[one], fingerprints[other], shifts, min_similarity)
            for a in same[one]:
                for b in same[other]:
                    offset = shift * FRAME_SECONDS * (1 if a < b else -1)
                    matches.append(Match(min(a, b), max(a, b), offset, similarity, False))
    return sorted(matches, key=lambda match: (match.first, match.second))


def _best(one: Fingerprint, other: Fingerprint, shifts: Sequence[int], min_similarity: float) -> tuple[float, int]:
    """Return the similarity and the shift at which most agrees: by the share of peaks times their number."""
    scores = [(*agreement(one, other, shift), shift) for shift in sorted({*shifts, *_repeats(one, other)})]
    similar = [score for score in scores if score[0] >= min_similarity]
    # Peaks may meet a frame apart, so as many do at the shifts beside the true one: it is amid its equals.
    most = max(score[0] * score[1] for score in similar)
    equal = [score for score in similar if score[0] * score[1] == most]
    similarity, _, shift = equal[len(equal) // 2]
    return similarity, shift


def _repeats(one: Fingerprint, other: Fingerprint) -> list[int]:
    """Return the shifts at which most peaks of the same band meet, within a frame."""
    lowest = int(one.frames[0]) - int(other.frames[-1])
    met = np.zeros(int(one.frames[-1]) - int(other.frames[0]) - lowest + 1, dtype=np.int64)
    for band in np.intersect1d(one.bands, other.bands):
        apart = np.subtract.outer(one.frames[one.bands == band], other.frames[other.bands == band])
        met += np.bincount(apart.ravel() - lowest, minlength=len(met))
    near = np.convolve(met, np.ones(3, dtype=np.int64), mode="same")
    highest = np.flatnonzero((near == maximum_filter1d(near, 5)) & (2 * near >= near.max()))
    best = highest[np.argsort(-near[highest], kind="stable")[:_REPEATS_TRIED]]
    return (best + lowest).tolist()


def _candidates(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int, list[int]]]:
    """Give pairs of rows that share landmarks, each with the shifts, in frames, at which they share the most."""
    marks = [landmarks(peaks) for peaks in fingerprints]
    ends = np.cumsum([len(numbers) for numbers, _ in marks], dtype=np.int64)
    if not len(ends) or not ends[-1]:
        return
    numbers = np.concatenate([numbers for numbers, _ in marks])
    order = np.argsort(numbers, kind="stable")  # equal ones stay in order of tracks
    numbers = numbers[order]
    tracks = np.repeat(np.arange(len(marks), dtype=np.int32), np.diff(ends, prepend=0))[order]
    frames = np.concatenate([frames for _, frames in marks])[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    del marks, order
    start = 0
    while start < len(ends):
        begin = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, begin + _BLOCK)))
        yield from _shared(place[begin : ends[stop - 1]], numbers, tracks, frames)
        start = stop


def _shared(
    places: np.ndarray, numbers: np.ndarray, tracks: np.ndarray, frames: np.ndarray
) -> Iterator[tuple[int, int, list[int]]]:
    """Give the candidates whose first track is one of those whose landmarks stand at these places."""
    keys = []
    base = tracks[places[0]].astype(np.int64)
    n_tracks = int(tracks.max()) + 1
    for step in range(1, _WINDOW + 1):
        places = places[places + step < len(numbers)]
        places = places[numbers[places] == numbers[places + step]]
        if not len(places):
            break
        one, other = places, places + step
        apart = tracks[one] != tracks[other]
        one, other = one[apart], other[apart]
        pair = (tracks[one] - base) * n_tracks + tracks[other]
        keys.append(pair * _SPAN + (frames[one].astype(np.int64) - frames[other] + _SPAN // 2))
    if not keys:
        return
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    # A shift that is no whole number of frames is shared out between two neighbours.
    total = counts.copy()
    beside = np.flatnonzero(np.diff(found) == 1)
    total[beside] += counts[beside + 1]
    total[beside + 1] += counts[beside]
    enough = total >= _FEWEST_SHARED
    found, total = found[enough], total[enough]
    pairs, shifts = np.divmod(found, _SPAN)
    for run in np.split(np.arange(len(found)), np.flatnonzero(np.diff(pairs)) + 1) if len(found) else ():
        first, second = divmod(int(pairs[run[0]]), n_tracks)
        best = run[np.argsort(-total[run], kind="stable")[:_SHIFTS_TRIED]]
        yield first + int(base), second, [int(shift) - _SPAN // 2 for shift in shifts[best]]
