"""The running answer to a track: over all of it, or over what was heard last."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skgenre.streaming._updates import GrowingRows


class TrackAverage:
    """Pools all segments of a track so far, as the pipeline pools those of a whole track.

    Parameters
    ----------
    pool : callable
        Takes the posteriors of segments, of shape (n_segments, n_classes), and gives that of the track.
    """

    def __init__(self, pool: Callable[[np.ndarray], np.ndarray]) -> None:
        self._pool = pool
        self._posteriors = GrowingRows()
        self._embedding: Any = 0.0

    def add(self, posterior: np.ndarray, embedding: np.ndarray, seconds: float) -> None:
        self._posteriors.append(posterior)
        self._embedding = self._embedding + embedding.astype(np.float64)

    def value(self) -> tuple[np.ndarray, np.ndarray]:
        rows = self._posteriors.rows
        return self._pool(rows), (self._embedding / len(rows)).astype(np.float32)


class ExponentialAverage:
    """Weighs segments the less the longer ago they were: by a half after each half-life.

    Parameters
    ----------
    half_life : float
        In seconds.
    """

    def __init__(self, half_life: float) -> None:
        self._half_life = half_life
        self._posterior: Any = 0.0
        self._embedding: Any = 0.0
        self._weight = 0.0

    def add(self, posterior: np.ndarray, embedding: np.ndarray, seconds: float) -> None:
        kept = 0.5 ** (seconds / self._half_life)
        own = -math.expm1(-math.log(2) * seconds / self._half_life)  # 1 - kept, which may be too little to tell from 1
        self._posterior = kept * self._posterior + own * posterior.astype(np.float64)
        self._embedding = kept * self._embedding + own * embedding.astype(np.float64)
        self._weight = kept * self._weight + own

    def value(self) -> tuple[np.ndarray, np.ndarray]:
        return self._posterior / self._weight, (self._embedding / self._weight).astype(np.float32)
