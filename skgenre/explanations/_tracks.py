"""From segments to the track: attributions are added where segments overlap, as the answer for the track is pooled."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from skgenre.explanations._methods import METHODS, N_SAMPLES, Task, check_n_samples
from skgenre.explanations._score import SegmentScore, batches
from skgenre.segments import cut_segments, segment_starts


@dataclass(frozen=True)
class Settings:
    """How finely a method looks.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    baseline : ndarray of shape (n_bands,)
        What stands where a band is hidden.
    patch : tuple of int
        Bands and frames that are hidden together.
    n_samples : int
        Steps of integrated gradients, or orders of Shapley values.
    seed : int
        Seed of those orders.
    """

    method: str
    baseline: np.ndarray
    patch: tuple[int, int]
    n_samples: int
    seed: int


@dataclass(frozen=True)
class TrackAttribution:
    """Attributions over the features of a track.

    Parameters
    ----------
    values : ndarray of shape (n_bands, n_frames)
        A value for each cell.
    score : float
        What was attributed.
    base_score : float
        The same where every cell is hidden.
    """

    values: np.ndarray
    score: float
    base_score: float


def attribute_track(
    net: Any,
    matrix: np.ndarray,
    read: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor],
    weights: np.ndarray,
    settings: Settings,
) -> TrackAttribution:
    """Attribute the weighted mean of the scores of a track's segments to the cells of the track.

    Parameters
    ----------
    net : CNNClassifier or RNNClassifier
        Fitted.
    matrix : ndarray of shape (n_bands, n_frames)
        Features of the track.
    read : callable
        What is scored, as ``SegmentScore`` takes it.
    weights : ndarray of shape (n_segments,)
        Weight of each segment.
    settings : Settings
        Method and fineness.

    Returns
    -------
    attribution : TrackAttribution
        The attributions.
    """
    score, starts = SegmentScore.of(net, read), starts_of(net, matrix)
    rng = np.random.default_rng(settings.seed)
    task = Task(score, settings.baseline, settings.patch, settings.n_samples, rng)
    counted = np.flatnonzero(weights)
    segments = cut_segments(matrix, starts[counted], net.segment_frames_)
    found = METHODS[settings.method](task, segments)
    values = np.zeros(matrix.T.shape)
    for start, weight, segment in zip(starts[counted], weights[counted], found, strict=True):
        # A track shorter than a segment is repeated in it, so a frame may be there several times.
        frames = (start + np.arange(net.segment_frames_)) % len(values)
        np.add.at(values, frames, weight * segment.T)
    nothing = np.broadcast_to(settings.baseline[:, None], segments.shape[1:])[None]
    scores = score.of_batches(score.tensor(segments[part]) for part in batches(len(segments)))
    of_nothing = score.of_batches(iter([score.tensor(nothing)]))[0]
    return TrackAttribution(values.T, float(weights[counted] @ scores), float(weights.sum() * of_nothing))


def starts_of(net: Any, matrix: np.ndarray) -> np.ndarray:
    """Return the first frame of each segment that a net looks at, shape (n_segments,)."""
    return segment_starts(matrix.shape[1], net.segment_frames_, net.segment_overlap)


def is_exclusive(net: Any) -> bool:
    """Tell whether one genre excludes the others, or a track may have several labels."""
    return np.ndim(net.classes_[0]) == 0


def weights_of(net: Any, matrix: np.ndarray, target: int) -> np.ndarray:
    """Return how much each segment counts in the answer for a class, shape (n_segments,), in sum one.

    All alike under ``pooling="mean"``, the surest alone under ``"max"``, those that the class wins under ``"vote"``.
    """
    (scores,) = net.predict_segments([matrix])
    if net.pooling == "max":
        return (np.arange(len(scores)) == scores[:, target].argmax()).astype(np.float64)
    won = scores.argmax(axis=1) == target if is_exclusive(net) else scores[:, target] >= 0.5
    if net.pooling == "mean" or not won.any():
        won[:] = True
    return won / won.sum()


def choose_settings(
    net: Any, method: str, background: np.ndarray | None, patch: Any, n_samples: int | None, seed: int
) -> Settings:
    """Fill in what the caller left open.

    Raises
    ------
    ValueError
        If the background has other bands than the net, or a number is less than one.
    """
    baseline = net.net_.module_.standardize.mean.cpu().numpy() if background is None else background
    if len(baseline) != net.n_bands_:
        raise ValueError(f"background must have the {net.n_bands_} bands of the net, got {len(baseline)}")
    sizes = np.asarray((max(1, net.n_bands_ // 8), 16) if patch is None else patch)
    if sizes.shape != (2,) or sizes.dtype.kind not in "iuf" or np.any(sizes % 1 != 0) or sizes.min() < 1:
        raise ValueError(f"patch must be two whole numbers from 1 on, of bands and of frames, got {patch!r}")
    check_n_samples(n_samples)
    patch = (min(int(sizes[0]), net.n_bands_), min(int(sizes[1]), net.segment_frames_))
    return Settings(method, baseline, patch, n_samples or N_SAMPLES.get(method, 1), seed)
