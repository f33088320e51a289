"""The chunks that a user pushes, brought into one form."""

from typing import Any

import numpy as np

from skgenre.audio import mix_channels, to_float32

MOST_CHANNELS = 64
"""With more columns than this, rows have been taken for columns."""


def to_mono(samples: Any, n_channels: int | None, seconds: float) -> tuple[np.ndarray, int]:
    """Check a chunk and average its channels.

    Parameters
    ----------
    samples : array-like of shape (n_samples,) or (n_samples, n_channels)
        A chunk: float, int16 or int32.
    n_channels : int or None
        Channels of the chunks before it, None for the first.
    seconds : float
        Where the chunk begins, in seconds; errors tell it.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        The mono chunk.
    n_channels : int
        Its channels.

    Raises
    ------
    TypeError, ValueError
        If the samples are not of such a form or kind, not finite, or of another number of channels.
    """
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and not 1 <= samples.shape[1] <= MOST_CHANNELS):
        raise ValueError(f"samples must have the shape (n_samples,) or (n_samples, n_channels), got {samples.shape}")
    if not samples.size:
        samples = samples.astype(np.float32)  # an empty list is of no kind
    if samples.dtype.kind != "f" and samples.dtype not in (np.int16, np.int32):
        raise TypeError(f"samples must be float in [-1, 1], int16 or int32, got {samples.dtype}")
    n_own = 1 if samples.ndim == 1 else samples.shape[1]
    if n_channels is not None and n_own != n_channels:
        raise ValueError(f"samples must go on with {n_channels} channels as they began, got {n_own} at {seconds:.3f} s")
    y = to_float32(samples)
    y = mix_channels(y) if y.ndim == 2 else y
    if not np.isfinite(y).all():
        raise ValueError(f"samples must be finite, got NaN or infinite values in the chunk at {seconds:.3f} s")
    return y, n_own
