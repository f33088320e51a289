"""What all groups share: one pass over the audio, from blocks of its power spectrum to a few numbers per frame."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.fft import rfft

from skgenre import spectral
from skgenre.descriptors._filters import chroma_bank, contrast_bins, k_weights

BLOCK_FRAMES = 128
"""Frames of a block: its power spectrum stays in the cache while all is computed from it."""

N_MELS = 128
ROLLOFFS = (0.5, 0.85)
RUN = 32
"""Bins that are summed at once on the way to a roll-off."""
FLOOR = 1e-10
"""Smallest power told apart from silence."""


@dataclass
class Frames:
    """Numbers of each frame, as rows over time, and what is derived from them once for several groups.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,), float32
        Waveform.
    sample_rate, n_fft, hop_length : int
        Samples per second, and length of the window and step between frames in samples.
    mel : ndarray of shape (128, n_frames), float32
        Mel power.
    chroma : ndarray of shape (12, n_frames), float32
        Power of each pitch class, C first.
    peaks, valleys : ndarray of shape (7, n_frames), float32
        Magnitude of the loudest and of the quietest bins of each octave.
    centroid, bandwidth, flatness : ndarray of shape (n_frames,), float32
        Of the magnitude in hertz, and of the power as a ratio.
    rolloff : ndarray of shape (2, n_frames), float32
        Frequencies below which half and 85 % of the magnitude lie, in hertz.
    loudness : ndarray of shape (n_frames,), float32
        Mean square of the samples of a frame, weighted by the hearing.
    """

    samples: np.ndarray
    sample_rate: int
    n_fft: int
    hop_length: int
    mel: np.ndarray
    chroma: np.ndarray
    peaks: np.ndarray
    valleys: np.ndarray
    centroid: np.ndarray
    bandwidth: np.ndarray
    flatness: np.ndarray
    rolloff: np.ndarray
    loudness: np.ndarray

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    @cached_property
    def decibels(self) -> np.ndarray:
        """Mel power in decibels, down to 80 below the maximum."""
        return spectral.power_to_db(self.mel.copy())

    @cached_property
    def contrast(self) -> np.ndarray:
        """Peaks over valleys of each octave, in decibels of the magnitude."""
        return spectral.power_to_db(self.peaks.copy()) - spectral.power_to_db(self.valleys.copy())

    @cached_property
    def mfcc(self) -> np.ndarray:
        """Twenty cepstral coefficients."""
        return spectral.cepstrum(self.decibels, 20)

    @cached_property
    def bands(self) -> np.ndarray:
        """Decibels of 24 bands, each the mean over neighbouring mel bands."""
        return pooled(self.decibels, 24)

    @cached_property
    def zero_crossings(self) -> np.ndarray:
        """Share of the samples around each frame at which the sign changes."""
        negative = self.samples < -FLOOR
        crossings = np.flatnonzero(negative[1:] != negative[:-1])
        begins = np.arange(self.mel.shape[1]) * self.hop_length - self.n_fft // 2
        ends = np.minimum(begins + self.n_fft, len(negative)) - 1
        return (np.searchsorted(crossings, ends) - np.searchsorted(crossings, begins)) / self.n_fft

    @cached_property
    def rises(self) -> np.ndarray:
        """By how much each mel band is louder than a frame before, in decibels; at least zero."""
        rises = np.zeros_like(self.decibels)
        np.maximum(np.diff(self.decibels), 0, out=rises[:, 1:])
        return rises


def pooled(bands: np.ndarray, n: int) -> np.ndarray:
    """Average neighbouring bands.

    Parameters
    ----------
    bands : ndarray of shape (n_bands, n_frames)
        Bands.
    n : int
        How many to make of them.

    Returns
    -------
    pooled : ndarray of shape (n, n_frames)
        Means.
    """
    starts = np.linspace(0, len(bands), n + 1).astype(int)
    return np.add.reduceat(bands, starts[:-1], axis=0) / np.diff(starts)[:, None].astype(bands.dtype)


def analyse(y: np.ndarray, sample_rate: int, n_fft: int, hop_length: int) -> Frames:
    """Compute the numbers of each frame in one pass.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Waveform.
    sample_rate, n_fft, hop_length : int
        Samples per second, and length of the window and step between frames in samples.

    Returns
    -------
    frames : Frames
        The numbers.
    """
    y = np.ascontiguousarray(y, dtype=np.float32)
    total = spectral.n_frames(len(y), n_fft=n_fft, hop_length=hop_length)
    window, filters, edges = _tools(sample_rate, n_fft)
    cuts = np.lib.stride_tricks.sliding_window_view(np.pad(y, n_fft // 2), n_fft)[::hop_length]
    sums = np.empty((total, filters.shape[1]), dtype=np.float32)
    contrast = np.zeros((total, 2, len(edges)), dtype=np.float32)
    shape = np.empty((total, 3 + len(ROLLOFFS)), dtype=np.float32)
    for start in range(0, total, BLOCK_FRAMES):
        stop = min(start + BLOCK_FRAMES, total)
        spectrum = rfft(cuts[start:stop] * window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        np.matmul(power, filters, out=sums[start:stop])
        magnitude = np.sqrt(power)
        _fill_shape(shape[start:stop], power, magnitude, np.float32(sample_rate / n_fft))
        _fill_contrast(contrast[start:stop], magnitude, edges)
    mel, chroma, loudness = np.split(np.ascontiguousarray(sums.T), (N_MELS, N_MELS + 12))
    centroid, bandwidth, flatness, *rolloff = np.ascontiguousarray(shape.T)
    return Frames(
        samples=y,
        sample_rate=sample_rate,
        n_fft=n_fft,
        hop_length=hop_length,
        mel=mel,
        chroma=chroma,
        peaks=np.ascontiguousarray(contrast[:, 0].T),
        valleys=np.ascontiguousarray(contrast[:, 1].T),
        centroid=centroid,
        bandwidth=bandwidth,
        flatness=flatness,
        rolloff=np.stack(rolloff),
        loudness=loudness[0],
    )


def _fill_shape(out: np.ndarray, power: np.ndarray, magnitude: np.ndarray, step: np.float32) -> None:
    """Fill in centroid, bandwidth, flatness and roll-offs of a block."""
    bins = np.arange(power.shape[1], dtype=np.float32)
    runs = np.add.reduceat(magnitude, np.arange(0, len(bins), RUN), axis=1)
    total = runs.sum(axis=1)
    safe = np.where(total > 0, total, 1)
    centroid = magnitude @ bins / safe
    spread = bins - centroid[:, None]
    spread *= spread
    floored = np.maximum(power, np.float32(FLOOR))
    mean = floored.mean(axis=1)
    out[:, 0] = centroid * step
    out[:, 1] = np.sqrt(np.einsum("tf,tf->t", magnitude, spread) / safe) * step
    out[:, 2] = np.exp(np.log(floored, out=floored).mean(axis=1)) / mean
    for column, share in enumerate(ROLLOFFS, 3):
        out[:, column] = _first_bin_above(magnitude, runs, share * total) * step


def _first_bin_above(magnitude: np.ndarray, runs: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Return the first bin at which the sum of the bins so far reaches a threshold, for each frame.

    The sums of runs of bins are added up first, then the bins of the run that reaches it: adding up all bins takes five
    times as long.
    """
    below = np.cumsum(runs, axis=1)
    run = np.minimum((below < threshold[:, None]).sum(axis=1), runs.shape[1] - 1)
    frames = np.arange(len(magnitude))
    bins = np.minimum(RUN * run[:, None] + np.arange(RUN), magnitude.shape[1] - 1)
    within = np.cumsum(magnitude[frames[:, None], bins], axis=1) + (below - runs)[frames, run][:, None]
    return np.minimum(RUN * run + (within < threshold[:, None]).sum(axis=1), magnitude.shape[1] - 1)


def _fill_contrast(out: np.ndarray, magnitude: np.ndarray, edges: np.ndarray) -> None:
    """Fill in the mean of the loudest and of the quietest bins of each band of a block."""
    for column, (begin, end, n_ends) in enumerate(edges):
        if begin == end:
            continue
        ordered = np.sort(magnitude[:, begin:end], axis=1)
        out[:, 0, column] = ordered[:, -n_ends:].mean(axis=1)
        out[:, 1, column] = ordered[:, :n_ends].mean(axis=1)


@lru_cache(maxsize=8)
def _tools(sample_rate: int, n_fft: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the window, all filters as columns, and the bins of each band of contrast."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    loudness = 2 * k_weights(frequencies) / (n_fft * (window.astype(np.float64) ** 2).sum())
    loudness[[0, -1]] /= 1 if n_fft % 2 else 2
    mel = spectral.mel_bank(sample_rate, n_fft, N_MELS, 0.0, None)
    filters = np.vstack([mel, chroma_bank(sample_rate, n_fft), loudness[None]])
    return window, np.ascontiguousarray(filters.T, dtype=np.float32), contrast_bins(frequencies)
