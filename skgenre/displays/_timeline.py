"""Which genre is heard when in a recording, drawn as a coloured time line."""

from typing import Any

import numpy as np

from skgenre._names import shorten
from skgenre.displays._axes import enlarge, plain_axes
from skgenre.streaming import Timeline, clock, segment_recording

# Okabe and Ito's palette with a brown for its yellow, which is lost on white; from the ninth genre on with hatches.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_HATCHES = (None, "///", "...", "xx")
_DARK = ("#0072B2", "#009E73", "#000000", "#8C6D31", "#D55E00")
_OTHERS = "0.85"
_STRIP, _HEIGHT = 1.07, 0.2
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_POINTS_A_LETTER = 6.5
_LONGEST_NAME = 30


class TimelineDisplay:
    """Draw which genre is heard when in a recording: its sections as a coloured strip, the answers below it.

    Use it to see where a DJ set or an hour of radio changes its genre, and how sure the net is of it. Make it with
    :meth:`from_timeline` or :meth:`from_estimator`.

    Parameters
    ----------
    timeline : Timeline
        The sections, and the answers they were made of.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The picture.
    figure_ : matplotlib Figure
        The figure it is in.
    legend_ : matplotlib Legend
        The genres of the sections; all others are grey.

    See Also
    --------
    segment_recording : Finds the sections.

    Examples
    --------
    >>> from skgenre import Section, Timeline, TimelineDisplay
    >>> sections = [Section(0.0, 60.0, "jazz", 0.9), Section(60.0, 95.0, "rock", 0.7)]
    >>> timeline = Timeline(sections, [15, 45, 80], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], ["jazz", "rock"])
    >>> display = TimelineDisplay.from_timeline(timeline)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['jazz', 'rock']
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline

    @classmethod
    def from_timeline(cls, timeline: Timeline, *, ax: Any = None) -> "TimelineDisplay":
        """Draw a time line.

        Parameters
        ----------
        timeline : Timeline
            As the class takes it.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TimelineDisplay
        """
        return cls(timeline).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, source: Any, *, ax: Any = None, **options: Any) -> "TimelineDisplay":
        """Find the sections of a recording with a fitted pipeline, and draw them.

        Parameters
        ----------
        estimator : Pipeline
            A fitted pipeline, as :class:`~skgenre.StreamingClassifier` takes it.
        source : path, bytes, open binary file, open stream or iterable of array-like
            The recording.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        **options
            As :func:`~skgenre.segment_recording` takes them.

        Returns
        -------
        display : TimelineDisplay
        """
        return cls.from_timeline(segment_recording(estimator, source, **options), ax=ax)

    def plot(self, ax: Any = None) -> "TimelineDisplay":
        """Draw the strip of sections, and below it the probability of each genre.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : TimelineDisplay
            The object itself, with ``ax_``, ``figure_`` and ``legend_``.
        """
        given = ax is not None
        self.ax_, self.figure_ = plain_axes(ax, (9.0, 2.6))
        genres = self._genres()
        begin, end = self.timeline[0].start, self.timeline[-1].stop
        self.ax_.set(xlim=(begin, end), ylim=(0, _STRIP + _HEIGHT), yticks=(0, 0.5, 1), ylabel="Probability")
        self.ax_.spines["left"].set_bounds(0, 1)
        self._draw_answers(genres, begin, end)
        strips = [self._draw_sections(genre, _style(number)) for number, genre in enumerate(genres)]
        self.legend_ = self.ax_.legend(
            strips,
            [shorten(str(genre), _LONGEST_NAME) for genre in genres],
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            frameon=False,
            ncols=-(-len(genres) // 8),
            borderaxespad=0.2,
        )
        for text in self.legend_.get_texts():
            text.set_parse_math(False)
        if not given:
            enlarge(self.figure_, self.legend_, width=6.0)
        self.figure_.figure.draw_without_rendering()  # the legend takes its place before what has to fit beside it
        self._mark_time(begin, end)
        for number, genre in enumerate(genres):
            self._name_sections(genre, _style(number))
        return self

    def _genres(self) -> list:
        """Return the genres that have a section, in the order of the classes."""
        heard = {section.genre for section in self.timeline}
        return [genre for genre in self.timeline.classes.tolist() if genre in heard]

    def _draw_answers(self, genres: list, begin: float, end: float) -> None:
        posteriors = self.timeline.posteriors / self.timeline.posteriors.sum(axis=1, keepdims=True)
        known = self.timeline.classes.tolist()
        columns = [posteriors[:, known.index(genre)] for genre in genres]
        columns.append(1 - np.sum(columns, axis=0))
        times = np.concatenate([[begin], self.timeline.times, [end]])
        bottom = np.zeros(len(times))
        for number, column in enumerate(columns):
            top = bottom + np.pad(column, 1, mode="edge")
            style = _style(number) if number < len(genres) else {"facecolor": _OTHERS}
            self.ax_.fill_between(times, bottom, top, edgecolor="white", alpha=0.55, linewidth=0, **style)
            bottom = top

    def _spans(self, genre: Any) -> list[tuple[float, float]]:
        sections = [section for section in self.timeline if section.genre == genre]
        return [(section.start, section.stop - section.start) for section in sections]

    def _draw_sections(self, genre: Any, style: dict) -> Any:
        return self.ax_.broken_barh(self._spans(genre), (_STRIP, _HEIGHT), edgecolor="white", linewidth=1.0, **style)

    def _name_sections(self, genre: Any, style: dict) -> None:
        """Write the genre into those of its sections that are wide enough for it."""
        if style["hatch"] is not None:
            return
        begin, end = self.ax_.get_xlim()
        pixels = self.ax_.get_window_extent().width / (end - begin)
        for start, length in self._spans(genre):
            text = self.ax_.text(
                start + length / 2,
                _STRIP + _HEIGHT / 2,
                shorten(str(genre), _LONGEST_NAME),
                ha="center",
                va="center",
                fontsize="small",
                color="white" if style["facecolor"] in _DARK else "black",
                parse_math=False,
            )
            if text.get_window_extent().width > length * pixels:
                text.remove()

    def _mark_time(self, begin: float, end: float) -> None:
        total = end - begin
        letters = self.ax_.get_window_extent().width * 72 / self.figure_.dpi / _POINTS_A_LETTER
        most = min(10.0, max(1.0, letters / (len(clock(end)) + 1)))
        step = next((step for step in _TICKS if total / step <= most), 3600 * max(1, int(np.ceil(total / 3600 / most))))
        ticks = np.arange(np.ceil(begin / step), np.floor(end / step) + 1) * step
        self.ax_.set_xticks(ticks, [clock(tick) for tick in ticks])
        self.ax_.set_xlabel("Time (min:s)" if total < 3600 else "Time (h:min:s)")


def _style(number: int) -> dict[str, Any]:
    colour = _COLOURS[number % len(_COLOURS)]
    return {"facecolor": colour, "hatch": _HATCHES[number // len(_COLOURS) % len(_HATCHES)]}
