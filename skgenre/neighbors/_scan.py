"""The exhaustive search: which rows can be an answer, block by block of rows."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from skgenre.neighbors._space import BATCH, Space, batches

SPARSE = 4
"""Where fewer than one row in so many may answer, they are gathered; else all are compared with."""


class Block(NamedTuple):
    """Rows to compare with, their points and squares, and which of them may answer; None means all."""

    rows: np.ndarray
    points: np.ndarray
    squares: np.ndarray
    mask: np.ndarray | None = None


class Scan:
    """The exhaustive search over vectors.

    Parameters
    ----------
    space : Space
        The metric.
    vectors : ndarray of shape (n_rows, n_dims), float32
        All vectors.
    points, squares : ndarray of shape (n_rows, n_dims) and (n_rows,), float32, default=None
        As ``space`` gives them. None means: worked out anew in each search.
    """

    def __init__(
        self, space: Space, vectors: np.ndarray, points: np.ndarray | None = None, squares: np.ndarray | None = None
    ) -> None:
        self._space = space
        self._vectors = vectors
        self._points = points
        self._squares = squares

    def query(self, queries: np.ndarray, n_neighbors: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest among the rows of a mask; None means all."""
        parts = []
        for batch, blocks in self._batches(len(queries), mask, n_neighbors):
            asked, found = candidates(self._space, queries[batch], blocks, n_neighbors)
            parts.append(self._space.nearest(queries[batch], self._vectors, asked, found, n_neighbors))
        return np.concatenate([distances for distances, _ in parts]), np.concatenate([rows for _, rows in parts])

    def query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Find all within the radius, among the rows of a mask."""
        distances: list[np.ndarray] = []
        rows: list[np.ndarray] = []
        for batch, blocks in self._batches(len(queries), mask):
            asked, found = candidates(self._space, queries[batch], blocks, radius=radius)
            far, near = self._space.within(queries[batch], self._vectors, asked, found, radius)
            distances += far
            rows += near
        return distances, rows

    def _batches(
        self, n_queries: int, mask: np.ndarray | None, n_neighbors: int = 1
    ) -> Iterator[tuple[slice, Iterator[Block]]]:
        """Give batches of queries, and for each the blocks of rows to compare with.

        Some 64 queries make a matrix product worth its while; a block of few times the neighbours asked for would let
        in too many candidates.
        """
        n_rows = len(self._vectors)
        rows = None if mask is None else np.flatnonzero(mask)
        if rows is not None and len(rows) * SPARSE > n_rows:
            rows = None
        n_rows = n_rows if rows is None else len(rows)
        at_once = min(n_rows, max(1, BATCH // min(n_queries, 64), 4 * n_neighbors))
        for batch in batches(n_queries, max(1, BATCH // at_once)):
            yield batch, self._blocks(list(batches(n_rows, at_once)), rows, mask)

    def _blocks(self, parts: list[slice], rows: np.ndarray | None, mask: np.ndarray | None) -> Iterator[Block]:
        for part in parts:
            chosen = part if rows is None else rows[part]
            numbers = np.arange(part.start, part.stop) if rows is None else rows[part]
            points = self._space.points(self._vectors[chosen]) if self._points is None else self._points[chosen]
            squares = self._space.squares(points) if self._squares is None else self._squares[chosen]
            yield Block(numbers, points, squares, mask[part] if rows is None and mask is not None else None)


def candidates(
    space: Space, queries: np.ndarray, blocks: Iterable[Block], n_neighbors: int | None = None, radius: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Return (query, row) pairs with every row that can be among the nearest of its query and within the radius.

    |a - b|² = |a|² + |b|² - 2ab, less |a|², which is the same for all rows. In single precision it is off by no more
    than ``slack * (|a|² + |b|²) + least`` (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002, section
    3.1, doubled). A row is a candidate if its lower bound is no more than the k-th smallest upper bound.
    """
    n_dims = queries.shape[1]
    slack = (n_dims + 32) * np.finfo(np.float32).eps
    least = (n_dims + 32) * np.finfo(np.float32).tiny
    asked, found, lowest = [], [], []
    # A query very far off overflows: NaN compares as "not greater", so that all rows are candidates.
    with np.errstate(over="ignore", invalid="ignore"):
        points = space.points(queries)
        squares = space.squares(points).astype(np.float64)
        margin = (2 * slack * squares + 2 * least).astype(np.float32)
        limit = np.nextafter(np.float32((1 + slack) * space.squared_radius(radius) - squares), np.float32(np.inf))
        limit = limit + margin
        for block in blocks:
            bounds = points @ block.points.T
            bounds *= -2
            bounds += (1 - slack) * block.squares
            inside = ~(bounds > limit[:, None])
            if block.mask is not None:
                inside &= block.mask
            if n_neighbors is not None:
                enough = np.flatnonzero(np.count_nonzero(inside, axis=1) >= n_neighbors)
                if len(enough):
                    uppers = np.where(inside[enough], bounds[enough] + 2 * slack * block.squares, np.inf)
                    worst = np.partition(uppers, n_neighbors - 1, axis=1)[:, n_neighbors - 1]
                    limit[enough] = np.minimum(limit[enough], worst + margin[enough])
                    inside[enough] &= ~(bounds[enough] > limit[enough, None])
            near, columns = np.nonzero(inside)
            asked.append(near)
            found.append(block.rows[columns])
            lowest.append(bounds[near, columns])
        every = np.concatenate(asked) if asked else np.empty(0, dtype=np.intp)
        kept = ~(np.concatenate(lowest) > limit[every]) if asked else np.empty(0, dtype=bool)
    rows = np.concatenate(found) if found else np.empty(0, dtype=np.intp)
    return every[kept], rows[kept]
