"""Tracks cut into segments that pass for tracks, for the one protocol that is wrong on purpose."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone

from skgenre.audio import AudioError, AudioLoader, Waveforms, check_tracks, decode
from skgenre.features import FeatureSequence


def cut_tracks(estimator: Any, X: Any, n_segments: int) -> tuple[Any, Any, np.ndarray]:
    """Cut tracks into segments, each a row of its own.

    Parameters
    ----------
    estimator : estimator
        What is to be scored. Where it holds an ``AudioLoader``, the part of a track that this loads is cut.
    X : array-like of shape (n_tracks,) of str or Path, (n_tracks, n_samples), or (n_tracks, n_bands, n_frames)
        Tracks, as the estimator takes them.
    n_segments : int
        Segments of a track; less than that where an audio file is shorter than what its loader asks for.

    Returns
    -------
    estimator : estimator
        An unfitted one that takes the segments.
    segments : sequence of length n_rows
        The segments of the first track, then those of the second, and so on.
    tracks : ndarray of shape (n_rows,) of int
        The track that each is from.

    Raises
    ------
    ValueError
        If ``X`` can not be cut, or is shorter than ``n_segments`` frames, or that is less than one.
    """
    if not isinstance(n_segments, Integral) or n_segments < 1:
        raise ValueError(f"n_segments must be an integer from 1 on, got {n_segments!r}")
    loaders = {name: value for name, value in estimator.get_params().items() if isinstance(value, AudioLoader)}
    if loaders:
        return _cut_audio(estimator, loaders, X, n_segments)
    if isinstance(X, list | tuple) and len({np.shape(matrix) for matrix in X if np.ndim(matrix) == 2}) > 1:
        X = FeatureSequence(X)
    ragged = isinstance(X, FeatureSequence)
    matrices = X if ragged or getattr(X, "ndim", 0) == 3 else np.asarray(X)
    if not ragged and matrices.ndim != 3:
        raise ValueError(
            "the protocol 'segment' cuts audio, which takes an AudioLoader in the estimator, or features of shape "
            f"(n_tracks, n_bands, n_frames), got {matrices.ndim} dimensions"
        )
    if (n_frames := [matrix.shape[1] for matrix in matrices]) and min(n_frames) < n_segments:
        shortest = f"the track in row {np.argmin(n_frames)} has {min(n_frames)}"
        raise ValueError(f"n_segments must not exceed the frames of a track, got {n_segments}, and {shortest}")
    segments = [part for matrix in matrices for part in _cut_matrix(matrix, n_segments)]
    tracks = np.arange(len(matrices)).repeat(n_segments)
    return clone(estimator), FeatureSequence(segments) if ragged else np.stack(segments), tracks


def _cut_matrix(matrix: np.ndarray, n_segments: int) -> list[np.ndarray]:
    width = matrix.shape[1] // n_segments
    return [matrix[:, part * width : (part + 1) * width] for part in range(n_segments)]


def _cut_audio(estimator: Any, loaders: dict[str, Any], X: Any, n_segments: int) -> tuple:
    if any(loader.duration is None for loader in loaders.values()):
        raise ValueError("the protocol 'segment' needs to know what to cut: set AudioLoader(duration=...)")
    longest = max(loaders.values(), key=lambda loader: loader.offset + loader.duration)
    sources = check_tracks(AudioLoader(), X, reset=False)
    counts = [_count_segments(longest, source, n_segments) for source in sources]
    tracks = np.repeat(np.arange(len(sources)), counts)
    segments = np.empty((len(tracks), 2), dtype=object)
    for row, track in enumerate(tracks):
        segments[row, 0] = sources[track]
    segments[:, 1] = np.concatenate([np.arange(count) for count in counts])
    cutters = {name: SegmentLoader(loader, n_segments) for name, loader in loaders.items()}
    return clone(estimator).set_params(**cutters), segments, tracks


def _count_segments(loader: Any, source: Any, n_segments: int) -> int:
    """Count the segments at least half of which is not after the end of the track; the first is always there."""
    try:
        waveform = decode(source, loader.sample_rate, offset=loader.offset, duration=loader.duration)
    except AudioError:
        if loader.on_error == "raise":
            raise
        return 1
    share = len(waveform) / (loader.duration * loader.sample_rate)
    return int(np.clip(round(share * n_segments), 1, n_segments))


class SegmentLoader(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Loads segments of tracks, lazily, as ``AudioLoader`` loads tracks.

    Parameters
    ----------
    loader : AudioLoader
        What would load the tracks.
    n_segments : int
        Equal parts of what it would load.
    """

    def __init__(self, loader: Any, n_segments: int) -> None:
        self.loader = loader
        self.n_segments = n_segments

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: np.ndarray) -> "SegmentWaveforms":
        """Give the waveforms of segments: rows of ``X`` are a source and the number of a part of it."""
        seconds = self.loader.duration / self.n_segments
        return SegmentWaveforms(
            X[:, 0],
            self.loader.sample_rate,
            starts=self.loader.offset + seconds * X[:, 1].astype(float),
            duration=seconds,
            on_error=self.loader.on_error,
            n_jobs=self.loader.n_jobs,
        )

    def set_output(self, *, transform: Any = None) -> Self:
        """Do nothing: waveforms have no data frame form."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class SegmentWaveforms(Waveforms):
    """Waveforms whose rows start at times of their own.

    Parameters
    ----------
    sources, sample_rate, **options
        As ``Waveforms`` takes them.
    starts : ndarray of shape (n_rows,)
        Where each row starts in its source, in seconds.
    """

    def __init__(self, sources: Any, sample_rate: int = 22050, *, starts: np.ndarray, **options: Any) -> None:
        super().__init__(sources, sample_rate, **options)
        self.starts = starts

    def key(self, position: int) -> tuple:
        """Return what the waveform of a row depends on."""
        return self._as_track(position).key(0)

    def decode(self, position: int) -> np.ndarray:
        """Return the waveform of a row, or raise ``AudioError``."""
        return self._as_track(position).decode(0)

    def _as_track(self, position: int) -> Waveforms:
        source = self._sources[position]
        return Waveforms([source], self.sample_rate, duration=self.duration, offset=self.starts[position])

    def _take(self, positions: np.ndarray) -> Self:
        taken = super()._take(positions)
        taken.starts = self.starts[positions]
        return taken
