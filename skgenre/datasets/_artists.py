"""Artists: what every track of one has in common, by which a model can know the artist instead of the genre.

An artist has a sound (voice, room, equaliser, drum kit, balance) drawn alike for all genres, and a way of playing: the
genre's, but with habits among its alternatives and with some of it borrowed from another genre.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skgenre.datasets._styles import STYLES, Style

_ALTERNATIVES = ("drums", "progressions", "comping", "bass", "chords_by", "bass_by", "lead_by")
N_BANDS = 9  # of the equaliser
BORROWED = 0.04  # how much of its playing an artist has from another genre
SPREAD = 1.1  # standard deviation of the artists' equalisers, in decibels
HABIT = 0.85  # how often an artist does what it did before
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
    """Draw an artist of a genre."""
    own = STYLES[genre]
    other = STYLES[str(rng.choice([name for name in STYLES if name != genre]))]
    borrowed: dict[str, Any] = {name: getattr(other, name) for name in _BORROWABLE if rng.random() < BORROWED}
    style = replace(own, **borrowed)
    # Habits: the alternatives in this artist's order of preference.
    habits: dict[str, Any] = {name: _shuffled(getattr(style, name), rng) for name in _ALTERNATIVES}
    style = replace(style, **habits)
    return Artist(
        style=style,
        tempo=rng.uniform(*style.tempo),
        key=int(rng.integers(12)),
        gains=np.interp(np.linspace(0, 1, N_BANDS), np.linspace(0, 1, len(style.tone)), style.tone)
        + SPREAD * rng.standard_normal(N_BANDS)
        + np.linspace(1, -1, N_BANDS) * rng.normal(0, SPREAD),
        balance=rng.normal(0, 1.5, 4),
        formants=np.array([rng.uniform(300, 850), rng.uniform(900, 2200), rng.uniform(2300, 3400)]),
        register=int(rng.integers(-5, 6)),
        kit={
            "pitch": rng.uniform(0.8, 1.25),
            "brightness": rng.uniform(*style.brightness),
            "length": rng.uniform(0.6, 1.5),
        },
        room_seconds=rng.uniform(*style.room),
        room_wet=rng.uniform(*style.wet),
        noise=rng.uniform(45, 65),
        drive=rng.uniform(*style.drive),
        compression=rng.uniform(*style.compression),
        looseness=rng.uniform(0.001, 0.008),
        seed=int(rng.integers(2**32)),
    )


def choose(alternatives: tuple[Any, ...], rng: np.random.Generator) -> Any:
    """Choose the first alternative, an artist's favourite, more often than those after it."""
    for alternative in alternatives[:-1]:
        if rng.random() < HABIT:
            return alternative
    return alternatives[-1]


def _shuffled(alternatives: tuple[Any, ...], rng: np.random.Generator) -> tuple[Any, ...]:
    return tuple(alternatives[i] for i in rng.permutation(len(alternatives)))
