"""Tracks and their neighbours, as a table to listen to."""

import os
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgenre._names import encodable, one_line, shorten
from skgenre.displays._axes import plain_axes
from skgenre.displays._clips import audio_element

_COLOUR = "#0072B2"
_LONGEST_NAME, _LONGEST_NOTE = 40, 60
_BESIDES = ("track", "distance", "audio")
_STYLE = """<style>
.skgenre-neighbors { border-collapse: collapse; font: 14px/1.4 system-ui, sans-serif; }
.skgenre-neighbors th, .skgenre-neighbors td { padding: 4px 12px; text-align: left; vertical-align: middle; }
.skgenre-neighbors thead th { border-bottom: 2px solid #8886; font-weight: 600; }
.skgenre-neighbors tbody tr:first-child > * { border-top: 1px solid #8886; padding-top: 10px; font-weight: 600; }
.skgenre-neighbors tbody tr:not(:first-child) th { padding-left: 28px; font-weight: 400; }
.skgenre-neighbors tbody tr:last-child > * { padding-bottom: 10px; }
.skgenre-neighbors tbody th { overflow-wrap: anywhere; max-width: 28em; }
.skgenre-neighbors .distance { text-align: right; font-variant-numeric: tabular-nums; }
.skgenre-neighbors .same { box-shadow: inset 3px 0 #0072b2; }
.skgenre-neighbors .quiet { opacity: 0.6; font-weight: 400; }
.skgenre-neighbors audio { height: 32px; width: 230px; display: block; }
</style>"""


class NeighborsDisplay:
    """Show tracks with their nearest neighbours: as a table with players in a notebook or a page, or as bars.

    Use it to listen to what a recommender takes for alike. In a notebook the display shows itself; elsewhere write
    ``to_html()`` to a file. What a neighbour has in common with its query is marked. Make it with
    :meth:`from_estimator`.

    Parameters
    ----------
    queries : sequence of mapping
        For each query what is shown of it, by column: "track" is its title, "audio" (which may be missing or None) a
        path or open file to play.
    neighbors : sequence of sequence of mapping
        For each query the same of its neighbours, the nearest first, with "distance" besides.
    seconds : float, default=8.0
        Length of the clips, in seconds, from the middle of each track.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The bars, once they are drawn.
    figure_ : matplotlib Figure
        The figure they are in.

    Examples
    --------
    >>> from skgenre import EmbeddingRecommender, NeighborsDisplay
    >>> embeddings, genres = [[3, 0], [2, 1], [1, 1], [0, 3]], ["folk", "folk", "jazz", "jazz"]
    >>> recommender = EmbeddingRecommender().fit(embeddings, track_ids=list("abcd"), metadata={"genre": genres})
    >>> display = NeighborsDisplay.from_estimator(recommender, "a", n_neighbors=2)
    >>> [(track["track"], track["genre"]) for track in display.neighbors[0]]
    [('b', 'folk'), ('c', 'jazz')]
    >>> "<table" in display.to_html()
    True
    """

    queries: Sequence[Mapping[str, Any]]
    neighbors: Sequence[Sequence[Mapping[str, Any]]]
    seconds: float

    def __init__(
        self,
        queries: Sequence[Mapping[str, Any]],
        neighbors: Sequence[Sequence[Mapping[str, Any]]],
        *,
        seconds: float = 8.0,
    ) -> None:
        if len(queries) != len(neighbors):
            raise ValueError(f"neighbors must hold a list for each query, got {len(neighbors)} for {len(queries)}")
        if not (isinstance(seconds, Real) and seconds > 0):
            raise ValueError(f"seconds must be above 0, got {seconds!r}")
        self.queries = queries
        self.neighbors = neighbors
        self.seconds = seconds

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        tracks: Any,
        *,
        n_neighbors: int = 5,
        columns: Sequence[str] | None = None,
        audio: Mapping[Any, Any] | bool = True,
        seconds: float = 8.0,
        where: Any = None,
        exclude: Any = None,
    ) -> "NeighborsDisplay":
        """Ask a fitted recommender for the neighbours of tracks.

        Parameters
        ----------
        estimator : EmbeddingRecommender
            A fitted recommender.
        tracks : an id or path, or array-like of shape (n_queries,) of them
            Tracks, as ``EmbeddingRecommender.neighbors_of`` takes them.
        n_neighbors : int, default=5
            Neighbours of each.
        columns : sequence of str, default=None
            Columns of the metadata to show; "group" is the group. None means all there are. Those that are named as
            what is shown besides have it added that they are metadata, as "track (metadata)".
        audio : mapping of id to path, or bool, default=True
            What to play. True plays those ids that are paths of files, False nothing.
        seconds : float, default=8.0
            Length of the clips, in seconds.
        where, exclude : default=None
            Which tracks may be neighbours, as ``neighbors_of`` takes them.

        Returns
        -------
        display : NeighborsDisplay
            Not drawn yet: :meth:`plot` draws bars.
        """
        check_is_fitted(estimator)
        asked = estimator._several(tracks)
        ids, distances = estimator.neighbors_of(asked, n_neighbors, where=where, exclude=exclude)
        known = dict(estimator.metadata_)
        if estimator.groups_ is not None:
            known.setdefault("group", estimator.groups_)
        missing = [column for column in columns or () if column not in known]
        if missing:
            raise ValueError(f"columns must be among {sorted(known)}, got {missing[0]!r}")
        shown = {f"{name} (metadata)" if name in _BESIDES else name: known[name] for name in columns or known}
        place_of = {track: place for place, track in enumerate(estimator.track_ids_.tolist())}

        def describe(track: Any) -> dict[str, Any]:
            name = str(track) if isinstance(track, Path) else track
            place = place_of.get(name)
            values = {} if place is None else {name: column[place] for name, column in shown.items()}
            return {"track": name, **values, "audio": _sound(name, audio)}

        neighbors = [
            [{**describe(track), "distance": float(distance)} for track, distance in zip(*row, strict=True)]
            for row in zip(ids.tolist(), distances, strict=True)
        ]
        return cls([describe(track) for track in asked], neighbors, seconds=seconds)

    @property
    def columns(self) -> list[str]:
        """What is shown of a track besides its title, its distance and its sound."""
        shown = [key for tracks in (self.queries, *self.neighbors) for track in tracks for key in track]
        return [key for key in dict.fromkeys(shown) if key not in _BESIDES]

    def to_html(self) -> str:
        """Return the table as HTML that needs no file beside it.

        Returns
        -------
        html : str
            A style and a table element.
        """
        plays = any(track.get("audio") is not None for tracks in (self.queries, *self.neighbors) for track in tracks)
        names = ["track", "distance", *self.columns, *(["audio"] if plays else [])]
        titles = {name: f"{str(name)[:1].upper()}{str(name)[1:]}" for name in names}
        head = "".join(f'<th scope="col"{_CLASS.get(name, "")}>{escape(titles[name])}</th>' for name in names)
        bodies = "".join(
            "<tbody>" + "".join(self._row(track, query, plays) for track in (query, *near)) + "</tbody>\n"
            for query, near in zip(self.queries, self.neighbors, strict=True)
        )
        table = f'<table class="skgenre-neighbors"><thead><tr>{head}</tr></thead>\n{bodies}</table>'
        return f"{_STYLE}\n{encodable(table)}"

    def _repr_html_(self) -> str:
        return self.to_html()

    def plot(self, ax: Any = None) -> "NeighborsDisplay":
        """Draw the distances as bars, the neighbours of each query below it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : NeighborsDisplay
            The object itself, with ``ax_`` and ``figure_``.
        """
        n_rows = len(self.queries) + sum(len(near) for near in self.neighbors)
        ax, self.figure_ = plain_axes(ax, (7, 0.8 + 0.28 * n_rows))
        self.ax_ = ax
        labels: list[str] = []
        texts: list[tuple[float, Any]] = []
        for query, near in zip(self.queries, self.neighbors, strict=True):
            labels += [_title(query), *(f"{_title(track)}    " for track in near)]
            places = range(len(labels) - len(near), len(labels))
            ax.barh(places, [track["distance"] for track in near], height=0.65, color=_COLOUR)
            for place, track in zip(places, near, strict=True):
                notes = ", ".join(str(track[column]) for column in self.columns if column in track)
                text = f"{track['distance']:.3f}  {shorten(notes, _LONGEST_NOTE)}"
                texts.append((track["distance"], _note(ax, text, track["distance"], place)))
        ax.set_yticks(range(len(labels)), labels, parse_math=False)
        starts = np.cumsum([0, *(1 + len(near) for near in self.neighbors)])[:-1]
        for start in starts:
            ax.get_yticklabels()[start].set_fontweight("bold")
        ax.set(ylim=(n_rows - 0.4, -0.6), xlabel="Distance")
        ax.tick_params(axis="y", length=0)
        _make_room(ax, texts)
        return self

    def _row(self, track: Mapping[str, Any], query: Mapping[str, Any], plays: bool) -> str:
        distance = "" if track is query else f"{track['distance']:.3f}"
        cells = f'<th scope="row">{escape(str(track["track"]))}</th><td class="distance">{distance}</td>'
        for column in self.columns:
            same = track is not query and column in query and _alike(track.get(column), query[column])
            cells += f"<td{_CLASS['same'] if same else ''}>{escape(str(track.get(column, '')))}</td>"
        if plays:
            sound = track.get("audio")
            player = "" if sound is None else audio_element(sound, str(track["track"]), self.seconds)
            cells += f"<td>{player}</td>"
        return f"<tr>{cells}</tr>\n"


_CLASS = {"distance": ' class="distance"', "same": ' class="same"'}


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    same = one == other
    return one is not None and isinstance(same, bool | np.bool_) and bool(same)  # NA and None are like nothing


def _note(ax: Any, text: str, distance: float, place: int) -> Any:
    at, offset = (distance, place), (4, 0)
    note = ax.annotate(text, at, offset, textcoords="offset points", va="center", parse_math=False)
    note.set_in_layout(False)  # room for it is made on the axis
    return note


def _make_room(ax: Any, texts: list[tuple[float, Any]]) -> None:
    """Make the axis long enough for the texts behind the bars, and texts short enough that bars are to be seen."""
    ax.figure.figure.draw_without_rendering()  # that around a SubFigure, which cannot draw itself
    width = ax.get_window_extent().width
    room = []
    for distance, text in texts:
        longest = max(0.8 * width - 12, 1)
        while (taken := text.get_window_extent().width) > longest and len(text.get_text()) > 1:
            words = text.get_text()
            text.set_text(shorten(words, min(len(words) - 1, max(1, int(len(words) * longest / taken)))))
        room.append(distance * width / max(width - taken - 12, 0.2 * width))
    ax.set_xlim(0, max(room, default=0) or 1)


def _sound(track: Any, audio: Mapping[Any, Any] | bool) -> Any:
    if isinstance(audio, Mapping):
        return audio.get(track)
    if not audio or isinstance(track, int | float | tuple):
        return None
    if hasattr(track, "read"):
        return track
    # os.path.isfile raises no error, as Path does, where a name is too long to be that of a file.
    return track if isinstance(track, str) and os.path.isfile(track) else None


def _title(track: Mapping[str, Any]) -> str:
    title = encodable(one_line(str(track["track"])))
    return title if len(title) <= _LONGEST_NAME else "…" + title[1 - _LONGEST_NAME :]
