"""Slaney's mel scale, linear up to 1 kHz and logarithmic above, and its bank of triangular filters."""

from functools import lru_cache

import numpy as np

_CORNER = 1000.0  # hertz
_LINEAR_STEP = 200 / 3  # hertz per mel below the corner
_LOG_STEP = np.log(6.4) / 27  # logarithm of the ratio of frequencies per mel above it
_CORNER_MEL = _CORNER / _LINEAR_STEP


@lru_cache(maxsize=16)
def mel_bank(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None) -> np.ndarray:
    """Make triangular filters of equal area, evenly spaced in mels.

    Parameters
    ----------
    sample_rate : int
        Samples per second, in hertz.
    n_fft : int
        Length of the Fourier transform, in samples.
    n_mels : int
        Number of filters.
    fmin, fmax : float
        Lower and upper edge of the filters, in hertz; ``fmax=None`` means half the sample rate.

    Returns
    -------
    bank : ndarray of shape (n_mels, 1 + n_fft // 2), float32
        Weight of each bin in each band.
    """
    mels = np.linspace(_to_mel(fmin), _to_mel(sample_rate / 2 if fmax is None else fmax), n_mels + 2)
    lower, centre, upper = (_to_hertz(mels)[first : first + n_mels, None] for first in range(3))
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    triangles = np.maximum(np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)), 0)
    return (triangles * 2 / (upper - lower)).astype(np.float32)


@lru_cache(maxsize=16)
def mel_bands(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Make the same filters without their zeros.

    Returns
    -------
    bands : ndarray of shape (3, n_mels), int64
        First bin of each band, number of its bins (where it has none, one of weight zero) and place of its first
        weight.
    weights : ndarray of shape (n_weights,), float32
        The weights, band after band.
    """
    bank = mel_bank(sample_rate, n_fft, n_mels, fmin, fmax)
    begins, sizes = (bank > 0).argmax(axis=1), np.maximum((bank > 0).sum(axis=1), 1)
    weights = [row[begin : begin + size] for row, begin, size in zip(bank, begins, sizes, strict=True)]
    return np.array([begins, sizes, np.cumsum(sizes) - sizes], dtype=np.int64), np.concatenate(weights)


def _to_mel(frequency: float) -> float:
    if frequency < _CORNER:
        return frequency / _LINEAR_STEP
    return _CORNER_MEL + np.log(frequency / _CORNER) / _LOG_STEP


def _to_hertz(mels: np.ndarray) -> np.ndarray:
    return np.where(mels < _CORNER_MEL, mels * _LINEAR_STEP, _CORNER * np.exp(_LOG_STEP * (mels - _CORNER_MEL)))
