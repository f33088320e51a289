"""What indexes that may miss a neighbour do alike: filters by asking for more, and exact search where that fails."""

from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from skgenre.neighbors._local import LocalIndex
from skgenre.neighbors._scan import Scan

FIRST_IN_RADIUS = 32
"""Neighbours that a search within a radius begins with."""

TOO_FAR = 1e15
"""Distance from the origin of a point beyond which single-precision squares may overflow."""


class ApproximateIndex(LocalIndex):
    """Base of indexes that give most of the nearest, at distances recomputed from the vectors.

    Where few rows may answer, and where asking for more and more gives too few of those that may, the search is
    exhaustive: there are always as many answers as asked for.
    """

    effort: int

    @abstractmethod
    def _search(self, queries: np.ndarray, points: np.ndarray, n_asked: int) -> np.ndarray:
        """Return about ``n_asked`` rows near each query, different ones, of shape (n_queries, n_found).

        Rows that were removed may be among them. Where there are fewer, -1 stands for none, behind all others.
        """

    def _query(self, queries: np.ndarray, n_neighbors: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        if mask is None and len(queries) == 1 and (answer := self._query_one(queries, n_neighbors)):
            return answer
        n_allowed = self.n_rows if mask is None else int(np.count_nonzero(mask))
        n_asked = n_neighbors if mask is None else int(1.2 * n_neighbors * self.n_rows / n_allowed) + 1
        distances = np.empty((len(queries), n_neighbors))
        rows = np.empty((len(queries), n_neighbors), dtype=np.intp)
        points = self._space.points(queries)
        near = np.abs(points).max(axis=1) < TOO_FAR
        left, all_left = np.flatnonzero(near), bool(near.all())
        while len(left) and n_asked < n_allowed / 2:
            asking = (queries, points) if all_left else (queries[left], points[left])
            found = self._search(*asking, n_asked)
            if found.shape[1] < n_neighbors:  # too few for any of them
                n_asked *= 4
                continue
            if mask is not None:
                found = np.where(mask[found], found, -1)
            far, found = self._space.nearest_among(asking[0], self.vectors, found, n_neighbors)
            enough = found[:, -1] >= 0
            if all_left and enough.all():
                return far, found
            done = left[enough]
            distances[done], rows[done] = far[enough], found[enough]
            left, all_left, n_asked = left[~enough], False, 4 * n_asked
        left = np.concatenate([left, np.flatnonzero(~near)])
        if len(left):
            scan = Scan(self._space, self.vectors)
            distances[left], rows[left] = scan.query(queries[left], n_neighbors, mask)
        return distances, rows

    def _query_one(self, query: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Answer one query from all rows, as ``_query`` would, quicker; None where the search is of no use."""
        ends, point = self._space.ends_and_points(query)
        if not np.vdot(point, point) < TOO_FAR**2 or n_neighbors >= self._n_alive / 2:
            return None
        found = self._search(query, point, n_neighbors)
        if found.shape[1] < n_neighbors or found[0, n_neighbors - 1] < 0:
            return None
        return self._space.ranked(ends, self.vectors, found, n_neighbors)

    def _query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        n_allowed = self.n_rows if mask is None else int(np.count_nonzero(mask))
        return within_radius(self._query, Scan(self._space, self.vectors), queries, radius, mask, n_allowed // 2)


def as_table(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return lists of rows, given one after the other, as a table with a line for each, filled up by -1."""
    longest = max(int(counts.max()), 1)
    if len(rows) == longest * len(counts):
        return rows.reshape(len(counts), longest)
    table = np.full((len(counts), longest), -1, dtype=np.intp)
    table[np.arange(longest) < counts[:, None]] = rows
    return table


def within_radius(
    query: Callable, scan: Scan, queries: np.ndarray, radius: float, mask: np.ndarray | None, most: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Find all within a radius by asking for more and more neighbours, up to ``most``; beyond, exhaustively."""
    far: list[np.ndarray] = [np.empty(0)] * len(queries)
    near: list[np.ndarray] = [np.empty(0, dtype=np.intp)] * len(queries)
    left = np.arange(len(queries))
    n_asked = FIRST_IN_RADIUS
    while len(left) and n_asked < most:
        distances, rows = query(queries[left], n_asked, mask)
        complete = distances[:, -1] > radius
        for number in np.flatnonzero(complete):
            inside = int(np.searchsorted(distances[number], radius, side="right"))
            far[left[number]], near[left[number]] = distances[number, :inside], rows[number, :inside]
        left = left[~complete]
        n_asked *= 4
    if len(left):
        for number, distances, rows in zip(left, *scan.query_radius(queries[left], radius, mask), strict=True):
            far[number], near[number] = distances, rows
    return far, near
