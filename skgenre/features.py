"""Time-frequency features of tracks, and their statistics over time."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data
from tqdm.auto import tqdm

from skgenre import spectral
from skgenre._rows import RowSequence
from skgenre._sklearn import Interval, _fit_context
from skgenre.audio import Waveforms, as_rows, check_tracks, is_paths

DEFAULT_SAMPLE_RATE = 22050


class FeatureSequence(RowSequence):
    """Immutable sequence of feature matrices of unequal length, one per track.

    Extractors give it where tracks keep their own length. It indexes like ``Waveforms``: an integer gives a matrix of
    shape (n_bands, n_frames), any other index a sequence.

    Parameters
    ----------
    matrices : iterable of array-like of shape (n_bands, n_frames)
        Features of each track, with the same bands in each.

    Attributes
    ----------
    n_bands : int
        Number of bands.
    """

    def __init__(self, matrices: Iterable[Any]) -> None:
        self._matrices = tuple(_read_only(matrix, row) for row, matrix in enumerate(matrices))
        bands = {len(matrix) for matrix in self._matrices}
        if len(bands) != 1:
            raise ValueError(f"feature matrices must agree in their number of bands, got {sorted(bands)}")
        self.n_bands = bands.pop()

    def __len__(self) -> int:
        return len(self._matrices)

    def _row(self, position: int) -> np.ndarray:
        return self._matrices[position]

    def _take(self, positions: np.ndarray) -> Self:
        return type(self)(self._matrices[position] for position in positions)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if len({matrix.shape for matrix in self._matrices}) > 1:
            raise ValueError("tracks differ in length: set AudioLoader(duration=...) to stack them in one array")
        return np.asarray(self._matrices, dtype=dtype)


def check_features(estimator: Any, X: Any, *, reset: bool) -> np.ndarray | FeatureSequence:
    """Validate time-frequency features: a 3-D float32 array, or a ``FeatureSequence``.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_``, the number of bands (of columns for a 2-D array), is set or checked against.
    X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or sequence of matrices
        A 2-D array is read as one band per track.
    reset : bool
        Whether this is ``fit``.

    Returns
    -------
    X : ndarray of shape (n_tracks, n_bands, n_frames) or FeatureSequence, float32
        Features of every track.

    Raises
    ------
    ValueError
        If ``X`` holds no tracks, NaN, or other bands than in ``fit``.
    """
    if isinstance(X, Waveforms) or is_paths(as_rows(X)):
        raise ValueError(
            f"{type(estimator).__name__} takes features, got {type(X).__name__} of tracks: put an AudioLoader and an "
            "extractor, such as MFCCExtractor, in front of it"
        )
    ragged = isinstance(X, list | tuple) or getattr(X, "dtype", None) == object
    if ragged and len(X) and all(np.ndim(row) == 2 for row in X) and len({np.shape(row) for row in X}) > 1:
        X = FeatureSequence(X)
    if isinstance(X, FeatureSequence):
        if reset:
            estimator.n_features_in_ = X.n_bands
        _check_bands(estimator, X.n_bands)
        return X
    X = validate_data(estimator, X, dtype=np.float32, allow_nd=True, reset=reset)
    if X.ndim > 3:
        raise ValueError(f"X must have the shape (n_tracks, n_bands, n_frames), got {X.shape}")
    if X.ndim == 2:
        return X[:, None, :]
    _check_bands(estimator, X.shape[1])
    return X


def _check_bands(estimator: Any, n_bands: int) -> None:
    expected = getattr(estimator, "n_features_in_", n_bands)
    if n_bands != expected:
        raise ValueError(
            f"X has {n_bands} bands, but {type(estimator).__name__} is expecting {expected} features as input"
        )


def _read_only(matrix: Any, row: int) -> np.ndarray:
    matrix = np.array(matrix, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape or not np.isfinite(matrix.sum(dtype=np.float64)):
        raise ValueError(f"track {row} must be a finite matrix (n_bands, n_frames), got shape {matrix.shape}")
    matrix.flags.writeable = False
    return matrix


class _Extractor(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Walks waveforms with threads; a subclass says what is computed from one."""

    _parameter_constraints: dict = {  # noqa: RUF012
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [None, Interval(Real, 0, None, closed="neither")],
        "sample_rate": [None, Interval(Integral, 1, None, closed="left")],
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
        X = self._check_waveforms(X, reset=True)
        self._check_rates(self._rate(X))
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
        X = self._check_waveforms(X, reset=False)
        rate = self._rate(X)
        self._check_rates(rate)
        ragged = isinstance(X, Waveforms) and X.n_samples is None
        n_jobs = self.n_jobs if self.n_jobs is not None else getattr(X, "n_jobs", None)
        # joblib gives the rows in order as they are done, so no second copy of them is ever held.
        parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
        rows = tqdm(
            parallel(delayed(self._compute_row)(X, row, rate) for row in range(len(X))),
            total=len(X),
            desc=type(self).__name__,
            unit="track",
            disable=not self.verbose,
        )
        if ragged:
            return FeatureSequence(rows)
        features = None
        for row, matrix in enumerate(rows):
            if features is None:
                features = np.empty((len(X), *matrix.shape), dtype=np.float32)
            features[row] = matrix
        return features

    def _compute_row(self, X: Any, row: int, sample_rate: int) -> np.ndarray:
        return self._compute(X[row], sample_rate)

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
        return X if isinstance(X, np.ndarray) else Waveforms(X, self.sample_rate or DEFAULT_SAMPLE_RATE)

    def _rate(self, X: Waveforms | np.ndarray) -> int:
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
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.sample_rate = sample_rate
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return self._log_mel(y, sample_rate)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mel1``, ``mel2``, …

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mels,) of str
            A name for each band.
        """
        return _numbered("mel", self.n_mels)


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

    _parameter_constraints: dict = {  # noqa: RUF012
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
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_rates(self, sample_rate: int) -> None:
        super()._check_rates(sample_rate)
        if self.n_mfcc > self.n_mels:
            raise ValueError(f"n_mfcc must be <= n_mels, got {self.n_mfcc} > {self.n_mels}")

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return spectral.with_deltas(spectral.cepstrum(self._log_mel(y, sample_rate), self.n_mfcc), self.deltas)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mfcc1``, …, ``mfcc1_delta``, …, ``mfcc1_delta2``, …

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mfcc * (1 + deltas),) of str
            A name for each band.
        """
        names = _numbered("mfcc", self.n_mfcc)
        return np.concatenate([names + suffix for suffix in ("", "_delta", "_delta2")[: 1 + self.deltas]])


def _numbered(stem: str, n: int) -> np.ndarray:
    return np.array([f"{stem}{i}" for i in range(1, n + 1)], dtype=object)


_STATISTICS = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median}


class FrameStatistics(TransformerMixin, BaseEstimator):
    """Summarise each band over the frames of a track, for estimators that take 2-D features.

    Parameters
    ----------
    statistics : tuple of str or float, default=("mean", "std")
        Statistics over the frames: ``"mean"``, ``"std"``, ``"min"``, ``"max"``, ``"median"``, or a number in [0, 1]
        for that quantile.
    differences : tuple of str or float, default=("std",)
        The same, over the differences between neighbouring frames; ``()`` for none. Of a track of one frame the
        difference is zero.

    Attributes
    ----------
    n_features_in_ : int
        Number of bands (of columns for a 2-D array).
    n_bands_ : int
        Number of bands.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import FrameStatistics
    >>> statistics = FrameStatistics(("mean", 0.5), differences=())
    >>> statistics.fit_transform(np.arange(12.0).reshape(1, 2, 6))
    array([[2.5, 2.5, 8.5, 8.5]], dtype=float32)
    >>> list(statistics.get_feature_names_out(["mfcc1", "mfcc2"]))
    ['mfcc1_mean', 'mfcc1_q50', 'mfcc2_mean', 'mfcc2_q50']
    """

    _parameter_constraints: dict = {"statistics": [tuple, list], "differences": [tuple, list]}  # noqa: RUF012

    def __init__(
        self,
        statistics: tuple[str | float, ...] = ("mean", "std"),
        *,
        differences: tuple[str | float, ...] = ("std",),
    ) -> None:
        self.statistics = statistics
        self.differences = differences

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the number of bands.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features; a 2-D array is read as one band per track.
        y : None
            Ignored.

        Returns
        -------
        self : FrameStatistics
            The transformer.

        Raises
        ------
        ValueError
            If a statistic is unknown, or none is asked for.
        """
        for name in ("statistics", "differences"):
            for item in getattr(self, name):
                if item not in _STATISTICS and not (isinstance(item, Real) and 0 <= item <= 1):
                    raise ValueError(f"{name} must hold {', '.join(_STATISTICS)} or numbers in [0, 1], got {item!r}")
        if not [*self.statistics, *self.differences]:
            raise ValueError("statistics and differences are both empty: at least one statistic is needed")
        X = check_features(self, X, reset=True)
        self.n_bands_ = len(X[0])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the statistics of every track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        statistics : ndarray of shape (n_tracks, n_bands * n_statistics), float32
            The statistics of the first band, then those of the second, and so on.
        """
        check_is_fitted(self)
        X = check_features(self, X, reset=False)
        return np.stack([self._summarise(matrix) for matrix in X])

    def _summarise(self, matrix: np.ndarray) -> np.ndarray:
        steps = np.diff(matrix) if matrix.shape[1] > 1 else np.zeros_like(matrix)
        columns = [_apply(item, matrix) for item in self.statistics] + [
            _apply(item, steps) for item in self.differences
        ]
        return np.stack(columns, axis=1).ravel().astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the statistics after the bands, as in ``mfcc3_std`` or ``mfcc3_diff_q90``.

        Parameters
        ----------
        input_features : array-like of shape (n_bands,) of str, default=None
            Names of the bands, as an extractor's ``get_feature_names_out`` gives them; None means ``band1``, …

        Returns
        -------
        names : ndarray of shape (n_bands * n_statistics,) of str
            A name for each column.
        """
        check_is_fitted(self)
        if input_features is None or len(input_features) != self.n_bands_:
            input_features = _numbered("band", self.n_bands_)
        suffixes = [_label(item) for item in self.statistics] + [f"diff_{_label(item)}" for item in self.differences]
        return np.array([f"{band}_{suffix}" for band in input_features for suffix in suffixes], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _apply(item: str | float, values: np.ndarray) -> np.ndarray:
    if isinstance(item, str):
        return _STATISTICS[item](values, axis=1)
    return np.quantile(values, item, axis=1)


def _label(item: str | float) -> str:
    return item if isinstance(item, str) else f"q{100 * item:g}"
