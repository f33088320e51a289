"""From samples in pieces to the frames of the whole: the resampler and the framing go on from piece to piece."""

import math
from typing import Any

import numpy as np
import soxr

from skgenre import spectral


class FrameStream:
    """Mel frames of a waveform that comes in pieces, in decibels, not yet clipped at the bottom.

    They are those that the extractor computes of the whole waveform, edges included: the resampler keeps its state,
    and the samples that frames to come reach back to are kept.

    Parameters
    ----------
    extractor : MelExtractor or MFCCExtractor
        Says what the frames are.
    source_rate, sample_rate : int
        Samples per second that come, and that frames are made of, in hertz.
    duration : float, default=None
        How much is heard, as a loader with this ``duration`` cuts or pads a track, in seconds. None means all.
    """

    def __init__(self, extractor: Any, source_rate: int, sample_rate: int, duration: float | None = None) -> None:
        self._extractor = extractor
        self._sample_rate = sample_rate
        same = source_rate == sample_rate
        self._resampler = None if same else soxr.ResampleStream(source_rate, sample_rate, 1, dtype="float32")
        self._source_left = math.inf if duration is None else math.ceil(duration * source_rate)
        self._length = None if duration is None else max(1, round(duration * sample_rate))
        self._margin = -(-(extractor.n_fft // 2) // extractor.hop_length)
        self._samples = np.empty(0, dtype=np.float32)
        self._first = 0
        self.n_frames = 0
        """Frames given so far."""

    @property
    def is_full(self) -> bool:
        """Whether no further sample is heard."""
        return self._source_left == 0

    def push(self, y: np.ndarray) -> np.ndarray:
        """Hear samples, of shape (n_samples,), and give the frames they complete, of shape (n_mels, n_frames)."""
        y = y[: min(len(y), self._source_left)]
        self._source_left -= len(y)
        return self._add(y if self._resampler is None else self._resampler.resample_chunk(y))

    def finish(self) -> np.ndarray:
        """Give the frames that reach beyond the end."""
        rest = np.empty(0, dtype=np.float32)
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(rest, last=True)
        frames = self._add(rest)
        n_samples = self._first + len(self._samples)
        # A loader pads up to its duration, and makes one sample of a track too short to be resampled to any.
        missing = max(0, (self._length or 1) - n_samples)
        self._samples = np.pad(self._samples, (0, missing))
        total = spectral.n_frames(n_samples + missing, n_fft=self._n_fft, hop_length=self._hop)
        return np.concatenate([frames, self._frames_up_to(total, at_end=True)], axis=1)

    @property
    def _n_fft(self) -> int:
        return self._extractor.n_fft

    @property
    def _hop(self) -> int:
        return self._extractor.hop_length

    def _add(self, y: np.ndarray) -> np.ndarray:
        if self._length is not None:
            y = y[: max(0, self._length - self._first - len(self._samples))]
        self._samples = np.concatenate([self._samples, y])
        reach = self._first + len(self._samples) - (self._n_fft - self._n_fft // 2)
        return self._frames_up_to(reach // self._hop + 1)

    def _frames_up_to(self, stop: int, *, at_end: bool = False) -> np.ndarray:
        """Compute the frames before ``stop`` that have not been given yet."""
        start = self.n_frames
        if stop <= start:
            return np.empty((self._extractor.n_mels, 0), dtype=np.float32)
        # At either end of the samples frames are padded with zeros, so those are computed with a margin and left out.
        last = (stop - 1) * self._hop + self._n_fft - self._n_fft // 2 - self._first
        power = spectral.mel_power(
            self._samples if at_end else self._samples[:last],
            sample_rate=self._sample_rate,
            n_mels=self._extractor.n_mels,
            n_fft=self._n_fft,
            hop_length=self._hop,
            fmin=self._extractor.fmin,
            fmax=self._extractor.fmax,
        )
        before = self._first // self._hop
        frames = power[:, start - before : stop - before]
        self.n_frames = stop
        first = max(0, stop - self._margin) * self._hop
        self._samples = self._samples[first - self._first :]
        self._first = first
        return spectral.power_to_db(frames, top_db=math.inf)
