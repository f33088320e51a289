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
    columns.add("loudness_range", np.quantile(loudness, 0.95) - np.quantile(loudness, 0.1))
    columns.add("loudness_peak", np.quantile(loudness, 0.95) - loudness.mean())
    columns.add("quiet_share", np.mean(loudness < loudness.mean()))
    for name, seconds in (("beat", 0.1), ("bar", 3.0)):
        columns.add_statistics(f"crest_{name}", crests(frames.samples, frames.sample_rate, seconds), ("mean", "std"))
    columns.add("crest", crests(frames.samples, frames.sample_rate, np.inf)[0])
    return columns


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
