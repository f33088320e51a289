"""Artists: what every track of one has in common, by which a model can know the artist instead of the genre.

An artist has a sound of its own (voice, room, equaliser, drum kit, balance), not far from its genre's, and a way of
playing: the genre's, but with habits among its alternatives and with some of it borrowed from another genre.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skgenre.datasets._fusion import style_of, styles_of
from skgenre.datasets._styles import STYLES, Style

N_BANDS = 9  # of the equaliser

# These decide how hard the genres are to tell by tracks of other artists: with more of each it becomes harder.
_BORROWED = 0.03  # share of its playing that an artist has from another genre
_SPREAD = 0.7  # standard deviation of the artists' equalisers, in decibels
_HABIT = 0.85  # how often an artist keeps to its favourite among alternatives; with less, tracks of one artist differ

_ALTERNATIVES = ("drums", "progressions", "comping", "bass", "chords_by", "bass_by", "lead_by")
_BORROWABLE = (*_ALTERNATIVES, "tempo", "swing", "scale", "gate", "melody", "drive", "balance")


@dataclass(frozen=True)
class Artist:
    """What stays the same from track to track."""

    style: Style
    tempo: float
    key: int
    gains: np.ndarray  # of the equaliser, in decibels
    balance: np.ndarray  # of drums, bass, chords and lead, in decibels, on top of the style's
    formants: np.ndarray  # of the voice, in hertz
    register: int  # of chords and lead, in semitones
    kit: dict[str, float]
    room_seconds: float
    room_wet: float
    noise: float  # decibels below the music
    drive: float
    compression: float
    looseness: float  # of the timing, in seconds
    seed: int  # of room and drum kit


def draw_artist(genre: str, rng: np.random.Generator) -> Artist:
    """Draw an artist of a genre, or of a mixed one."""
    own = style_of(genre)
    other = STYLES[str(rng.choice([name for name in STYLES if name not in styles_of(genre)]))]
    borrowed: dict[str, Any] = {name: getattr(other, name) for name in _BORROWABLE if rng.random() < _BORROWED}
    style = replace(own, **borrowed)
    # Habits: the alternatives in this artist's order of preference.
    habits: dict[str, Any] = {name: _shuffled(getattr(style, name), rng) for name in _ALTERNATIVES}
    style = replace(style, **habits)
    tone = np.interp(np.linspace(0, 1, N_BANDS), np.linspace(0, 1, len(style.tone)), style.tone)
    return Artist(
        style=style,
        tempo=rng.uniform(*style.tempo),
        key=int(rng.integers(12)),
        gains=tone + rng.normal(0, _SPREAD, N_BANDS) + np.linspace(1, -1, N_BANDS) * rng.normal(0, _SPREAD),
        balance=rng.normal(0, 1.0, 4),
        formants=np.array([rng.uniform(300, 850), rng.uniform(900, 2200), rng.uniform(2300, 3400)]),
        register=int(rng.integers(-4, 5)),
        kit={
            "pitch": rng.uniform(0.85, 1.2),
            "brightness": rng.uniform(*style.brightness),
            "length": rng.uniform(0.7, 1.4),
        },
        room_seconds=rng.uniform(*style.room[0]),
        room_wet=rng.uniform(*style.room[1]),
        noise=rng.uniform(30, 45),
        drive=rng.uniform(*style.drive),
        compression=rng.uniform(*style.compression),
        looseness=rng.uniform(0.001, 0.008),
        seed=int(rng.integers(2**32)),
    )


def choose(alternatives: tuple[Any, ...], rng: np.random.Generator) -> Any:
    """Choose the first alternative, an artist's favourite, more often than those after it."""
    for alternative in alternatives[:-1]:
        if rng.random() < _HABIT:
            return alternative
    return alternatives[-1]


def _shuffled(alternatives: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
    return tuple(alternatives[i] for i in rng.permutation(len(alternatives)))
