"""What a net is trained on: random crops of tracks, and how the bands of tracks lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from skgenre.augmentation import equalize, mixstyle, mixup, spec_augment, stretched_crop, transpose
from skgenre.segments import cut_segments


class TrackCrops(torch.utils.data.Dataset):
    """One random crop of each track per epoch, with its target and weight, made a batch at a time.

    ``moments`` are the mean and the standard deviation of each band; ``augment`` names what is done to crops.
    """

    def __init__(
        self,
        X: Any,
        targets: np.ndarray,
        weights: np.ndarray,
        *,
        segment_frames: int,
        moments: Sequence[torch.Tensor],
        augment: tuple[str, ...],
        mixup: float,
        rng: np.random.Generator,
    ) -> None:
        self.X = X
        self.targets = targets
        self.weights = weights
        self.segment_frames = segment_frames
        self.moments = moments
        self.augment = augment
        self.mixup = mixup
        self.rng = rng

    def __len__(self) -> int:
        return len(self.X)

    def __getitems__(self, rows: list[int]) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return crops (n, n_bands, segment_frames), and targets (n, n_classes) with weights (n,)."""
        batch = torch.from_numpy(np.stack([self._crop(self.X[row]) for row in rows]))
        targets, weights = torch.from_numpy(self.targets[rows]), torch.from_numpy(self.weights[rows])
        mean, scale = self.moments
        if "transpose" in self.augment:
            batch = transpose(batch, self.rng)
        if "mixstyle" in self.augment:
            batch = mixstyle(batch, scale, self.rng)
        if "equalize" in self.augment:
            batch = equalize(batch, scale, self.rng)
        if "mask" in self.augment:
            batch = spec_augment(batch, mean, self.rng)
        if self.mixup:
            batch, targets = mixup(batch, targets, self.rng, alpha=self.mixup)
        return batch, (targets, weights)

    def _crop(self, matrix: np.ndarray) -> np.ndarray:
        if matrix.shape[1] <= self.segment_frames:
            return cut_segments(matrix, [0], self.segment_frames)[0]
        stretch = 0.25 if "stretch" in self.augment else 0.0
        return stretched_crop(matrix, self.segment_frames, self.rng, max_stretch=stretch)


def as_batch(items: Any) -> Any:
    """Pass on what ``TrackCrops.__getitems__`` made: it is a batch already."""
    return items


def band_moments(X: Any, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and standard deviation of each band over tracks and frames, float32."""
    total, first, second = 0.0, np.zeros(len(X[0])), np.zeros(len(X[0]))
    for matrix, weight in zip(X, weights, strict=True):
        matrix = matrix.astype(np.float64)
        total += weight * matrix.shape[1]
        first += weight * matrix.sum(axis=1)
        second += weight * (matrix**2).sum(axis=1)
    mean = first / total
    deviation = np.sqrt(np.maximum(second / total - mean**2, 0))
    varies = deviation > np.maximum(1e-6 * np.abs(mean), 1e-30)  # and not by rounding alone
    return mean.astype(np.float32), np.where(varies, deviation, 1).astype(np.float32)


def bands_are_alike(X: Any, mean: np.ndarray, scale: np.ndarray) -> bool:
    """Tell whether neighbouring bands move together: those of a spectrogram do, those of MFCC do not."""
    if len(mean) == 1:
        return False
    levels = ((matrix - mean[:, None]) / scale[:, None] for matrix in X)
    return float(np.mean([np.mean(level[1:] * level[:-1]) for level in levels])) > 0.5
