"""Any torch module as a transformer from waveforms to embeddings."""

import copy
import hashlib
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
import torch

from skgenre._sklearn import Interval
from skgenre.pretrained._base import ModuleEmbedder
from skgenre.pretrained._windows import tensors_of


class TorchEmbedder(ModuleEmbedder):
    """Embed tracks with any torch module that takes windows of a waveform.

    The protocol: in ``eval`` mode, ``module(batch)`` takes a float32 tensor of shape (n_windows, window), with samples
    in [-1, 1] at ``sample_rate``, and gives a tensor of shape (n_windows, n_dims). The embedding of a track is the mean
    over its windows. A module that wants its input in another way, or gives more than one tensor, is wrapped in one
    that does this. The embedder can be pickled if the module can.

    Parameters
    ----------
    module : torch.nn.Module or callable
        The module, or a function or class that makes it when called with no arguments; it is copied in ``fit``. What
        makes it is the better choice where ``Pipeline(memory=...)`` has to recognise the embedder, for joblib takes a
        copy of a tensor for another one. The module is not trained; denormal numbers in it, which slow some processors
        down, are set to zero.
    sample_rate : int, default=16000
        Samples per second that the module expects, in hertz; ``AudioLoader(sample_rate=...)`` resamples to it.
    window : int, default=48000
        Samples that the module takes at once. A shorter track is repeated until it fills a window.
    overlap : float, default=0.0
        Share of a window that the next one repeats, in [0, 1); the last window ends with the track.
    n_windows : int, default=None
        Windows of each track, evenly spread, which bounds the work on long tracks; None means all.
    batch_size : int, default=16
        Windows to run at once.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the embedding of each track, as in :class:`MelExtractor`; also under a digest of the module.
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
        The copy that computes.
    n_dims_ : int
        Number of dimensions.
    digest_ : str
        Of the weights, the structure and the numbers and words set on the module, though not of its code.
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    MusiCNNEmbedder : A published net, ready for use.

    Examples
    --------
    Loudness in place of a real net:

    >>> import numpy as np
    >>> import torch
    >>> from skgenre import TorchEmbedder
    >>> class Loudness(torch.nn.Module):
    ...     def forward(self, batch):
    ...         return torch.stack([batch.abs().mean(dim=1), batch.abs().amax(dim=1)], dim=1)
    >>> embedder = TorchEmbedder(Loudness(), sample_rate=8000, window=4000)
    >>> tracks = np.repeat([[0.1], [-0.5]], 8000, axis=1)
    >>> embedder.fit_transform(tracks).round(2)
    array([[0.1, 0.1],
           [0.5, 0.5]], dtype=float32)
    """

    _parameter_constraints: dict = {
        "module": [callable],
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
        "window": [Interval(Integral, 1, None, closed="left")],
        **ModuleEmbedder._parameter_constraints,
    }

    def __init__(
        self,
        module: Any = None,
        *,
        sample_rate: int = 16000,
        window: int = 48000,
        overlap: float = 0.0,
        n_windows: int | None = None,
        batch_size: int = 16,
        memory: Any = None,
        n_jobs: int | None = None,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.module = module
        self.sample_rate = sample_rate
        self.window = window
        self.overlap = overlap
        self.n_windows = n_windows
        self.batch_size = batch_size
        self.memory = memory
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose

    def _load(self) -> tuple[torch.nn.Module, str]:
        module = self.module if isinstance(self.module, torch.nn.Module) else self.module()
        if not isinstance(module, torch.nn.Module):
            raise TypeError(f"module must be a torch.nn.Module or a function that makes one, got {module!r:.80}")
        digest = hashlib.sha256(f"{type(module).__module__} {module!r}".encode())
        for name, part in module.named_modules():
            digest.update(f"{name} {_settings(part)}".encode())
        for name, tensor in tensors_of(module):
            digest.update(f"{name} {_spell(tensor)}".encode())
        return copy.deepcopy(module), digest.hexdigest()

    @property
    def _sample_rate(self) -> int:
        return self.sample_rate

    @property
    def _window(self) -> int:
        return self.window


def _settings(module: torch.nn.Module) -> list[tuple[str, str]]:
    """Return what is set on a module beside its weights: two that differ in a number alone may look the same."""
    own = vars(torch.nn.Module())
    return sorted((name, _spell(value)) for name, value in vars(module).items() if name not in own)


def _spell(value: Any) -> str:
    """Return text that differs where numbers or words differ, also in tensors, arrays and collections of them."""
    if isinstance(value, torch.Tensor) and value.layout == torch.strided:
        numbers = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return f"{value.dtype} {tuple(value.shape)} {hashlib.sha256(numbers.tobytes()).hexdigest()}"
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, Mapping):
        return _spell(list(value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        items = [_spell(item) for item in value]
        return f"[{', '.join(sorted(items) if isinstance(value, set | frozenset) else items)}]"
    plain = (bool, int, float, complex, str, bytes, type(None))
    return repr(value) if type(value) in plain else type(value).__qualname__
