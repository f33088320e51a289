"""What is explained: a score of each segment of a track, as a function that can be differentiated."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

_AT_ONCE = 64
"""Segments at most in a batch, so that a long track needs no more memory than this."""


@dataclass(frozen=True)
class SegmentScore:
    """A score of segments, computed by a copy of a net that is evaluated and never trained.

    Parameters
    ----------
    module : torch.nn.Module
        One of ``skgenre.modules``.
    read : callable
        Turns a module and inputs of shape (n, n_bands, n_frames) into scores of shape (n,), both tensors.
    """

    module: torch.nn.Module
    read: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]

    @classmethod
    def of(cls, net: Any, read: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]) -> "SegmentScore":
        """Copy the module of a fitted net: whatever a method does to it, the net stays as it is."""
        module = copy.deepcopy(net.net_.module_).eval().requires_grad_(False)
        module.use_bfloat16 = False  # differences between near scores need the digits
        return cls(module, read)

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Score inputs of shape (n, n_bands, n_frames): a tensor of shape (n,) to be differentiated."""
        return self.read(self.module, inputs)

    def of_batches(self, batches: Iterator[torch.Tensor]) -> np.ndarray:
        """Score batches of inputs without gradients: float64 of shape (n,)."""
        with torch.inference_mode():
            scores = [self(batch).cpu().numpy() for batch in batches]
        return np.concatenate(scores).astype(np.float64)

    def where(self, segment: torch.Tensor, baseline: torch.Tensor, hidden: Iterator[torch.Tensor]) -> np.ndarray:
        """Score a segment again and again, each time with other cells hidden behind the baseline.

        Parameters
        ----------
        segment, baseline : tensor of shape (n_bands, n_frames)
            The segment, and what stands where a cell is hidden.
        hidden : iterator of tensor of shape (n, n_bands, n_frames), bool
            Batches of masks of what is hidden.

        Returns
        -------
        scores : ndarray of shape (n_masks,), float64
            A score for each mask.
        """
        return self.of_batches(torch.where(mask, baseline, segment) for mask in hidden)

    def tensor(self, array: np.ndarray) -> torch.Tensor:
        """Put an array where the module is."""
        device = next(self.module.parameters()).device
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

    @contextmanager
    def differentiable(self) -> Iterator[None]:
        """Let gradients through recurrent layers: cuDNN has none for those that are evaluated."""
        with torch.backends.cudnn.flags(enabled=False), torch.enable_grad():
            yield


def batches(n: int) -> Iterator[slice]:
    """Cut n segments into batches."""
    return (slice(start, start + _AT_ONCE) for start in range(0, n, _AT_ONCE))


def log_odds(target: int, *, exclusive: bool) -> Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]:
    """Read the log-odds of a class: the logarithm of how much more likely it is than all others, or than not.

    Unlike a probability it does not saturate, and unlike a logit of many it falls when another class gains.

    Parameters
    ----------
    target : int
        Column of the class.
    exclusive : bool
        Whether one class excludes the others (softmax), or each has a say of its own (sigmoid).
    """

    def read(module: torch.nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        logits = module(inputs)
        if not exclusive:
            return logits[:, target]
        others = torch.cat([logits[:, :target], logits[:, target + 1 :]], dim=1)
        return logits[:, target] - others.logsumexp(dim=1)

    return read


def similarity(embedding: np.ndarray, metric: str) -> Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]:
    """Read how near the embedding of a segment is to another one: its cosine, or the negative distance.

    Parameters
    ----------
    embedding : ndarray of shape (n_dims,)
        The other one.
    metric : {"cosine", "euclidean"}
        How nearness is measured.
    """

    def read(module: Any, inputs: torch.Tensor) -> torch.Tensor:
        embeddings = module.embed(inputs)
        other = torch.from_numpy(embedding.astype(np.float32)).to(embeddings.device)
        if metric == "cosine":
            return torch.nn.functional.cosine_similarity(embeddings, other[None], dim=1)
        return -torch.linalg.vector_norm(embeddings - other, dim=1)

    return read
