"""What the net says of a segment while the music plays, and of a track when it has ended."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from skgenre.segments import segment_starts
from skgenre.streaming._answers import Answers
from skgenre.streaming._features import context_frames, features_of
from skgenre.streaming._parts import Parts
from skgenre.streaming._store import FrameStore

BLOCK, FEWEST = 64, 8
"""Segments scored at once when a track has ended; fewer than eight at its end are scored with those before them. So
the net meets the batches of ``predict_proba``: its answers differ, in the last digits, with the size of a batch."""


def score_segment(net: Any, answers: Answers, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let a fitted net answer to a lone segment, without the rows that ``predict_proba`` fills up a batch with.

    Parameters
    ----------
    net : CNNClassifier or RNNClassifier
        The net.
    answers : Answers
        What its numbers mean.
    features : ndarray of shape (n_bands, segment_frames), float32
        Features of the segment.

    Returns
    -------
    posterior : ndarray of shape (n_classes,), float32
        Probability of each class.
    embedding : ndarray of shape (n_dims,), float32
        What the last layer sees.
    """
    module = net.net_.module_.eval()
    device = next(module.parameters()).device
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=module.use_bfloat16):
        embedding = module.embed(torch.from_numpy(np.ascontiguousarray(features[None])).to(device))
        logits = module.head(embedding).float()
    posterior = answers.probabilities(logits)
    return posterior[0].cpu().numpy(), embedding[0].cpu().numpy()


def score_track(parts: Parts, answers: Answers, store: FrameStore) -> tuple[np.ndarray, np.ndarray]:
    """Give what the pipeline answers to a whole track, block by block.

    Parameters
    ----------
    parts : Parts
        The pipeline.
    answers : Answers
        What its numbers mean.
    store : FrameStore
        All frames of the track.

    Returns
    -------
    posterior : ndarray of shape (n_classes,), float64
        What ``predict_proba`` gives.
    embedding : ndarray of shape (n_dims,), float32
        What ``transform`` gives.
    """
    net = parts.net
    context = context_frames(parts.extractor)
    scores: list[np.ndarray] = []
    embedding, n_segments = np.zeros(1), 0
    for starts in _blocks(segment_starts(store.n_frames, net.segment_frames_, net.segment_overlap)):
        start, stop = starts[0], min(starts[-1] + net.segment_frames_, store.n_frames)
        begin, end = max(0, start - context), min(stop + context, store.n_frames)
        features = features_of(parts.extractor, store.read(begin, end), store.maximum)[None, :, start - begin :]
        features = features[:, :, : stop - start]
        scores += net.predict_segments(features)
        embedding = embedding + np.asarray(net.transform(features), dtype=np.float64)[0] * len(starts)
        n_segments += len(starts)
    posterior = answers.pool(np.concatenate(scores).astype(np.float64))
    return posterior, (embedding / n_segments).astype(np.float32)


def _blocks(starts: np.ndarray) -> Iterator[np.ndarray]:
    begins = list(range(0, len(starts), BLOCK))
    if len(begins) > 1 and len(starts) - begins[-1] < FEWEST:
        begins.pop()
    yield from np.split(starts, begins[1:])
