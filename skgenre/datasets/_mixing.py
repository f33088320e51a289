"""Playing a score: notes become sound, parts become a mix, and the mix gets the artist's room and equaliser."""

from functools import partial

import numpy as np

from skgenre.datasets import _sounds
from skgenre.datasets._artists import N_BANDS, Artist
from skgenre.datasets._scores import Note, Score, Strokes
from skgenre.datasets._sounds import INSTRUMENTS, Samples

_PARTS = ("drums", "bass", "chords", "lead")
_WAYWARDNESS = 1.0  # how far one track's equaliser and balance stray from its artist's, in decibels


def perform(score: Score, artist: Artist, duration: float, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Play a score as an artist does.

    Returns
    -------
    ndarray of shape (round(duration * sample_rate),)
        Samples between -1 and 1.
    """
    n_samples = round(duration * sample_rate)
    balance = np.add(artist.style.balance, artist.balance) + rng.normal(0, _WAYWARDNESS, len(_PARTS))
    gains = artist.gains + rng.normal(0, _WAYWARDNESS, N_BANDS)
    mix = np.zeros(n_samples)
    drive = max(0.0, artist.drive * rng.normal(1, 0.3))
    for part, decibels in zip(_PARTS, balance, strict=True):
        if part == "drums":
            kit = _sounds.drum_kit(sample_rate, np.random.default_rng(artist.seed), **artist.kit)
            stem = _strike(score.strokes, kit, n_samples, sample_rate)
        else:
            stem = _play(score.notes.get(part, []), score.instruments[part], artist, n_samples, sample_rate, rng)
        stem = _level(stem)
        if part == "chords" or score.instruments.get(part) == "saw":
            stem = _level(_sounds.overdrive(stem, drive, sample_rate))
        mix += 10 ** (decibels / 20) * stem
    its_own = np.random.default_rng(artist.seed)
    room = _sounds.room_response(n_samples, sample_rate, its_own, seconds=artist.room_seconds, wet=artist.room_wet)
    mix = _sounds.equalise_in_room(mix, gains, room, sample_rate)
    mix = _sounds.compress(_level(mix), artist.compression, sample_rate)
    mix = _level(mix) + 10 ** (-artist.noise / 20) * _level(rng.standard_normal(n_samples))
    return rng.uniform(0.5, 0.95) * mix / np.abs(mix).max()


def _level(sound: Samples) -> Samples:
    """Bring a sound to an effective height of 0.1; silence stays silent."""
    return 0.1 * sound / max(float(np.sqrt(np.mean(sound**2))), 1e-9)


def _strike(strokes: Strokes, kit: dict[str, Samples], n_samples: int, sample_rate: int) -> Samples:
    stem = np.zeros(n_samples)
    for drum, times in strokes.items():
        for start, loudness in times:
            _add(stem, loudness * kit[drum], round(start * sample_rate))
    return stem


def _play(
    notes: list[Note], instrument: str, artist: Artist, n_samples: int, sample_rate: int, rng: np.random.Generator
) -> Samples:
    play = INSTRUMENTS[instrument]
    if instrument == "voice":
        play = partial(play, formants=artist.formants)
    stem = np.zeros(n_samples)
    played: dict[tuple[int, float], Samples] = {}
    for note in notes:
        length = round(note.length, 3)
        if (note.pitch, length) not in played:
            frequency = 440 * 2 ** ((note.pitch - 69) / 12)
            played[note.pitch, length] = play(frequency, length + 0.05, sample_rate, rng)
        _add(stem, note.loudness * played[note.pitch, length], round(note.start * sample_rate))
    return stem


def _add(stem: Samples, sound: Samples, at: int) -> None:
    stem[at : at + len(sound)] += sound[: max(0, len(stem) - at)]
