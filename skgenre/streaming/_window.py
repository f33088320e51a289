"""The last segment of what is playing, whenever the next one is due."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skgenre.segments import cut_segments
from skgenre.streaming._features import context_frames, features_of
from skgenre.streaming._parts import Parts


@dataclass(frozen=True)
class Heard:
    """A segment: its place in frames, and its features, of shape (n_bands, segment_frames)."""

    start: int
    stop: int
    features: np.ndarray

    @property
    def is_full(self) -> bool:
        """Whether so much has been heard that nothing in it is repeated."""
        return self.stop - self.start == self.features.shape[1]


class SegmentWindow:
    """Keeps the last frames, and cuts a segment whenever one is due.

    The first full segment ends after ``segment_frames`` frames, and the next ones every ``step`` frames after it.
    Before it, what has been heard is repeated to fill one, as of a short track. Frames are clipped against the maximum
    up to the end of their segment, so segments do not depend on how the stream was cut into chunks.

    Parameters
    ----------
    parts : Parts
        The pipeline.
    step : int
        Frames from a segment to the next.
    """

    def __init__(self, parts: Parts, step: int) -> None:
        self._extractor = parts.extractor
        self._segment_frames = parts.net.segment_frames_
        self._context = context_frames(parts.extractor)
        self._step = step
        self._frames = np.empty((parts.extractor.n_mels, 0), dtype=np.float32)
        self._first = 0
        self._maximum, self._n_measured = -np.inf, 0
        self._due = min(step, self._segment_frames)

    @property
    def n_frames(self) -> int:
        """Frames heard so far."""
        return self._first + self._frames.shape[1]

    def push(self, frames: np.ndarray) -> Iterator[Heard]:
        """Hear frames, of shape (n_mels, n_frames), and give the segments that they complete."""
        self._frames = np.concatenate([self._frames, frames], axis=1)
        while self._due + self._context <= self.n_frames:
            yield self._next(self._due + self._context)

    def finish(self, frames: np.ndarray) -> Iterator[Heard]:
        """Hear the last frames, and give the segments that end with them or before."""
        yield from self.push(frames)
        while self._due <= self.n_frames:
            yield self._next(self.n_frames)

    def last(self) -> Heard:
        """Give the segment that ends with the last frame."""
        return self._cut(self.n_frames, self.n_frames)

    def _next(self, known: int) -> Heard:
        heard = self._cut(self._due, known)
        early = self._due < self._segment_frames
        self._due = min(self._due + self._step, self._segment_frames) if early else self._due + self._step
        # A track may end at once, and its last segment is then the one that ends here.
        first = max(self._first, min(heard.stop, self._due) - self._segment_frames - self._context)
        self._frames, self._first = self._frames[:, first - self._first :], first
        return heard

    def _cut(self, stop: int, known: int) -> Heard:
        """Cut the segment before ``stop``, where the frames before ``known`` are known."""
        new = self._frames[:, self._n_measured - self._first : known - self._first]
        self._maximum = max(self._maximum, float(new.max(initial=-np.inf)))
        self._n_measured = max(self._n_measured, known)
        start = max(0, stop - self._segment_frames)
        begin = max(self._first, start - self._context)
        decibels = self._frames[:, begin - self._first : known - self._first]
        features = features_of(self._extractor, decibels, self._maximum)[:, start - begin : stop - begin]
        return Heard(start, stop, cut_segments(features, [0], self._segment_frames)[0])
