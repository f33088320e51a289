"""How much of a track is clipped: flat tops at full scale, and at its own peak where it was made softer afterwards."""

import numpy as np

_FULL_SCALE = 0.999
"""Level at which a sample counts as clipped, where two in a row reach it."""

_STEP = 2.0**-15
"""Smallest difference of samples of 16 bits."""

_TOP, _NEXT = 2, 16
"""Steps below the peak that are its top, which leaves room for dither, and steps that the top is compared with."""

_SHORTEST = 3
"""Samples in a row at the top that are flat."""


def clipped_share(samples: np.ndarray) -> float:
    """Return the share of samples that are clipped.

    At full scale those count that are next to another one, for a lone one is a peak that just fits. Below it three or
    more in a row count that are within two steps of 16 bits of the peak of their channel, if two things hold: there are
    more of them than in the 14 steps beneath, of which the round top of a sine has more; and from half the peak to the
    top most samples differ from the one before, unlike those of square waves, chiptunes and constants.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,) or (n_samples, n_channels)
        Waveforms.

    Returns
    -------
    share : float
        From 0 to 1. Flat tops that were stored in a lossy format or resampled are flat no more, and count only where
        they reach full scale.
    """
    channels = samples.T if samples.ndim > 1 else samples[None]
    return sum(_n_clipped(np.abs(channel)) for channel in channels) / samples.size


def _n_clipped(level: np.ndarray) -> int:
    full = _n_in_runs(level >= _FULL_SCALE, 2)
    return full or _n_flat(level, float(level.max()))


def _n_flat(level: np.ndarray, peak: float) -> int:
    n_flat = _n_in_runs(level >= peak - _TOP * _STEP, _SHORTEST)
    if not n_flat:
        return 0
    beneath = np.flatnonzero((level > peak / 2) & (level < peak - _TOP * _STEP))
    moving = level[beneath] != level[np.maximum(beneath, 1) - 1]
    if 2 * np.count_nonzero(moving) <= len(beneath):
        return 0
    # Those of 8 bits, or of a logarithmic scale, are further apart.
    step = max(_STEP, float(np.diff(np.unique(level[beneath])).min(initial=peak)))
    top = level >= peak - _TOP * step
    n_next = np.count_nonzero((level >= peak - _NEXT * step) & ~top)
    return n_flat if np.count_nonzero(top) > n_next else 0


def _n_in_runs(marked: np.ndarray, shortest: int) -> int:
    """Count the samples that are marked in runs of a length."""
    edges = np.flatnonzero(np.diff(marked.astype(np.int8), prepend=0, append=0))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= shortest].sum())
