"""The exhaustive search: which rows can be an answer, block by block of rows."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from skgenre.neighbors._space import BATCH, Space, batches

QUERIES_OF_PASS = 2**12
"""Queries that are answered in one pass over the rows."""

QUERIES_AT_ONCE = 2**8
"""Queries of one matrix product: enough to make it worth its while."""

ROWS_AT_ONCE = 2**11, 2**14
"""Fewest and most rows of one matrix product."""

CACHED_PRODUCTS = 2**19
"""Products that stay in the processor's cache until they are compared with the limit."""

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
        for batch in batches(len(queries), max(1, min(QUERIES_OF_PASS, BATCH // n_neighbors))):
            pairs = self._pairs(queries[batch], mask, n_neighbors)
            parts.append(self._space.nearest(queries[batch], self._vectors, *pairs, n_neighbors))
        return np.concatenate([distances for distances, _ in parts]), np.concatenate([rows for _, rows in parts])

    def query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Find all within the radius, among the rows of a mask."""
        distances: list[np.ndarray] = []
        rows: list[np.ndarray] = []
        for batch in batches(len(queries), max(64, BATCH // len(self._vectors))):  # all rows may be within it
            pairs = self._pairs(queries[batch], mask, radius=radius)
            far, near = self._space.within(queries[batch], self._vectors, *pairs, radius)
            distances += far
            rows += near
        return distances, rows

    def _pairs(
        self, queries: np.ndarray, mask: np.ndarray | None, n_neighbors: int = 0, radius: float = np.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of a query and a row of the mask, all that can be an answer among them."""
        n_rows, rows = len(self._vectors), None
        if mask is not None and SPARSE * np.count_nonzero(mask) <= n_rows:
            rows = np.flatnonzero(mask)
            n_rows = len(rows)
        candidates = Candidates(self._space, queries, n_neighbors, radius)
        many = BATCH + 2 * len(queries) * n_neighbors
        for block in self._blocks(batches(n_rows, candidates.rows_at_once), rows, mask):
            candidates.compare(block)
            if n_neighbors and candidates.n_pairs > many:  # equally near, as silence is to silence
                candidates.settle(self._vectors)
        return candidates.pairs()

    def _blocks(self, parts: Iterable[slice], rows: np.ndarray | None, mask: np.ndarray | None) -> Iterator[Block]:
        for part in parts:
            chosen = part if rows is None else rows[part]
            numbers = np.arange(part.start, part.stop) if rows is None else rows[part]
            points = self._space.points(self._vectors[chosen]) if self._points is None else self._points[chosen]
            squares = self._space.squares(points) if self._squares is None else self._squares[chosen]
            yield Block(numbers, points, squares, mask[part] if rows is None and mask is not None else None)


class Candidates:
    """The pairs of a query and a row that can be among the nearest of the query and within the radius.

    Half of |a - b|² is half of |a|², the same for all rows, and of |b|², less ab. In single precision it is off by no
    more than ``slack * (|a|² + |b|²) / 2 + least`` (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
    section 3.1, doubled). A row is a candidate if its lower bound is no more than the k-th smallest upper bound so far.

    Parameters
    ----------
    space : Space
        The metric.
    queries : ndarray of shape (n_queries, n_dims), float32
        The queries.
    n_neighbors : int, default=0
        How many to find for each; 0 means all.
    radius : float, default=numpy.inf
        The largest distance.
    """

    def __init__(self, space: Space, queries: np.ndarray, n_neighbors: int = 0, radius: float = np.inf) -> None:
        self._space, self._queries, self._n_neighbors = space, queries, n_neighbors
        self._slack = (queries.shape[1] + 32) * np.finfo(np.float32).eps
        least = (queries.shape[1] + 32) * np.finfo(np.float32).tiny
        with np.errstate(over="ignore", invalid="ignore"):
            points = space.points(queries)
            squares = space.squares(points).astype(np.float64)
            self._opposite = -points
            self._margin = (self._slack * squares + least).astype(np.float32)
            limit = ((1 + self._slack) * space.squared_radius(radius) - squares) / 2
            self._limit = np.nextafter(limit.astype(np.float32), np.float32(np.inf)) + self._margin
        self._uppers = np.full((len(queries), n_neighbors), np.inf, dtype=np.float32)
        self._asked: list[np.ndarray] = []
        self._found: list[np.ndarray] = []
        self._lowers: list[np.ndarray] = []
        self._has_begun, self.n_pairs = False, 0
        fewest, most = ROWS_AT_ONCE
        self.rows_at_once = max(fewest, min(most, CACHED_PRODUCTS // len(queries)))
        self._products = np.empty(0, dtype=np.float32)

    def compare(self, block: Block) -> None:
        """Compare all queries with the rows of a block."""
        n_rows, halves = len(block.points), (1 - self._slack) / 2 * block.squares
        # A query very far off overflows: NaN compares as "not greater", so that all rows are candidates.
        with np.errstate(over="ignore", invalid="ignore"):
            for part in batches(len(self._queries), QUERIES_AT_ONCE):
                lowers = self._room(part.stop - part.start, n_rows)
                np.matmul(self._opposite[part], block.points.T, out=lowers)
                lowers += halves
                if self._n_neighbors and not self._has_begun:
                    self._begin(part, lowers, block)
                outside = lowers > self._limit[part, None]
                if block.mask is not None:
                    outside |= ~block.mask
                hits = np.flatnonzero(~outside)
                if not len(hits):
                    continue
                asked, columns = np.divmod(hits, n_rows)
                asked, lowers = asked + part.start, lowers.ravel()[hits]
                if self._n_neighbors and self._has_begun:
                    self._tighten(asked, lowers + self._slack * block.squares[columns])
                self._asked.append(asked)
                self._found.append(block.rows[columns])
                self._lowers.append(lowers)
                self.n_pairs += len(hits)
        self._has_begun = True

    def _room(self, n_queries: int, n_rows: int) -> np.ndarray:
        """Return memory for products that was used before: new memory takes as long as what is done in it."""
        if len(self._products) < n_queries * n_rows:
            self._products = np.empty(n_queries * n_rows, dtype=np.float32)
        return self._products[: n_queries * n_rows].reshape(n_queries, n_rows)

    def _begin(self, part: slice, lowers: np.ndarray, block: Block) -> None:
        """Take the upper bounds of the first rows, so that few of these are candidates."""
        uppers = lowers + self._slack * block.squares
        if block.mask is not None:
            uppers[:, ~block.mask] = np.inf
        self._bound(np.arange(part.start, part.stop), np.column_stack([self._uppers[part], uppers]))

    def _tighten(self, asked: np.ndarray, uppers: np.ndarray) -> None:
        """Take in the upper bounds of further pairs, those of a query one behind the other."""
        queries, first, counts = np.unique(asked, return_index=True, return_counts=True)
        table = np.full((len(queries), self._n_neighbors + counts.max()), np.inf, dtype=np.float32)
        table[:, : self._n_neighbors] = self._uppers[queries]
        lines = np.repeat(np.arange(len(queries)), counts)
        table[lines, self._n_neighbors + np.arange(len(asked)) - first[lines]] = uppers
        self._bound(queries, table)

    def _bound(self, queries: np.ndarray, uppers: np.ndarray) -> None:
        """Let the limit be the k-th smallest of the upper bounds so far."""
        uppers.partition(self._n_neighbors - 1, axis=1)
        self._uppers[queries] = uppers[:, : self._n_neighbors]
        worst = uppers[:, self._n_neighbors - 1] + self._margin[queries]
        self._limit[queries] = np.minimum(self._limit[queries], worst)

    def settle(self, vectors: np.ndarray) -> None:
        """Keep the nearest of the pairs so far by their true distances; the others can be no answer."""
        asked, found = self.pairs()
        order = np.lexsort((found, self._space.distances(self._queries, vectors, asked, found), asked))
        asked = asked[order]
        self._keep(order[np.arange(len(asked)) - np.searchsorted(asked, asked) < self._n_neighbors])

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which query, and which row, each pair is of."""
        if not self._asked:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        self._keep(slice(None))
        self._keep(~(self._lowers[0] > self._limit[self._asked[0]]))
        return self._asked[0], self._found[0]

    def _keep(self, kept: Any) -> None:
        for parts in (self._asked, self._found, self._lowers):
            parts[:] = [np.concatenate(parts)[kept]]
        self.n_pairs = len(self._asked[0])
