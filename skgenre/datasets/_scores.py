"""Writing a tune: an artist's style and a generator of random numbers give a score of drum strokes and notes."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skgenre.datasets._artists import Artist, choose
from skgenre.datasets._styles import SCALES

_ROOTS = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_LOUDNESS = {"X": 1.0, "x": 0.75, "o": 0.3}
_STEPS_PER_BEAT = 4


class Note(NamedTuple):
    """One note: start and length in seconds, pitch in MIDI's semitones, loudness from 0 to 1."""

    start: float
    length: float
    pitch: int
    loudness: float


@dataclass
class Score:
    """A tune: strokes by drum as (start, loudness), notes and instruments by part."""

    tempo: float
    strokes: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    notes: dict[str, list[Note]] = field(default_factory=dict)
    instruments: dict[str, str] = field(default_factory=dict)


class _Bar(NamedTuple):
    number: int
    n_steps: int
    chords: list[tuple[int, tuple[int, ...]]]  # roots above the key, intervals above the root

    def chord(self, step: int) -> tuple[int, tuple[int, ...]]:
        return self.chords[step * len(self.chords) // self.n_steps]


def compose(artist: Artist, duration: float, rng: np.random.Generator) -> Score:
    """Write a tune of at least this many seconds; a longer one begins like a shorter one."""
    style = artist.style
    tempo = float(np.clip(artist.tempo * rng.normal(1, 0.07), *style.tempo))
    swing = rng.uniform(*style.swing)
    drums, bass, comping = (choose(getattr(style, name), rng) for name in ("drums", "bass", "comping"))
    progression = [[_chord(symbol) for symbol in bar.split()] for bar in choose(style.progressions, rng).split("|")]
    key = artist.key + int(rng.choice([0, 0, 0, 2, 5, -5]))
    gate, density = rng.uniform(*style.gate), rng.uniform(*style.melody)
    drummer, bassist, player, leader = rng.random(4) >= style.absence
    if not (drummer or player or leader):
        player = True
    n_steps = len(next(iter(drums.values())))
    motifs = [rng.random(n_steps) < _weights(n_steps, density) for _ in range(2)]
    first = int(rng.integers(len(progression)))
    score = Score(tempo, instruments={p: choose(getattr(style, f"{p}_by"), rng) for p in ("chords", "bass", "lead")})
    clock = _Clock(60 / tempo, swing, artist.looseness, rng)
    degree = 0
    for number in range(int(np.ceil(duration * tempo * _STEPS_PER_BEAT / 60 / n_steps))):
        bar = _Bar(number, n_steps, progression[(first + number) % len(progression)])
        if drummer:
            for drum, pattern in drums.items():
                strokes = score.strokes.setdefault(drum, [])
                strokes += [(clock(bar, i), _LOUDNESS[c] * rng.uniform(0.8, 1)) for i, c in enumerate(pattern) if c != "."]
        if bassist:
            score.notes.setdefault("bass", []).extend(_accompany(bar, bass, key, 28, 0.9, clock, style.scale, rng))
        if player:
            low = 50 + artist.register
            score.notes.setdefault("chords", []).extend(_accompany(bar, comping, key, low, gate, clock, style.scale, rng))
        if leader:
            motif = motifs[int(number % 4 == 2)] & (rng.random(n_steps) < 0.85)
            notes, degree = _melody(bar, motif, key, 62 + artist.register, degree, clock, style.scale, rng)
            score.notes.setdefault("lead", []).extend(notes)
    return score


class _Clock:
    """Turns a step of a bar into seconds, swung and as loose as the artist plays."""

    def __init__(self, beat: float, swing: float, looseness: float, rng: np.random.Generator):
        self.beat, self.swing, self.looseness, self.rng = beat, swing, looseness, rng

    def __call__(self, bar: _Bar, step: int) -> float:
        beats, sixteenth = divmod(bar.number * bar.n_steps + step, _STEPS_PER_BEAT)
        within = np.interp(sixteenth / _STEPS_PER_BEAT, [0, 0.5, 1], [0, 0.5 + self.swing, 1])
        return max(0.0, self.beat * (beats + within) + self.rng.normal(0, self.looseness))


def _weights(n_steps: int, density: float) -> np.ndarray:
    """How likely a melody has a note at each step: the beats most, the sixteenths between them least."""
    return np.clip(density * np.resize([0.5, 0.1, 0.3, 0.1], n_steps), 0, 0.95)


def _chord(symbol: str) -> tuple[int, tuple[int, ...]]:
    flat, numeral, kind = re.fullmatch(r"(b?)([IV]+|[iv]+)(.*)", symbol).groups()  # type: ignore[union-attr]
    third = 4 if numeral.isupper() else 3
    tones = {"": (0, third, 7), "5": (0, 7, 12), "7": (0, third, 7, 10), "maj7": (0, third, 7, 11)}[kind]
    return _ROOTS[numeral.upper()] - len(flat), tones


def _fold(pitch: int, low: int) -> int:
    """Move a pitch by octaves to the one above ``low``."""
    return low + (pitch - low) % 12


def _accompany(bar, pattern, key, low, gate, clock, scale, rng) -> list[Note]:
    """Play a pattern of chords or bass through a bar."""
    pattern = (pattern * 2)[: bar.n_steps]
    steps = [i for i, character in enumerate(pattern) if character != "."]
    notes = []
    previous = _fold(key + bar.chords[0][0], low)
    for step, following in pairwise([*steps, bar.n_steps]):
        root, tones = bar.chord(step)
        base = _fold(key + root, low)
        if pattern[step] == "x":
            pitches = sorted({_fold(base + tone, low) for tone in tones}) if tones != (0, 7, 12) else [base, base + 7, base + 12]
        elif pattern[step] == "w":
            ladder = [previous + move for move in (-3, -2, -1, 1, 2, 3) if (previous + move - key) % 12 in SCALES[scale]]
            pitches = [int(rng.choice(ladder))]
        else:
            octave, tone = divmod(int(pattern[step]) - 1, len(tones))
            pitches = [base + 12 * octave + tones[tone]]
        previous = pitches[0]
        start, loudness = clock(bar, step), rng.uniform(0.6, 1.0)
        length = max(0.06, gate * (following - step) * clock.beat / _STEPS_PER_BEAT)
        notes += [Note(start, length, pitch, loudness) for pitch in pitches]
    return notes


def _melody(bar, motif, key, low, degree, clock, scale, rng) -> tuple[list[Note], int]:
    """Walk through the scale to a rhythm; on the beats, land on a tone of the chord."""
    ladder = SCALES[scale]
    steps = np.flatnonzero(motif).tolist()
    notes = []
    for step, following in pairwise([*steps, bar.n_steps]):
        degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 4]), -3, len(ladder) + 3))
        octave, rung = divmod(degree, len(ladder))
        pitch = _fold(key, low) + 12 * octave + ladder[rung]
        if step % _STEPS_PER_BEAT == 0:
            root, tones = bar.chord(step)
            pitch = min((_fold(key + root + tone, pitch - 6) for tone in tones), key=lambda p: abs(p - pitch))
        length = max(0.07, 0.9 * min(following - step, 8) * clock.beat / _STEPS_PER_BEAT)
        notes.append(Note(clock(bar, step), length, pitch, rng.uniform(0.6, 1.0)))
    return notes, degree
