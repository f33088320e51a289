"""Augmentation of training batches: functions of a batch and a generator."""

import numpy as np
import torch


def spec_augment(
    batch: torch.Tensor,
    fill: torch.Tensor,
    rng: np.random.Generator,
    *,
    time_share: float = 0.2,
    band_share: float = 0.2,
) -> torch.Tensor:
    """Mask one stretch of frames and one range of bands in each item, in place.

    Parameters
    ----------
    batch : tensor of shape (n_items, n_bands, n_frames)
        Features; overwritten.
    fill : tensor of shape (n_bands,)
        Value written into masked bands, as a rule the mean of each band.
    rng : numpy.random.Generator
        Source of randomness.
    time_share, band_share : float, default=0.2
        Longest mask, as a share of the frames and of the bands.

    Returns
    -------
    batch : tensor of shape (n_items, n_bands, n_frames)
        The same tensor.

    References
    ----------
    D. Park et al., "SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition", 2019.
    """
    _, n_bands, n_frames = batch.shape
    for item in batch:
        start, stop = _stretch(n_frames, time_share, rng)
        item[:, start:stop] = fill[:, None]
        start, stop = _stretch(n_bands, band_share, rng)
        item[start:stop] = fill[start:stop, None]
    return batch


def mixup(
    batch: torch.Tensor, targets: torch.Tensor, rng: np.random.Generator, *, alpha: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend each item, and its target, with another one of the batch.

    Parameters
    ----------
    batch : tensor of shape (n_items, ...)
        Features.
    targets : tensor of shape (n_items, n_classes)
        Probabilities of the classes.
    rng : numpy.random.Generator
        Source of randomness.
    alpha : float
        Both parameters of the Beta distribution that the share of the blend is drawn from; the larger, the nearer to
        half and half.

    Returns
    -------
    batch, targets : tensor
        Blended features and targets.

    References
    ----------
    H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018.
    """
    share = float(rng.beta(alpha, alpha))
    partner = torch.from_numpy(rng.permutation(len(batch)))
    return torch.lerp(batch[partner], batch, share), torch.lerp(targets[partner], targets, share)


def _stretch(length: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    width = int(rng.integers(0, int(share * length) + 1))
    start = int(rng.integers(0, length - width + 1))
    return start, start + width
