"""The numerics of time-frequency features: pure functions on one waveform, block by block, no estimator.

Conventions, as in librosa: frames are centred (frame ``t`` is centred on sample ``t * hop_length``, with zeros
beyond both ends), the window is a periodic Hann window, the mel scale is Slaney's with area-normalised filters.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.fft import dct, rfft

from skgenre.spectral._kernel import fill_mel_power, supports
from skgenre.spectral._mel import mel_bands, mel_bank
from skgenre.spectral._modulation import blocks as blocks
from skgenre.spectral._modulation import modulation_spectra as modulation_spectra

BLOCK_FRAMES = 256
"""Frames transformed at once where there is no program for the length of the transform."""

DELTA_WIDTH = 9
"""Frames over which a delta is fitted."""

_DELTA_TAPS = {1: np.arange(5) / 60, 2: np.array([-20, -17, -8, 7, 28]) / 462}
"""Slope and curvature of the line and the parabola nearest to 9 frames, after Savitzky and Golay: the weights of the
frame in their midst and of the four behind it. Those before it have the same, of the slope with the other sign."""


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
    y = np.ascontiguousarray(y, dtype=np.float32)
    n_fft, hop_length, n_mels = int(n_fft), int(hop_length), int(n_mels)  # those of numpy may overflow
    power = np.empty((n_mels, n_frames(len(y), n_fft=n_fft, hop_length=hop_length)), dtype=np.float32)
    bank = (sample_rate, n_fft, n_mels, fmin, fmax)
    if supports(n_fft):
        fill_mel_power(power, y, n_fft, hop_length, *mel_bands(*bank))
    else:
        _fill_mel_power_by_blocks(power, y, n_fft, hop_length, mel_bank(*bank))
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
    with np.errstate(divide="ignore"):  # of silence
        np.log(power, out=power)  # faster than log10
    power *= 10 / math.log(10)
    lowest = 10 * math.log10(floor)
    return np.maximum(power, max(float(power.max()) - top_db, lowest), out=power)  # a float of numpy would widen it


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
    # One product with the few coefficients that are kept. It loses digits to the level that all bands share, so that
    # is left out of it: a constant reaches the first coefficient alone.
    n_mels = len(decibels)
    level = decibels.mean()
    mfcc = _cosines(n_mels, n_mfcc) @ (decibels - level)
    mfcc[0] += np.float32(float(level) * math.sqrt(n_mels))
    return mfcc


@lru_cache
def _cosines(n_mels: int, n_mfcc: int) -> np.ndarray:
    """Return the rows of the orthonormal DCT-II, of shape (n_mfcc, n_mels), float32."""
    cosines = dct(np.eye(n_mels), axis=0, norm="ortho")[:n_mfcc].astype(np.float32)
    cosines.flags.writeable = False
    return cosines


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
    n_bands, total = features.shape
    edge = DELTA_WIDTH // 2
    long = total >= DELTA_WIDTH
    source = features if long else np.pad(features, ((0, 0), (edge, edge)), mode="edge")
    out = np.empty((1 + order, n_bands, total), dtype=np.float32)
    out[0] = features
    for k in range(1, order + 1):
        inner = out[k, :, edge:-edge] if long else out[k]
        size, both = inner.shape[1], np.empty_like(inner)
        middle, *taps = _DELTA_TAPS[k].astype(np.float32)
        np.multiply(source[:, edge : edge + size], middle, out=inner)
        for shift, tap in enumerate(taps, 1):
            behind, before = (source[:, edge + way : edge + way + size] for way in (shift, -shift))
            (np.subtract if k == 1 else np.add)(behind, before, out=both)
            both *= tap
            inner += both
        if long:  # the k-th derivative of a polynomial of degree k is the same everywhere
            out[k, :, :edge] = inner[:, :1]
            out[k, :, -edge:] = inner[:, -1:]
    return out.reshape(-1, total)


def _fill_mel_power_by_blocks(power: np.ndarray, y: np.ndarray, n_fft: int, hop_length: int, bank: np.ndarray) -> None:
    """Fill in the power where the length of the transform has no program of its own."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, n_fft // 2), n_fft)[::hop_length]
    for start in range(0, power.shape[1], BLOCK_FRAMES):
        spectrum = rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1)
        power[:, start : start + BLOCK_FRAMES] = bank @ (spectrum.real**2 + spectrum.imag**2).T
