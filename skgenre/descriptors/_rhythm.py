"""Rhythm: how often something begins and how strongly, and at which periods it comes again."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import Frames, pooled
from skgenre.spectral import blocks

SECONDS = 8.92
"""Length of a stretch whose periods are looked for: 384 frames at the defaults."""
TEMPI = 30.0 * 2.0 ** (np.arange(24) / 6)
"""Tempi at which the strength of the pulse is given, in beats per minute: six in an octave, from 30 to 428."""
MULTIPLES = {"quarter": 1 / 4, "third": 1 / 3, "half": 1 / 2, "two_thirds": 2 / 3, "double": 2.0, "triple": 3.0}
"""Periods in beats at which a beat is subdivided or grouped."""


def describe_rhythm(frames: Frames) -> Columns:
    """Return onsets, the tempo and how steady it is, beat histogram, subdivisions and swing, and the pulse of bands.

    Swing counts from the beat, so it is right where the tempo is: from 60 to 115 beats per minute for eighths, even or
    swung.
    """
    columns = Columns()
    onsets = frames.rises.mean(axis=0)
    columns.add_statistics("onset_strength", onsets, ("mean", "std", "q90"))
    _add_peaks(columns, onsets, frames.rate)
    whole, *bands = tempograms(np.vstack([onsets, pooled(frames.rises, 4)]), frames.rate)
    mean = whole.mean(axis=0)
    lag = best_lags(mean[None], frames.rate)[0]
    columns.add("tempo", 60 * frames.rate / lag)
    columns.add("tempo_unsteadiness", np.log2(best_lags(whole, frames.rate) / lag).std())
    columns.add("pulse_clarity", mean[lag])
    columns.add("beat_{}", _at(mean, lag * np.array(list(MULTIPLES.values()))), list(MULTIPLES))
    columns.add("swing", np.subtract(*_at(mean, lag * np.array([2 / 3, 1 / 2]))))
    lags = frames.rate * 60 / TEMPI
    tempi = [f"{tempo:.0f}" for tempo in TEMPI]
    columns.add("pulse_{}bpm_mean", _at(mean, lags), tempi)
    columns.add("pulse_{}bpm_std", _at(whole.std(axis=0), lags), tempi)
    for number, band in enumerate(bands, 1):
        columns.add(f"band{number}_pulse_{{}}bpm", _at(band.mean(axis=0), lags[::2]), tempi[::2])
    return columns


def _add_peaks(columns: Columns, onsets: np.ndarray, rate: float) -> None:
    """Add how many onsets there are in a second, how strong they are and how evenly they come."""
    found = peaks(onsets, rate)
    gaps = np.diff(found) / rate if len(found) > 1 else np.zeros(1)
    strengths = onsets[found] if len(found) else np.zeros(1)
    columns.add("onset_rate", len(found) * rate / len(onsets))
    columns.add_statistics("onset_peak", strengths, ("mean", "std"))
    columns.add_statistics("onset_gap", gaps, ("mean", "std"))


def peaks(onsets: np.ndarray, rate: float) -> np.ndarray:
    """Return the frames at which something begins: the highest within 0.07 s, and well above what is around."""
    near, far = max(round(0.07 * rate), 1), max(round(0.5 * rate), 1)
    highest = blocks(np.pad(onsets, near, mode="constant")[None], 2 * near + 1, 1)[:, 0].max(axis=1)
    around = np.convolve(np.pad(onsets, far, mode="edge"), np.full(2 * far + 1, 1 / (2 * far + 1)), mode="valid")
    return np.flatnonzero((onsets == highest) & (onsets > around + 0.1 * onsets.max()) & (onsets > 0))


def tempograms(onsets: np.ndarray, rate: float, step: int = 16) -> np.ndarray:
    """Compute the local autocorrelation of the strength of onsets.

    Parameters
    ----------
    onsets : ndarray of shape (n_bands, n_frames)
        Strength of the onsets of several bands.
    rate : float
        Frames per second.
    step : int, default=16
        Frames from one stretch to the next; that of librosa is 1.

    Returns
    -------
    tempograms : ndarray of shape (n_bands, n_stretches, n_lags)
        Autocorrelation by lag in frames, scaled so that the highest of each stretch is one; zero in silence.
    """
    size = max(int(SECONDS * rate), 2)
    padded = np.pad(onsets, ((0, 0), (size // 2, size // 2)), mode="linear_ramp", end_values=0)
    cut = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, : onsets.shape[1] : step]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(onsets.dtype)
    length = next_fast_len(2 * size - 1, real=True)
    spectrum = rfft(cut * window, length, axis=2)
    lags = irfft(spectrum.real**2 + spectrum.imag**2, length, axis=2)[:, :, :size]
    return lags / np.maximum(np.abs(lags).max(axis=2, keepdims=True), 1e-20)


def best_lags(correlations: np.ndarray, rate: float) -> np.ndarray:
    """Return the lag of the strongest pulse where tempi an octave away from 120 count for less.

    Parameters
    ----------
    correlations : ndarray of shape (n, n_lags)
        Tempograms.
    rate : float
        Frames per second.

    Returns
    -------
    lags : ndarray of shape (n,), int
        Frames from one beat to the next.
    """
    tempi = 60 * rate / np.arange(1, correlations.shape[1])
    prior = np.where(tempi < 320, -0.5 * np.log2(tempi / 120) ** 2, -np.inf)
    return 1 + np.argmax(np.log1p(1e6 * np.maximum(correlations[:, 1:], 0)) + prior, axis=1)


def _at(correlation: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return the correlation at lags between the frames."""
    return np.interp(lags, np.arange(len(correlation)), correlation)
