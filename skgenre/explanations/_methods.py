"""The methods: each attributes the scores of segments to their cells, a cell being a band in a frame.

A method takes a ``Task`` and segments (n_segments, n_bands, n_frames), and gives attributions of the same shape. Those
of integrated gradients and Shapley values add up to what the score gains over that of the baseline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from skgenre._optional import import_optional
from skgenre.explanations._score import SegmentScore, batches
from skgenre.explanations._shapley import sampled_values


@dataclass(frozen=True)
class Task:
    """What is to be attributed, and how finely.

    Parameters
    ----------
    score : SegmentScore
        The score.
    baseline : ndarray of shape (n_bands,)
        What stands where a band is hidden.
    patch : tuple of int
        Bands and frames that are hidden together, where a method hides patches.
    n_samples : int
        Steps of integrated gradients, or orders that Shapley values are averaged over.
    rng : numpy.random.Generator
        Source of those orders.
    """

    score: SegmentScore
    baseline: np.ndarray
    patch: tuple[int, int]
    n_samples: int
    rng: np.random.Generator


def occlusion(task: Task, segments: np.ndarray) -> np.ndarray:
    """Hide one patch after the other, half over the last: a patch is worth what the score loses without it."""
    score = task.score
    rows, columns = (_windows(size, patch) for size, patch in zip(segments.shape[1:], task.patch, strict=True))
    n_rows, n_columns = len(rows), len(columns)
    rows, columns = np.repeat(rows, n_columns, axis=0), np.tile(columns, (n_rows, 1))
    n_covering = np.einsum("pr,pc->rc", rows, columns, dtype=np.float32)
    baseline, (r, c) = (
        _baseline(task, segments),
        (torch.from_numpy(part).to(_device(score)) for part in (rows, columns)),
    )
    sizes = rows.sum(axis=1) * columns.sum(axis=1)
    attributions = np.empty(segments.shape)
    with_all = score.of_batches(score.tensor(segments[part]) for part in batches(len(segments)))
    for number, segment in enumerate(segments):
        hidden = (r[part, :, None] & c[part, None, :] for part in batches(len(rows)))
        losses = with_all[number] - score.where(score.tensor(segment), baseline, hidden)
        attributions[number] = np.einsum("p,pr,pc->rc", losses / sizes, rows, columns, optimize=True) / n_covering
    return attributions


def shap(task: Task, segments: np.ndarray) -> np.ndarray:
    """Bring patches in, in many orders: a patch is worth what the score gains with it on average (Shapley values)."""
    score = task.score
    n_rows, n_columns = (-(-size // patch) for size, patch in zip(segments.shape[1:], task.patch, strict=True))
    rows, columns = (np.arange(size) // patch for size, patch in zip(segments.shape[1:], task.patch, strict=True))
    patches = rows[:, None] * n_columns + columns
    sizes = np.bincount(patches.ravel())
    baseline, labels = _baseline(task, segments), torch.from_numpy(patches).to(_device(score))
    attributions = np.empty(segments.shape)
    for number, segment in enumerate(segments):
        cells = score.tensor(segment)

        def value(heard: np.ndarray, cells: torch.Tensor = cells) -> np.ndarray:
            hidden = torch.from_numpy(~heard).to(labels.device)
            return score.where(cells, baseline, (hidden[part][:, labels] for part in batches(len(hidden))))

        values = sampled_values(value, n_rows * n_columns, task.n_samples, task.rng)
        attributions[number] = (values / sizes)[patches]
    return attributions


def integrated_gradients(task: Task, segments: np.ndarray) -> np.ndarray:
    """Follow the gradient from the baseline to the segment: what is added up on the way is what the score gains."""
    gradients = import_optional("captum.attr", extra="explain").IntegratedGradients(task.score)
    attributions = np.empty(segments.shape)
    baseline = _baseline(task, segments)[None]
    with task.score.differentiable():
        for number, segment in enumerate(segments):
            inputs = task.score.tensor(segment[None])
            found = gradients.attribute(inputs, baseline, n_steps=task.n_samples, internal_batch_size=32)
            attributions[number] = found[0].detach().cpu().numpy()
    return attributions


def grad_cam(task: Task, segments: np.ndarray) -> np.ndarray:
    """Weigh the channels of the last convolution over bands and time by their gradients, and add them up.

    As coarse as that layer is, and without a unit: a map to look at rather than a sum.
    """
    attr = import_optional("captum.attr", extra="explain")
    front: Any = task.score.module.front
    if not len(front):
        raise ValueError("method='grad_cam' needs a net that convolves over bands: channels must hold at least two")
    cam = attr.LayerGradCam(task.score, front[-1])
    attributions = np.empty(segments.shape)
    with task.score.differentiable():
        for part in batches(len(segments)):
            found = cam.attribute(task.score.tensor(segments[part]))
            found = attr.LayerAttribution.interpolate(found, segments.shape[1:], "bilinear")
            attributions[part] = found[:, 0].detach().cpu().numpy()
    return attributions


METHODS: dict[str, Callable[[Task, np.ndarray], np.ndarray]] = {
    "occlusion": occlusion,
    "integrated_gradients": integrated_gradients,
    "grad_cam": grad_cam,
    "shap": shap,
}
N_SAMPLES = {"integrated_gradients": 32, "shap": 4}
"""How many steps or orders are taken where the caller does not say."""


def check_method(method: Any) -> None:
    """Raise ``ValueError`` where there is no such method."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}, got {method!r}")


def check_n_samples(n_samples: Any) -> None:
    """Raise ``ValueError`` where so many cannot be drawn."""
    if n_samples is not None and (n_samples < 1 or n_samples % 1 != 0):
        raise ValueError(f"n_samples must be at least 1, a whole number, got {n_samples}")


def _windows(size: int, patch: int) -> np.ndarray:
    """Return which of so many places each patch covers, (n_patches, size) of bool: each half over the last."""
    starts = np.append(np.arange(0, max(size - patch, 0), max(1, patch // 2)), max(size - patch, 0))
    places = np.arange(size)
    return (places >= starts[:, None]) & (places < starts[:, None] + patch)


def _baseline(task: Task, segments: np.ndarray) -> torch.Tensor:
    return task.score.tensor(np.broadcast_to(task.baseline[:, None], segments.shape[1:]))


def _device(score: SegmentScore) -> torch.device:
    return next(score.module.parameters()).device
