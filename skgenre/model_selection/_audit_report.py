"""What an audit found: tables, arrays to go on with, and a report."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from skgenre._optional import import_optional
from skgenre.model_selection._audit_files import FileFacts
from skgenre.model_selection._audit_leaks import joined, leaks_of, medleys_of, songs_of, splits_of
from skgenre.model_selection._audit_matching import Match
from skgenre.model_selection._audit_page import audit_page, audit_text

PROBLEMS = ("unreadable", "truncated", "silent", "partly silent", "out of phase", "clipped", "short", "of another rate")
"""What can be wrong with a file."""

_USELESS = {"unreadable", "silent", "out of phase"}
"""What leaves nothing to learn from."""


class TrackAudit:
    """What :func:`audit_tracks` found: tables, and a report in notebooks.

    Parameters
    ----------
    facts : sequence of FileFacts
        What was measured, one a track.
    problems : sequence of list of str
        What is wrong with each track.
    matches : sequence of Match
        Pairs of tracks that hold the same recording.
    y, groups : ndarray of shape (n_tracks,) of str, or None
        Genre and artist of each track, ``""`` where not known.
    cv : object
        The splits to show the leaks of, or None.

    Attributes
    ----------
    paths : list of str
        The tracks, in the order in which they were given.
    counts : dict of str to int
        How many tracks have each problem.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skgenre import audit_tracks, make_tracks
    >>> with TemporaryDirectory() as folder:
    ...     music = make_tracks(folder, 2, 1, ["disco", "metal"], duration=3.0, random_state=0)
    ...     audit = audit_tracks([*music.paths, music.paths[0]])
    >>> audit.duplicates[["first", "second", "kind"]].values.tolist()
    [[0, 4, 'exact']]
    >>> audit.keep.tolist()
    [True, True, True, True, False]
    """

    def __init__(
        self,
        facts: Sequence[FileFacts],
        problems: Sequence[list[str]],
        matches: Sequence[Match],
        *,
        y: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        cv: Any = None,
    ) -> None:
        self.paths = [fact.path for fact in facts]
        self.counts = {problem: sum(problem in found for found in problems) for problem in PROBLEMS}
        self._facts, self._problems, self._matches = facts, problems, matches
        self._y, self._groups = y, groups
        self._recordings = joined(len(facts), matches)
        self._medleys = medleys_of([fact.duration for fact in facts], matches)
        self._songs = songs_of(len(facts), matches, self._medleys)
        self._splits = None if cv is None else list(self._leaks(cv))

    @property
    def frame(self) -> Any:
        """All tracks, a DataFrame with one row each.

        Columns: path; duration in seconds; sample_rate in hertz; channels; format; peak, where 1 is full scale; level
        in decibels below full scale; mono, the level of the mix to mono against that of the channels, in decibels;
        clipped, the share of samples that are clipped; silent, the share of moments below -60 dB; problems, separated
        by commas; fault, what is wrong in words; recording, the same number for tracks that hold the same recording,
        also by way of others; and, where they were given, label and group.
        """
        columns: dict[str, Any] = {name: [] for name in asdict(self._facts[0]) if name != "readable"}
        for fact in self._facts:
            for name, values in columns.items():
                values.append(getattr(fact, name))
        fault = columns.pop("fault")
        columns |= {"problems": [", ".join(found) for found in self._problems], "fault": fault}
        columns["recording"] = self._recordings
        columns |= {
            name: values for name, values in (("label", self._y), ("group", self._groups)) if values is not None
        }
        frame = _table(columns)
        return frame.astype({"sample_rate": "Int64", "channels": "Int64"})

    @property
    def duplicates(self) -> Any:
        """Pairs of tracks that hold the same recording, a DataFrame.

        Columns: first and second, their rows; first_path and second_path; offset, where in the first the second
        begins, in seconds, where most agrees if music made of loops fits at several places; similarity, the share of
        spectral peaks that agree where both play; kind, ``"exact"`` where they decode to the same samples, mixed to
        mono, else ``"near"``; and, where labels were given, same_label, None where one of them is not known.
        """
        rows = [(m.first, m.second, m.offset, m.similarity, "exact" if m.exact else "near") for m in self._matches]
        first, second, offset, similarity, kind = zip(*rows, strict=True) if rows else ([], [], [], [], [])
        columns: dict[str, Any] = {
            "first": np.array(first, dtype=np.intp),
            "second": np.array(second, dtype=np.intp),
            "first_path": [self.paths[row] for row in first],
            "second_path": [self.paths[row] for row in second],
            "offset": np.array(offset, dtype=float),
            "similarity": np.array(similarity, dtype=float),
            "kind": list(kind),
        }
        if self._y is not None:
            ones, others = self._y[columns["first"]], self._y[columns["second"]]
            columns["same_label"] = [
                bool(a == b) if a != "" and b != "" else None for a, b in zip(ones, others, strict=True)
            ]
        return _table(columns)

    @property
    def artists(self) -> Any:
        """Artists with tracks on several labels, a DataFrame with the columns artist, n_tracks and labels.

        Empty where there are no labels or no groups. Nothing is wrong with such artists as such, but a mislabelled
        track often shows here.
        """
        rows = self._artists_on_several_labels()
        return _table(
            {
                "artist": [artist for artist, _ in rows],
                "n_tracks": np.array([sum(labels.values()) for _, labels in rows], dtype=np.intp),
                "labels": [", ".join(f"{label} ({n})" for label, n in labels.items()) for _, labels in rows],
            }
        )

    @property
    def groups(self) -> np.ndarray:
        """A group for each track that holds together what must not be split, an array of int.

        Tracks are in one group if they have the artist or the recording in common, also by way of others. Give it to
        a splitter for groups, and nothing found here leaks.
        """
        return joined(len(self.paths), self._matches, None if self._groups is None else self._groups.tolist())

    @property
    def keep(self) -> np.ndarray:
        """Which tracks decode and sound, one of each recording, an array of bool.

        Those out of phase are left out: mixed to mono, little or nothing of them is heard. Of a recording that is there
        more than once, the file with the fewest problems is kept, of those the longest; but none that holds several
        others which have nothing in common, as a medley or a whole album does, where one of these is kept.
        """
        usable = [row for row, found in enumerate(self._problems) if not _USELESS & set(found)]
        worth = sorted(usable, key=lambda row: (len(self._problems[row]), -self._facts[row].duration))
        kept = np.zeros(len(self.paths), dtype=bool)
        best = {self._songs[row]: row for row in reversed(worth) if row not in self._medleys}
        kept[list(best.values())] = True
        for row in (row for row in worth if row in self._medleys):
            kept[row] = not any(kept[match.first] or kept[match.second] for match in self._matches_of(row))
        return kept

    def leaks(self, cv: Any) -> Any:
        """Count what a split lets the training part know of the test part.

        Parameters
        ----------
        cv : int, splitter, iterable of (train, test), or one (train, test)
            The split: what scikit-learn takes for ``cv``, or rows by number or by a boolean mask. A splitter is given
            the labels, and the groups that were audited.

        Returns
        -------
        leaks : DataFrame
            A row for each split, with n_train and n_test, and of the test tracks the number with the same_recording or
            the same_artist in training, of those with either (leaked), and their share.
        """
        counts = list(self._leaks(cv))
        return _table({name: [count[name] for count in counts] for name in (counts[0] if counts else ())})

    def _leaks(self, cv: Any) -> Iterator[dict[str, int | float]]:
        for train, test in splits_of(cv, self.paths, self._y, self._groups):
            yield leaks_of(train, test, self._songs, self._matches, self._groups)

    def _matches_of(self, row: int) -> list[Match]:
        return [match for match in self._matches if row in (match.first, match.second)]

    def _artists_on_several_labels(self) -> list[tuple[str, dict[str, int]]]:
        if self._y is None or self._groups is None:
            return []
        found: dict[str, dict[str, int]] = {}
        for artist, label in sorted(zip(self._groups.tolist(), self._y.tolist(), strict=True), key=str):
            if artist != "" and label != "":
                labels = found.setdefault(artist, {})
                labels[label] = labels.get(label, 0) + 1
        return [(artist, labels) for artist, labels in found.items() if len(labels) > 1]

    def _summary(self) -> dict[str, Any]:
        """Return what the report shows."""
        return {
            "facts": self._facts,
            "problems": self._problems,
            "counts": {problem: n for problem, n in self.counts.items() if n},
            "matches": self._matches,
            "labels": self._y,
            "artists": self._artists_on_several_labels(),
            "splits": self._splits,
            "kept": int(self.keep.sum()),
        }

    def __repr__(self) -> str:
        return audit_text(**self._summary())

    def _repr_html_(self) -> str:
        return audit_page(**self._summary())


def _table(columns: dict[str, Any]) -> Any:
    pandas: Any = import_optional("pandas", extra="tables")
    try:
        return pandas.DataFrame(columns)
    except UnicodeEncodeError:  # pyarrow, which pandas keeps text in, takes no names of files that are not UTF-8
        text = {name for name, values in columns.items() if np.asarray(values).dtype.kind in "OU"}
        objects = {name: pandas.Series(list(columns[name]), dtype=object) for name in text}
        return pandas.DataFrame(columns | objects)
