"""From mel frames in decibels to the features that the net takes."""

from typing import Any

import numpy as np

from skgenre import spectral
from skgenre.features import MFCCExtractor

TOP_DB = 80.0
"""Range that extractors keep below the maximum of a track, in decibels."""


def context_frames(extractor: Any) -> int:
    """Return how many frames before and after a segment its features depend on."""
    return spectral.DELTA_WIDTH - 1 if getattr(extractor, "deltas", 0) else 0


def features_of(extractor: Any, decibels: np.ndarray, maximum: float) -> np.ndarray:
    """Compute what an extractor would of these frames, in a track with this maximum.

    Parameters
    ----------
    extractor : MelExtractor or MFCCExtractor
        The extractor.
    decibels : ndarray of shape (n_mels, n_frames), float32
        Mel frames, not clipped.
    maximum : float
        Maximum of the track, in decibels.

    Returns
    -------
    features : ndarray of shape (n_bands, n_frames), float32
        Features.
    """
    clipped = np.maximum(decibels, np.float32(maximum - TOP_DB))
    if isinstance(extractor, MFCCExtractor):
        return spectral.with_deltas(spectral.cepstrum(clipped, extractor.n_mfcc), extractor.deltas)
    return clipped
