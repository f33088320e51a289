"""The losses of the nets: means over what is known of the tracks of a batch, by their weights."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class GenreLoss(nn.Module):
    """Cross-entropy of one genre a track.

    Parameters
    ----------
    label_smoothing : float
        Share of a target that is spread over all genres.
    """

    def __init__(self, label_smoothing: float) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean, for logits and targets (n_tracks, n_classes) and weights (n_tracks,)."""
        losses = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=self.label_smoothing)
        return (losses * weights).sum() / weights.sum()


class LabelLoss(nn.Module):
    """Binary cross-entropy of several labels a track, of which those that are NaN are left out.

    Parameters
    ----------
    pos_weight : ndarray of shape (n_labels,)
        Weight of each label's presence; of its absence it is one.
    shares : ndarray of shape (n_labels,)
        How frequent each label is.
    label_smoothing : float
        Share of a target that gives way to ``shares``, which leaves the mean of the targets as it is.
    """

    pos_weight: torch.Tensor
    shares: torch.Tensor

    def __init__(self, pos_weight: Any, shares: Any, label_smoothing: float) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        self.register_buffer("pos_weight", torch.as_tensor(np.asarray(pos_weight, dtype=np.float32)))
        self.register_buffer("shares", torch.as_tensor(np.asarray(shares, dtype=np.float32)))

    def forward(self, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the weighted mean, for logits and targets (n_tracks, n_labels) and weights (n_tracks,)."""
        known = ~torch.isnan(targets)
        targets = torch.lerp(torch.where(known, targets, 0), self.shares.expand_as(targets), self.label_smoothing)
        losses = functional.binary_cross_entropy_with_logits(
            logits, targets, reduction="none", pos_weight=self.pos_weight
        )
        weights = weights[:, None] * known
        # Where crops are blended nothing may be known of a whole batch.
        return (losses * weights).sum() / weights.sum().clamp_min(1e-12)
