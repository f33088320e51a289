"""Two styles in one: the drums and the bass of the one, the chords and the melody of the other."""

from dataclasses import replace
from typing import Any

import numpy as np

from skgenre.datasets._styles import STYLES, Style

SEPARATOR = "|"

_OF_CHORDS_AND_MELODY = (
    "progressions",
    "scale",
    "comping",
    "gate",
    "melody",
    "chords_by",
    "lead_by",
    "drive",
)


def styles_of(genre: str) -> list[str]:
    """Return the one style of a genre, or the two of a mixed one such as ``"hiphop|jazz"``."""
    return genre.split(SEPARATOR)


def is_playable(genre: str) -> bool:
    """Tell whether a genre is a style, or two different ones."""
    names = styles_of(genre)
    return len(names) <= 2 and len(set(names)) == len(names) and all(name in STYLES for name in names)


def style_of(genre: str) -> Style:
    """Return how a genre is played."""
    below, *above = (STYLES[name] for name in styles_of(genre))
    return fuse(below, above[0]) if above else below


def fuse(below: Style, above: Style) -> Style:
    """Put the chords and the melody of one style on the drums and the bass of another; sound half of each."""
    taken: dict[str, Any] = {name: getattr(above, name) for name in _OF_CHORDS_AND_MELODY}
    for name in ("balance", "absence"):
        taken[name] = (*getattr(below, name)[:2], *getattr(above, name)[2:])
    for name in ("tone", "room", "compression"):
        taken[name] = np.mean([getattr(below, name), getattr(above, name)], axis=0).tolist()
    return replace(below, **taken)
