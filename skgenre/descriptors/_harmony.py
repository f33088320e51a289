"""Harmony: pitch classes, keys and intervals; what depends on the key is given as seen from it."""

import numpy as np

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import Frames

PITCHES = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")
MODES = ("major", "minor")
PROFILES = np.array(
    [
        [0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400],
        [0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330],
    ]
)
"""How often each pitch class, from the tonic up, is heard in a major and in a minor key, after Temperley."""


def describe_harmony(frames: Frames) -> Columns:
    """Return the keys' strengths, the pitch classes from the tonic up, intervals, and the tonnetz and its changes."""
    columns = Columns()
    chroma = frames.chroma / np.maximum(frames.chroma.max(axis=0), 1e-20)
    strengths = key_strengths(chroma.mean(axis=1))
    tonic = int(strengths.max(axis=0).argmax())
    columns.add("{}_{}_strength", strengths.T, PITCHES, MODES)
    columns.add("key_strength", strengths.max())
    columns.add("key_margin", np.diff(np.sort(strengths.ravel())[-2:])[0])
    columns.add("major_over_minor", strengths[0].max() - strengths[1].max())
    columns.add_statistics("degree{}", np.roll(chroma, -tonic, axis=0), ("mean", "std", "change"))
    columns.add_statistics("interval{}", intervals(chroma), ("mean", "std"))
    columns.add_statistics("pitch_entropy", entropy(chroma), ("mean", "std"))
    centroids = tonnetz(chroma)
    columns.add_statistics("tonnetz{}", centroids, ("mean", "std"))
    circles = np.hypot(centroids[::2], centroids[1::2])
    columns.add_statistics("tonnetz_circle{}", circles, ("mean",))
    columns.add_statistics("harmonic_change", changes(chroma, max(round(0.5 * frames.rate), 1)), ("mean", "std", "q90"))
    return columns


def key_strengths(chroma: np.ndarray) -> np.ndarray:
    """Correlate pitch classes with the profile of each key.

    Parameters
    ----------
    chroma : ndarray of shape (12,)
        Weight of each pitch class, C first.

    Returns
    -------
    strengths : ndarray of shape (2, 12)
        Correlations with the major and the minor keys, C first; zero in silence.
    """
    profiles = PROFILES - PROFILES.mean(axis=1, keepdims=True)
    keys = np.stack([np.roll(profiles, tonic, axis=1) for tonic in range(12)], axis=1)
    centred = chroma - chroma.mean()
    scale = np.linalg.norm(centred) * np.linalg.norm(profiles, axis=1)[:, None]
    return keys @ centred / np.maximum(scale, 1e-9)


def tonnetz(chroma: np.ndarray) -> np.ndarray:
    """Project pitch classes on the circles of fifths, minor thirds and major thirds.

    Parameters
    ----------
    chroma : ndarray of shape (12, n_frames)
        Weight of each pitch class, C first.

    Returns
    -------
    centroids : ndarray of shape (6, n_frames)
        Two coordinates on each circle.
    """
    angles = np.pi * np.outer([7 / 6, 3 / 2, 2 / 3], np.arange(12))
    circles = np.stack([np.sin(angles), np.cos(angles)], axis=1) * np.array([1.0, 1.0, 0.5])[:, None, None]
    return circles.reshape(6, 12) @ (chroma / np.maximum(chroma.sum(axis=0), 1e-20))


def changes(chroma: np.ndarray, span: int) -> np.ndarray:
    """Return how far the tonnetz of each span of frames is from that of the span after it.

    Parameters
    ----------
    chroma : ndarray of shape (12, n_frames)
        Weight of each pitch class, C first.
    span : int
        Frames that pitch classes are averaged over, since those of a single frame waver with every beat.

    Returns
    -------
    changes : ndarray of shape (n_changes,)
        Distances; a lone zero where there are no two spans.
    """
    if chroma.shape[1] < 2 * span:
        return np.zeros(1)
    sums = np.cumsum(np.pad(chroma, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    centroids = tonnetz(sums[:, span:] - sums[:, :-span])
    return np.linalg.norm(centroids[:, span:] - centroids[:, :-span], axis=0)


def intervals(chroma: np.ndarray) -> np.ndarray:
    """Return the weight of each interval, from semitone to tritone, between what sounds together: (6, n_frames)."""
    unit = chroma / np.maximum(np.linalg.norm(chroma, axis=0), 1e-20)
    weights = np.stack([(unit * np.roll(unit, -step, axis=0)).sum(axis=0) for step in range(1, 7)])
    weights[5] /= 2  # a tritone up is a tritone down, so each pair was counted twice
    return weights


def entropy(chroma: np.ndarray) -> np.ndarray:
    """Return the entropy of the pitch classes of each frame, one where all are equally strong."""
    share = chroma / np.maximum(chroma.sum(axis=0), 1e-20)
    return -(share * np.log(np.maximum(share, 1e-20))).sum(axis=0) / np.log(12)
