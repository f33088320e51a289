"""The numerics of time-frequency features: pure functions on one waveform, block by block, no estimator.

Conventions, as in librosa: frames are centred (frame ``t`` is centred on sample ``t * hop_length``, with zeros
beyond both ends), the window is a periodic Hann window, the mel scale is Slaney's with area-normalised filters.
"""

from functools import lru_cache

import librosa
import numpy as np
from scipy.fft import dct, rfft
from scipy.signal import get_window, savgol_filter

BLOCK_FRAMES = 256
"""Frames transformed at once: a block of them stays in a processor's cache."""

DELTA_WIDTH = 9
"""Frames over which a delta is fitted."""


def n_frames(n_samples: int, *, n_fft: int, hop_length: int) -> int:
    """Return how many centred frames a waveform of ``n_samples`` samples has."""
    return 1 + (n_samples - n_fft % 2) // hop_length


def mel_power(
    y: np.ndarray,
    *,
    sample_rate: int,
    n_mels: int,
    n_fft: int,
    hop_length: int,
    fmin: float,
    fmax: float | None,
) -> np.ndarray:
    """Compute the mel-scaled power spectrogram of a waveform.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Waveform.
    sample_rate : int
        Samples per second, in hertz.
    n_mels : int
        Number of mel bands.
    n_fft : int
        Length of the window and of the Fourier transform, in samples.
    hop_length : int
        Step between frames, in samples.
    fmin, fmax : float
        Lower and upper edge of the bands, in hertz; ``fmax=None`` means half the sample rate.

    Returns
    -------
    power : ndarray of shape (n_mels, n_frames), float32
        Power per band and frame.
    """
    total = n_frames(len(y), n_fft=n_fft, hop_length=hop_length)
    window, bank = _window(n_fft), _mel_bank(sample_rate, n_fft, n_mels, fmin, fmax)
    padded = np.pad(y, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length][:total]
    power = np.empty((n_mels, total), dtype=np.float32)
    for start in range(0, total, BLOCK_FRAMES):
        spectrum = rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1)
        power[:, start : start + BLOCK_FRAMES] = bank @ (spectrum.real**2 + spectrum.imag**2).T
    return power


def power_to_db(power: np.ndarray, *, top_db: float = 80.0, floor: float = 1e-10) -> np.ndarray:
    """Convert power to decibels, in place.

    Parameters
    ----------
    power : ndarray, float32
        Power of the whole track; overwritten.
    top_db : float, default=80.0
        Range kept below the maximum of the whole track, in decibels.
    floor : float, default=1e-10
        Smallest power told apart from silence.

    Returns
    -------
    decibels : ndarray
        The same array.
    """
    np.maximum(power, floor, out=power)
    np.log10(power, out=power)
    power *= 10
    return np.maximum(power, power.max() - top_db, out=power)


def cepstrum(decibels: np.ndarray, n_mfcc: int) -> np.ndarray:
    """Return the first ``n_mfcc`` coefficients of the orthonormal DCT-II over the bands.

    Parameters
    ----------
    decibels : ndarray of shape (n_mels, n_frames), float32
        Mel spectrogram, in decibels.
    n_mfcc : int
        Number of coefficients kept.

    Returns
    -------
    mfcc : ndarray of shape (n_mfcc, n_frames), float32
        Mel-frequency cepstral coefficients.
    """
    return dct(decibels, axis=0, norm="ortho")[:n_mfcc]


def with_deltas(features: np.ndarray, order: int) -> np.ndarray:
    """Append the local derivatives up to ``order`` below the features.

    Parameters
    ----------
    features : ndarray of shape (n_bands, n_frames), float32
        Features over time.
    order : int
        Highest derivative, 0, 1 or 2. A derivative is the slope (curvature) of a polynomial fitted to 9 frames; below
        9 frames the edge frames are repeated.

    Returns
    -------
    features : ndarray of shape (n_bands * (1 + order), n_frames), float32
        Features, first and second derivatives.
    """
    mode = "interp" if features.shape[1] >= DELTA_WIDTH else "nearest"
    deltas = [savgol_filter(features, DELTA_WIDTH, polyorder=k, deriv=k, mode=mode) for k in range(1, order + 1)]
    return np.concatenate([features, *deltas])


@lru_cache(maxsize=16)
def _window(n_fft: int) -> np.ndarray:
    return get_window("hann", n_fft).astype(np.float32)


@lru_cache(maxsize=16)
def _mel_bank(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None) -> np.ndarray:
    return librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
