"""What is wrong with a collection, before anything is learned from it."""

import math
import os
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length
from tqdm.auto import tqdm

from skgenre._sklearn import column_or_1d
from skgenre._threads import map_threads
from skgenre.audio import as_rows, is_paths
from skgenre.model_selection._audit_files import FileFacts, examine
from skgenre.model_selection._audit_matching import find_matches
from skgenre.model_selection._audit_report import TrackAudit
from skgenre.model_selection._one_genre import in_one_spelling, not_known, one_genre_each


def audit_tracks(
    paths: Any,
    y: Any = None,
    groups: Any = None,
    *,
    cv: Any = None,
    min_duration: float | None = None,
    sample_rate: int | None = None,
    max_clipped: float = 0.001,
    max_silent: float = 0.5,
    min_similarity: float = 0.25,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> TrackAudit:
    """Look for what spoils a collection: bad files, duplicates, and what a split leaks.

    Run it before anything is learned. Every file is decoded once and measured. Duplicates are found by a fingerprint of
    spectral peaks: exact ones, and the same recording in another format, at another level, sample rate or bit rate,
    in mono, or cut, so that one begins later. Not found are copies that were transposed or played faster, other
    recordings of the same song, and pieces that have less than some three seconds in common. Out of phase is stereo
    that cancels out, or nearly, when it is mixed to mono, as models hear it.

    Parameters
    ----------
    paths : array-like of shape (n_tracks,) of str or Path
        The tracks.
    y : array-like of shape (n_tracks,), default=None
        Label of each track; of several, their names as one, such as ``"rock|pop"``; ``""``, None, NaN or ``pandas.NA``
        where not known.
    groups : array-like of shape (n_tracks,), default=None
        Artist of each track; ``""``, None, NaN or ``pandas.NA`` where not known.
    cv : int, splitter, iterable of (train, test), or one (train, test), default=None
        Splits whose leaks the report shows; more by :meth:`TrackAudit.leaks`.
    min_duration : float, default=None
        Length in seconds below which a track is short. None means half the collection's median.
    sample_rate : int, default=None
        The rate that files should have, in hertz. None means that of more than half of the files, if there is one.
    max_clipped : float, default=0.001
        Share of clipped samples above which a track is clipped, from 0 to 1: two or more in a row at full scale; or,
        where a track was made softer afterwards, three or more at the peak of their channel, if its top is flat and
        its wave else is not, as that of square waves, chiptunes and tones is. Flat tops below full scale that went
        through a lossy format or another rate are flat no more, and not found.
    max_silent : float, default=0.5
        Share of moments below -60 dB above which a track is partly silent, from 0 to 1.
    min_similarity : float, default=0.25
        Share of spectral peaks that have to agree, where both play, for two tracks to hold the same recording, from 0
        to 1. Different recordings rarely come to 0.1, copies at low bit rates to 0.7.
    n_jobs : int, default=None
        Threads that decode. None means 1, -1 all processors.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    audit : TrackAudit
        The tables ``frame``, ``duplicates`` and ``artists`` (DataFrames, which need pandas), what a split leaks by
        ``leaks(cv)``, the arrays ``groups`` and ``keep`` to go on with, and a report as HTML in notebooks.

    Raises
    ------
    ValueError
        If there are no tracks, lengths differ, ``y`` has several columns, or a parameter is out of its range.
    TypeError
        If a track is no path.

    References
    ----------
    A. Wang: An industrial-strength audio search algorithm, ISMIR, 2003.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.model_selection import StratifiedKFold
    >>> from skgenre import audit_tracks, make_tracks
    >>> with TemporaryDirectory() as folder:
    ...     music = make_tracks(folder, 4, 2, ["disco", "metal"], duration=3.0, random_state=0)
    ...     shuffled = StratifiedKFold(2, shuffle=True, random_state=0)
    ...     audit = audit_tracks(music.paths, music.target, music.groups, cv=shuffled)
    >>> audit
    8 tracks, nothing wrong with the files
    no duplicates
    no artist on several labels
    split 0: 2 of 4 test tracks leak, 0 by recording, 2 by artist
    split 1: 2 of 4 test tracks leak, 0 by recording, 2 by artist
    """
    rows = as_rows(paths)
    if not is_paths(rows):
        raise ValueError(f"paths must be an array-like of at least one path, got {type(paths).__name__}")
    labels = None if y is None else one_genre_each(y, "Leave y out, or give a track's names as one: 'rock|pop'.")
    check_consistent_length(rows, labels, groups)
    if labels is not None and not_known(labels).any():
        labels = _as_text(labels, "y")
    elif labels is not None and labels.dtype.kind in "OU":
        labels = in_one_spelling(labels)
    names = [os.fsdecode(path) for path in rows]
    artists = None if groups is None else _as_text(groups, "groups")
    _check_range("min_duration", min_duration, None, none=True)
    _check_range("sample_rate", sample_rate, None, none=True)
    for name, share in (("max_clipped", max_clipped), ("max_silent", max_silent), ("min_similarity", min_similarity)):
        _check_range(name, share, 1)

    found = list(
        tqdm(
            map_threads(examine, names, n_jobs),
            total=len(names),
            desc="audit_tracks",
            unit="track",
            disable=not verbose,
        )
    )
    facts = [fact for fact, _, _ in found]
    matches = find_matches([peaks for _, peaks, _ in found], [digest for _, _, digest in found], min_similarity)
    problems = _problems(facts, min_duration, sample_rate, max_clipped, max_silent)
    return TrackAudit(facts, problems, matches, y=labels, groups=artists, cv=cv)


def _problems(
    facts: Sequence[FileFacts],
    min_duration: float | None,
    sample_rate: int | None,
    max_clipped: float,
    max_silent: float,
) -> list[list[str]]:
    """Say what is wrong with each file, measured by the others where nothing is asked for."""
    readable = [fact for fact in facts if fact.readable]
    if min_duration is None:
        shortest = float(np.median([fact.duration for fact in readable])) / 2 if readable else 0.0
    else:
        shortest = min_duration
    if sample_rate is None and readable:
        rates, counts = np.unique([fact.sample_rate for fact in readable], return_counts=True)
        sample_rate = rates[counts.argmax()] if counts.max() > len(readable) / 2 else None
    tests: dict[str, Callable[[FileFacts], bool]] = {
        "unreadable": lambda fact: not fact.readable,
        "truncated": lambda fact: fact.fault.startswith("truncated"),
        "silent": lambda fact: fact.silent == 1,
        "partly silent": lambda fact: max_silent < fact.silent < 1,
        "out of phase": lambda fact: fact.out_of_phase,
        "clipped": lambda fact: fact.clipped > max_clipped,
        "short": lambda fact: fact.duration < shortest,
        "of another rate": lambda fact: fact.readable and sample_rate not in (None, fact.sample_rate),
    }
    return [[problem for problem, test in tests.items() if test(fact)] for fact in facts]


def _as_text(values: Any, name: str) -> np.ndarray:
    """Return artists or labels as str, in one spelling of accents, ``""`` where none is known."""
    values = column_or_1d(np.asarray(values, dtype=object), name)
    return np.where(not_known(values), "", in_one_spelling(list(map(str, values))).astype(str))


def _check_range(name: str, value: Any, highest: float | None, *, none: bool = False) -> None:
    if none and value is None:
        return
    if not isinstance(value, Real) or not 0 <= float(value) <= (math.inf if highest is None else highest):
        wanted = "a number >= 0" if highest is None else f"a number from 0 to {highest}"
        raise ValueError(f"{name} must be {wanted}{' or None' if none else ''}, got {value!r}")
