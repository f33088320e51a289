"""Stretches of frames, and at which rates rows go up and down in them."""

import numpy as np
from scipy.fft import rfft, rfftfreq


def blocks(rows: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Cut rows over time into overlapping stretches.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_frames)
        Rows over time; where there are fewer frames than ``size``, the last is repeated.
    size, hop : int
        Frames of a stretch, and from one to the next.

    Returns
    -------
    blocks : ndarray of shape (n_blocks, n_rows, size)
        A view.
    """
    if rows.shape[1] < size:
        rows = np.pad(rows, ((0, 0), (0, size - rows.shape[1])), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(rows, size, axis=1)[:, ::hop].transpose(1, 0, 2)


def modulation_spectra(rows: np.ndarray, rates: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Compute how strongly each row goes up and down at each rate.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_frames)
        Rows over time.
    rates : ndarray of shape (n_rates,)
        Cycles per frame, half an octave apart.
    size, hop : int
        Frames of a stretch, and from one to the next.

    Returns
    -------
    spectra : ndarray of shape (n_blocks, n_rows, n_rates)
        Mean amplitude within a quarter of an octave of each rate; none at rates above half a cycle per frame.
    """
    cut = blocks(rows, size, hop)
    window = np.hanning(size).astype(np.float32)
    spectrum = np.abs(rfft((cut - cut.mean(axis=2, keepdims=True)) * window, axis=2)) / size
    return spectrum @ _bank(size, rates).T


def _bank(size: int, rates: np.ndarray) -> np.ndarray:
    """Return the share of each bin in each band of modulation; a band narrower than a bin takes the nearest."""
    ratio = np.abs(np.log2(np.maximum(rfftfreq(size), 1e-9)[None, :] / rates[:, None]))
    inside = (ratio <= 0.25) | (ratio == ratio.min(axis=1, keepdims=True))
    inside &= rates[:, None] <= 0.5  # frames cannot show what goes up and down quicker
    return (inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)).astype(np.float32)
