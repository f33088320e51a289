"""What a stream says, and what it has said so far."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class StreamUpdate:
    """What a stream says of the last segment of a track that is playing, and of the track so far.

    Parameters
    ----------
    start, time : float
        Where the segment begins and ends in the track, in seconds.
    genre : object
        The most probable genre of the segment.
    posterior : ndarray of shape (n_classes,)
        Probability of each genre in the segment, in the order of the stream's ``classes_``.
    track_posterior : ndarray of shape (n_classes,)
        Probability of each genre in the track, as far as it has been heard.
    embedding : ndarray of shape (n_dims,), float32
        Embedding of the segment.
    final : bool, default=False
        Whether the track has ended. ``track_posterior`` is then the answer of the pipeline to the whole track.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import StreamUpdate
    >>> update = StreamUpdate(0.0, 3.0, "jazz", np.array([0.8, 0.2]), np.array([0.7, 0.3]), np.zeros(4))
    >>> update
    StreamUpdate(0.0 to 3.0 s: jazz)
    """

    start: float
    time: float
    genre: Any
    posterior: np.ndarray
    track_posterior: np.ndarray
    embedding: np.ndarray
    final: bool = False

    def __repr__(self) -> str:
        ended = ", the track has ended" if self.final else ""
        return f"StreamUpdate({self.start:.1f} to {self.time:.1f} s: {self.genre}{ended})"


class GrowingRows:
    """Rows that are appended one by one to an array."""

    def __init__(self) -> None:
        self._room = np.empty((0, 0))
        self._n_rows = 0

    def append(self, row: np.ndarray) -> None:
        if self._n_rows == len(self._room):
            room = np.empty((max(64, 2 * self._n_rows), len(row)))
            if self._n_rows:
                room[: self._n_rows] = self._room
            self._room = room
        self._room[self._n_rows] = row
        self._n_rows += 1

    @property
    def rows(self) -> np.ndarray:
        return self._room[: self._n_rows]
