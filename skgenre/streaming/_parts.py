"""The parts of a pipeline that can be fed a chunk at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skgenre.audio import AudioLoader, Waveforms
from skgenre.classifiers import CNNClassifier, RNNClassifier
from skgenre.features import MelExtractor, MFCCExtractor

SUPPORTED = "Pipeline of AudioLoader, MelExtractor or MFCCExtractor, and CNNClassifier or RNNClassifier"


@dataclass(frozen=True)
class Parts:
    """The three steps of a fitted pipeline.

    Parameters
    ----------
    loader : AudioLoader
        Says which part of a track is heard, and at which rate.
    extractor : MelExtractor or MFCCExtractor
        Says which features are computed.
    net : CNNClassifier or RNNClassifier
        The fitted net.
    """

    loader: AudioLoader
    extractor: Any
    net: Any

    @classmethod
    def of(cls, pipeline: Any) -> "Parts":
        """Take a pipeline apart, or say what it must be."""
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"pipeline must be a fitted {SUPPORTED}, got {type(pipeline).__name__}")
        steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
        kinds: tuple[Any, ...] = (AudioLoader, (MelExtractor, MFCCExtractor), (CNNClassifier, RNNClassifier))
        if len(steps) != 3 or not all(isinstance(step, kind) for step, kind in zip(steps, kinds, strict=True)):
            names = ", ".join(type(step).__name__ for step in steps)
            raise TypeError(
                f"pipeline must be a fitted {SUPPORTED}, got a Pipeline of {names}: what other steps compute cannot "
                "be carried on from chunk to chunk"
            )
        parts = cls(*steps)
        check_is_fitted(parts.net, "net_")
        parts._check_bands()
        return parts

    def _check_bands(self) -> None:
        """Let the extractor check its parameters, and the net its bands, on a moment of silence."""
        extractor = clone(self.extractor).set_params(memory=None, out=None, verbose=False)
        silence = np.zeros(self.loader.sample_rate // 10 + 1, dtype=np.float32)
        self.net.predict_proba(extractor.transform(Waveforms([silence], self.loader.sample_rate)))

    @property
    def frame_seconds(self) -> float:
        """Step between frames, in seconds."""
        return self.extractor.hop_length / self.loader.sample_rate

    def seconds(self, frame: int) -> float:
        """Return where a frame is in the track, in seconds."""
        return self.loader.offset + frame * self.frame_seconds

    @property
    def step(self) -> int:
        """Frames from a segment of the pipeline to the next."""
        return max(1, round(self.net.segment_frames_ * (1 - self.net.segment_overlap)))

    @property
    def segment_seconds(self) -> float:
        """Length of a segment, in seconds."""
        return self.net.segment_frames_ * self.frame_seconds
