"""Approximate search by a graph of small worlds (HNSW), of Voyager."""

import io
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from skgenre._optional import import_optional
from skgenre.neighbors._approximate import ApproximateIndex
from skgenre.neighbors._checks import check_integers
from skgenre.neighbors._gathering import gathered
from skgenre.neighbors._space import batches

AT_ONCE = 2**17
"""Rows that are handed to Voyager at once."""

E4M3_SCALE = 256.0
"""Points lie within 1 of the origin, and E4M3 holds numbers from 2⁻⁹ to 448, with three bits after the first."""


class VoyagerIndex(ApproximateIndex):
    """Look for the nearest vectors in a hierarchical graph of small worlds: very quick, and seldom misses one.

    Distances are recomputed from the vectors, so those that are found have the same distances as in ``ExactIndex``.
    Vectors can be added at any time. Those removed stay in the graph as places to pass through; ``compact`` builds it
    anew without them, which is worth its time where they are more than about a third.

    The graph holds a copy of the vectors in memory, which processes do not share; ``storage="e4m3"`` makes it a quarter
    of the size, at a little less recall for the same effort. It is built cluster by cluster, around √n vectors that
    chance picks, so that what a search reads next is more often in the processor's cache.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.
    n_links : int, default=24
        Links from each vector to others, from 2; more find more, and take more memory and time to build.
    build_effort : int, default=200
        Candidates for the links of a vector; more find more, and take more time to build.
    effort : int, default=40
        Candidates of a search, beside those asked for.
    storage : {"float32", "e4m3"}, default="float32"
        How the graph keeps numbers: in four bytes or in one.
    n_threads : int, default=1
        Threads that build, and that answer queries in batches; -1 means all cores. With one, the same vectors and
        ``seed`` make the same graph; with more, chance has a hand in it.
    seed : int, default=0
        Seed of the levels of the graph, and of the order in which it is built.

    Attributes
    ----------
    vectors : ndarray of shape (n_rows, n_dims), float32
        All vectors, those of removed rows too.
    alive : ndarray of shape (n_rows,), bool
        False for rows that were removed.

    Raises
    ------
    ImportError
        If Voyager is not installed; it comes with ``pip install "skgenre[voyager]"``.

    References
    ----------
    Y. A. Malkov and D. A. Yashunin, Efficient and robust approximate nearest neighbor search using Hierarchical
    Navigable Small World graphs, 2020.

    B. Coleman, S. Segarra, A. Smola and A. Shrivastava, Graph Reordering for Cache-Efficient Near Neighbor Search, 2022
    (why the order in memory matters; they reorder a graph that is built).

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import VoyagerIndex
    >>> index = VoyagerIndex("cosine").build(np.float32([[1, 0], [0, 2], [-3, 0]]))
    >>> distances, rows = index.query(np.float32([[0, 5]]), n_neighbors=2)
    >>> distances, rows
    (array([[0., 1.]]), array([[1, 0]]))
    """

    name: ClassVar[str] = "voyager"
    parameters: ClassVar[tuple[str, ...]] = (
        "metric",
        "n_links",
        "build_effort",
        "effort",
        "storage",
        "n_threads",
        "seed",
    )

    def __init__(
        self,
        metric: str = "cosine",
        *,
        n_links: int = 24,
        build_effort: int = 200,
        effort: int = 40,
        storage: str = "float32",
        n_threads: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(metric)
        if storage not in ("float32", "e4m3"):
            raise ValueError(f'storage must be "float32" or "e4m3", got {storage!r}')
        check_integers(2, n_links=n_links)
        check_integers(1, build_effort=build_effort)
        check_integers(0, effort=effort, seed=seed)
        check_integers(-1, n_threads=n_threads)
        self.n_links = n_links
        self.build_effort = build_effort
        self.effort = effort
        self.storage = storage
        self.n_threads = n_threads
        self.seed = seed
        self._voyager = import_optional("voyager", extra="voyager")

    def _build_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        voyager = self._voyager
        small = self.storage == "e4m3"
        self._graph = voyager.Index(
            # Euclidean distances of unit vectors have the same order, and lose less where numbers have few bits.
            voyager.Space.Cosine if self.metric == "cosine" and not small else voyager.Space.Euclidean,
            points.shape[1],
            M=self.n_links,
            ef_construction=self.build_effort,
            random_seed=self.seed + 1,  # to Voyager 0 is 1
            max_elements=len(points),
            storage_data_type=voyager.StorageDataType.E4M3 if small else voyager.StorageDataType.Float32,
        )
        rows = gathered(points, rows, self.seed)
        for part in batches(len(rows), AT_ONCE):  # Voyager copies what it gets
            self._link(points[rows[part]], rows[part])

    def _add(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        try:
            super()._add(vectors, rows)
        except BaseException:
            # What the graph took in is no answer, and the next rows are written over it.
            for row in rows.tolist():
                with suppress(RuntimeError):  # it does not have this one
                    self._graph.mark_deleted(row)
            raise

    def _add_points(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._link(points, rows)

    def _link(self, points: np.ndarray, rows: np.ndarray) -> None:
        self._graph.add_items(self._stored(points), rows, num_threads=self.n_threads)

    def _remove(self, rows: np.ndarray) -> None:
        for row in rows.tolist():
            self._graph.mark_deleted(row)

    def _search(self, queries: np.ndarray, points: np.ndarray, n_asked: int) -> np.ndarray:
        n_candidates = min(max(n_asked, self.n_tuned) + self.effort, self._graph.num_elements)
        points = self._stored(points)
        if self.storage == "e4m3":
            n_asked = min(2 * n_asked, n_candidates)  # the nearest are chosen among them by their true distances
        try:
            found, _ = self._graph.query(points, n_asked, num_threads=self.n_threads, query_ef=n_candidates)
        except self._voyager.RecallError:
            # Not all could be reached from some query, and it does not say which.
            return np.full((len(points), 1), -1)
        return found.view(np.int64)

    def _stored(self, points: np.ndarray) -> np.ndarray:
        return np.clip(points * E4M3_SCALE, -448, 448) if self.storage == "e4m3" else points

    def _write_search(self, folder: Path) -> None:
        self._graph.save(str(folder / "graph.voy"))

    def _read_search(self, folder: Path, mmap: bool) -> None:
        self._graph = self._voyager.Index.load(str(folder / "graph.voy"))

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in ("_graph", "_voyager")}
        return state | {"_bytes": self._graph.as_bytes()} if hasattr(self, "_graph") else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._voyager = import_optional("voyager", extra="voyager")
        if "_bytes" in state:
            self._graph = self._voyager.Index.load(io.BytesIO(state.pop("_bytes")))
        self.__dict__.update(state)
