"""A track that is playing: from mono samples to what is said of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from skgenre.streaming._answers import Answers
from skgenre.streaming._averages import ExponentialAverage, TrackAverage
from skgenre.streaming._frames import FrameStream
from skgenre.streaming._parts import Parts
from skgenre.streaming._scoring import score_segment, score_track
from skgenre.streaming._store import FrameStore
from skgenre.streaming._updates import GrowingRows, StreamUpdate
from skgenre.streaming._window import Heard, SegmentWindow

BLOCK = 1.0
"""Seconds heard at a time: of a longer chunk no more is held in other forms than this."""


class PlayingTrack:
    """Hears samples in order, and answers to each segment as it is complete.

    Parameters
    ----------
    parts : Parts
        The pipeline.
    answers : Answers
        What its numbers mean.
    source_rate : int
        Samples per second, in hertz.
    step : int
        Frames from a segment to the next.
    half_life : float or None
        That of an exponential average, in seconds; None averages over the whole track, and keeps its frames for the
        exact answer at its end.
    """

    def __init__(self, parts: Parts, answers: Answers, source_rate: int, step: int, half_life: float | None) -> None:
        self._parts, self._answers = parts, answers
        self._block = max(1, round(BLOCK * source_rate))
        loader, extractor = parts.loader, parts.extractor
        self._frames = FrameStream(extractor, source_rate, loader.sample_rate)
        self._window = SegmentWindow(parts, step)
        self._average: Any = TrackAverage(answers.pool) if half_life is None else ExponentialAverage(half_life)
        self._store: Any = FrameStore(extractor.n_mels) if half_life is None else None
        # A loader with a duration hears the start of a track only, and the end of that start is an edge of its own.
        bounded = half_life is None and loader.duration is not None
        self._start = FrameStream(extractor, source_rate, loader.sample_rate, loader.duration) if bounded else None
        self._answered = self._counted = 0
        self.posterior: Any = None
        self.embedding: Any = None
        self.history = GrowingRows()
        """Start, stop and posterior of each segment."""

    def hear(self, y: np.ndarray) -> Iterator[StreamUpdate]:
        """Hear mono samples, and say what there is to say of the segments that they complete."""
        for start in range(0, len(y), self._block):
            block = y[start : start + self._block]
            frames = self._frames.push(block)
            if self._store is not None:
                self._keep(frames if self._start is None else self._start.push(block))
            for heard in self._window.push(frames):
                yield self._update(heard)

    def end(self) -> Iterator[StreamUpdate]:
        """Say what there is to say of the last segments, and of the whole track."""
        frames = self._frames.finish()
        if self._store is not None:
            self._store.append(frames if self._start is None else self._start.finish())
        for heard in self._window.finish(frames):
            yield self._update(heard)
        yield self._update(self._window.last(), final=True)

    def close(self) -> None:
        """Let go of the frames that are kept of the track."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _keep(self, frames: np.ndarray) -> None:
        self._store.append(frames)
        if self._start is not None and self._start.is_full:
            self._store.append(self._start.finish())
            self._settle()

    def _settle(self) -> None:
        """Put the answer of the pipeline to all that it hears of the track in the place of the running one."""
        self.posterior, self.embedding = score_track(self._parts, self._answers, self._store)
        self._average = None
        self.close()

    def _update(self, heard: Heard, *, final: bool = False) -> StreamUpdate:
        posterior, embedding = score_segment(self._parts.net, self._answers, heard.features)
        start, time = (self._parts.seconds(frame) for frame in (heard.start, heard.stop))
        if heard.stop > self._answered:
            self.history.append(np.concatenate([[start, time], posterior]))
            if self._average is not None:
                self._count(heard, posterior, embedding)
            self._answered = heard.stop
        if final and self._store is not None:
            self._settle()
        genre = self._answers.genre(posterior)
        return StreamUpdate(start, time, genre, posterior, self.posterior, embedding, final)

    def _count(self, heard: Heard, posterior: np.ndarray, embedding: np.ndarray) -> None:
        if heard.is_full:
            seconds = (heard.stop - max(self._counted, heard.start)) * self._parts.frame_seconds
            self._average.add(posterior, embedding, seconds)
            self.posterior, self.embedding = self._average.value()
            self._counted = heard.stop
        else:
            self.posterior, self.embedding = posterior.astype(np.float64), embedding
