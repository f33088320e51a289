"""The parts of a sound that are to be listened to."""

from collections.abc import Sequence

import librosa
import numpy as np
from scipy.ndimage import gaussian_filter

_FADE = 0.02
_PAUSE = 0.15
_LOUD = 0.95
"""Cells above this quantile of what speaks for a genre are let through whole."""


def keep_cells(
    waveform: np.ndarray,
    sample_rate: int,
    attribution: np.ndarray,
    frequencies: np.ndarray | None,
    *,
    n_fft: int,
    hop_length: int,
) -> np.ndarray:
    """Let through where the attribution is above 0.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The sound.
    sample_rate : int
        Samples per second, in hertz.
    attribution : ndarray of shape (n_bands, n_frames)
        Attributions.
    frequencies : ndarray of shape (n_bands,) or None
        Centre of each band, in hertz; None lets all frequencies of a frame through alike.
    n_fft, hop_length : int
        As the features were extracted with.

    Returns
    -------
    samples : ndarray of shape (n_samples,), float32
        The sound, within [-1, 1].
    """
    spectrum = librosa.stft(np.asarray(waveform, dtype=np.float32), n_fft=n_fft, hop_length=hop_length)
    positive = np.maximum(attribution, 0)[:, : spectrum.shape[1]]
    if frequencies is None:
        gains = np.broadcast_to(positive.sum(axis=0), (len(spectrum), positive.shape[1]))
        gains = gaussian_filter(gains, (0, 2))
    else:
        positive = gaussian_filter(positive, (0.7, 2))  # single cells would tinkle
        bins = librosa.fft_frequencies(sr=sample_rate, n_fft=n_fft)
        gains = np.stack([np.interp(bins, frequencies, frame) for frame in positive.T], axis=1)
    above = gains[gains > 0]
    if above.size:
        gains = np.minimum(gains / np.quantile(above, _LOUD), 1)
    spectrum[:, : gains.shape[1]] *= gains
    spectrum[:, gains.shape[1] :] = 0
    return _within_bounds(librosa.istft(spectrum, n_fft=n_fft, hop_length=hop_length, length=len(waveform)))


def keep_segments(waveform: np.ndarray, sample_rate: int, segments: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """Put segments one after the other, faded in and out, with a short pause between them.

    Parameters
    ----------
    waveform : ndarray of shape (n_samples,)
        The sound.
    sample_rate : int
        Samples per second, in hertz.
    segments : sequence of (start, stop, score)
        Times in seconds.

    Returns
    -------
    samples : ndarray of shape (n_samples,), float32
        The sound, within [-1, 1]; a moment of silence where there are no segments.
    """
    pause = np.zeros(round(_PAUSE * sample_rate), dtype=np.float32)
    pieces = [pause]
    for start, stop, _ in segments:
        piece = np.array(waveform[round(start * sample_rate) : round(stop * sample_rate)], dtype=np.float32)
        fade = np.linspace(0, 1, min(round(_FADE * sample_rate), len(piece) // 2), dtype=np.float32)
        piece[: len(fade)] *= fade
        piece[len(piece) - len(fade) :] *= fade[::-1]
        pieces += [piece, pause]
    return _within_bounds(np.concatenate(pieces))


def _within_bounds(samples: np.ndarray) -> np.ndarray:
    return (samples / max(1.0, float(np.abs(samples).max(initial=0)))).astype(np.float32)
