"""A track as a model hears it: its sound, its features over time or its named columns, and the model that judges it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skgenre.audio import AudioLoader, Waveforms, as_rows, is_paths
from skgenre.classifiers import CNNClassifier, RNNClassifier
from skgenre.features import Extractor, MelExtractor


@dataclass
class Heard:
    """What a pipeline makes of one track.

    Parameters
    ----------
    title : str
        What the track is called.
    model : estimator
        The fitted net, or what takes a table of columns.
    front : list of transformer
        The steps in front of it.
    waveform : ndarray of shape (n_samples,) or None
        The sound; None where features were given.
    sample_rate : int or None
        Its samples per second, in hertz.
    extractor : Extractor or None
        What the features were extracted by.
    matrix : ndarray of shape (n_bands, n_frames) or None
        Features over time, where the model is a net.
    row : ndarray of shape (n_columns,) or None
        Columns, where the model takes a table.
    names : ndarray of shape (n_bands,) or (n_columns,) of str, or None
        Names of bands or columns.
    """

    title: str
    model: Any
    front: list
    waveform: Any = None
    sample_rate: Any = None
    extractor: Any = None
    matrix: Any = None
    row: Any = None
    names: Any = None

    @property
    def frame_seconds(self) -> float | None:
        """Time from one frame to the next, in seconds; None where the features come from elsewhere."""
        return None if self.sample_rate is None else self.extractor.hop_length / self.sample_rate

    @property
    def frequencies(self) -> np.ndarray | None:
        """Centre of each band, in hertz: of a mel spectrogram; cepstral coefficients have none."""
        if not isinstance(self.extractor, MelExtractor) or self.sample_rate is None:
            return None
        mel = self.extractor
        return librosa.mel_frequencies(mel.n_mels + 2, fmin=mel.fmin, fmax=mel.fmax or self.sample_rate / 2)[1:-1]

    def take_through(self, tracks: Any) -> Any:
        """Take other tracks to the model; what stands in front of it already is passed on as it is."""
        rows = as_rows(tracks)
        rows = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
        if not len(rows):
            raise ValueError("background must hold at least one track, got none")
        if not is_paths(rows) and not isinstance(rows, Waveforms) and np.ndim(rows[0]) == (self.row is None) + 1:
            return rows
        for step in self.front:
            rows = step.transform(rows)
        return rows


def hear(pipeline: Any, track: Any) -> Heard:
    """Take one track through a pipeline, up to its net or to its first table of columns.

    Parameters
    ----------
    pipeline : Pipeline or net
        Fitted.
    track : str, Path, open binary file, ndarray of shape (n_samples,), or of shape (n_bands, n_frames) for a net
        The track.

    Returns
    -------
    heard : Heard
        The track.

    Raises
    ------
    AudioError
        If the track does not decode.
    sklearn.exceptions.NotFittedError
        If a step is not fitted.
    TypeError
        If the pipeline ends in nothing that can be explained.
    """
    steps = list(steps_of(pipeline))
    for step in steps:
        check_is_fitted(step)
    rows = one_row(track, n_dims=2 if is_net(steps[0]) else 1)
    heard = Heard(_title(track), steps[-1], steps[:-1])
    hears = is_paths(rows) or isinstance(rows, Waveforms) or isinstance(steps[0], AudioLoader | Extractor)
    if not hears and not is_net(steps[0]) and is_classifier(steps[-1]):
        # A table from the first step on: what scales it is a part of the model, or rows to compare with would not be.
        heard.model, heard.front, heard.row = unwrap(pipeline), [], np.asarray(rows[0], dtype=np.float64)
        heard.names = getattr(steps[0], "feature_names_in_", None)
        return heard
    for number, step in enumerate(steps[:-1]):
        if isinstance(step, Extractor):
            # Silence that stands in for a file that cannot be read would have nothing to explain.
            heard.waveform = rows.decode(0) if isinstance(rows, Waveforms) else np.asarray(rows[0])
            heard.sample_rate = step._rate(rows)
            heard.extractor = step
        rows = step.transform(rows)
        if isinstance(step, AudioLoader):
            continue
        heard.names = step.get_feature_names_out() if hasattr(step, "get_feature_names_out") else None
        if np.ndim(rows) == 2:
            heard.row = np.asarray(rows, dtype=np.float64)[0]
            heard.front, rest = steps[: number + 1], steps[number + 1 :]
            heard.model = rest[0] if len(rest) == 1 else Pipeline([(str(i), step) for i, step in enumerate(rest)])
            return heard
    if not is_net(heard.model):
        raise TypeError(
            "pipeline must end in CNNClassifier, RNNClassifier or a classifier of a table, as TrackDescriptor gives "
            f"it, got {type(heard.model).__name__}"
        )
    heard.matrix = np.atleast_2d(np.asarray(rows[0], dtype=np.float32))
    return heard


def unwrap(estimator: Any) -> Any:
    """Take an estimator out of a search or a ``FrozenEstimator``."""
    while isinstance(estimator, FrozenEstimator) or hasattr(estimator, "best_estimator_"):
        estimator = getattr(estimator, "best_estimator_", None) or estimator.estimator
    return estimator


def is_net(step: Any) -> bool:
    """Tell whether a step is one of the nets."""
    return isinstance(step, CNNClassifier | RNNClassifier)


def steps_of(estimator: Any) -> Iterator[Any]:
    """Give the steps of a Pipeline, and those of Pipelines in it."""
    estimator = unwrap(estimator)
    if not isinstance(estimator, Pipeline):
        yield estimator
        return
    for _, step in estimator.steps:
        if step is not None and step != "passthrough":
            yield from steps_of(step)


def one_row(track: Any, *, n_dims: int) -> Any:
    """Return the track as a collection of one."""
    rows = as_rows(track)
    if is_paths(rows) and n_dims == 2:
        raise ValueError(f"pipeline is a net alone, which takes features: pass the matrix of {rows[0]!r}")
    if not is_paths(rows) and not isinstance(rows, Waveforms):
        array = np.asarray(rows)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"track must be a path, samples or a matrix of features, got {track!r:.80}")
        rows = array[None] if array.ndim == n_dims else array
        if rows.ndim != n_dims + 1:
            wanted = "a path or samples (n_samples,)" if n_dims == 1 else "a matrix (n_bands, n_frames)"
            raise ValueError(f"track must be {wanted}, got an array of shape {array.shape}")
    if len(rows) != 1:
        raise ValueError(f"track must be one track, got {len(rows)}")
    return rows


def _title(track: Any) -> str:
    rows = as_rows(track)
    if not is_paths(rows):
        return "track"
    return str(getattr(rows[0], "name", rows[0])).replace("\\", "/").rpartition("/")[2]
