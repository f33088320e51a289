"""What every index promises, and what they do alike."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import NotFittedError

from skgenre._whole import whole
from skgenre.neighbors._checks import as_mask, as_rows, as_vectors
from skgenre.neighbors._growing import GrowingArray
from skgenre.neighbors._saving import Saving
from skgenre.neighbors._space import Space


class Index(Saving):
    """Vectors at rows 0 to n_rows - 1, and the search for those that are nearest.

    Rows are numbered as they are added. A row that is removed keeps its number, which nobody gets again, until
    ``compact`` closes the gaps. Many threads may query at once, but none while another changes the index.

    Attributes
    ----------
    metric : {"cosine", "euclidean"}
        Distance between vectors.
    vectors : ndarray of shape (n_rows, n_dims), float32
        All vectors, those of removed rows too. Read-only where they are mapped from a file.
    alive : ndarray of shape (n_rows,), bool
        False for rows that were removed.
    effort : int or None
        How hard an approximate index searches, from 1: the unit is its own, and twice as much is about twice the work.
        May be set at any time. None where the search is exact.
    n_tuned : int
        Neighbours that ``effort`` is meant for, 10 until it is tuned: fewer are looked for as hard as so many.
    """

    name: ClassVar[str]
    """The ``algorithm`` that stands for it."""

    parameters: ClassVar[tuple[str, ...]] = ("metric",)
    """Names of the parameters, which are attributes too."""

    effort: int | None = None

    n_tuned: int = 10

    def __init__(self, metric: str = "cosine") -> None:
        if metric not in ("cosine", "euclidean"):
            raise ValueError(f'metric must be "cosine" or "euclidean", got {metric!r}')
        self.metric = metric

    vectors: Any

    _space: Space

    _n_alive = 0

    @property
    def alive(self) -> np.ndarray:
        self._check_built()
        return self._alive.rows

    @property
    def n_rows(self) -> int:
        """Rows that were ever added since ``build`` or ``compact``, those removed too."""
        self._check_built()
        return len(self._alive)

    def __len__(self) -> int:
        return self._n_alive

    def build(
        self,
        vectors: ArrayLike,
        *,
        held_out: ArrayLike = (),
        trial: Callable[[], Any] | None = None,
        then: Callable[[], Any] | None = None,
    ) -> Self:
        """Index vectors, at rows from 0 on, in place of what was there.

        Parameters
        ----------
        vectors : array-like of shape (n_rows, n_dims)
            Finite vectors. A float32 array is kept, not copied, so that it may be mapped from a file.
        held_out : array-like of shape (n_held_out,), int, default=()
            Different rows, not all, that the search comes to know last, after the trial.
        trial : callable, default=None
            Called while the index knows all rows but those held out, to ask about these as about what is new to it.
        then : callable, default=None
            Called when the index knows all rows, and before what it replaces is gone for good: where that fails, or the
            trial, the index is as it was.

        Returns
        -------
        self : Index
            The index.

        Raises
        ------
        ValueError
            If there are no vectors, or some are not finite. The index is as it was.
        """
        vectors = as_vectors(vectors, "vectors")
        if 0 in vectors.shape:
            raise ValueError(f"vectors must hold at least one row and one dimension, got shape {vectors.shape}")
        first = np.ones(len(vectors), dtype=bool)
        first[as_rows(held_out, first)] = False
        if not first.any():
            raise ValueError("held_out must leave some rows, got all")
        with whole(self), self._replacing():
            self._build(vectors, first, trial or (lambda: None))
            if then is not None:
                then()
        return self

    def add(self, vectors: ArrayLike) -> np.ndarray:
        """Add vectors behind the last row.

        Parameters
        ----------
        vectors : array-like of shape (n_added, n_dims)
            Finite vectors, copied.

        Returns
        -------
        rows : ndarray of shape (n_added,), int
            The rows they have now.

        Raises
        ------
        ValueError
            If they are not finite, or of another dimension. The index is as it was.
        """
        vectors = as_vectors(vectors, "vectors", self.vectors.shape[1])
        rows = np.arange(self.n_rows, self.n_rows + len(vectors))
        if len(rows):
            with whole(self):
                self._add(vectors, rows)
        return rows

    def remove(self, rows: ArrayLike) -> None:
        """Remove rows: they are no answer to any query from now on.

        Parameters
        ----------
        rows : array-like of shape (n_removed,), int
            Different rows, none of them removed before.

        Raises
        ------
        ValueError
            If there is no such row, or one occurs twice. The index is as it was.
        """
        rows = as_rows(rows, self.alive)
        if len(set(rows.tolist())) < len(rows):
            raise ValueError(f"rows must be different, got {rows}")
        self._remove(rows)
        alive = self.alive.copy()  # a mask that was handed out before stays as it was
        alive[rows] = False
        self._keep_alive(alive)

    def compact(self) -> np.ndarray:
        """Build again from the rows that are alive, and number them from 0 on.

        Returns
        -------
        kept : ndarray of shape (n_kept,), int
            The old number of each row, ascending.

        Raises
        ------
        ValueError
            If no row is alive.
        """
        kept = np.flatnonzero(self.alive)
        if not len(kept):
            raise ValueError("an index must keep at least one row, and all were removed")
        if len(kept) < self.n_rows:
            self.build(self.take(kept))
        return kept

    def take(self, rows: ArrayLike) -> np.ndarray:
        """Return the vectors of rows that are alive, of shape (n, n_dims)."""
        return self.vectors[as_rows(rows, self.alive)]

    def query(
        self, queries: ArrayLike, n_neighbors: int, *, allowed: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest vectors.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_dims)
            Finite vectors.
        n_neighbors : int
            How many to find: there are always exactly so many answers.
        allowed : array-like of shape (n_rows,), bool, default=None
            Rows that may be an answer. None means all; those removed never are.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Ascending.
        rows : ndarray of shape (n_queries, n_neighbors), int
            Rows of the vectors; equal distances in ascending order of row.

        Raises
        ------
        ValueError
            If fewer rows may answer than ``n_neighbors``, or the queries are not finite or of another dimension.
        """
        queries, mask, n_allowed = self._check(queries, allowed)
        if not (isinstance(n_neighbors, Integral) and 1 <= int(n_neighbors) <= n_allowed):
            which = "alive" if allowed is None else "allowed and alive"
            raise ValueError(f"n_neighbors must be from 1 to {n_allowed}, the rows {which}, got {n_neighbors!r}")
        if not len(queries):
            return np.empty((0, n_neighbors)), np.empty((0, n_neighbors), dtype=np.intp)
        return self._query(queries, int(n_neighbors), mask)

    def query_radius(
        self, queries: ArrayLike, radius: float, *, allowed: ArrayLike | None = None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Find all vectors up to a distance.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_dims)
            Finite vectors.
        radius : float
            The largest distance, itself included.
        allowed : array-like of shape (n_rows,), bool, default=None
            Rows that may be an answer, as in ``query``.

        Returns
        -------
        distances : list of ndarray, float64
            For each query those it found, maybe none, ascending.
        rows : list of ndarray, int
            Their rows; equal distances in ascending order of row.

        Raises
        ------
        ValueError
            If ``radius`` is negative or no number, or the queries are not finite or of another dimension.
        """
        queries, mask, n_allowed = self._check(queries, allowed)
        if not (isinstance(radius, Real) and radius >= 0):
            raise ValueError(f"radius must be a number >= 0, got {radius!r}")
        if not (len(queries) and n_allowed):
            return [np.empty(0) for _ in queries], [np.empty(0, dtype=np.intp) for _ in queries]
        return self._query_radius(queries, float(radius), mask)

    @classmethod
    def read(cls, content: dict[str, Any], folder: Path, *, mmap: bool = True) -> Self:
        """Read an index of this class from the files that ``write`` wrote and from what it returned."""
        index = cls(**content["parameters"])
        index.n_tuned = content["n_tuned"]
        index._keep_alive(np.load(folder / "alive.npy"))
        index._read(content, folder, mmap)
        return index

    def _replacing(self) -> AbstractContextManager[None]:
        """Do around a build what makes it replace what was there, or leaves that where it fails."""
        return nullcontext()

    @abstractmethod
    def _build(self, vectors: np.ndarray, first: np.ndarray, trial: Callable[[], Any]) -> None:
        """Take in vectors, in place of any others: the first of a mask, the trial, the others; all are alive then."""

    @abstractmethod
    def _add(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        """Take in the vectors of new rows, and their being alive; where that fails, attributes are as before."""

    @abstractmethod
    def _remove(self, rows: np.ndarray) -> None:
        """Forget rows, as far as the mask of those alive does not do it."""

    @abstractmethod
    def _read(self, content: dict[str, Any], folder: Path, mmap: bool) -> None:
        """Read what ``_write`` wrote and returned."""

    @abstractmethod
    def _query(self, queries: np.ndarray, n_neighbors: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest among the rows of a mask, which holds enough of them and none that was removed."""

    @abstractmethod
    def _query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Find all within the radius, among the rows of a mask."""

    def _check_built(self) -> None:
        if not hasattr(self, "_alive"):
            raise NotFittedError(f"this {type(self).__name__} holds no vectors yet: build it first")

    def _keep_alive(self, alive: np.ndarray) -> None:
        self._alive = GrowingArray(alive)
        self._n_alive = int(np.count_nonzero(alive))

    def _append_alive(self, n_rows: int) -> None:
        self._alive = self._alive.append(np.ones(n_rows, dtype=bool))
        self._n_alive += n_rows

    def _check(self, queries: ArrayLike, allowed: ArrayLike | None) -> tuple[np.ndarray, np.ndarray | None, int]:
        """Return the queries, the mask of rows that may answer or None for all, and how many these are."""
        queries = as_vectors(queries, "queries", self.vectors.shape[1])
        if allowed is None:
            return queries, None if self._n_alive == self.n_rows else self.alive, self._n_alive
        mask = as_mask(allowed, self.n_rows) & self.alive
        return queries, mask, int(np.count_nonzero(mask))
