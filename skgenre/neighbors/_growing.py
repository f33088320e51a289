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
        self._buffer = rows
        self._n_rows = len(rows)

    def __len__(self) -> int:
        return self._n_rows

    @property
    def rows(self) -> np.ndarray:
        return self._buffer[: self._n_rows]

    def append(self, block: np.ndarray) -> Self:
        n_rows, buffer = self._n_rows + len(block), self._buffer
        if n_rows > len(buffer):
            buffer = np.empty((max(n_rows, self._n_rows * 3 // 2), *buffer.shape[1:]), dtype=buffer.dtype)
            buffer[: self._n_rows] = self.rows
        buffer[self._n_rows : n_rows] = block
        longer = type(self)(buffer)
        longer._n_rows = n_rows
        return longer

    def __getstate__(self) -> np.ndarray:
        return np.array(self.rows)

    def __setstate__(self, state: np.ndarray) -> None:
        self.__init__(state)  # type: ignore[misc]
