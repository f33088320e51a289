"""Any torch module as a transformer from waveforms to embeddings."""

import copy
import hashlib
from contextlib import suppress
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import TransformerMixin

from skgenre._sklearn import Interval, _fit_context
from skgenre._store import stack_rows
from skgenre.features import Extractor
from skgenre.pretrained._windows import run_windows, window_starts

NUMERICS_VERSION = 1
"""Raised when the numbers change, so that what an earlier version stored is not used."""


class ModuleEmbedder(Extractor):
    """Runs a module over the windows of each track; a subclass says where module, rate and window come from."""

    _parameter_constraints: dict = {
        "overlap": [Interval(Real, 0, 1, closed="left")],
        "n_windows": [None, Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        **{name: Extractor._parameter_constraints[name] for name in ("memory", "n_jobs", "verbose")},
    }
    set_output = TransformerMixin.set_output  # the extractors' own does nothing, for 3-D features

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Make the module ready and check the tracks; nothing is learned or decoded.

        Parameters
        ----------
        X : Waveforms, array-like of shape (n_tracks, n_samples), or sequence of ndarray of shape (n_samples,)
            Tracks.
        y : None
            Ignored.

        Returns
        -------
        self : estimator
            The embedder.

        Raises
        ------
        ValueError
            If the waveforms are at another sample rate than the module's, or the module does not fit the protocol.
        """
        super().fit(X, y)
        return self._prepare()

    def transform(self, X: Any) -> np.ndarray:
        """Embed every track: the mean of what the module says of its windows.

        Parameters
        ----------
        X : Waveforms, array-like of shape (n_tracks, n_samples), or sequence of ndarray of shape (n_samples,)
            Tracks.

        Returns
        -------
        embeddings : ndarray of shape (n_tracks, n_dims), float32
            Embeddings.

        Raises
        ------
        AudioError
            If a track cannot be decoded.
        ValueError
            If the waveforms are at another sample rate than the module's.
        """
        self._validate_params()
        rate = self._rate(X)
        X = self._check_waveforms(X, reset=False)
        return stack_rows(self._ready()._walk(X, rate), len(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the dimensions: ``embedding0``, ``embedding1`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_dims,) of str
            A name for each dimension.
        """
        return np.array([f"embedding{number}" for number in range(self._ready().n_dims_)], dtype=object)

    def _load(self) -> tuple[torch.nn.Module, str]:
        """Return the module, free to be changed, and a digest of all that it computes with."""
        raise NotImplementedError

    @property
    def _sample_rate(self) -> int:
        """Samples per second that the module expects, in hertz."""
        raise NotImplementedError

    @property
    def _window(self) -> int:
        """Samples of a window."""
        raise NotImplementedError

    def _prepare(self) -> Self:
        module, self.digest_ = self._load()
        flush_denormals(module)
        self.module_ = module.eval().requires_grad_(False).to(find_device(self.device))
        silence = np.zeros(self._window, dtype=np.float32)
        answer = run_windows(self.module_, silence, np.zeros(1, dtype=int), self._window, 1)
        if answer.ndim != 2 or len(answer) != 1:
            raise ValueError(
                f"module must turn (n_windows, {self._window}) samples into (n_windows, n_dims) numbers, "
                f"{type(module).__name__} turned 1 window into {answer.shape}"
            )
        self.n_dims_ = answer.shape[1]
        return self

    def _ready(self) -> Self:
        """Return the embedder itself if it is fitted, else one that is: ``transform`` works without ``fit``."""
        return self if hasattr(self, "module_") else copy.copy(self)._prepare()

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        starts = window_starts(len(y), self._window, self.overlap, self.n_windows)
        answers = run_windows(self.module_, y, starts, self._window, self.batch_size)
        return answers.mean(axis=0, dtype=np.float64).astype(np.float32)

    def _rate(self, X: Any) -> int:
        rate = self._sample_rate
        own = getattr(X, "sample_rate", None)
        if own and own != rate:
            raise ValueError(
                f"{type(self).__name__} needs waveforms at {rate} Hz, got {own} Hz: AudioLoader(sample_rate={rate})"
            )
        return rate

    def _check_rates(self, sample_rate: int) -> None:
        """Nothing to check: all comes from the module."""

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "module_" in state:  # what a GPU has computed with can be read where there is none
            state["module_"] = copy.deepcopy(state["module_"]).cpu()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "module_"):
            with suppress(ValueError):
                self.module_.to(find_device(self.device))

    def _recipe(self, sample_rate: int) -> tuple:
        how = (self.digest_, self._window, self.overlap, self.n_windows, self.batch_size)
        return (type(self).__name__, NUMERICS_VERSION, sample_rate, *how)


class TorchEmbedder(ModuleEmbedder):
    """Embed tracks with any torch module that takes windows of a waveform.

    The protocol: in ``eval`` mode, ``module(batch)`` takes a float32 tensor of shape (n_windows, window), with samples
    in [-1, 1] at ``sample_rate``, and gives a tensor of shape (n_windows, n_dims). The embedding of a track is the mean
    over its windows. A module that wants its input in another way, or gives more than one tensor, is wrapped in one
    that does this. The embedder can be pickled if the module can.

    Parameters
    ----------
    module : torch.nn.Module or callable
        The module, which is copied in ``fit``; or a function or class that makes it when called with no arguments,
        which is the better choice where ``Pipeline(memory=...)`` has to recognise the embedder, for joblib takes a copy
        of a tensor for another one. The module is not trained; denormal numbers in it, which slow some processors
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
        Of the weights and the structure of the module.
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
        module = copy.deepcopy(self.module) if isinstance(self.module, torch.nn.Module) else self.module()
        if not isinstance(module, torch.nn.Module):
            raise TypeError(f"module must be a torch.nn.Module or a function that makes one, got {module!r:.80}")
        digest = hashlib.sha256(f"{type(module).__module__} {module!r}".encode())
        for name, tensor in module.state_dict().items():
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return module, digest.hexdigest()

    @property
    def _sample_rate(self) -> int:
        return self.sample_rate

    @property
    def _window(self) -> int:
        return self.window


def flush_denormals(module: torch.nn.Module) -> None:
    """Set numbers too small for full precision to zero: some processors take many times as long over them."""
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor[tensor.abs() < torch.finfo(tensor.dtype).tiny] = 0


def find_device(name: str) -> str:
    """Return the device of torch that ``"auto"`` or another name means, or raise ``ValueError``."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f'device must be "auto" or a device of torch, got {name!r}') from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f'device={name!r}, but torch finds no GPU; "auto" or "cpu" works without one')
    return name
