"""Indexes to compare: skgenre's, and the bare libraries, each with the same few methods."""

from pathlib import Path
from typing import Any

import annoy
import numpy as np
import voyager

from skgenre.neighbors import load_index, make_index, tune_effort

K, RECALL = 10, 0.95
LINKS, BUILD_EFFORT, TREES = 24, 100, 50
THREADS = 2
"""Threads that build; one answers."""


class Ours:
    """An index of skgenre, built by ``tune_effort``."""

    def __init__(self, algorithm: str, *, n_queries: int = 4096, **options: Any) -> None:
        self.who = f"skgenre, {algorithm}" + "".join(f", {value}" for value in options.values() if value == "e4m3")
        self._algorithm = algorithm
        self._n_queries = n_queries
        self._options = options

    def build(self, vectors: np.ndarray) -> None:
        self.index = make_index(self._algorithm, "euclidean", **self._options)
        tune_effort(self.index, vectors, recall=RECALL, n_neighbors=K, n_queries=self._n_queries, random_state=0)
        if self._algorithm == "voyager":
            self.index.n_threads = 1

    def tune(self, *_: Any) -> None:
        """It is, by the sample that was held out in ``build``."""

    @property
    def effort(self) -> int | None:
        return self.index.effort

    def search(self, queries: np.ndarray) -> np.ndarray:
        return self.index.query(queries, K)[1]

    def save(self, folder: Path) -> None:
        self.index.save(folder)

    def load(self, folder: Path) -> Any:
        return load_index(folder)


class Bare:
    """A library by itself; its effort is the least, of powers of two and what lies between, that reaches a recall."""

    who: str
    effort: int = 1

    def tune(self, queries: np.ndarray, vectors: np.ndarray, farthest: np.ndarray) -> None:
        def holds(effort: int) -> bool:
            self.effort = effort
            return 1 - missed(self.search(queries), queries, vectors, farthest) >= RECALL

        high = 8
        while not holds(high) and high < len(vectors):
            high *= 2
        low = high // 2
        while high - low > max(1, high // 50):
            middle = (low + high) // 2
            low, high = (low, middle) if holds(middle) else (middle, high)
        self.effort = high


class BareVoyager(Bare):
    """The graph that skgenre's index built: what is left is the difference in answering."""

    who = "voyager"

    def __init__(self, ours: Ours) -> None:
        self._ours = ours

    def build(self, vectors: np.ndarray) -> None:
        self._graph, self._points = self._ours.index._graph, self._ours.index._space.points

    def tune(self, *_: Any) -> None:
        self.effort = self._ours.index.effort + K  # the same search

    def search(self, queries: np.ndarray) -> np.ndarray:
        return self._graph.query(self._points(queries), K, num_threads=1, query_ef=self.effort)[0].astype(np.intp)

    def save(self, folder: Path) -> None:
        self._graph.save(str(folder / "graph"))

    def load(self, folder: Path) -> Any:
        return voyager.Index.load(str(folder / "graph"))


class BareAnnoy(Bare):
    """The forest that skgenre's index grew."""

    who = "annoy"

    def __init__(self, ours: Ours) -> None:
        self._ours = ours

    def build(self, vectors: np.ndarray) -> None:
        self._forest, self._points = self._ours.index._forest, self._ours.index._space.points
        self._rows = self._ours.index._rows
        self._n_dims = vectors.shape[1]

    def tune(self, *_: Any) -> None:
        self.effort = self._ours.index.effort * TREES * K

    def search(self, queries: np.ndarray) -> np.ndarray:
        return self._rows[[self._forest.get_nns_by_vector(p, K, self.effort) for p in self._points(queries)]]

    def save(self, folder: Path) -> None:
        Path(folder, "forest").write_bytes(self._ours.index._file.bytes())

    def load(self, folder: Path) -> Any:
        forest = annoy.AnnoyIndex(self._n_dims, "euclidean")
        forest.load(str(folder / "forest"))
        return forest


class BareFaiss(Bare):
    """faiss's graph, or its exhaustive search."""

    def __init__(self, *, exact: bool = False) -> None:
        import faiss

        self._faiss = faiss
        self.who = "faiss, exact" if exact else "faiss, HNSW"
        self._exact = exact

    def build(self, vectors: np.ndarray) -> None:
        n_dims = vectors.shape[1]
        self._index = self._faiss.IndexFlatL2(n_dims) if self._exact else self._faiss.IndexHNSWFlat(n_dims, LINKS)
        if not self._exact:
            self._index.hnsw.efConstruction = BUILD_EFFORT
        self._faiss.omp_set_num_threads(THREADS)
        self._index.add(np.ascontiguousarray(vectors))
        self._faiss.omp_set_num_threads(1)

    def tune(self, *arguments: Any) -> None:
        if not self._exact:
            super().tune(*arguments)

    def search(self, queries: np.ndarray) -> np.ndarray:
        if not self._exact:
            self._index.hnsw.efSearch = self.effort
        return self._index.search(queries, K)[1]

    def save(self, folder: Path) -> None:
        self._faiss.write_index(self._index, str(folder / "index"))

    def load(self, folder: Path) -> Any:
        return self._faiss.read_index(str(folder / "index"))


class BareUsearch(Bare):
    """usearch's graph."""

    who = "usearch"

    def build(self, vectors: np.ndarray) -> None:
        from usearch.index import Index

        self._index = Index(
            ndim=vectors.shape[1], metric="l2sq", dtype="f32", connectivity=LINKS, expansion_add=BUILD_EFFORT
        )
        self._index.add(np.arange(len(vectors)), np.asarray(vectors), threads=THREADS)

    def search(self, queries: np.ndarray) -> np.ndarray:
        self._index.expansion_search = self.effort
        keys = self._index.search(queries, K, threads=1).keys
        return np.atleast_2d(keys).astype(np.intp)

    def save(self, folder: Path) -> None:
        self._index.save(str(folder / "index"))

    def load(self, folder: Path) -> Any:
        return type(self._index).restore(str(folder / "index"), view=False)


def missed(rows: np.ndarray, queries: np.ndarray, vectors: np.ndarray, farthest: np.ndarray) -> float:
    """Return the share of the true nearest that are not among the rows found."""
    found = np.linalg.norm(vectors[rows].astype(np.float64) - queries[:, None], axis=2)
    return 1 - float((found <= farthest[:, None] * (1 + 1e-9)).mean())
