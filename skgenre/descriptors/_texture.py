"""Texture: levels and rises of the bands within a moment, sorted so that their order does not matter."""

import numpy as np

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import Frames, pooled
from skgenre.spectral import blocks

N_BANDS = 36
N_RANKS = 5
"""Values kept of those of a moment, from the lowest to the highest."""


def describe_texture(frames: Frames) -> Columns:
    """Return how loud bands are, how much they rise and how that varies, and how they go together.

    These are the spectral pattern, the delta spectral pattern, its variance, and the correlation pattern.
    """
    columns = Columns()
    bands = pooled(frames.decibels, N_BANDS)
    lag = max(round(0.07 * frames.rate), 1)
    rises = np.zeros_like(bands)
    rises[:, lag:] = np.maximum(bands[:, lag:] - bands[:, :-lag], 0)
    levels = _ranked(bands, round(0.23 * frames.rate), overlap=2)
    rises = _ranked(rises, round(0.58 * frames.rate), overlap=5)
    columns.add("level_band{}_rank{}", np.quantile(levels, 0.9, axis=0))
    columns.add("rise_band{}_rank{}", np.quantile(rises, 0.9, axis=0))
    columns.add("rise_band{}_rank{}_logvar", np.log(rises.var(axis=0) + 0.01))
    columns.add_pairs("band{}_with_band{}", correlations(frames.bands, int(6 * frames.rate)))
    return columns


def correlations(bands: np.ndarray, size: int) -> np.ndarray:
    """Return how strongly each band goes with each other within a stretch, the median over stretches.

    Parameters
    ----------
    bands : ndarray of shape (n_bands, n_frames)
        Decibels.
    size : int
        Frames of a stretch; the next begins in its middle.

    Returns
    -------
    correlations : ndarray of shape (n_bands, n_bands)
        Coefficients from -1 to 1; zero for bands that do not move.
    """
    size = max(size, 2)
    cut = blocks(bands, size, size // 2)
    cut = cut - cut.mean(axis=2, keepdims=True)
    cut /= np.sqrt(np.einsum("nit,nit->ni", cut, cut))[:, :, None] + 1e-3
    return np.median(cut @ cut.transpose(0, 2, 1), axis=0)


def _ranked(bands: np.ndarray, size: int, overlap: int) -> np.ndarray:
    """Sort each band within stretches and keep five ranks: (n_blocks, n_bands, 5)."""
    size = max(size, N_RANKS)
    ranks = np.linspace(0, size - 1, N_RANKS).round().astype(int)
    return np.sort(blocks(bands, size, max(size // overlap, 1)), axis=2)[:, :, ranks]
