"""The torch modules behind the classifiers: no skorch, no estimator.

Each takes features (n_items, n_bands, n_frames), standardises the bands, and gives the logits of the classes; ``embed``
gives what the last layer sees. Normalisation is over all channels and frames of an item: its answer does not depend on
its batch, and the channels keep their levels relative to each other.
"""

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


def _convolution(n_in: int, n_out: int, *, pool: bool = True) -> nn.Sequential:
    layers = [nn.Conv1d(n_in, n_out, kernel_size=3, padding=1), nn.GroupNorm(1, n_out), nn.ReLU()]
    return nn.Sequential(*layers, *[nn.MaxPool1d(2, ceil_mode=True)] * pool)


class ConvNet(nn.Module):
    """Convolutions over time with the bands as channels, pooled over time by mean and maximum.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    n_classes : int
        Number of classes.
    channels : tuple of int, default=(64, 128, 128, 256)
        Channels of each convolution.
    dropout : float, default=0.3
        Share of the embedding dropped in training.
    """

    def __init__(
        self, n_bands: int, n_classes: int, channels: tuple[int, ...] = (64, 128, 128, 256), dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.standardize = Standardize(n_bands)
        widths = [n_bands, *channels]
        self.convolutions = nn.Sequential(*[_convolution(a, b) for a, b in zip(widths, channels, strict=False)])
        self.n_dims = 2 * channels[-1]
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.n_dims, n_classes))

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return embeddings of shape (n_items, n_dims)."""
        x = self.convolutions(self.standardize(x))
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_items, n_classes)."""
        return self.head(self.embed(x))


class ConvGRU(nn.Module):
    """Convolutions over time, a gated recurrent unit in both directions, and attention over its states.

    Parameters
    ----------
    n_bands : int
        Number of bands.
    n_classes : int
        Number of classes.
    channels : tuple of int, default=(64, 128)
        Channels of each convolution.
    n_hidden : int, default=64
        States of the recurrent unit, in each direction.
    dropout : float, default=0.3
        Share of the embedding dropped in training.
    """

    def __init__(
        self,
        n_bands: int,
        n_classes: int,
        channels: tuple[int, ...] = (64, 128),
        n_hidden: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.standardize = Standardize(n_bands)
        widths = [n_bands, *channels]
        self.convolutions = nn.Sequential(*[_convolution(a, b) for a, b in zip(widths, channels, strict=False)])
        self.recurrent = nn.GRU(channels[-1], n_hidden, batch_first=True, bidirectional=True)
        self.n_dims = 2 * n_hidden
        self.attention = nn.Linear(self.n_dims, 1)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.n_dims, n_classes))

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Return embeddings of shape (n_items, n_dims)."""
        states, _ = self.recurrent(self.convolutions(self.standardize(x)).transpose(1, 2))
        return (states * self.attention(states).softmax(dim=1)).sum(dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (n_items, n_classes)."""
        return self.head(self.embed(x))
