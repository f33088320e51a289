"""What a trained module says of tracks: its scores over all segments, and those of a track."""

from collections.abc import Callable, Iterator
from itertools import groupby, islice
from typing import Any

import numpy as np
import torch

from skgenre.classifiers._targets import Targets
from skgenre.segments import cut_segments, segment_starts

SEGMENTS_SHARED = 8
"""Segments in a batch of inference that short tracks share: more gain little, and cost a lone track of one segment."""

SEGMENTS_AT_ONCE = 64
"""Segments at most in a batch of inference, so that a long track needs no more memory than this."""


def score_segments(
    module: Any, X: Any, score: Callable[[Any, torch.Tensor], torch.Tensor], *, segment_frames: int, overlap: float
) -> Iterator[np.ndarray]:
    """Run a module over all segments of each track.

    A float32 answer depends, in its last digits, on the size of its batch. So a track's batches depend on its length
    alone: those of several segments are its own, and short tracks share one, filled up with zeros.

    Parameters
    ----------
    module : torch.nn.Module
        One of ``skgenre.modules``.
    X : sequence of ndarray of shape (n_bands, n_frames)
        Tracks.
    score : callable
        Takes the module and segments (n_segments, n_bands, segment_frames), and gives a row for each.
    segment_frames : int
        Frames of a segment.
    overlap : float
        Share of a segment that the next one repeats.

    Yields
    ------
    scores : ndarray of shape (n_segments, n_columns), float32
        One array for each track.
    """
    device = next(module.parameters()).device
    if module.training:  # a walk through all layers, which a net that is asked again and again need not repeat
        module.eval()

    def run(segments: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return score(module, torch.from_numpy(segments).to(device)).cpu().numpy()

    def starts(matrix: np.ndarray) -> tuple[int, ...]:
        return tuple(segment_starts(matrix.shape[1], segment_frames, overlap))

    for places, tracks in groupby(X, starts):
        n_segments = len(places)
        n_shared = max(1, SEGMENTS_SHARED // n_segments)
        while group := list(islice(tracks, n_shared)):
            segments = np.concatenate([cut_segments(matrix, places, segment_frames) for matrix in group])
            missing = n_shared * n_segments - len(segments)
            segments = np.pad(segments, ((0, missing), (0, 0), (0, 0))) if missing else segments
            batches = range(0, len(segments), SEGMENTS_AT_ONCE)
            scores = np.concatenate([run(segments[start : start + SEGMENTS_AT_ONCE]) for start in batches])
            yield from scores.reshape(n_shared, n_segments, -1)[: len(group)]


def embeddings(module: Any, segments: torch.Tensor) -> torch.Tensor:
    """Score segments by what the last layer sees."""
    return module.embed(segments)


def segment_probabilities(module: Any, X: Any, kind: Targets, **segmentation: Any) -> Iterator[np.ndarray]:
    """Yield the probabilities of the segments of each track, of shape (n_segments, n_classes), float32."""
    return score_segments(module, X, lambda module, segments: kind.activate(module(segments)), **segmentation)


def track_probabilities(module: Any, X: Any, kind: Targets, *, pooling: str, **segmentation: Any) -> np.ndarray:
    """Return the pooled probabilities of each track, of shape (n_tracks, n_classes), float64."""
    scores = segment_probabilities(module, X, kind, **segmentation)
    return np.stack([kind.pool(track.astype(np.float64), pooling) for track in scores])
