"""How an embedder runs a module over tracks; where the module comes from is its own."""

import copy
import warnings
from contextlib import suppress
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import TransformerMixin

from skgenre._devices import find_device
from skgenre._rows import labelled
from skgenre._sklearn import Interval, _fit_context
from skgenre._store import stack_rows
from skgenre._warnings import users_line
from skgenre.audio import Waveforms
from skgenre.features import Extractor
from skgenre.pretrained._windows import run_windows, tensors_of, window_starts

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
        TypeError
            If the module is none, or gives something else than a tensor.
        ValueError
            If the waveforms are at another sample rate than the module's, or the tensor is of another shape.
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
            If the waveforms are at another sample rate than the module's, or what it gives has the wrong shape.

        Warns
        -----
        UserWarning
            If the module makes NaN or infinite numbers of a track, as some do of silence.
        """
        self._validate_params()
        rate = self._rate(X)
        waveforms = self._check_waveforms(X, reset=False)
        embeddings = stack_rows(self._ready()._walk(waveforms, rate), len(waveforms))
        if len(odd := np.flatnonzero(~np.isfinite(embeddings).all(axis=1))):
            name = f", {waveforms.paths[odd[0]]!r}" if isinstance(waveforms, Waveforms) else ""
            warnings.warn(
                f"the module makes NaN or infinite numbers of {len(odd)} of {len(waveforms)} tracks, "
                f"as some do of silence; the first is in row {odd[0]}{name}",
                stacklevel=users_line(),
            )
        return labelled(embeddings, self, X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the dimensions: after the tags where a net gives tags, else ``embedding0``, ``embedding1`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_dims,) of str
            A name for each dimension.
        """
        return self._ready()._names()

    def _names(self) -> np.ndarray:
        return np.array([f"embedding{number}" for number in range(self.n_dims_)], dtype=object)

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
        module, digest = self._load()
        flush_denormals(module)
        module = module.eval().to(find_device(self.device))
        silence = np.zeros(self._window, dtype=np.float32)
        answer = run_windows(module, silence, np.zeros(1, dtype=int), self._window, 1)
        self.module_, self.digest_, self.n_dims_ = module, digest, answer.shape[1]
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


def flush_denormals(module: torch.nn.Module) -> None:
    """Set numbers too small for full precision to zero: some processors take many times as long over them."""
    with torch.no_grad():
        for _, tensor in tensors_of(module):
            if tensor.is_floating_point() and tensor.layout == torch.strided:
                tensor[tensor.abs() < torch.finfo(tensor.dtype).tiny] = 0
