"""Transformers from waveforms to features over time."""

import os
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from skgenre import spectral
from skgenre._rows import RowArray
from skgenre._sklearn import HasMethods, Interval, _fit_context
from skgenre._store import ArrayStore, map_rows, stack_rows
from skgenre.audio import AudioError, Waveforms, as_rows, check_tracks, is_paths
from skgenre.features._sequence import FeatureSequence, numbered

DEFAULT_SAMPLE_RATE = 22050
NUMERICS_VERSION = 1
"""Raised when the numbers change, so that what an earlier version stored is not used."""


def _not_stored() -> np.ndarray:
    raise LookupError


class _Extractor(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
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
        X = self._check_waveforms(X, reset=False)
        self._check_rates(rate)
        names = self.get_feature_names_out()
        if isinstance(X, Waveforms) and X.n_samples is None:
            if self.out is not None:
                raise ValueError("out needs tracks of equal length: set AudioLoader(duration=...)")
            return FeatureSequence(self._walk(X, rate), band_names=names)
        if self.out is None:
            return RowArray(stack_rows(self._walk(X, rate), len(X)), band_names=names)
        tracks = [X.key(row) for row in range(len(X))] if isinstance(X, Waveforms) else np.asarray(X)
        key = (self._recipe(rate), tracks)
        return RowArray(map_rows(self.out, key, lambda: self._walk(X, rate), len(X)), band_names=names)

    def _walk(self, X: Any, sample_rate: int) -> Iterator[np.ndarray]:
        """Give the rows in order as they are done, so that no second copy is ever held."""
        rows = self._rows(X, sample_rate)
        return iter(tqdm(rows, total=len(X), desc=type(self).__name__, unit="track", disable=not self.verbose))

    def _rows(self, X: Any, sample_rate: int) -> Iterator[np.ndarray]:
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
        parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
        computed = parallel(delayed(self._compute_row)(X, row, sample_rate, store) for row in range(start, len(X)))
        for row, features in enumerate(computed, start):
            if isinstance(features, AudioError):
                features = self._compute(X.stand_in(row, features), sample_rate)
            yield features

    def _compute_row(self, X: Any, row: int, sample_rate: int, store: ArrayStore | None) -> np.ndarray | AudioError:
        """Compute one row, or say why silence has to stand in for it."""
        if not isinstance(X, Waveforms):
            return self._compute(X[row], sample_rate)
        try:
            if store is None:
                return self._compute(X.decode(row), sample_rate)
            return store.fetch(self._key(X, row, sample_rate), lambda: self._compute(X.decode(row), sample_rate))
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
        return (type(self).__name__, NUMERICS_VERSION, sample_rate, *sorted(params.items()))

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


class MelExtractor(_Extractor):
    """Extract log-scaled mel spectrograms.

    Agrees with ``librosa.feature.melspectrogram`` followed by ``librosa.power_to_db`` to 1e-3. Stateless: ``transform``
    works without ``fit``.

    Parameters
    ----------
    n_mels : int, default=128
        Number of mel bands.
    n_fft : int, default=2048
        Length of the window and of the Fourier transform, in samples.
    hop_length : int, default=512
        Step between frames, in samples.
    fmin, fmax : float, default=0.0 and None
        Lower and upper edge of the bands, in hertz; None means half the sample rate.
    sample_rate : int, default=None
        Samples per second of the tracks, in hertz. None means the waveforms' own, or 22,050 Hz for plain arrays.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates, processes and later runs compute them
        once. They are kept under the path, size and modification time of the file and the parameters; a rewritten
        file is computed again. ``joblib.Memory(folder).reduce_size(bytes_limit)`` bounds a folder.
    out : str or Path, default=None
        Folder to write the features of all tracks to, as one array mapped from a file; for an output too large for
        memory. A file is named by a digest of parameters and tracks, and used again where it exists.
    n_jobs : int, default=None
        Threads. None means the waveforms' own ``n_jobs``, else 1; -1 all processors.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    MFCCExtractor : Cepstral coefficients of the same spectrogram.

    References
    ----------
    B. McFee et al., "librosa: Audio and Music Signal Analysis in Python", 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import MelExtractor
    >>> MelExtractor(n_mels=40).transform(np.zeros((3, 22050))).shape
    (3, 40, 44)
    """

    def __init__(
        self,
        n_mels: int = 128,
        *,
        n_fft: int = 2048,
        hop_length: int = 512,
        fmin: float = 0.0,
        fmax: float | None = None,
        sample_rate: int | None = None,
        memory: Any = None,
        out: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.sample_rate = sample_rate
        self.memory = memory
        self.out = out
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return self._log_mel(y, sample_rate)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mel1``, ``mel2`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mels,) of str
            A name for each band.
        """
        return numbered("mel", self.n_mels)


class MFCCExtractor(_Extractor):
    """Extract mel-frequency cepstral coefficients, with their deltas if wanted.

    Agrees with ``librosa.feature.mfcc`` and ``librosa.feature.delta`` to 1e-3. Stateless: ``transform`` works without
    ``fit``.

    Parameters
    ----------
    n_mfcc : int, default=20
        Number of coefficients.
    deltas : int, default=0
        Highest derivative over time that is appended: 0, 1 or 2.
    n_mels : int, default=128
        Number of mel bands that the coefficients are computed from.
    n_fft : int, default=2048
        Length of the window and of the Fourier transform, in samples.
    hop_length : int, default=512
        Step between frames, in samples.
    fmin, fmax : float, default=0.0 and None
        Lower and upper edge of the bands, in hertz; None means half the sample rate.
    sample_rate : int, default=None
        Samples per second of the tracks, in hertz. None means the waveforms' own, or 22,050 Hz for plain arrays.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates, processes and later runs compute them
        once. They are kept under the path, size and modification time of the file and the parameters; a rewritten
        file is computed again. ``joblib.Memory(folder).reduce_size(bytes_limit)`` bounds a folder.
    out : str or Path, default=None
        Folder to write the features of all tracks to, as one array mapped from a file; for an output too large for
        memory. A file is named by a digest of parameters and tracks, and used again where it exists.
    n_jobs : int, default=None
        Threads. None means the waveforms' own ``n_jobs``, else 1; -1 all processors.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    MelExtractor : The spectrogram that the coefficients are computed from.
    FrameStatistics : Statistics over time, for estimators that take 2-D features.

    References
    ----------
    S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in
    continuously spoken sentences", 1980.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import MFCCExtractor
    >>> MFCCExtractor(n_mfcc=13, deltas=1).transform(np.zeros((3, 22050))).shape
    (3, 26, 44)
    """

    _parameter_constraints: dict = {
        **_Extractor._parameter_constraints,
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
        "deltas": [Interval(Integral, 0, 2, closed="both")],
    }

    def __init__(
        self,
        n_mfcc: int = 20,
        *,
        deltas: int = 0,
        n_mels: int = 128,
        n_fft: int = 2048,
        hop_length: int = 512,
        fmin: float = 0.0,
        fmax: float | None = None,
        sample_rate: int | None = None,
        memory: Any = None,
        out: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_mfcc = n_mfcc
        self.deltas = deltas
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.sample_rate = sample_rate
        self.memory = memory
        self.out = out
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_rates(self, sample_rate: int) -> None:
        super()._check_rates(sample_rate)
        if self.n_mfcc > self.n_mels:
            raise ValueError(f"n_mfcc must be <= n_mels, got {self.n_mfcc} > {self.n_mels}")

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return spectral.with_deltas(spectral.cepstrum(self._log_mel(y, sample_rate), self.n_mfcc), self.deltas)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mfcc1``, …, ``mfcc1_delta``, …, ``mfcc1_delta2`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mfcc * (1 + deltas),) of str
            A name for each band.
        """
        names = numbered("mfcc", self.n_mfcc)
        return np.concatenate([names + suffix for suffix in ("", "_delta", "_delta2")[: 1 + self.deltas]])
