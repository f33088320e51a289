"""Approximate search by the trees of Annoy."""

import tempfile
import threading
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import annoy
import numpy as np

from skgenre.neighbors._approximate import ApproximateIndex, as_table
from skgenre.neighbors._checks import check_integers
from skgenre.neighbors._growing import GrowingArray
from skgenre.neighbors._scan import Block, Candidates

TAIL = 0.25
"""Rows added since the forest was grown, as a share of those in it, beyond which it is grown anew."""


class _File:
    """A file that stays readable when its name is gone."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._reading = threading.Lock()

    def bytes(self) -> bytes:
        with self._reading:
            self._file.seek(0)
            return self._file.read()

    def __del__(self) -> None:
        if hasattr(self, "_file"):  # else it could not be opened
            self._file.close()


class AnnoyIndex(ApproximateIndex):
    """Look for the nearest vectors in a forest of Annoy's random projection trees: quick, but it may miss some.

    Distances are recomputed from the vectors, so those that are found have the same distances as in ``ExactIndex``.
    Where the forest gives too few, the search is exact: there are always ``n_neighbors`` answers.

    A forest takes no more vectors once it is grown. So those that are added are searched exactly beside it, and when
    they are a quarter as many as are in the forest, it is grown anew from all that are alive.

    The forest is grown in one thread, since Annoy ignores its seed in more. Its pickle holds the bytes of the file that
    Annoy saves, not a recipe to grow it again: so it loads at once, and the trees are the same on another machine too,
    where sums that round differently could grow others. Processes that load one folder share the file's memory.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.
    n_trees : int, default=100
        Trees in the forest; more find more, and take more memory.
    effort : int, default=4
        Vectors to inspect for each tree and each neighbour asked for.
    seed : int, default=0
        Seed of the random projections.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        All vectors, those of removed rows too.
    alive : ndarray of shape (n_rows,), bool
        False for rows that were removed.

    References
    ----------
    E. Bernhardsson, Annoy: Approximate Nearest Neighbors in C++/Python, https://github.com/spotify/annoy.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex
    >>> index = AnnoyIndex("cosine").build(np.float32([[1, 0], [0, 2], [-3, 0]]))
    >>> distances, rows = index.query(np.float32([[0, 5]]), n_neighbors=2)
    >>> distances, rows
    (array([[0., 1.]]), array([[1, 0]]))
    """

    name: ClassVar[str] = "annoy"
    parameters: ClassVar[tuple[str, ...]] = ("metric", "n_trees", "effort", "seed")

    def __init__(self, metric: str = "cosine", *, n_trees: int = 100, effort: int = 4, seed: int = 0) -> None:
        super().__init__(metric)
        check_integers(1, n_trees=n_trees)
        check_integers(0, effort=effort, seed=seed)
        self.n_trees = n_trees
        self.effort = effort
        self.seed = seed

    def _build_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._grow(points[rows] if len(rows) < len(points) else points, rows)

    def _link(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._add_points(points, rows)

    def _grow(self, points: np.ndarray, rows: np.ndarray) -> None:
        forest = self._new_forest()
        forest.set_seed(self.seed)
        for item, point in enumerate(points):
            forest.add_item(item, point)
        forest.build(self.n_trees, n_jobs=1)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder, "forest.ann")
            # Saved now, not when pickled: save() swaps the forest's memory under the feet of other threads.
            forest.save(str(path))
            self._file = _File(path)
        self._forest = forest
        self._rows = rows
        self._tail = GrowingArray(np.empty(0, dtype=np.intp))
        self._tail_points = GrowingArray(points[:0])

    def _add_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        if len(self._tail.rows) + len(rows) <= TAIL * len(self._rows):
            self._tail = self._tail.append(rows)
            self._tail_points = self._tail_points.append(points)
            return
        alive = np.flatnonzero(self.alive)
        self._grow(np.concatenate([self._space.points(self.vectors[alive]), points]), np.concatenate([alive, rows]))

    def _remove(self, rows: np.ndarray) -> None:
        pass

    def _search(self, queries: np.ndarray, points: np.ndarray, n_asked: int) -> np.ndarray:
        # An item occurs once in each tree, so at an effort of 1 or more this many hold n_asked different ones.
        inspected = min(self.effort * self.n_trees * max(n_asked, self.n_tuned), np.iinfo(np.int32).max)
        near = [self._forest.get_nns_by_vector(point, n_asked, inspected) for point in points]
        counts = np.array([len(items) for items in near])
        items = np.fromiter(chain.from_iterable(near), dtype=np.intp, count=int(counts.sum()))
        found = as_table(self._rows[items], counts)
        tail = self._tail.rows
        if not len(tail):
            return found
        block = Block(tail, self._tail_points.rows, self._space.squares(self._tail_points.rows), self.alive[tail])
        candidates = Candidates(self._space, queries, n_asked)
        candidates.compare(block)
        asked, found_too = candidates.pairs()
        found = np.column_stack([found, as_table(found_too, np.bincount(asked, minlength=len(queries)))])
        # A filter must not pass over what lies in the tail, for what lies farther off in the forest.
        return self._space.nearest_among(queries, self.vectors, found, n_asked)[1]

    def _write_search(self, folder: Path) -> None:
        (folder / "forest.ann").write_bytes(self._file.bytes())
        np.savez(folder / "rows.npz", forest=self._rows, tail=self._tail.rows)

    def _read_search(self, folder: Path, mmap: bool) -> None:
        rows = np.load(folder / "rows.npz")
        self._rows, self._tail = rows["forest"], GrowingArray(rows["tail"])
        self._tail_points = GrowingArray(self._space.points(self.vectors[rows["tail"]]))
        self._open(folder / "forest.ann")

    def _new_forest(self) -> annoy.AnnoyIndex:
        return annoy.AnnoyIndex(self.vectors.shape[1], "angular" if self.metric == "cosine" else "euclidean")

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in ("_forest", "_file")}
        return state | {"_bytes": self._file.bytes()} if hasattr(self, "_file") else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        grown = state.pop("_bytes", None)
        self.__dict__.update(state)
        if grown is None:
            return
        # The forest maps the file into memory: where an open file cannot be deleted, the folder outlives this call.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder, "forest.ann")
            path.write_bytes(grown)
            self._open(path)

    def _open(self, path: Path) -> None:
        self._forest = self._new_forest()
        self._forest.load(str(path))
        self._file = _File(path)
