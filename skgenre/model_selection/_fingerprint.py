"""Fingerprints of recordings: the peaks of a spectrogram, after Wang (2003), and how far those of two tracks agree.

A peak stays where it is when a track is made softer, cut, mixed to mono or stored at a lower bit rate. It moves when a
track is transposed or played faster: such copies are not found.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.ndimage import maximum_filter

from skgenre import spectral

SAMPLE_RATE = 11025
HOP_LENGTH = 256
FRAME_SECONDS = HOP_LENGTH / SAMPLE_RATE
"""Step of the time grid on which peaks lie, about 23 ms."""

_N_FFT = 2048
_N_BANDS = 96
_LOWEST, _HIGHEST = 150.0, 3600.0
"""Edges of what is looked at, in hertz: what telephones, low bit rates and a sample rate of 8 kHz leave."""

_REACH = (6, 10)
"""Bands and frames in each direction among which a peak is the maximum: some twelve peaks a second."""

_DEPTH = 60.0
"""How far below the loudest a peak may lie, in decibels."""

_FAINTEST = 1e-10
"""Power below which nothing is a peak."""

_NEXT = 3
"""Peaks after each one that are joined to it, two at a time."""

_FARTHEST = 64
"""Frames within which they are joined."""

_ODD = np.uint32(2654435769)
"""The golden ratio's share of 2^32, after Knuth: spreads what it multiplies over all bits."""


@dataclass(frozen=True)
class Fingerprint:
    """Peaks of a track's spectrogram, in order of time.

    Parameters
    ----------
    frames : ndarray of shape (n_peaks,), int32
        When each peak is, in frames of ``FRAME_SECONDS``.
    bands : ndarray of shape (n_peaks,), uint8
        Its mel band.
    """

    frames: np.ndarray
    bands: np.ndarray

    def __len__(self) -> int:
        return len(self.frames)


def fingerprint(y: np.ndarray) -> Fingerprint:
    """Find the peaks of a waveform's spectrogram.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform at ``SAMPLE_RATE``.
    """
    power = spectral.mel_power(
        y,
        sample_rate=SAMPLE_RATE,
        n_mels=_N_BANDS,
        n_fft=_N_FFT,
        hop_length=HOP_LENGTH,
        fmin=_LOWEST,
        fmax=_HIGHEST,
    )
    floor = max(power.max() * 10 ** (-_DEPTH / 10), _FAINTEST)
    around = maximum_filter(power, size=tuple(2 * reach + 1 for reach in _REACH), mode="nearest")
    frames, bands = np.nonzero(((power == around) & (power > floor)).T)
    return Fingerprint(frames.astype(np.int32), bands.astype(np.uint8))


def landmarks(peaks: Fingerprint) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers that stand for three peaks that follow each other, and when the first of each three is.

    Three bands and two distances in time are so many possibilities that one number in common is rare among tracks
    that have nothing in common: with two peaks, lists of tracks to compare would be long in a large collection.

    Parameters
    ----------
    peaks : Fingerprint
        Of one track.

    Returns
    -------
    numbers : ndarray of shape (n_landmarks,), uint32
        Hash of bands and distances.
    frames : ndarray of shape (n_landmarks,), int32
        Frame of the first peak.
    """
    bands, frames = peaks.bands.astype(np.uint32), peaks.frames
    numbers, starts = [], []
    for near, far in combinations(range(1, _NEXT + 1), 2):
        n = max(0, len(peaks) - far)
        distances = [(frames[step : step + n] - frames[:n]).astype(np.uint32) for step in (near, far)]
        number = np.zeros(n, dtype=np.uint32)
        for part in (bands[:n], bands[near : near + n], bands[far : far + n], *distances):
            number = (number ^ part) * _ODD
            number ^= number >> np.uint32(15)
        close = distances[1] < _FARTHEST
        numbers.append(number[close])
        starts.append(frames[:n][close])
    return np.concatenate(numbers), np.concatenate(starts)


def agreement(one: Fingerprint, other: Fingerprint, shift: int) -> tuple[float, int]:
    """Return the share of peaks that agree, and how many, where ``other`` begins ``shift`` frames after ``one``.

    Peaks agree within one band and one frame; only those of the time that both cover are counted.
    """
    begin = max(one.frames[0], other.frames[0] + shift) - 1
    end = min(one.frames[-1], other.frames[-1] + shift) + 1
    keys = []
    for peaks, moved in ((one, 0), (other, shift)):
        frames = peaks.frames.astype(np.int64) + moved
        inside = (frames >= begin) & (frames <= end)
        keys.append((frames[inside] - begin + 1) * 256 + peaks.bands[inside] + 1)
    n_agree = [_n_near(a, b) for a, b in (keys, keys[::-1])]
    total = sum(map(len, keys))
    return (sum(n_agree) / total if total else 0.0), min(n_agree)


def _n_near(keys: np.ndarray, others: np.ndarray) -> int:
    """Count the keys of peaks, frame and band, that have one of the others within a frame and a band; both sorted."""
    ends = np.append(others, np.iinfo(np.int64).max)
    near = np.zeros(len(keys), dtype=bool)
    for step in (-256, 0, 256):
        near |= ends[np.searchsorted(others, keys + step - 1)] <= keys + step + 1
    return int(near.sum())
