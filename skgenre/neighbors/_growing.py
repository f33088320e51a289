"""An array that grows at its end."""

import numpy as np


class GrowingArray:
    """Rows that are appended in blocks, at a cost that does not grow with the rows that are there.

    The array it begins with is kept as it is, mapped from a file or not; the first rows appended copy it to memory.
    What ``rows`` gave before stays as it was.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self._buffer = rows
        self._n_rows = len(rows)

    @property
    def rows(self) -> np.ndarray:
        return self._buffer[: self._n_rows]

    def append(self, block: np.ndarray) -> None:
        n_rows = self._n_rows + len(block)
        if n_rows > len(self._buffer):
            grown = np.empty((max(n_rows, self._n_rows * 3 // 2), *self._buffer.shape[1:]), dtype=self._buffer.dtype)
            grown[: self._n_rows] = self.rows
            self._buffer = grown
        self._buffer[self._n_rows : n_rows] = block
        self._n_rows = n_rows

    def __getstate__(self) -> np.ndarray:
        return np.array(self.rows)

    def __setstate__(self, state: np.ndarray) -> None:
        self.__init__(state)  # type: ignore[misc]
