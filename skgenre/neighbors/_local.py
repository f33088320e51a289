"""What indexes do alike that hold the vectors themselves."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skgenre.neighbors._growing import GrowingArray
from skgenre.neighbors._index import Index
from skgenre.neighbors._space import Space

FAR = 1e6
"""Times the extent of the first vectors; where one lies beyond, single precision cannot tell the others apart."""


class LocalIndex(Index):
    """Base of indexes that hold the vectors in memory, or mapped from a file, and search among points of a space."""

    @property
    def vectors(self) -> np.ndarray:
        self._check_built()
        return self._vectors.rows

    @abstractmethod
    def _build_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        """Make what the search needs of all points, to find those at some rows."""

    @abstractmethod
    def _link(self, points: np.ndarray, rows: np.ndarray) -> None:
        """Have the search find rows too that ``_build_points`` left out, given their points."""

    @abstractmethod
    def _add_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        """Take in the points of new rows; where that fails, attributes are as before, and all else must be."""

    @abstractmethod
    def _write_search(self, folder: Path) -> None:
        """Write what the search needs beside the vectors."""

    @abstractmethod
    def _read_search(self, folder: Path, mmap: bool) -> None:
        """Read what ``_write_search`` wrote."""

    def _build(self, vectors: np.ndarray, first: np.ndarray, trial: Callable[[], Any]) -> None:
        self._vectors = GrowingArray(vectors)
        self._keep_alive(first)
        self._space = Space.of(self.metric, vectors)
        points, last = self._space.points(vectors), np.flatnonzero(~first)
        self._build_points(points, np.flatnonzero(first))
        trial()
        if len(last):
            self._link(points[last], last)
            self._keep_alive(np.ones(len(vectors), dtype=bool))

    def _add(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        points = self._space.points(vectors)
        far = not np.abs(points).max() < FAR
        self._vectors = self._vectors.append(vectors)  # first, for it takes most memory
        if not far:
            self._add_points(points, rows)
        self._append_alive(len(rows))
        if far:
            self._build_again()

    def _build_again(self) -> None:
        """Build from all rows, under their numbers, with a space that fits those alive."""
        self._space = Space.of(self.metric, self.vectors[self.alive])
        self._build_points(self._space.points(self.vectors), np.arange(self.n_rows))
        removed = np.flatnonzero(~self.alive)
        if len(removed):
            self._remove(removed)

    def _write(self, folder: Path) -> dict[str, Any]:
        np.save(folder / "vectors.npy", self.vectors)
        self._write_search(folder)
        return {"centre": self._space.centre.tolist(), "scale": self._space.scale.item()}

    def _read(self, content: dict[str, Any], folder: Path, mmap: bool) -> None:
        self._vectors = GrowingArray(read_array(folder / "vectors.npy", mmap))
        self._space = Space(self.metric, content["centre"], content["scale"])
        self._read_search(folder, mmap)


def read_array(path: Path, mmap: bool) -> np.ndarray:
    """Read an array, or map it, as a plain one: indexing is slow on ``numpy.memmap``."""
    return np.asarray(np.load(path, mmap_mode="r" if mmap else None))
