"""Dynamics: how loud a track is and how its loudness moves, and how far peaks stand out of it."""

import numpy as np

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import FLOOR, Frames

SILENCE = 1e-7
"""Mean square that counts as silence: 70 dB below full scale."""


def describe_dynamics(frames: Frames) -> Columns:
    """Return loudness in LUFS over time, its range, and crest factors."""
    columns = Columns()
    loudness = 10 * np.log10(np.maximum(frames.loudness, SILENCE)) - 0.691
    columns.add_statistics("loudness", loudness, ("mean", "std", "change", "q10", "q50", "q90"))
    columns.add("loudness_range", loudness_range(frames.loudness, frames.rate))
    columns.add("loudness_peak", np.quantile(loudness, 0.95) - loudness.mean())
    columns.add("quiet_share", np.mean(loudness < loudness.mean()))
    for seconds in (0.1, 3.0):
        crest = crests(frames.samples, frames.sample_rate, seconds)
        columns.add_statistics(f"crest_{seconds:g}s", crest, ("mean", "std"))
    columns.add("crest", crests(frames.samples, frames.sample_rate, np.inf)[0])
    return columns


def loudness_range(power: np.ndarray, rate: float) -> float:
    """Return the loudness range after EBU Tech 3342: between the quiet and the loud stretches of three seconds.

    Parameters
    ----------
    power : ndarray of shape (n_frames,)
        Mean square of each frame, weighted by the hearing.
    rate : float
        Frames per second.

    Returns
    -------
    range : float
        From the 0.1 to the 0.95 quantile of those that are not silent, nor 20 below the mean; in loudness units.
    """
    size = int(min(max(3 * rate, 1), len(power)))
    sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    stretches = (sums[size:] - sums[:-size]) / size
    heard = stretches[stretches > SILENCE]
    heard = heard[heard > 0.01 * heard.mean()] if len(heard) else heard
    return float(np.diff(np.quantile(10 * np.log10(heard), [0.1, 0.95]))[0]) if len(heard) else 0.0


def crests(samples: np.ndarray, sample_rate: int, seconds: float) -> np.ndarray:
    """Return the peak of each stretch over its root mean square, in decibels.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Waveform.
    sample_rate : int
        Samples per second.
    seconds : float
        Length of a stretch; a track shorter than that is one.

    Returns
    -------
    crests : ndarray of shape (n_stretches,)
        Crest factors; zero in silence.
    """
    size = int(min(max(seconds * sample_rate, 1), len(samples)))
    stretches = samples[: len(samples) // size * size].reshape(-1, size)
    peak = np.maximum(stretches.max(axis=1), -stretches.min(axis=1)).astype(np.float64) ** 2
    mean = np.einsum("ij,ij->i", stretches, stretches, dtype=np.float64) / size
    return 10 * np.log10(np.maximum(peak, FLOOR) / np.maximum(mean, FLOOR))
