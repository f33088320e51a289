"""Modulation: at which rates the loudness of each band goes up and down."""

import numpy as np
from scipy.fft import rfft

from skgenre.descriptors._blocks import blocks
from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import Frames

SECONDS = 6.0
"""Length of a stretch."""
RATES = np.array([0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0])
"""Centres of the bands of modulation, in hertz: half an octave each."""


def describe_modulation(frames: Frames) -> Columns:
    """Return the modulation spectrum of each band in decibels, the 0.6 quantile over stretches of six seconds."""
    columns = Columns()
    spectra = modulation_spectra(frames.bands, frames.rate)
    columns.add("band{}_{}hz", np.quantile(spectra, 0.6, axis=0), range(1, 1 + spectra.shape[1]), labels())
    return columns


def labels() -> list[str]:
    """Return the rates as names of columns use them."""
    return [f"{rate:g}" for rate in RATES]


def modulation_spectra(bands: np.ndarray, rate: float) -> np.ndarray:
    """Compute how strongly each band is modulated at each rate.

    Parameters
    ----------
    bands : ndarray of shape (n_bands, n_frames)
        Decibels.
    rate : float
        Frames per second.

    Returns
    -------
    spectra : ndarray of shape (n_blocks, n_bands, n_rates)
        Logarithm of the mean amplitude in a band of modulation.
    """
    size = max(int(SECONDS * rate), 2)
    cut = blocks(bands, size, max(size // 4, 1))
    window = np.hanning(size).astype(np.float32)
    spectrum = np.abs(rfft((cut - cut.mean(axis=2, keepdims=True)) * window, axis=2)) / size
    return np.log(spectrum @ _bank(size, rate).T + 0.01)


def _bank(size: int, rate: float) -> np.ndarray:
    """Return the share of each bin in each band of modulation; a band narrower than a bin takes the nearest."""
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    ratio = np.abs(np.log2(np.maximum(frequencies, 1e-9)[None, :] / RATES[:, None]))
    inside = (ratio <= 0.25) | (ratio == ratio.min(axis=1, keepdims=True))
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)
