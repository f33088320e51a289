"""The sections of a recording, one genre each."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_scalar

from skgenre._optional import import_optional
from skgenre.streaming._changes import best_sections
from skgenre.streaming._checks import check_finite

MIN_DURATION = 15.0
"""Seconds that a section lasts at least."""

PENALTY = 2.0
"""What a change costs, in nats."""

SMALLEST = 0.02
"""A probability counts no less than this, so that one answer that is sure and wrong does not make a section."""


@dataclass(frozen=True)
class Section:
    """A part of a recording in one genre.

    Parameters
    ----------
    start, stop : float
        Where it begins and ends, in seconds.
    genre : object
        Its genre.
    probability : float
        Mean probability of the genre in the part.

    Examples
    --------
    >>> from skgenre import Section
    >>> Section(0.0, 187.5, "jazz", 0.83)
    Section(0:00 to 3:07: jazz, 0.83)
    """

    start: float
    stop: float
    genre: Any
    probability: float

    def __repr__(self) -> str:
        return f"Section({clock(self.start)} to {clock(self.stop)}: {self.genre}, {self.probability:.2f})"


class Timeline:
    """Which genre is heard when in a recording: its sections, and the answers they were made of.

    :func:`segment_recording` makes it of a file, and :meth:`StreamingClassifier.timeline` of what was heard;
    :class:`TimelineDisplay` draws it. It is a sequence of sections.

    Parameters
    ----------
    sections : sequence of Section
        The sections in order, without gaps.
    times : array-like of shape (n_answers,)
        Where in the recording the answers are centred, in seconds.
    posteriors : array-like of shape (n_answers, n_classes)
        Probability of each genre.
    classes : array-like of shape (n_classes,)
        The genres.

    Attributes
    ----------
    changes : ndarray of shape (n_sections - 1,)
        Where one section gives way to the next, in seconds.

    Examples
    --------
    >>> from skgenre import Section, Timeline
    >>> sections = [Section(0.0, 60.0, "jazz", 0.9), Section(60.0, 95.0, "rock", 0.7)]
    >>> timeline = Timeline(sections, [30.0, 80.0], [[0.9, 0.1], [0.3, 0.7]], ["jazz", "rock"])
    >>> timeline
    0:00 to 1:00  jazz (0.90)
    1:00 to 1:35  rock (0.70)
    >>> timeline.changes
    array([60.])
    """

    def __init__(self, sections: Any, times: Any, posteriors: Any, classes: Any) -> None:
        self.sections = list(sections)
        self.times = np.asarray(times, dtype=np.float64)
        self.posteriors = np.asarray(posteriors, dtype=np.float64)
        self.classes = np.asarray(classes)
        if not self.sections:
            raise ValueError("sections must hold at least one section, got none")
        if self.posteriors.shape != (len(self.times), len(self.classes)):
            raise ValueError(
                f"posteriors must have the shape ({len(self.times)}, {len(self.classes)}) of times and classes, got "
                f"{self.posteriors.shape}"
            )

    @classmethod
    def of(
        cls, history: np.ndarray, classes: Any, segment_seconds: float, *, min_duration: float, penalty: float
    ) -> "Timeline":
        """Divide what a stream has said into sections.

        Parameters
        ----------
        history : ndarray of shape (n_answers, 2 + n_classes)
            Start and stop of each segment, in seconds, and its posterior.
        classes : array-like of shape (n_classes,)
            The genres.
        segment_seconds : float
            Length of a full segment, in seconds.
        min_duration, penalty : float
            As ``segment_recording`` takes them.

        Returns
        -------
        timeline : Timeline
            The sections.
        """
        check_scalar(min_duration, "min_duration", Real, min_val=0)
        if np.isnan(min_duration):
            raise ValueError("min_duration must be a number of seconds from 0 on, got nan")
        check_finite(penalty, "penalty", zero=True)
        begin, end = history[0, 0], history[-1, 1]
        lengths = history[:, 1] - history[:, 0]
        # Those at the start, before a whole segment was heard, where there are others.
        full = history[lengths > lengths.max() - 1e-6]
        times, posteriors = full[:, :2].mean(axis=1), full[:, 2:]
        edges = np.concatenate([[begin], (times[1:] + times[:-1]) / 2, [end]])
        # Segments overlap: together they are evidence for as many segments as stand side by side.
        steps = np.gradient(times) if len(times) > 1 else np.array([segment_seconds])
        shares = posteriors / posteriors.sum(axis=1, keepdims=True)
        costs = -np.log(np.maximum(shares, SMALLEST)) * (steps / segment_seconds)[:, None]
        min_length = int(np.ceil(min(min_duration / np.median(steps), len(steps))))
        names = np.asarray(classes).tolist()
        sections = [
            Section(float(edges[start]), float(edges[stop]), names[k], float(posteriors[start:stop, k].mean()))
            for start, stop, k in best_sections(costs, min_length, penalty)
        ]
        return cls(sections, times, posteriors, classes)

    @property
    def changes(self) -> np.ndarray:
        return np.array([section.start for section in self.sections[1:]])

    def to_frame(self) -> Any:
        """Return the sections as a pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            Columns ``start`` and ``stop`` in seconds, ``genre`` and ``probability``, one row a section.
        """
        pandas = import_optional("pandas", extra="tables")
        return pandas.DataFrame([vars(section) for section in self.sections])

    def __len__(self) -> int:
        return len(self.sections)

    def __getitem__(self, number: Any) -> Any:
        return self.sections[number]

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections)

    def __repr__(self) -> str:
        rows = [(clock(s.start), clock(s.stop), f"{s.genre} ({s.probability:.2f})") for s in self.sections]
        width = max(len(stop) for _, stop, _ in rows)
        return "\n".join(f"{start:>{width}} to {stop:>{width}}  {what}" for start, stop, what in rows)


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds, or hours too: ``3:07``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
