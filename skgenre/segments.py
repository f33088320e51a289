"""Segments of a track and the pooling of their scores: pure functions.

A segment is a window of ``segment_frames`` frames. A track shorter than that is repeated until it fills one.
"""

from collections.abc import Iterable

import numpy as np

POOLINGS = ("mean", "max", "vote")
"""How the scores of segments become those of a track."""


def segment_starts(n_frames: int, segment_frames: int, overlap: float) -> np.ndarray:
    """Place segments over a track so that every frame lies in one.

    Parameters
    ----------
    n_frames : int
        Frames of the track.
    segment_frames : int
        Frames of a segment.
    overlap : float
        Share of a segment that the next one repeats, in [0, 1).

    Returns
    -------
    starts : ndarray of shape (n_segments,) of int
        First frame of each segment; the last segment ends with the track.

    Raises
    ------
    ValueError
        If the overlap is out of its range.

    Examples
    --------
    >>> from skgenre.segments import segment_starts
    >>> segment_starts(10, 4, 0.5)
    array([0, 2, 4, 6])
    >>> segment_starts(11, 4, 0.0)
    array([0, 4, 7])
    """
    if not 0 <= overlap < 1:
        raise ValueError(f"the overlap of segments must be at least 0 and below 1, got {overlap}")
    last = max(0, n_frames - segment_frames)
    step = max(1, round(segment_frames * (1 - overlap)))
    return np.unique(np.append(np.arange(0, last, step), last))


def cut_segments(matrix: np.ndarray, starts: Iterable[int], segment_frames: int) -> np.ndarray:
    """Cut segments out of the features of a track.

    Parameters
    ----------
    matrix : ndarray of shape (n_bands, n_frames)
        Features of a track.
    starts : array-like of shape (n_segments,) of int
        First frame of each segment.
    segment_frames : int
        Frames of a segment.

    Returns
    -------
    segments : ndarray of shape (n_segments, n_bands, segment_frames)
        Copies of the segments.
    """
    missing = segment_frames - matrix.shape[1]
    if missing > 0:
        matrix = np.pad(matrix, ((0, 0), (0, missing)), mode="wrap")
    return np.stack([matrix[:, start : start + segment_frames] for start in starts])


def pool_scores(scores: np.ndarray, pooling: str) -> np.ndarray:
    """Pool the class probabilities of a track's segments to those of the track.

    Parameters
    ----------
    scores : ndarray of shape (n_segments, n_classes)
        Probabilities of each segment.
    pooling : {"mean", "max", "vote"}
        Mean over segments; maximum over segments, scaled to sum to one; or share of segments won by each class.

    Returns
    -------
    pooled : ndarray of shape (n_classes,)
        Probabilities of the track.

    Raises
    ------
    ValueError
        If there is no such pooling.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.segments import pool_scores
    >>> scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    >>> pool_scores(scores, "vote").round(2)
    array([0.33, 0.67])
    """
    check_pooling(pooling)
    if pooling == "vote":
        return np.bincount(scores.argmax(axis=1), minlength=scores.shape[1]) / len(scores)
    pooled = scores.mean(axis=0) if pooling == "mean" else scores.max(axis=0)
    return pooled / pooled.sum()


def check_pooling(pooling: str) -> None:
    """Raise ``ValueError`` where there is no such pooling."""
    if pooling not in POOLINGS:
        raise ValueError(f"pooling must be one of {', '.join(map(repr, POOLINGS))}, got {pooling!r}")
