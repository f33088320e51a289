"""The frames of a whole track, most of them on disk."""

from tempfile import SpooledTemporaryFile

import numpy as np

IN_MEMORY = 4 * 2**20
"""Bytes of frames kept in memory: some six minutes of 64 bands. What is more goes to a temporary file."""


class FrameStore:
    """Keeps the frames of a track in the order in which they come, to be read again when it has ended.

    Memory stays bounded, however long the track: from ``IN_MEMORY`` bytes on all frames lie in a temporary file, which
    is gone with this object.

    Parameters
    ----------
    n_mels : int
        Numbers of a frame.
    """

    def __init__(self, n_mels: int) -> None:
        self._n_mels = n_mels
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self.n_frames = 0
        self.maximum = -np.inf
        """The highest number of all frames."""

    def append(self, frames: np.ndarray) -> None:
        """Keep frames, of shape (n_mels, n_frames), float32."""
        if frames.size:
            self._file.write(np.ascontiguousarray(frames.T).data)
            self.n_frames += frames.shape[1]
            self.maximum = max(self.maximum, float(frames.max()))

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the frames from ``start`` to before ``stop``, of shape (n_mels, stop - start)."""
        size = 4 * self._n_mels
        self._file.seek(start * size)
        frames = np.frombuffer(self._file.read((stop - start) * size), dtype=np.float32)
        self._file.seek(0, 2)
        return frames.reshape(-1, self._n_mels).T

    def close(self) -> None:
        """Delete what is kept."""
        self._file.close()
