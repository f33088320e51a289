"""From files to waveforms: ``AudioLoader`` and the lazy sequence ``Waveforms`` that it gives."""

import math
import os
import warnings
from collections.abc import Iterable
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile
import soxr
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from skgenre._rows import RowSequence
from skgenre._sklearn import Interval, StrOptions, _fit_context

MISSING_SECONDS = 0.2
"""A decoder that ends this much before the length its file declares has met a truncated file."""


class AudioError(ValueError):
    """A file that cannot be read as audio.

    Parameters
    ----------
    path : str
        The file.
    cause : str
        What is wrong with it.

    Examples
    --------
    >>> from skgenre import AudioError
    >>> raise AudioError("song.mp3", "it is empty")
    Traceback (most recent call last):
    skgenre.audio.AudioError: cannot read 'song.mp3': it is empty
    """

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return f"cannot read {self.path!r}: {self.cause}"


class Waveforms(RowSequence):
    """Lazy, immutable sequence of tracks: a row is decoded when it is accessed.

    ``AudioLoader.transform`` makes it from paths. An integer gives the waveform, a float32 array of shape
    (n_samples,) with values in [-1, 1]; any other index gives ``Waveforms`` of the chosen tracks.
    ``numpy.asarray`` decodes and stacks them all. Its pickle and its ``joblib.hash`` hold the path, size and
    modification time of each file and the parameters, never the audio of a file.

    Parameters
    ----------
    sources : iterable of str, bytes or ndarray of shape (n_samples,)
        A path, the content of an audio file, or samples at ``sample_rate``, for each track.
    sample_rate : int, default=22050
        Samples per second to resample to, in hertz.
    duration : float, default=None
        Length that each track is cut or padded with silence to, in seconds. None keeps each track's own length.
    offset : float, default=0.0
        Where to start in each track, in seconds.
    on_error : {"raise", "warn"}, default="raise"
        What to do where a track cannot be decoded: raise ``AudioError``, or warn once and give silence.
    n_jobs : int, default=None
        Threads that decode when the whole is stacked, and of extractors that set none of their own.

    Attributes
    ----------
    paths : list of str
        Path of each track, ``"<bytes>"`` or ``"<array>"`` where there is none.
    errors : dict of int to AudioError
        The rows that could not be decoded, filled as rows are accessed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import Waveforms
    >>> tracks = Waveforms([np.zeros(22050), np.zeros(44100)])
    >>> tracks.shape, tracks[1].shape, tracks[[0]]
    ((2,), (44100,), Waveforms(1 tracks))
    """

    def __init__(
        self,
        sources: Iterable[str | bytes | np.ndarray],
        sample_rate: int = 22050,
        *,
        duration: float | None = None,
        offset: float = 0.0,
        on_error: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self._sources = tuple(sources)
        self._stats = tuple(_stat(source) for source in self._sources)
        self.sample_rate = sample_rate
        self.duration = duration
        self.offset = offset
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.errors: dict[int, AudioError] = {}

    @property
    def paths(self) -> list[str]:  # noqa: D102
        return [_name(source) for source in self._sources]

    @property
    def n_samples(self) -> int | None:
        """Samples in every row where a duration is set, else None."""
        return None if self.duration is None else max(1, round(self.duration * self.sample_rate))

    def __len__(self) -> int:
        return len(self._sources)

    def _row(self, position: int) -> np.ndarray:
        source = self._sources[position]
        try:
            y = decode(source, self.sample_rate, offset=self.offset, duration=self.duration)
        except AudioError as error:
            if self.on_error == "raise":
                raise
            if position not in self.errors:
                self.errors[position] = error
                warnings.warn(f"silence stands in for a track: {error}", stacklevel=2)
            return np.zeros(self.n_samples or self.sample_rate, dtype=np.float32)
        return _fit_length(y, self.n_samples)

    def _take(self, positions: np.ndarray) -> Self:
        sources = [self._sources[position] for position in positions]
        return type(self)(
            sources,
            self.sample_rate,
            duration=self.duration,
            offset=self.offset,
            on_error=self.on_error,
            n_jobs=self.n_jobs,
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        rows = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(self._row)(i) for i in range(len(self)))
        if len({len(row) for row in rows}) > 1:
            raise ValueError("tracks differ in length: set AudioLoader(duration=...) to stack them in one array")
        return np.asarray(rows, dtype=dtype or np.float32)

    def __getstate__(self) -> dict[str, Any]:
        skipped = ("errors", "n_jobs")
        return {name: value for name, value in vars(self).items() if name not in skipped}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A cached sequence must not vouch for a file that has been rewritten since.
        self.__dict__.update(state, errors={}, n_jobs=None, _stats=tuple(_stat(s) for s in state["_sources"]))


class AudioLoader(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):
    """Load tracks as mono waveforms at one sample rate, lazily.

    The first step of a Pipeline on paths. wav, flac, ogg, opus and mp3 are read by libsndfile at any sample rate and
    number of channels, averaged to mono and resampled by soxr. Only the part asked for is decoded, and only when a
    later step asks for it.

    Parameters
    ----------
    sample_rate : int, default=22050
        Samples per second to resample to, in hertz.
    duration : float, default=None
        Length that each track is cut or padded with silence to, in seconds. None keeps each track's own length; later
        steps then pass on sequences of matrices instead of one 3-D array.
    offset : float, default=0.0
        Where to start in each track, in seconds.
    on_error : {"raise", "warn"}, default="raise"
        What to do where a track cannot be read: raise ``AudioError``, or warn and go on with silence in its place
        (one second where no duration is set); ``Waveforms.errors`` lists such rows.
    n_jobs : int, default=None
        Threads that decode, also in extractors that set none of their own. None means 1, -1 all processors.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    Waveforms : What ``transform`` gives.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from skgenre import AudioLoader
    >>> folder = tempfile.TemporaryDirectory()
    >>> soundfile.write(f"{folder.name}/a.wav", np.zeros((44100, 2)), 44100)
    >>> waveforms = AudioLoader(sample_rate=16000, duration=0.5).transform([f"{folder.name}/a.wav"])
    >>> waveforms[0].shape
    (8000,)
    """

    _parameter_constraints: dict = {  # noqa: RUF012
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
        "duration": [None, Interval(Real, 0, None, closed="neither")],
        "offset": [Interval(Real, 0, None, closed="left")],
        "on_error": [StrOptions({"raise", "warn"})],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        sample_rate: int = 22050,
        *,
        duration: float | None = None,
        offset: float = 0.0,
        on_error: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.duration = duration
        self.offset = offset
        self.on_error = on_error
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and what kind of tracks ``X`` holds; nothing is learned or decoded.

        Parameters
        ----------
        X : array-like of shape (n_tracks,) of str, Path or binary file, or (n_tracks, n_samples) of float
            Tracks.
        y : None
            Ignored.

        Returns
        -------
        self : AudioLoader
            The loader.
        """
        check_tracks(self, X, reset=True)
        return self

    def transform(self, X: Any) -> Waveforms | np.ndarray:
        """Give the waveforms of tracks.

        Parameters
        ----------
        X : array-like of shape (n_tracks,) of str, Path or binary file, or (n_tracks, n_samples) of float
            Tracks; a lone path is one track. Samples are taken to be at ``sample_rate``; int16 is scaled by
            ``2**-15``. A sequence of 1-D arrays may differ in length.

        Returns
        -------
        waveforms : Waveforms of shape (n_tracks,), or ndarray of shape (n_tracks, n_samples), float32
            Lazy for paths and sequences of arrays; an array for a 2-D array.

        Raises
        ------
        AudioError
            If a file is missing, a folder, or empty. What is wrong inside a file shows when it is decoded.
        ValueError
            If ``X`` holds no tracks, or is a bare 1-D buffer.
        """
        self._validate_params()
        X = check_tracks(self, X, reset=False)
        if isinstance(X, np.ndarray):
            return _cut(X, self.sample_rate, self.offset, self.duration)
        if self.on_error == "raise":
            for source in X:
                _check_file(source)
        return Waveforms(
            X,
            self.sample_rate,
            duration=self.duration,
            offset=self.offset,
            on_error=self.on_error,
            n_jobs=self.n_jobs,
        )

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return ``["waveform"]``: a track is one lazy waveform, whatever its length.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (1,) of str
            The name.
        """
        return np.array(["waveform"], dtype=object)

    def set_output(self, *, transform: Any = None) -> Self:
        """Do nothing: waveforms have no data frame form. Present so that ``Pipeline.set_output`` works.

        Parameters
        ----------
        transform : object
            Ignored.

        Returns
        -------
        self : AudioLoader
            The loader.
        """
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def as_rows(X: Any) -> Any:
    """Bring the ways to name tracks into one: a lone track becomes a list of one, a column of paths a list.

    Parameters
    ----------
    X : object
        What a user passed as tracks.

    Returns
    -------
    rows : list or object
        A list where ``X`` names files; else ``X`` as it is.
    """
    if _is_file(X):
        return [X]
    if isinstance(X, RowSequence):
        return X
    if hasattr(X, "iloc") or hasattr(X, "to_numpy"):
        numeric = any(np.dtype(kind).kind in "biufc" for kind in _numpy_dtypes(X))
        if numeric or (X.ndim if hasattr(X, "ndim") else len(X.shape)) > 1 + (X.shape[-1] == 1):
            return X
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.dtype.kind in "OUST" and (X.ndim < 2 or (X.ndim == 2 and X.shape[1] == 1)):
        rows = list(X.ravel())
        return rows if X.ndim < 2 or is_paths(rows) else X
    return X


def is_paths(rows: Any) -> bool:
    """Tell whether rows, as ``as_rows`` gives them, are paths or open binary files."""
    return isinstance(rows, list | tuple) and len(rows) > 0 and _is_file(rows[0])


def check_tracks(estimator: Any, X: Any, *, reset: bool) -> tuple[str | bytes | np.ndarray, ...] | np.ndarray:
    """Validate tracks: a tuple with a source per track, or a 2-D float32 array.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` a 2-D array sets or is checked against.
    X : object
        What a user passed as tracks.
    reset : bool
        Whether this is ``fit``.

    Returns
    -------
    tracks : tuple of str, bytes or ndarray of shape (n_samples,), or ndarray of shape (n_tracks, n_samples)
        Sources of ``Waveforms``, or waveforms of equal length.

    Raises
    ------
    TypeError, ValueError
        If ``X`` is neither, or holds no tracks.
    """
    X = as_rows(X)
    if isinstance(X, list | tuple) and len(X) == 0:
        raise ValueError("X holds no tracks: found array with 0 sample(s) while a minimum of 1 is required")
    if is_paths(X):
        _forget_features(estimator, reset)
        return tuple(_source(item, row) for row, item in enumerate(X))
    if isinstance(X, list | tuple) and all(np.ndim(item) == 1 and isinstance(item, np.ndarray) for item in X):
        _forget_features(estimator, reset)
        return tuple(_samples(item, row) for row, item in enumerate(X))
    if isinstance(X, np.ndarray) and X.ndim == 1:
        raise ValueError(
            "Expected 2D array, got 1D array instead. Reshape your data: a lone buffer of samples is passed as [buffer]"
        )
    scale = 2.0**-15 if getattr(X, "dtype", None) == np.int16 else None
    X = validate_data(estimator, X, dtype=np.float32, reset=reset)
    return X * np.float32(scale) if scale else X


def decode(
    source: str | bytes | np.ndarray, sample_rate: int, *, offset: float = 0.0, duration: float | None = None
) -> np.ndarray:
    """Decode a part of one track to mono float32 at a sample rate.

    Parameters
    ----------
    source : str, bytes or ndarray of shape (n_samples,)
        Path, content of a file, or samples already at ``sample_rate``.
    sample_rate : int
        Samples per second to resample to, in hertz.
    offset : float, default=0.0
        Where to start, in seconds.
    duration : float, default=None
        How much to decode at most, in seconds; None means to the end.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Waveform; shorter than ``duration`` where the track ends before.

    Raises
    ------
    AudioError
        If the source cannot be decoded, ends before ``offset``, or holds NaN or infinite samples.
    """
    if isinstance(source, np.ndarray):
        y = _cut(source[None], sample_rate, offset, None)[0]
    else:
        _check_file(source)
        try:
            with soundfile.SoundFile(BytesIO(source) if isinstance(source, bytes) else source) as file:
                y = _read(file, _name(source), sample_rate, offset, duration)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(_name(source), f"not audio that libsndfile can decode ({error})") from error
    if not np.isfinite(y.sum(dtype=np.float64)):
        raise AudioError(_name(source), "it holds NaN or infinite samples")
    return y


def _read(file: soundfile.SoundFile, name: str, sample_rate: int, offset: float, duration: float | None) -> np.ndarray:
    rate = file.samplerate
    start = round(offset * rate)
    if start >= file.frames:
        raise AudioError(name, f"offset={offset} s is not before its end, at {file.frames / rate:.3f} s")
    file.seek(start)
    wanted = file.frames - start
    if duration is not None:
        wanted = min(wanted, math.ceil(duration * rate))
    y = file.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
    if wanted - len(y) > MISSING_SECONDS * rate:
        raise AudioError(name, f"truncated: {len(y) / rate:.2f} of {wanted / rate:.2f} s could be decoded")
    if rate != sample_rate:
        y = soxr.resample(y, rate, sample_rate)
    return y


def _cut(X: np.ndarray, sample_rate: int, offset: float, duration: float | None) -> np.ndarray:
    start = round(offset * sample_rate)
    if start >= X.shape[1]:
        raise ValueError(f"offset={offset} s is not before the end of the tracks, at {X.shape[1] / sample_rate:.3f} s")
    X = X[:, start:]
    if duration is None:
        return X
    wanted = max(1, round(duration * sample_rate))
    return np.stack([_fit_length(y, wanted) for y in X])


def _fit_length(y: np.ndarray, n_samples: int | None) -> np.ndarray:
    if n_samples is None or len(y) == n_samples:
        return y
    return np.pad(y[:n_samples], (0, max(0, n_samples - len(y))))


def _is_file(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) or hasattr(item, "read")


def _numpy_dtypes(frame: Any) -> list[Any]:
    dtypes = list(frame.dtypes) if len(frame.shape) > 1 else [frame.dtype]
    return [kind if isinstance(kind, np.dtype) else np.dtype(object) for kind in dtypes]


def _source(item: Any, row: int) -> str | bytes:
    if hasattr(item, "read"):
        if hasattr(item, "seek"):
            item.seek(0)
        content = item.read()
        if not isinstance(content, bytes):
            raise TypeError(f"row {row} of X is a file opened as text: open it with mode 'rb'")
        return content
    if not isinstance(item, str | os.PathLike):
        raise TypeError(f"row {row} of X must be a path or an open binary file like the first, got {item!r}")
    return os.fspath(item)


def _samples(item: np.ndarray, row: int) -> np.ndarray:
    if item.dtype.kind not in "iuf" or not len(item):
        raise ValueError(f"row {row} of X must hold at least one real sample, got {len(item)} of {item.dtype}")
    return item * np.float32(2.0**-15) if item.dtype == np.int16 else item.astype(np.float32)


def _forget_features(estimator: Any, reset: bool) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if reset and hasattr(estimator, name):
            delattr(estimator, name)


def _check_file(source: str | bytes | np.ndarray) -> None:
    if isinstance(source, bytes):
        if not source:
            raise AudioError(_name(source), "it is empty")
    elif isinstance(source, str):
        path = Path(source)
        if not path.exists():
            raise AudioError(source, "no such file")
        if path.is_dir():
            raise AudioError(source, "it is a folder, not a file; load_tracks lists the tracks of a folder")
        if path.stat().st_size == 0:
            raise AudioError(source, "it is empty")


def _stat(source: str | bytes | np.ndarray) -> tuple[int, int] | None:
    if not isinstance(source, str):
        return None
    try:
        stat = os.stat(source)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _name(source: str | bytes | np.ndarray) -> str:
    return source if isinstance(source, str) else f"<{'bytes' if isinstance(source, bytes) else 'array'}>"
