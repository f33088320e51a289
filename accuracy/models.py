"""The models, each an entry of one table: to score another, add it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.fft import dct
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skgenre import AudioLoader, CNNClassifier, FrameStatistics, MelExtractor, MFCCExtractor, RNNClassifier

N_MFCC = 20


@dataclass(frozen=True)
class Audio:
    """The front of a pipeline where tracks are files."""

    memory: Any = None
    duration: float = 30.0

    def waveforms(self) -> list[Any]:
        return [AudioLoader(duration=self.duration, on_error="warn")]

    def mfcc(self) -> list[Any]:
        return [*self.waveforms(), MFCCExtractor(N_MFCC, memory=self.memory)]

    def mel(self) -> list[Any]:
        return [*self.waveforms(), MelExtractor(memory=self.memory)]


@dataclass(frozen=True)
class Pictures:
    """The front of a pipeline where tracks are spectrograms already: (n_tracks, n_bands, n_frames), log-scaled."""

    memory: Any = None

    def mfcc(self) -> list[Any]:
        return [FunctionTransformer(cepstra)]

    def mel(self) -> list[Any]:
        return [FunctionTransformer(np.asarray)]


def cepstra(levels: np.ndarray) -> np.ndarray:
    """Return what MFCC are of log-scaled mel spectrograms: (n_tracks, n_mfcc, n_frames)."""
    return dct(levels, axis=1, norm="ortho")[:, :N_MFCC]


@dataclass(frozen=True)
class Model:
    """What is scored.

    ``make`` takes a front and gives an estimator; ``needs_audio`` where spectrograms do not do; ``note`` is what has to
    be said beside its scores.
    """

    title: str
    make: Callable[[Any], Any]
    needs_audio: bool = False
    note: str = ""


def statistics_svm(steps: list[Any]) -> Pipeline:
    return make_pipeline(*steps, FrameStatistics(), StandardScaler(), SVC())


MODELS = {
    "dummy": Model("the most frequent genre", lambda front: DummyClassifier()),
    "mfcc-svm": Model("MFCC statistics, SVM", lambda front: statistics_svm(front.mfcc())),
    "mel-svm": Model("log-mel statistics, SVM", lambda front: statistics_svm(front.mel())),
    "cnn-mfcc": Model("CNNClassifier on MFCC", lambda front: make_pipeline(*front.mfcc(), CNNClassifier())),
    "cnn-mel": Model("CNNClassifier on log-mel", lambda front: make_pipeline(*front.mel(), CNNClassifier())),
    "rnn-mfcc": Model("RNNClassifier on MFCC", lambda front: make_pipeline(*front.mfcc(), RNNClassifier())),
    "rnn-mel": Model("RNNClassifier on log-mel", lambda front: make_pipeline(*front.mel(), RNNClassifier())),
}
