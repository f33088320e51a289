"""The torch modules behind the classifiers: no skorch, no estimator.

Each takes features (n_items, n_bands, n_frames), standardises the bands, and gives the logits of the classes; ``embed``
gives what the last layer sees. In evaluation the answer to an item does not depend on its batch.
"""

import math
from typing import cast

import torch
from torch import nn


class Standardize(nn.Module):
    """Shift and scale each band by fixed amounts.

    Parameters
    ----------
    n_bands : int
        Number of bands. ``mean`` and ``scale``, tensors of shape (n_bands,), are set before training.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, n_bands: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_bands))
        self.register_buffer("scale", torch.ones(n_bands))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Standardise features of shape (n_items, n_bands, n_frames)."""
        return (x - self.mean[:, None]) / self.scale[:, None]


class BatchNorm(nn.Module):
    """Batch normalisation in which an item counts as its loss does, and which is ready after few batches.

    ``weights``, of shape (n_items,), says how much each item of the next batches counts; None means all alike. What
    evaluation uses is the plain mean over the first ten batches, and follows later ones slowly.

    Parameters
    ----------
    n_channels : int
        Number of channels.
    """

    weights: torch.Tensor | None = None
    mean: torch.Tensor
    variance: torch.Tensor
    n_batches: torch.Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(n_channels))
        self.shift = nn.Parameter(torch.zeros(n_channels))
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("variance", torch.ones(n_channels))
        self.register_buffer("n_batches", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise images of shape (n_items, n_channels, height, width)."""
        if not self.training or x.numel() == x.shape[1]:  # one value has no variance
            return nn.functional.batch_norm(x, self.mean, self.variance, self.gain, self.shift)
        self.n_batches += 1
        momentum = max(0.1, 1 / int(self.n_batches))
        if self.weights is None:
            known = self.mean, self.variance, self.gain, self.shift
            return nn.functional.batch_norm(x, *known, training=True, momentum=momentum)
        shares = (self.weights / (self.weights.sum() * x[0, 0].numel()))[:, None, None, None]
        mean = (shares * x).sum(dim=(0, 2, 3))
        centred = x - mean[:, None, None]
        variance = (shares * centred**2).sum(dim=(0, 2, 3))
        with torch.no_grad():
            self.mean.lerp_(mean, momentum)
            self.variance.lerp_(variance, momentum)
        return centred * (self.gain / torch.sqrt(variance + 1e-5))[:, None, None] + self.shift[:, None, None]


class Linear(nn.Linear):
    """A linear layer whose answer to an item does not depend on its place in the batch.

    A matrix product of few columns does: some processors add up rows in different orders.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features of shape (..., n_in) to (..., n_out)."""
        if self.training:
            return super().forward(x)
        return (x[..., None, :] * self.weight).sum(dim=-1) + self.bias


class Convolution(nn.Sequential):
    """A convolution without bias, batch normalisation, pooling by the maximum if any, and rectification.

    In evaluation the normalisation is part of the convolution: the same but for rounding, in one pass less.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    kernel_size : tuple of int
        Rows and frames, odd.
    stride : int, default=1
        Step from row to row.
    pool : int, default=1
        Rows and frames that become one.
    """

    def __init__(self, n_in: int, n_out: int, kernel_size: tuple[int, int], *, stride: int = 1, pool: int = 1) -> None:
        padding = (kernel_size[0] // 2, kernel_size[1] // 2)
        convolution = nn.Conv2d(n_in, n_out, kernel_size, stride=(stride, 1), padding=padding, bias=False)
        # Channels last, torch convolves 1.6 times as fast.
        convolution.weight.data = convolution.weight.data.contiguous(memory_format=torch.channels_last)
        # Pooled before what is below zero is cut off: the same, and less to compute.
        pooling = nn.MaxPool2d(pool, ceil_mode=True) if pool > 1 else nn.Identity()
        super().__init__(convolution, BatchNorm(n_out), pooling, nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve images of shape (n_items, n_in, height, width)."""
        if self.training:
            return super().forward(x)
        convolution, norm, pooling, rectify = cast(tuple[nn.Conv2d, BatchNorm, nn.Module, nn.ReLU], tuple(self))
        gain = norm.gain / torch.sqrt(norm.variance + 1e-5)
        weight, bias = convolution.weight * gain[:, None, None, None], norm.shift - norm.mean * gain
        image = nn.functional.conv2d(x, weight, bias, convolution.stride, convolution.padding)
        return cast(torch.Tensor, rectify(pooling(image)))


class TrackModule(nn.Module):
    """Standardises the bands, convolves over bands and time, and classifies an embedding.

    The first convolution leaves 32 rows of bands at most, each further one halves rows and frames: what it has learned
    of a sound holds wherever in pitch and time it comes. The last one knows all rows apart, and goes over time alone. A
    subclass says how its features are pooled to the embedding.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    n_classes : int
        Number of classes.
    n_dims : int
        Length of the embedding.
    channels : tuple of int
        Channels of each convolution.
    dropout : float
        Share of the embedding dropped in training.
    use_bfloat16 : bool
        Whether to compute in bfloat16 where torch finds that safe.
    """

    def __init__(
        self, n_bands: int, n_classes: int, n_dims: int, channels: tuple[int, ...], dropout: float, use_bfloat16: bool
    ) -> None:
        super().__init__()
        self.n_dims = n_dims
        self.use_bfloat16 = use_bfloat16
        self.standardize = Standardize(n_bands)
        self.front = nn.Sequential()
        n_in, n_rows = 1, n_bands
        for n_out in channels[:-1]:
            if not self.front:
                stride = math.ceil(n_bands / 32)
                self.front.append(Convolution(1, n_out, (5, 5), stride=stride))
                n_rows = math.ceil(n_rows / stride)
            else:
                self.front.append(Convolution(n_in, n_out, (3, 3), pool=2))
                n_rows = math.ceil(n_rows / 2)
            n_in = n_out
        self.last = Convolution(n_in * n_rows, channels[-1], (1, 3))
        self.head = nn.Sequential(nn.Dropout(dropout), Linear(n_dims, n_classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_items, n_classes), float32."""
        embeddings = self.embed(x)
        with self._autocast(x):
            return self.head(embeddings).float()

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return embeddings of shape (n_items, n_dims), float32."""
        with self._autocast(x):
            image = self.front(self.standardize(x)[:, None])
            # An image one row high: torch convolves it faster than it does a sequence.
            row = image.flatten(1, 2)[:, :, None].contiguous(memory_format=torch.channels_last)
            return self._pool(self.last(row).squeeze(2)).float()

    def _autocast(self, x: torch.Tensor) -> torch.autocast:
        # torch keeps what it has cast for the whole process, and any thread that leaves such a context clears it: then
        # the steps of a recurrent net add up their gradients in another precision.
        return torch.autocast(x.device.type, torch.bfloat16, enabled=self.use_bfloat16, cache_enabled=False)

    def _pool(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


class ConvNet(TrackModule):
    """Convolutions over bands and time, pooled by mean, deviation and maximum.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    n_classes : int
        Number of classes.
    channels : tuple of int, default=(8, 16, 32, 128)
        Channels of each convolution.
    dropout : float, default=0.4
        Share of the embedding dropped in training.
    use_bfloat16 : bool, default=False
        Whether to compute in bfloat16 where torch finds that safe.
    """

    def __init__(
        self,
        n_bands: int,
        n_classes: int,
        channels: tuple[int, ...] = (8, 16, 32, 128),
        dropout: float = 0.4,
        use_bfloat16: bool = False,
    ) -> None:
        super().__init__(n_bands, n_classes, 3 * channels[-1], channels, dropout, use_bfloat16)

    def _pool(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean(dim=2)
        variance = ((x - mean[:, :, None]) ** 2).mean(dim=2)
        # A root is infinitely steep at 0, where features that never vary are.
        return torch.cat([mean, torch.sqrt(variance + 1e-5), x.amax(dim=2)], dim=1)


class ConvGRU(TrackModule):
    """Convolutions over bands and time, a gated recurrent unit in both directions, and attention over its states.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    n_classes : int
        Number of classes.
    channels : tuple of int, default=(8, 16, 32, 128)
        Channels of each convolution.
    n_hidden : int, default=64
        States of the recurrent unit, in each direction.
    dropout : float, default=0.4
        Share of the embedding dropped in training.
    use_bfloat16 : bool, default=False
        Whether to compute in bfloat16 where torch finds that safe.
    """

    def __init__(
        self,
        n_bands: int,
        n_classes: int,
        channels: tuple[int, ...] = (8, 16, 32, 128),
        n_hidden: int = 64,
        dropout: float = 0.4,
        use_bfloat16: bool = False,
    ) -> None:
        super().__init__(n_bands, n_classes, 2 * n_hidden, channels, dropout, use_bfloat16)
        self.recurrent = nn.GRU(channels[-1], n_hidden, batch_first=True, bidirectional=True)
        self.attention = Linear(self.n_dims, 1)

    def _pool(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.recurrent(x.transpose(1, 2))
        return (states * self.attention(states).softmax(dim=1)).sum(dim=1)
