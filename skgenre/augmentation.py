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


def equalize(
    batch: torch.Tensor,
    scale: torch.Tensor,
    rng: np.random.Generator,
    *,
    deviation: float = 0.3,
    n_points: int = 4,
) -> torch.Tensor:
    """Raise and lower the bands of each item along a random smooth curve, as another recording or master would.

    Parameters
    ----------
    batch : tensor of shape (n_items, n_bands, n_frames)
        Features, in decibels or linear in them.
    scale : tensor of shape (n_bands,)
        Standard deviation of each band.
    rng : numpy.random.Generator
        Source of randomness.
    deviation : float, default=0.3
        Standard deviation of the curve at its points, as a share of ``scale``.
    n_points : int, default=4
        Points of the curve, spread evenly over the bands; it is straight between them.

    Returns
    -------
    batch : tensor of shape (n_items, n_bands, n_frames)
        A new tensor.
    """
    n_items, n_bands, _ = batch.shape
    points = torch.from_numpy(rng.normal(0, deviation, (n_items, 1, n_points)).astype(np.float32))
    curves = torch.nn.functional.interpolate(points, size=n_bands, mode="linear", align_corners=True)
    return batch + (curves[:, 0] * scale)[:, :, None]


def transpose(batch: torch.Tensor, rng: np.random.Generator, *, share: float = 1 / 32) -> torch.Tensor:
    """Move each item up or down by a few bands, as transposed music; for mel bands, not for MFCC.

    Parameters
    ----------
    batch : tensor of shape (n_items, n_bands, n_frames)
        Features.
    rng : numpy.random.Generator
        Source of randomness.
    share : float, default=1/32
        Most to move by, as a share of the bands. What comes in at the edge repeats the outermost band.

    Returns
    -------
    batch : tensor of shape (n_items, n_bands, n_frames)
        A new tensor.
    """
    n_items, n_bands, _ = batch.shape
    most = round(share * n_bands)
    steps = rng.integers(-most, most + 1, (n_items, 1))
    bands = np.clip(np.arange(n_bands) + steps, 0, n_bands - 1)
    return batch[torch.arange(n_items)[:, None], torch.from_numpy(bands)]


def mixstyle(batch: torch.Tensor, scale: torch.Tensor, rng: np.random.Generator, *, alpha: float = 1.0) -> torch.Tensor:
    """Let each item's bands lie and move partly as another item's do: the same music as another recording has it.

    Parameters
    ----------
    batch : tensor of shape (n_items, n_bands, n_frames)
        Features, in decibels or linear in them.
    scale : tensor of shape (n_bands,)
        Standard deviation of each band. A band that moves by less than a hundredth of it stays nearly still.
    rng : numpy.random.Generator
        Source of randomness.
    alpha : float, default=1.0
        Both parameters of the Beta distribution of each item's own share in the mean and the deviation of its bands;
        the larger, the nearer to half and half.

    Returns
    -------
    batch : tensor of shape (n_items, n_bands, n_frames)
        A new tensor.

    References
    ----------
    K. Zhou, Y. Yang, Y. Qiao and T. Xiang, "Domain Generalization with MixStyle", 2021. B. Kim, S. Yang, J. Kim,
    H. Park, J. Lee and S. Chang, "Domain Generalization with Relaxed Instance Frequency-wise Normalization for
    Multi-device Acoustic Scene Classification", 2022 (by band).
    """
    own = torch.from_numpy(rng.beta(alpha, alpha, (len(batch), 1, 1)).astype(np.float32))
    partner = torch.from_numpy(rng.permutation(len(batch)))
    mean = batch.mean(dim=2, keepdim=True)
    deviation = batch.std(dim=2, correction=0, keepdim=True)
    gain = torch.lerp(deviation[partner], deviation, own) / torch.maximum(deviation, 0.01 * scale[:, None])
    return (batch - mean) * gain + torch.lerp(mean[partner], mean, own)


def stretched_crop(
    matrix: np.ndarray, n_frames: int, rng: np.random.Generator, *, max_stretch: float = 0.0
) -> np.ndarray:
    """Cut a random stretch out of a track, played faster or slower.

    Parameters
    ----------
    matrix : ndarray of shape (n_bands, n_total)
        Features of a track with at least ``n_frames`` frames.
    n_frames : int
        Frames of the crop.
    rng : numpy.random.Generator
        Source of randomness.
    max_stretch : float, default=0.0
        Largest change of tempo: 0.25 plays up to 1.25 times as fast or as slow.

    Returns
    -------
    crop : ndarray of shape (n_bands, n_frames)
        The crop; a view of ``matrix`` where the tempo stays.
    """
    if not max_stretch:
        start = rng.integers(0, matrix.shape[1] - n_frames + 1)
        return matrix[:, start : start + n_frames]
    rate = (1 + max_stretch) ** rng.uniform(-1, 1)
    width = min(rate * (n_frames - 1), matrix.shape[1] - 1)
    places = rng.uniform(0, matrix.shape[1] - 1 - width) + np.linspace(0, width, n_frames)
    before = places.astype(int)
    after = np.minimum(before + 1, matrix.shape[1] - 1)
    share = (places - before).astype(matrix.dtype)
    return matrix[:, before] * (1 - share) + matrix[:, after] * share


def mixup(
    batch: torch.Tensor, targets: torch.Tensor, rng: np.random.Generator, *, alpha: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend each item, and its target, with another one of the batch.

    Parameters
    ----------
    batch : tensor of shape (n_items, ...)
        Features.
    targets : tensor of shape (n_items, n_classes)
        Probabilities of the classes; NaN where nothing is known.
    rng : numpy.random.Generator
        Source of randomness.
    alpha : float
        Both parameters of the Beta distribution that the share of the blend is drawn from; the larger, the nearer to
        half and half.

    Returns
    -------
    batch, targets : tensor
        Blended features and targets. Where a target of one of the two is not known, that of the larger part stands.

    References
    ----------
    H. Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018.
    """
    share = float(rng.beta(alpha, alpha))
    partner = torch.from_numpy(rng.permutation(len(batch)))
    blended = torch.lerp(targets[partner], targets, share)
    larger = targets if share >= 0.5 else targets[partner]
    return torch.lerp(batch[partner], batch, share), torch.where(torch.isnan(blended), larger, blended)


def _stretch(length: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    width = int(rng.integers(0, int(share * length) + 1))
    start = int(rng.integers(0, length - width + 1))
    return start, start + width
