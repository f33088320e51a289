"""An array that grows at its end."""

from typing import Self

import numpy as np


class GrowingArray:
    """Rows that are appended in blocks, at a cost that does not grow with the rows that are there.

    ``append`` gives the longer array, which shares memory with this one, and leaves this one as it is: to take rows
    back is to go on with the shorter. The array it begins with is kept, mapped from a file or not; the first rows
    appended copy it to memory.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = self._buffer = rows

    def __len__(self) -> int:
        return len(self.rows)

    def append(self, block: np.ndarray) -> Self:
        n_before, buffer = len(self), self._buffer
        n_rows = n_before + len(block)
        if n_rows > len(buffer):
            buffer = np.empty((max(n_rows, n_before * 3 // 2), *buffer.shape[1:]), dtype=buffer.dtype)
            buffer[:n_before] = self.rows
        buffer[n_before:n_rows] = block
        longer = type(self)(buffer)
        longer.rows = buffer[:n_rows]
        return longer

    def __getstate__(self) -> np.ndarray:
        return np.array(self.rows)

    def __setstate__(self, state: np.ndarray) -> None:
        self.__init__(state)  # type: ignore[misc]
