"""Exact search by matrix products."""

from pathlib import Path
from typing import Any

import numpy as np

from skgenre.neighbors._growing import GrowingArray
from skgenre.neighbors._local import LocalIndex, read_array
from skgenre.neighbors._scan import Scan


class ExactIndex(LocalIndex):
    """Compare each query with every vector, and find exactly the nearest.

    Single-precision matrix products choose candidates, with a margin that covers their rounding error; the distances
    of the candidates are then computed from differences in double precision. So answers depend neither on the batch
    size nor on the number of threads, and distances keep their digits far away from the origin too.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        All vectors, those of removed rows too.
    alive : ndarray of shape (n_rows,), bool
        False for rows that were removed.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import ExactIndex
    >>> index = ExactIndex("euclidean").build(np.float32([[0, 0], [3, 4], [6, 8]]))
    >>> distances, rows = index.query(np.float32([[0, 0]]), n_neighbors=2)
    >>> distances, rows
    (array([[0., 5.]]), array([[0, 1]]))
    >>> index.add([[0, 1]])
    array([3])
    >>> index.remove([0])
    >>> index.query([[0, 0]], n_neighbors=2)
    (array([[1., 5.]]), array([[3, 1]]))
    """

    name = "exact"

    def _build_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._points = GrowingArray(points)
        self._squares = GrowingArray(self._space.squares(points))

    def _link(self, points: np.ndarray, rows: np.ndarray) -> None:
        pass

    def _add_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._points = self._points.append(points)
        self._squares = self._squares.append(self._space.squares(points))

    def _remove(self, rows: np.ndarray) -> None:
        pass

    def _query(self, queries: np.ndarray, n_neighbors: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        return self._scan().query(queries, n_neighbors, mask)

    def _query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return self._scan().query_radius(queries, radius, mask)

    def _write_search(self, folder: Path) -> None:
        np.save(folder / "points.npy", self._points.rows)
        np.save(folder / "squares.npy", self._squares.rows)

    def _read_search(self, folder: Path, mmap: bool) -> None:
        self._points, self._squares = (
            GrowingArray(read_array(folder / f"{name}.npy", mmap)) for name in ("points", "squares")
        )

    def _scan(self) -> Scan:
        return Scan(self._space, self.vectors, self._points.rows, self._squares.rows)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_points", "_squares")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_vectors" in state:
            self._build_points(self._space.points(self.vectors), np.arange(self.n_rows))
