"""How an extractor walks tracks: in threads, from a store or into a file; what it computes is its own."""

import os
import warnings
from collections.abc import Generator
from contextlib import closing
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from tqdm.auto import tqdm

from skgenre import spectral
from skgenre._rows import RowArray, labels_of
from skgenre._sklearn import HasMethods, Interval, _fit_context
from skgenre._store import ArrayStore, map_rows, stack_rows
from skgenre._threads import in_worker, map_threads, one_blas_thread
from skgenre._warnings import users_line
from skgenre.audio import AudioError, Waveforms, as_rows, check_tracks, is_paths
from skgenre.features._sequence import FeatureSequence

DEFAULT_SAMPLE_RATE = 22050
NUMERICS_VERSION = 3
"""Raised when the numbers change, so that what an earlier version stored is not used."""


def _not_stored() -> np.ndarray:
    raise LookupError


class Extractor(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Walks waveforms with threads; a subclass says what is computed from one."""

    _parameter_constraints: dict = {
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [None, Interval(Real, 0, None, closed="neither")],
        "sample_rate": [None, Interval(Integral, 1, None, closed="left")],
        "memory": [None, str, os.PathLike, HasMethods("cache")],
        "out": [None, str, os.PathLike],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the tracks; nothing is learned or decoded.

        Parameters
        ----------
        X : Waveforms, array-like of shape (n_tracks, n_samples), or sequence of ndarray of shape (n_samples,)
            Tracks.
        y : None
            Ignored.

        Returns
        -------
        self : estimator
            The extractor.
        """
        rate = self._rate(X)
        self._check_waveforms(X, reset=True)
        self._check_rates(rate)
        return self

    def transform(self, X: Any) -> np.ndarray | FeatureSequence:
        """Compute the features of every track.

        Parameters
        ----------
        X : Waveforms, array-like of shape (n_tracks, n_samples), or sequence of ndarray of shape (n_samples,)
            Tracks.

        Returns
        -------
        features : ndarray of shape (n_tracks, n_bands, n_frames), or FeatureSequence, float32
            A sequence of matrices where tracks keep their own length.

        Raises
        ------
        AudioError
            If a track cannot be decoded.
        ValueError
            If ``sample_rate`` is not the waveforms' own, or parameters contradict each other.
        """
        self._validate_params()
        rate = self._rate(X)
        labels = labels_of(X)
        X = self._check_waveforms(X, reset=False)
        self._check_rates(rate)
        names = self.get_feature_names_out()
        if isinstance(X, Waveforms) and X.n_samples is None:
            if self.out is not None:
                raise ValueError("out needs tracks of equal length: set AudioLoader(duration=...)")
            return FeatureSequence(self._walk(X, rate), band_names=names, row_labels=labels)
        if self.out is None:
            return RowArray(stack_rows(self._walk(X, rate), len(X)), band_names=names, row_labels=labels)
        # Digests, not the keys themselves: nothing that grows with the tracks is held while they are walked.
        tracks = [joblib.hash(X.key(row)) for row in range(len(X))] if isinstance(X, Waveforms) else np.asarray(X)
        digest = joblib.hash((self._recipe(rate), tracks))
        del tracks
        return RowArray(self._mapped(X, rate, digest), band_names=names, row_labels=labels)

    def _mapped(self, X: Any, sample_rate: int, digest: str) -> np.ndarray:
        """Return the rows as a mapped file; silence that stands in for some is noted beside it, and told each time."""
        note = Path(self.out) / f"{digest}.silent"

        def rows() -> Generator[np.ndarray]:
            note.unlink(missing_ok=True)
            yield from self._walk(X, sample_rate)
            if errors := getattr(X, "errors", None):
                note.write_text(" ".join(map(str, sorted(errors))), encoding="ascii")

        mapped = map_rows(self.out, digest, rows, len(X))
        known = getattr(X, "errors", {})
        for row in map(int, note.read_text(encoding="ascii").split()) if note.is_file() else ():
            if row not in known:
                try:
                    X.decode(row)
                except AudioError as error:
                    X.stand_in(row, error)
                else:  # what failed was no fault of the file's
                    note.with_suffix(".npy").unlink(missing_ok=True)
                    return self._mapped(X, sample_rate, digest)
        return mapped

    def _walk(self, X: Any, sample_rate: int) -> Generator[np.ndarray]:
        """Give the rows in order as they are done, so that no second copy is ever held."""
        with closing(self._rows(X, sample_rate)) as rows:
            yield from tqdm(rows, total=len(X), desc=type(self).__name__, unit="track", disable=not self.verbose)

    def _rows(self, X: Any, sample_rate: int) -> Generator[np.ndarray]:
        """Read what is stored, and from the first row that is not, let threads go on.

        Or what ``joblib.parallel_config`` names in their place: a worker process has a copy of ``X``, so errors are
        listed here. A search asks for stored rows again and again, and reading them takes less than asking workers.
        """
        store = ArrayStore(self.memory) if self.memory is not None and isinstance(X, Waveforms) else None
        start = 0
        while store is not None and start < len(X):
            try:
                features = store.fetch(self._key(X, start, sample_rate), _not_stored)
            except LookupError:
                break
            yield features
            start += 1
        if start == len(X):
            return
        n_jobs = self.n_jobs if self.n_jobs is not None else getattr(X, "n_jobs", None)
        # A core may be idle where a lone track is waited for; n_jobs=1 asks for one thread, and gets one.
        helped = len(X) - start == 1 and n_jobs != 1 and not in_worker()
        track = partial(X.alone, helped=helped) if isinstance(X, Waveforms) else lambda row: X[row : row + 1]
        compute = partial(self._compute_row, sample_rate=sample_rate, store=store)
        computed = map_threads(compute, (track(row) for row in range(start, len(X))), n_jobs)
        with one_blas_thread():
            for row, features in enumerate(computed, start):
                if isinstance(features, AudioError):
                    features = self._compute(X.stand_in(row, features), sample_rate)
                yield features

    def _compute_row(self, X: Any, sample_rate: int, store: ArrayStore | None) -> np.ndarray | AudioError:
        """Compute the one row of X, or say why silence has to stand in for it."""
        if not isinstance(X, Waveforms):
            return self._compute(X[0], sample_rate)
        try:
            if store is None:
                return self._compute(X.decode(0), sample_rate)
            return store.fetch(self._key(X, 0, sample_rate), lambda: self._compute(X.decode(0), sample_rate))
        except AudioError as error:
            if X.on_error == "raise":
                raise
            return error

    def _key(self, X: Waveforms, row: int, sample_rate: int) -> tuple:
        return (self._recipe(sample_rate), X.key(row))

    def _recipe(self, sample_rate: int) -> tuple:
        """Return what the features depend on beside the track."""
        without = ("memory", "n_jobs", "out", "sample_rate", "verbose")
        params = {name: value for name, value in self.get_params().items() if name not in without}
        if "fmax" in params:
            params["fmax"] = params["fmax"] or sample_rate / 2
        numbers = ((name, float(value) if isinstance(value, Real) else value) for name, value in params.items())
        return (type(self).__name__, NUMERICS_VERSION, int(sample_rate), *sorted(numbers))  # 30 and 30.0 are one

    def _log_mel(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        power = spectral.mel_power(
            y,
            sample_rate=sample_rate,
            n_mels=self.n_mels,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            fmin=self.fmin,
            fmax=self.fmax,
        )
        return spectral.power_to_db(power)

    def _check_waveforms(self, X: Any, *, reset: bool) -> Waveforms | np.ndarray:
        if isinstance(X, Waveforms):
            if len(X) == 0:
                raise ValueError("X holds no tracks")
            return X
        X = as_rows(X)
        if is_paths(X):
            raise ValueError(f"{type(self).__name__} takes waveforms, got paths: put an AudioLoader in front of it")
        X = check_tracks(self, X, reset=reset)
        return X if isinstance(X, np.ndarray) else Waveforms(X, self._rate(X))

    def _rate(self, X: Any) -> int:
        own = getattr(X, "sample_rate", None)
        if own and self.sample_rate and own != self.sample_rate:
            raise ValueError(
                f"sample_rate must be None or the waveforms' own, got {self.sample_rate} for waveforms at {own} Hz"
            )
        return own or self.sample_rate or DEFAULT_SAMPLE_RATE

    def _check_rates(self, sample_rate: int) -> None:
        fmax = sample_rate / 2 if self.fmax is None else self.fmax
        if fmax > sample_rate / 2:
            raise ValueError(f"fmax must be <= half the sample rate, got {fmax} > {sample_rate / 2}")
        if self.fmin >= fmax:
            raise ValueError(f"fmin must be < fmax, got {self.fmin} >= {fmax}")
        if self.hop_length > self.n_fft:
            raise ValueError(f"hop_length must be <= n_fft, got {self.hop_length} > {self.n_fft}")
        bank = spectral.mel_bank(sample_rate, int(self.n_fft), int(self.n_mels), self.fmin, self.fmax)
        if n_empty := np.count_nonzero(~bank.any(axis=1)):
            warnings.warn(
                f"{n_empty} of n_mels={self.n_mels} bands hold no frequency of a transform of n_fft={self.n_fft} "
                "samples and stay silent: use fewer bands or a longer transform",
                stacklevel=users_line(),
            )

    def set_output(self, *, transform: Any = None) -> Self:
        """Do nothing: 3-D features have no data frame form. Present so that ``Pipeline.set_output`` works.

        Parameters
        ----------
        transform : object
            Ignored.

        Returns
        -------
        self : estimator
            The extractor.
        """
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
