"""MusiCNN, a net that tags music, and the embeddings that it makes on the way."""

import os
from typing import Any, Self, cast

import numpy as np
import torch
from torch import nn

from skgenre._sklearn import StrOptions
from skgenre.pretrained._base import ModuleEmbedder
from skgenre.pretrained._weights import find_weights, read_weights, tags_of

SAMPLE_RATE = 16000
WINDOW = 3 * SAMPLE_RATE
N_FFT, HOP_LENGTH, N_MELS = 512, 256, 96


class MusiCNN(nn.Module):
    """The net, with the names of the published weights, and their sizes by default.

    Parameters
    ----------
    n_timbre, n_rhythm : int, default=204 and 51
        Filters of each of the two layers for timbre, and of the three for rhythm.
    n_channels : int, default=64
        Filters of each of the three layers after them.
    n_hidden : int, default=200
        Size of the last hidden layer.
    n_tags : int, default=50
        Number of tags.
    output : {"embedding", "tags", "pooled"}, default="tags"
        What it gives of each window: the last hidden layer, the probabilities of the tags, or the maxima over time of
        all channels and then their means.
    """

    def __init__(
        self,
        n_timbre: int = 204,
        n_rhythm: int = 51,
        n_channels: int = 64,
        n_hidden: int = 200,
        n_tags: int = 50,
        output: str = "tags",
    ) -> None:
        super().__init__()
        self.output = output
        self.spec = _MelPower()
        self.spec_bn = nn.BatchNorm2d(1)
        timbre = [_Timbre(n_timbre, int(share * N_MELS)) for share in (0.7, 0.4)]
        rhythm = [_Rhythm(n_rhythm, n_frames) for n_frames in (129, 65, 33)]
        self.layers = nn.ModuleList([*timbre, *rhythm])
        n_front = 2 * n_timbre + 3 * n_rhythm
        self.layer1, self.layer2, self.layer3 = (_Frames(n, n_channels) for n in (n_front, n_channels, n_channels))
        self.dense1 = nn.Linear(2 * (n_front + 3 * n_channels), n_hidden)
        self.bn = nn.BatchNorm1d(n_hidden)
        self.dense2 = nn.Linear(n_hidden, n_tags)

    @classmethod
    def from_state(cls, state: dict[str, torch.Tensor], output: str) -> Self:
        """Make a net of the sizes that the weights have, with these weights."""
        biases = {
            "n_timbre": "layers.0.conv.bias",
            "n_rhythm": "layers.2.conv.bias",
            "n_channels": "layer1.conv.bias",
            "n_hidden": "dense1.bias",
            "n_tags": "dense2.bias",
        }
        with torch.device("meta"):  # nothing is drawn at random that the weights replace
            wrong = sorted(set(cls().state_dict()) ^ set(state))
        if wrong:
            raise ValueError(f"{len(wrong)} names are missing or unknown, such as {wrong[0]!r}")
        with torch.device("meta"):
            module = cls(**{size: len(state[name]) for size, name in biases.items()}, output=output)
        module.load_state_dict(state, assign=True)
        return module

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Turn windows of shape (n_windows, n_samples) into (n_windows, n_dims)."""
        decibels = 10 * self.spec(batch).clamp(min=1e-10).log10()
        image = self.spec_bn(decibels.unsqueeze(1))
        front = torch.cat([layer(image) for layer in self.layers], dim=1)
        first = self.layer1(front)
        second = self.layer2(first) + first
        third = self.layer3(second) + second
        channels = torch.cat([front, first, second, third], dim=1)
        pooled = torch.cat([channels.amax(dim=2), channels.mean(dim=2)], dim=1)
        if self.output == "pooled":
            return pooled
        embedding = self.bn(self.dense1(pooled)).relu()
        return embedding if self.output == "embedding" else self.dense2(embedding).sigmoid()


class _MelPower(nn.Module):
    """Power in mel bands: (n, n_samples) to (n, n_mels, n_frames), by the window and filters in the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram, self.mel_scale = nn.Module(), nn.Module()
        self.spectrogram.register_buffer("window", torch.hann_window(N_FFT))
        self.mel_scale.register_buffer("fb", torch.zeros(N_FFT // 2 + 1, N_MELS))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        window, filters = (cast(torch.Tensor, part) for part in (self.spectrogram.window, self.mel_scale.fb))
        spectrum = torch.stft(batch, N_FFT, HOP_LENGTH, window=window, pad_mode="reflect", return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(dim=-1)
        return filters.T @ power


class _Timbre(nn.Module):
    """Filters as tall as many bands: what sounds together, wherever it lies."""

    def __init__(self, n_filters: int, n_bands: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, n_filters, (n_bands, 7), padding=(0, 3))
        self.bn = nn.BatchNorm2d(n_filters)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        image = image.to(memory_format=torch.channels_last)  # a convolution so tall takes half the time
        # The answers to several windows take memory that the system hands out afresh each time, which costs more.
        n_at_once = 1 if image.device.type == "cpu" else len(image)
        return torch.cat([self._maxima(part) for part in image.split(n_at_once)]).relu().transpose(1, 2)

    def _maxima(self, image: torch.Tensor) -> torch.Tensor:
        return self.bn(self.conv(image)).permute(0, 2, 3, 1).amax(dim=1)  # along how they lie in memory


class _Rhythm(nn.Module):
    """Filters as long as many frames, on the mean of the bands: what happens after what."""

    def __init__(self, n_filters: int, n_frames: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, n_filters, n_frames, padding=n_frames // 2)
        self.bn = nn.BatchNorm1d(n_filters)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.bn(self.conv(image.mean(dim=2))).relu()


class _Frames(nn.Module):
    """Filters over all channels and a few frames."""

    def __init__(self, n_channels: int, n_filters: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(n_channels, n_filters, 7, padding=3)
        self.bn = nn.BatchNorm1d(n_filters)

    def forward(self, channels: torch.Tensor) -> torch.Tensor:
        return self.bn(self.conv(channels)).relu()


class MusiCNNEmbedder(ModuleEmbedder):
    """Embed or tag tracks with MusiCNN, a net trained on much tagged music.

    Use it in front of a linear model where there is too little music to train a net on. The numbers are those of the
    published net, on windows of 3 s; those of a track are the mean over its windows.

    Parameters
    ----------
    weights : {"jamendo", "mtat"} or path, default="jamendo"
        Which weights: trained on MTG-Jamendo or on MagnaTagATune, downloaded once into the user's cache; or the file
        where it lies. A file must be one of the two, or have the digest ``sha256``.
    output : {"embedding", "tags", "pooled"}, default="embedding"
        The last hidden layer (200 dimensions); the probabilities of 50 tags; or what the hidden layer sees: of 753
        channels first the maxima over the frames of a window, then the means (1506).
    sha256 : str, default=None
        Digest that the file of weights of your own must have. None means that of one of the published files.
    overlap : float, default=0.0
        Share of a window that the next one repeats, in [0, 1); the last window ends with the track.
    n_windows : int, default=None
        Windows of each track, evenly spread, which bounds the work on long tracks; None means all. With 16 a track
        gets the windows that the weights were published with figures for.
    batch_size : int, default=16
        Windows to run at once.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the embedding of each track, as in :class:`MelExtractor`; also under a digest of the weights.
    n_jobs : int, default=None
        Tracks to work on at once, each on one thread. None means the waveforms' own ``n_jobs``, else 1; -1 all
        processors.
    device : str, default="auto"
        Device of torch. ``"auto"`` means a GPU where there is one.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    module_ : torch.nn.Module
        The net.
    n_dims_ : int
        Number of dimensions.
    digest_ : str
        SHA-256 of the file of weights.
    tags_ : tuple of str
        Names of the tags.
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    Raises
    ------
    FileNotFoundError, ConnectionError, ValueError
        In ``fit``: if there is no such file, it cannot be downloaded, or is another one than it should be.

    See Also
    --------
    TorchEmbedder : Any other torch module.

    References
    ----------
    J. Pons et al., "End-to-end Learning for Music Audio Tagging at Scale", 2018.

    M. Won, A. Ferraro, D. Bogdanov and X. Serra, "Evaluation of CNN-based Automatic Music Tagging Models", 2020.

    Examples
    --------
    The first call downloads the weights:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgenre import AudioLoader, MusiCNNEmbedder
    >>> genre = make_pipeline(
    ...     AudioLoader(sample_rate=16000), MusiCNNEmbedder("jamendo"), StandardScaler(), LogisticRegression()
    ... )
    """

    _parameter_constraints: dict = {
        "weights": [str, os.PathLike],
        "output": [StrOptions({"embedding", "tags", "pooled"})],
        "sha256": [None, str],
        **ModuleEmbedder._parameter_constraints,
    }
    _sample_rate = SAMPLE_RATE
    _window = WINDOW

    def __init__(
        self,
        weights: str | os.PathLike[str] = "jamendo",
        *,
        output: str = "embedding",
        sha256: str | None = None,
        overlap: float = 0.0,
        n_windows: int | None = None,
        batch_size: int = 16,
        memory: Any = None,
        n_jobs: int | None = None,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.weights = weights
        self.output = output
        self.sha256 = sha256
        self.overlap = overlap
        self.n_windows = n_windows
        self.batch_size = batch_size
        self.memory = memory
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose

    def _names(self) -> np.ndarray:
        return np.array(self.tags_, dtype=object) if self.module_.output == "tags" else super()._names()

    def _load(self) -> tuple[nn.Module, str]:
        path = find_weights(self.weights)
        state, digest = read_weights(path, self.sha256)
        try:
            module = MusiCNN.from_state(state, self.output)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{path} must hold the weights of a MusiCNN: {error}") from error
        self.tags_ = tags_of(digest, module.dense2.out_features)
        return module, digest

    def _recipe(self, sample_rate: int) -> tuple:
        return (*super()._recipe(sample_rate), self.module_.output)
