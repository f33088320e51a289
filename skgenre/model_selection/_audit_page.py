"""The report on a collection, as HTML for notebooks and as text."""

import os
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from skgenre._names import encodable
from skgenre.model_selection._audit_files import FileFacts
from skgenre.model_selection._audit_matching import Match

_MOST_ROWS = 50
"""Rows of a table that the page shows; the DataFrames have them all."""

_LONG = ("Track", "Problem", "The same recording", "Labels", "Artist", "Tracks on each label")
"""Columns whose cells are broken into lines; the others hold figures."""

_WIDE = ' class="long"'

_TOGETHER = 0.05
"""Offset, in seconds, that is no more than an encoder's delay."""


def audit_page(
    *,
    facts: Sequence[FileFacts],
    problems: Sequence[Sequence[str]],
    counts: Mapping[str, int],
    matches: Sequence[Match],
    labels: np.ndarray | None,
    artists: Sequence[tuple[str, Mapping[str, int]]],
    splits: Sequence[Mapping[str, Any]] | None,
    kept: int,
) -> str:
    """Return the report as a piece of HTML that stands by itself and fits any width.

    Parameters
    ----------
    facts : sequence of FileFacts
        What was measured, one a track.
    problems : sequence of sequence of str
        What is wrong with each track.
    counts : mapping of str to int
        How many tracks have each problem.
    matches : sequence of Match
        Pairs of tracks that hold the same recording.
    labels : ndarray of shape (n_tracks,), or None
        Label of each track.
    artists : sequence of (str, mapping of str to int)
        Artists on several labels, with the number of tracks on each.
    splits : sequence of mapping, or None
        What each split leaks.
    kept : int
        How many tracks ``keep`` leaves.
    """
    names = _short([fact.path for fact in facts])
    wrong = [row for row, found in enumerate(problems) if found]
    sizes = {"tracks": len(facts), "with problems": len(wrong), "duplicate pairs": len(matches)}
    tiles = [(f"{size:,}", what) for what, size in sizes.items()]
    if splits is not None:
        tiles.append((f"{_mean_share(splits):.0%}", "of test tracks leak"))
    head = "".join(f"<div><strong>{number}</strong> {what}</div>" for number, what in tiles)
    parts = [
        _table(
            "Files with problems",
            ("Track", "Problem", "Length", "Rate", "Level", "Clipped", "Silent"),
            [(names[row], _worded(problems[row], facts[row].fault), *_measured(facts[row])) for row in wrong],
        ),
        _table(
            "Duplicates",
            ("Track", "The same recording", "Begins", "Agreement", "Labels"),
            [_pair(match, names, labels) for match in matches],
        ),
        _table(
            "Artists on several labels",
            ("Artist", "Tracks on each label"),
            [(artist, ", ".join(f"{label} ({n})" for label, n in found.items())) for artist, found in artists],
        ),
        _table(
            "What the splits leak",
            ("Split", "Training tracks", "Test tracks", "Same recording", "Same artist", "Either"),
            [
                (
                    str(number),
                    *(f"{split[name]:,}" for name in ("n_train", "n_test", "same_recording", "same_artist")),
                    f"{split['leaked']:,} ({split['share']:.0%})",
                )
                for number, split in enumerate(splits or ())
            ],
        ),
    ]
    body = "".join(parts) or "<p>Nothing is wrong with the files, and no recording is there twice.</p>"
    if kept < len(facts):
        body += f"<p><code>keep</code> leaves {kept:,} tracks that sound, each recording once.</p>"
    style = files("skgenre").joinpath("model_selection", "audit.css").read_text(encoding="utf-8")
    page = f'<div class="skgenre-audit"><style>{style}</style><div class="tiles">{head}</div>{body}</div>'
    return encodable(page)


def audit_text(
    *,
    facts: Sequence[FileFacts],
    counts: Mapping[str, int],
    matches: Sequence[Match],
    artists: Sequence[tuple[str, Mapping[str, int]]],
    splits: Sequence[Mapping[str, Any]] | None,
    **_: Any,
) -> str:
    """Return the report as a few lines of text; parameters are those of ``audit_page``."""
    wrong = ", ".join(f"{n} {problem}" for problem, n in counts.items())
    exact = sum(match.exact for match in matches)
    lines = [f"{len(facts)} tracks, {wrong or 'nothing wrong with the files'}"]
    lines.append(
        f"{len(matches)} {'pairs' if len(matches) > 1 else 'pair'} of duplicates, {exact} exact"
        if matches
        else "no duplicates"
    )
    lines.append(f"{len(artists) or 'no'} {'artists' if len(artists) > 1 else 'artist'} on several labels")
    for number, split in enumerate(splits or ()):
        lines.append(
            f"split {number}: {split['leaked']} of {split['n_test']} test tracks leak, "
            f"{split['same_recording']} by recording, {split['same_artist']} by artist"
        )
    return "\n".join(lines)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that a narrow page shows as a list of cards; nothing without rows."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td{_WIDE if column in _LONG else ""} data-name="{escape(column)}">{escape(cell)}</td>'
            for column, cell in zip(columns, row, strict=True)
        )
        + "</tr>"
        for row in rows[:_MOST_ROWS]
    )
    rest = f"<p>and {len(rows) - _MOST_ROWS:,} more.</p>" if len(rows) > _MOST_ROWS else ""
    return f"<h3>{escape(title)}</h3><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _short(paths: Sequence[str]) -> list[str]:
    """Return the paths without the folder that they share."""
    folders = {os.path.dirname(path) for path in paths}
    try:
        common = os.path.commonpath(folders)
    except ValueError:  # on two drives, or some absolute and some not
        return list(paths)
    return [os.path.relpath(path, common) if common else path for path in paths]


def _worded(problems: Sequence[str], fault: str) -> str:
    """Put the cause where it says more than the name of the problem."""
    words = [problem for problem in problems if not fault or problem not in ("unreadable", "truncated")]
    cause = f"unreadable: {fault}" if "unreadable" in problems else fault
    return ", ".join([cause, *words] if fault else words)


def _measured(fact: FileFacts) -> tuple[str, ...]:
    if not fact.readable:
        return ("–",) * 5
    level = f"{fact.level:.0f} dB".replace("-", "−") if np.isfinite(fact.level) else "–"
    rate = f"{fact.sample_rate / 1000:g} kHz"
    return f"{fact.duration:.1f} s", rate, level, f"{fact.clipped:.1%}", f"{fact.silent:.0%}"


def _pair(match: Match, names: Sequence[str], labels: np.ndarray | None) -> tuple[str, ...]:
    begins = "together"
    if abs(match.offset) >= _TOGETHER:
        begins = f"{abs(match.offset):.1f} s {'later' if match.offset > 0 else 'earlier'}"
    pair = [] if labels is None else [str(labels[match.first]), str(labels[match.second])]
    ones = " ≠ ".join(dict.fromkeys(pair)) if all(pair) and pair else "–"
    return names[match.first], names[match.second], begins, "exact" if match.exact else f"{match.similarity:.0%}", ones


def _mean_share(splits: Sequence[Mapping[str, Any]]) -> float:
    tested = sum(split["n_test"] for split in splits)
    return sum(split["leaked"] for split in splits) / tested if tested else 0.0
