"""The lazy sequence of tracks."""

import os
import warnings
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Self

import joblib
import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from skgenre._rows import RowSequence
from skgenre._sklearn import Interval, StrOptions, validate_parameter_constraints
from skgenre.audio._decoding import decode, fit_length
from skgenre.audio._files import AudioError, Source, source_name

CONSTRAINTS: dict[str, list] = {
    "sample_rate": [Interval(Integral, 1, None, closed="left")],
    "duration": [None, Interval(Real, 0, None, closed="neither")],
    "offset": [Interval(Real, 0, None, closed="left")],
    "on_error": [StrOptions({"raise", "warn"})],
    "n_jobs": [None, Integral],
}
"""What the parameters of a loader, and of what it makes, may be."""


class Waveforms(RowSequence):
    """Lazy, immutable sequence of tracks: a row is decoded when it is accessed.

    ``AudioLoader.transform`` makes it from paths. An integer gives the waveform, a float32 array of shape
    (n_samples,) with values in [-1, 1]; any other index gives ``Waveforms`` of the chosen tracks.
    ``numpy.asarray`` decodes and stacks them all. Its pickle and its ``joblib.hash`` hold the path, size and
    modification time of each file and the parameters but ``n_jobs``, which is for the process that set it, never the
    audio of a file.

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

    Raises
    ------
    TypeError
        If ``sources`` is a lone one, or one of them is something else.
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import Waveforms
    >>> tracks = Waveforms([np.zeros(22050), np.zeros(44100)])
    >>> tracks.shape, tracks[1].shape, tracks[[0]]
    ((2,), (44100,), Waveforms(1 tracks))
    """

    _first_row = 0
    _helped = False

    def __init__(
        self,
        sources: Iterable[Source],
        sample_rate: int = 22050,
        *,
        duration: float | None = None,
        offset: float = 0.0,
        on_error: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        given = {"sample_rate": sample_rate, "duration": duration, "offset": offset, "on_error": on_error}
        validate_parameter_constraints(CONSTRAINTS, {**given, "n_jobs": n_jobs}, type(self).__name__)
        self._sources = _checked(sources)
        # Numbers of numpy may overflow.
        self.sample_rate = int(sample_rate) if isinstance(sample_rate, np.integer) else sample_rate
        self.duration = float(duration) if isinstance(duration, np.generic) else duration
        self.offset = float(offset) if isinstance(offset, np.generic) else offset
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.errors: dict[int, AudioError] = {}

    @property
    def paths(self) -> list[str]:
        return [source_name(source) for source in self._sources]

    @property
    def n_samples(self) -> int | None:
        """Samples in every row where a duration is set, else None."""
        return None if self.duration is None else max(1, round(self.duration * self.sample_rate))

    def __len__(self) -> int:
        return len(self._sources)

    def key(self, position: int) -> tuple:
        """Return what the waveform of a row depends on: of a file its path, size and modification time, never audio."""
        source = self._sources[position]
        key = (os.path.realpath(source), _stat(source)) if isinstance(source, str) else joblib.hash(source)
        duration = None if self.duration is None else float(self.duration)  # 30 and 30.0 are one
        return (key, int(self.sample_rate), float(self.offset), duration)

    def decode(self, position: int) -> np.ndarray:
        """Return the waveform of a row, or raise ``AudioError`` whatever ``on_error`` says."""
        source = self._sources[position]
        try:
            y = decode(source, self.sample_rate, offset=self.offset, duration=self.duration, helped=self._helped)
        except AudioError as error:
            if isinstance(source, str):
                raise
            raise AudioError(error.path, f"{error.cause} (row {self._first_row + position})") from error.__cause__
        return fit_length(y, self.n_samples)

    def alone(self, position: int, *, helped: bool = False) -> Self:
        """Return a row by itself, to be sent to a worker; an error goes on calling it by its number here.

        Where it is ``helped``, a second thread decodes one half of it.
        """
        track = self._take(np.array([position]))
        track._first_row, track._helped = position, helped
        return track

    def stand_in(self, position: int, error: AudioError) -> np.ndarray:
        """Return silence for a row that cannot be decoded, warning once; or raise, as ``on_error`` says."""
        if self.on_error == "raise":
            raise error
        if position not in self.errors:
            self.errors[position] = error
            warnings.warn(f"silence stands in for a track: {error}", stacklevel=2)
        return np.zeros(self.n_samples or self.sample_rate, dtype=np.float32)

    def _row(self, position: int) -> np.ndarray:
        try:
            return self.decode(position)
        except AudioError as error:
            return self.stand_in(position, error)

    def _take(self, positions: np.ndarray) -> Self:
        taken = object.__new__(type(self))
        vars(taken).update(vars(self))
        taken._sources = tuple(self._sources[position] for position in positions)
        taken.row_labels = None
        taken.errors = {row: self.errors[old] for row, old in enumerate(positions) if old in self.errors}
        return taken

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        # In threads whatever joblib is told: rows that fail are listed in this object, not in a worker's copy of it.
        rows = Parallel(n_jobs=self.n_jobs, require="sharedmem")(delayed(self._row)(i) for i in range(len(self)))
        if len({len(row) for row in rows}) > 1:
            raise ValueError("tracks differ in length: set AudioLoader(duration=...) to stack them in one array")
        return np.asarray(rows, dtype=dtype or np.float32)

    def __getstate__(self) -> dict[str, Any]:
        # Read afresh each time: a sequence must not vouch for a file that has been rewritten since.
        return {**vars(self), "errors": {}, "n_jobs": None, "stats": [_stat(source) for source in self._sources]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        del state["stats"]
        self.__dict__.update(state)


def _checked(sources: Iterable[Source | os.PathLike]) -> tuple[Source, ...]:
    if isinstance(sources, str | bytes | os.PathLike):
        raise TypeError(f"sources must be a sequence, with one source for each track, got {sources!r:.80}")
    checked = tuple(os.fsdecode(source) if isinstance(source, os.PathLike) else source for source in sources)
    for row, source in enumerate(checked):
        if not isinstance(source, str | bytes) and not (isinstance(source, np.ndarray) and source.ndim == 1):
            forms = "a path, the content of an audio file as bytes, or a 1-D array of samples"
            raise TypeError(f"row {row} of sources must be {forms}, got {source!r:.80}")
    return checked


def _stat(source: Source) -> tuple[int, int] | None:
    if not isinstance(source, str):
        return None
    try:
        stat = os.stat(source)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
