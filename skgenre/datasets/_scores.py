"""Writing a tune: an artist and a generator of random numbers give a score of drum strokes and notes."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skgenre.datasets._artists import Artist, choose
from skgenre.datasets._styles import Drums

Strokes = dict[str, list[tuple[float, float]]]  # by drum: start in seconds, loudness
Chord = tuple[int, tuple[int, ...]]  # its root above the key, and its tones above the root, in semitones

_KEYS = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_LOUDNESS = {"X": 1.0, "x": 0.75, "o": 0.3}
_POWER = (0, 7, 12)
_ROOTS = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "pentatonic": (0, 2, 4, 7, 9),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
_STEPS = 4  # in a beat


class Note(NamedTuple):
    """One note: start and length in seconds, pitch in semitones as in MIDI, loudness up to 1."""

    start: float
    length: float
    pitch: int
    loudness: float


@dataclass
class Score:
    """A tune: strokes by drum, notes and instruments by part."""

    title: str
    instruments: dict[str, str]
    strokes: Strokes = field(default_factory=lambda: defaultdict(list))
    notes: dict[str, list[Note]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class _Plan:
    """What holds from the first bar to the last."""

    beat: float  # seconds
    swing: float
    looseness: float
    key: int
    scale: tuple[int, ...]
    progression: list[list[Chord]]  # the chords of each bar
    drums: Drums
    n_steps: int  # in a bar
    rng: np.random.Generator

    def time(self, bar: int, step: int) -> float:
        """Return when a step of a bar is played, swung and as loosely as the artist plays, in seconds."""
        beats, sixteenth = divmod(bar * self.n_steps + step, _STEPS)
        within = np.interp(sixteenth / _STEPS, [0, 0.5, 1], [0, 0.5 + self.swing, 1])
        return max(0.0, self.beat * (beats + within) + self.rng.normal(0, self.looseness))

    def chord(self, bar: int, step: int) -> Chord:
        """Return the chord at a step of a bar."""
        chords = self.progression[bar % len(self.progression)]
        return chords[step * len(chords) // self.n_steps]


def compose(artist: Artist, duration: float, rng: np.random.Generator) -> Score:
    """Write a tune of at least this many seconds; a longer one begins like a shorter one."""
    style = artist.style
    tempo = round(artist.tempo * rng.normal(1, 0.05))
    plan = _plan(artist, tempo, rng)
    bass, comping = choose(style.bass, rng), choose(style.comping, rng)
    gate, density = rng.uniform(*style.gate), rng.uniform(*style.melody)
    motifs = [rng.random(plan.n_steps) < _likely(plan.n_steps, density) for _ in range(2)]
    drummer, bassist, player, leader = rng.random(4) >= style.absence
    player = player or not (drummer or leader)

    mode = " minor" if plan.progression[0][0][1][1] == 3 else ""
    score = Score(
        title=f"in {_KEYS[plan.key]}{mode} at {tempo} bpm",
        instruments={part: choose(getattr(style, f"{part}_by"), rng) for part in ("bass", "chords", "lead")},
    )
    degree = 0
    for bar in range(int(np.ceil(duration / (plan.beat * plan.n_steps / _STEPS)))):
        if drummer:
            _drum(plan, bar, score)
        if bassist:
            score.notes["bass"] += _accompany(plan, bar, bass, 28, 0.9)
        if player:
            score.notes["chords"] += _accompany(plan, bar, comping, 50 + artist.register, gate)
        if leader:
            rhythm = motifs[int(bar % 4 == 2)] & (rng.random(plan.n_steps) < 0.85)
            notes, degree = _sing(plan, bar, rhythm, 62 + artist.register, degree)
            score.notes["lead"] += notes
    return score


def _plan(artist: Artist, tempo: float, rng: np.random.Generator) -> _Plan:
    style = artist.style
    drums = choose(style.drums, rng)
    bars = choose(style.progressions, rng).split("|")
    first = int(rng.integers(len(bars)))
    return _Plan(
        beat=60 / tempo,
        swing=rng.uniform(*style.swing),
        looseness=artist.looseness,
        key=(artist.key + int(rng.choice([0, 0, 0, 2, 5, -5]))) % 12,
        scale=_SCALES[style.scale],
        progression=[[_read_chord(symbol) for symbol in bar.split()] for bar in bars[first:] + bars[:first]],
        drums=drums,
        n_steps=len(next(iter(drums.values()))),
        rng=rng,
    )


def _read_chord(symbol: str) -> Chord:
    flat, numeral, kind = re.fullmatch(r"(b?)([IV]+|[iv]+)(.*)", symbol).groups()  # type: ignore[union-attr]
    third = 4 if numeral.isupper() else 3
    tones = {"": (0, third, 7), "5": _POWER, "7": (0, third, 7, 10), "maj7": (0, third, 7, 11)}[kind]
    return _ROOTS[numeral.upper()] - len(flat), tones


def _likely(n_steps: int, density: float) -> np.ndarray:
    """Return how likely a melody has a note at each step: the beats most, the sixteenths between them least."""
    return np.clip(density * np.resize([0.5, 0.1, 0.3, 0.1], n_steps), 0, 0.95)


def _fold(pitch: int, low: int) -> int:
    """Move a pitch by octaves to the first at or above ``low``."""
    return low + (pitch - low) % 12


def _drum(plan: _Plan, bar: int, score: Score) -> None:
    for drum, pattern in plan.drums.items():
        for step, stroke in enumerate(pattern):
            if stroke in _LOUDNESS:
                score.strokes[drum].append((plan.time(bar, step), _LOUDNESS[stroke] * plan.rng.uniform(0.8, 1.0)))


def _accompany(plan: _Plan, bar: int, pattern: str, low: int, gate: float) -> list[Note]:
    """Play a pattern of chords or bass through a bar."""
    pattern = (pattern * 2)[: plan.n_steps]
    steps = [step for step, character in enumerate(pattern) if character != "."]
    notes: list[Note] = []
    for step, following in pairwise([*steps, plan.n_steps]):
        root, tones = plan.chord(bar, step)
        base = _fold(plan.key + root, low)
        if pattern[step] == "x":
            chord = {base + tone if tones == _POWER else _fold(base + tone, low) for tone in tones}
        elif pattern[step] == "w":
            chord = {_walk(plan, notes[-1].pitch if notes else base)}
        else:
            octave, tone = divmod(int(pattern[step]) - 1, len(tones))
            chord = {base + 12 * octave + tones[tone]}
        start, loudness = plan.time(bar, step), plan.rng.uniform(0.6, 1.0)
        length = max(0.06, gate * (following - step) * plan.beat / _STEPS)
        notes += [Note(start, length, pitch, loudness) for pitch in sorted(chord)]
    return notes


def _walk(plan: _Plan, pitch: int) -> int:
    """Take a step or a leap up or down the scale."""
    near = (pitch + move for move in (-4, -3, -2, -1, 1, 2, 3, 4))
    return int(plan.rng.choice([p for p in near if (p - plan.key) % 12 in plan.scale]))


def _sing(plan: _Plan, bar: int, rhythm: np.ndarray, low: int, degree: int) -> tuple[list[Note], int]:
    """Walk through the scale to a rhythm, landing on a tone of the chord on the beats; return where it ended too."""
    notes = []
    for step, following in pairwise([*np.flatnonzero(rhythm).tolist(), plan.n_steps]):
        degree = int(np.clip(degree + plan.rng.choice([-2, -1, -1, 0, 1, 1, 2, 4]), -3, len(plan.scale) + 3))
        octave, rung = divmod(degree, len(plan.scale))
        pitch = _fold(plan.key, low) + 12 * octave + plan.scale[rung]
        if step % _STEPS == 0:
            root, tones = plan.chord(bar, step)
            near = {_fold(plan.key + root + tone, pitch - 6) for tone in tones}
            pitch = min(near, key=lambda tone: (abs(tone - pitch), tone))
        length = max(0.07, 0.9 * min(following - step, 2 * _STEPS) * plan.beat / _STEPS)
        notes.append(Note(plan.time(bar, step), length, pitch, plan.rng.uniform(0.6, 1.0)))
    return notes, degree
