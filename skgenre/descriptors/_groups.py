"""The groups of features, and one pass over a track that computes those asked for."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._dynamics import describe_dynamics
from skgenre.descriptors._frames import Frames, analyse
from skgenre.descriptors._harmony import describe_harmony
from skgenre.descriptors._modulation import describe_modulation
from skgenre.descriptors._rhythm import describe_rhythm
from skgenre.descriptors._texture import describe_texture
from skgenre.descriptors._timbre import describe_covariance, describe_timbre

GROUPS: dict[str, Callable[[Frames], Columns]] = {
    "timbre": describe_timbre,
    "covariance": describe_covariance,
    "texture": describe_texture,
    "harmony": describe_harmony,
    "rhythm": describe_rhythm,
    "modulation": describe_modulation,
    "dynamics": describe_dynamics,
}
"""What computes each group."""


def describe(y: np.ndarray, sample_rate: int, n_fft: int, hop_length: int, groups: tuple[str, ...]) -> np.ndarray:
    """Compute the features of a waveform, up to where its sound ends.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Waveform.
    sample_rate, n_fft, hop_length : int
        Samples per second, and length of the window and step between frames in samples.
    groups : tuple of str
        Groups of features.

    Returns
    -------
    features : ndarray of shape (n_features,), float32
        Group after group.
    """
    frames = analyse(_sounding(y), sample_rate, n_fft, hop_length)
    return np.concatenate([GROUPS[group](frames).values for group in groups]).astype(np.float32)


def _sounding(y: np.ndarray) -> np.ndarray:
    """Return a waveform without the zeros at its end, which a loader fills tracks up with; whole where all is zero."""
    n_zeros = int(np.argmax(y[::-1] != 0))
    return y[: len(y) - n_zeros]


@lru_cache(maxsize=32)
def names_of(group: str) -> tuple[str, ...]:
    """Return the names of a group's columns; the same for every track, so that silence tells them."""
    silence = analyse(np.zeros(2048, dtype=np.float32), 22050, 2048, 512)
    return tuple(f"{group}__{name}" for name in GROUPS[group](silence).names)
