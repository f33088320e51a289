"""The models, each an entry of one table: to score another, add it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.fft import dct
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skgenre import (
    AudioLoader,
    CNNClassifier,
    FrameStatistics,
    GroupSVC,
    MelExtractor,
    MFCCExtractor,
    MusiCNNEmbedder,
    RNNClassifier,
    TrackDescriptor,
    make_genre_classifier,
)

N_MFCC = 20
WEIGHTS = Path(__file__).resolve().parents[2] / "shared" / "weights" / "musicnn"


@dataclass(frozen=True)
class Audio:
    """The front of a pipeline where tracks are files."""

    memory: Any = None

    def mfcc(self) -> list[Any]:
        return [_loader(), MFCCExtractor(N_MFCC, memory=self.memory)]

    def mel(self) -> list[Any]:
        return [_loader(), MelExtractor(64, hop_length=1024, memory=self.memory)]

    def descriptors(self) -> list[Any]:
        return [_loader(), TrackDescriptor(memory=self.memory)]

    def musicnn(self, weights: str) -> list[Any]:
        return [_loader(16000), MusiCNNEmbedder(_weights(weights), memory=self.memory)]

    def recommended(self, weights: str | None = None) -> Any:
        return make_genre_classifier(pretrained=weights and _weights(weights), memory=self.memory)


def _weights(name: str) -> Any:
    file = WEIGHTS / f"{name}.pth"
    return file if file.is_file() else name


def _loader(sample_rate: int = 22050) -> AudioLoader:
    return AudioLoader(sample_rate, duration=30.0, on_error="warn")


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


TEXTURE = FrameStatistics(correlations=True, modulation=128)


def svm(steps: list[Any]) -> Pipeline:
    return make_pipeline(*steps, StandardScaler(), SVC())


def linear(steps: list[Any]) -> Pipeline:
    return make_pipeline(*steps, StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))


MODELS = {
    "dummy": Model("the most frequent genre", lambda front: DummyClassifier()),
    "mfcc-svm": Model("MFCC statistics, SVM", lambda front: svm([*front.mfcc(), FrameStatistics()])),
    "mel-svm": Model("log-mel statistics, SVM", lambda front: svm([*front.mel(), FrameStatistics()])),
    "mfcc-texture-svm": Model(
        "MFCC statistics with correlations and modulation, SVM",
        lambda front: make_pipeline(*front.mfcc(), TEXTURE, StandardScaler(), SVC(C=10)),
    ),
    "cnn-mfcc": Model("CNNClassifier on MFCC", lambda front: make_pipeline(*front.mfcc(), CNNClassifier())),
    "cnn-mel": Model("CNNClassifier on log-mel", lambda front: make_pipeline(*front.mel(), CNNClassifier())),
    "rnn-mfcc": Model("RNNClassifier on MFCC", lambda front: make_pipeline(*front.mfcc(), RNNClassifier())),
    "rnn-mel": Model("RNNClassifier on log-mel", lambda front: make_pipeline(*front.mel(), RNNClassifier())),
    "descriptor-svm": Model("TrackDescriptor, SVM", lambda front: svm(front.descriptors()), needs_audio=True),
    "descriptor-groups": Model(
        "TrackDescriptor, GroupSVC",
        lambda front: make_pipeline(*front.descriptors(), GroupSVC(TrackDescriptor().group_slices())),
        needs_audio=True,
    ),
    "genre": Model("make_genre_classifier()", lambda front: front.recommended(), needs_audio=True),
    "genre-jamendo": Model(
        'make_genre_classifier(pretrained="jamendo")',
        lambda front: front.recommended("jamendo"),
        needs_audio=True,
        note="it holds the weights of the next one.",
    ),
    "musicnn-jamendo": Model(
        "MusiCNN by MTG-Jamendo, logistic regression",
        lambda front: linear(front.musicnn("jamendo")),
        needs_audio=True,
        note="its weights were trained on tags of Jamendo's music, which is none of the music here.",
    ),
    "musicnn-mtat": Model(
        "MusiCNN by MagnaTagATune, logistic regression",
        lambda front: linear(front.musicnn("mtat")),
        needs_audio=True,
        note="not an honest number on Emotify. MagnaTagATune is Magnatune's music, as Emotify is, so these weights may "
        "have heard the very tracks, with their tags. It is here to show what such a leak looks like.",
    ),
}
