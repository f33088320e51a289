"""Search by Milvus: a file of Milvus Lite, a server or a cluster."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from skgenre.neighbors._approximate import within_radius
from skgenre.neighbors._checks import check_integers, check_seconds
from skgenre.neighbors._index import Index
from skgenre.neighbors._milvus_collection import MilvusCollection, RemoteVectors
from skgenre.neighbors._scan import Scan
from skgenre.neighbors._space import Space

LISTED = 10_000
"""Rows that a filter may list for the server; more are sorted out of longer answers."""

MOST = 16_384
"""Answers to a query that Milvus gives at most."""


class MilvusIndex(Index):
    """Have Milvus look for the nearest vectors, and keep them: in a local file, on a server or in a cluster.

    The vectors live in Milvus alone; here are their numbers, and a mask of those alive. Answers bring their vectors
    with them, and distances are recomputed from these, so they are the same as in ``ExactIndex``.

    ``build`` fills a new collection and then has the alias ``collection`` point to it, so that an old one stays whole
    until the new one is complete. ``save`` writes down which rows there are and where, not the vectors; what was added
    after is not part of what was saved, what was removed after is gone, and after ``build`` or ``compact`` it cannot be
    loaded any more.

    Many may search a collection, and one may change it: two that loaded the same and both add would write over each
    other's rows. Who searches it loads it again to learn of changes.

    Parameters
    ----------
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.
    uri : str, default="skgenre.db"
        A file of Milvus Lite, whose name ends in ``.db``, which one process at a time can open; or the address of a
        server or cluster, ``http://host:19530``.
    token : str, default=""
        What the server asks for, ``user:password``. Neither saved nor pickled: the environment variable
        ``MILVUS_TOKEN`` takes its place then.
    collection : str, default="skgenre"
        Alias of the collection: letters, digits and underscores. Of two indexes with one alias the one that is built
        later takes it, and the collection of the other is dropped: copies that are fitted too, as in a search over
        parameters or a ``HybridRecommender``, need an alias of their own.
    n_links : int, default=16
        Links from each vector to others in the server's HNSW graph.
    build_effort : int, default=200
        Candidates for the links of a vector.
    effort : int, default=40
        Candidates of a search, beside those asked for.
    timeout : float, default=10.0
        Seconds after which an answer is given up for lost. Making a graph may take 600 seconds, or this if it is more:
        Milvus Lite needs longer for a million vectors.

    Attributes
    ----------
    vectors : array-like of shape (n_rows, n_dims), float32
        Fetched from the server where they are indexed; ``numpy.asarray`` fetches all. Removed rows are zero.
    alive : ndarray of shape (n_rows,), bool
        False for rows that were removed.

    Raises
    ------
    ImportError
        If pymilvus is not installed; it comes with ``pip install "skgenre[milvus]"``.
    ConnectionError
        From every method, if the server does not answer.
    ValueError
        From ``load_index``, if the collection has been dropped since it was saved.

    Examples
    --------
    >>> import tempfile
    >>> from skgenre.neighbors import MilvusIndex
    >>> folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    >>> index = MilvusIndex("cosine", uri=f"{folder.name}/tracks.db").build([[1, 0], [0, 2], [-3, 0]])
    >>> distances, rows = index.query([[0, 5]], n_neighbors=2)
    >>> distances, rows
    (array([[0., 1.]]), array([[1, 0]]))
    >>> folder.cleanup()
    """

    name: ClassVar[str] = "milvus"
    parameters: ClassVar[tuple[str, ...]] = (
        "metric",
        "uri",
        "collection",
        "n_links",
        "build_effort",
        "effort",
        "timeout",
    )

    saves_vectors: ClassVar[bool] = False

    effort: int

    def __init__(
        self,
        metric: str = "cosine",
        *,
        uri: str = "skgenre.db",
        token: str = "",
        collection: str = "skgenre",
        n_links: int = 16,
        build_effort: int = 200,
        effort: int = 40,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(metric)
        check_integers(2, n_links=n_links)
        check_integers(1, build_effort=build_effort)
        check_integers(0, effort=effort)
        check_seconds("timeout", timeout)
        self.uri = uri
        self.collection = collection
        self.n_links = n_links
        self.build_effort = build_effort
        self.effort = effort
        self.timeout = timeout
        self._space = Space(metric)
        self._collection = MilvusCollection(uri, token, timeout)

    @property
    def vectors(self) -> RemoteVectors:
        return RemoteVectors(self._collection, (self.n_rows, self._n_dims), self.alive)

    @contextmanager
    def _replacing(self) -> Iterator[None]:
        new = self._collection.named(f"{self.collection}_{uuid.uuid4().hex[:12]}")
        new.check_alias(self.collection)
        self._collection = new
        try:
            yield
            new.take_alias(self.collection)
        except BaseException:
            new.drop()
            raise

    def _build(self, vectors: np.ndarray, first: np.ndarray, trial: Callable[[], Any]) -> None:
        links = {"M": self.n_links, "efConstruction": self.build_effort}
        self._collection.create(vectors.shape[1], "COSINE" if self.metric == "cosine" else "L2", links)
        self._n_dims = vectors.shape[1]
        self._keep_alive(first)
        self._fill(vectors, np.flatnonzero(first))
        trial()
        self._fill(vectors, np.flatnonzero(~first))
        self._keep_alive(np.ones(len(vectors), dtype=bool))

    def _fill(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        if len(rows):
            self._collection.put(vectors if len(rows) == len(vectors) else vectors[rows], rows)
            self._collection.flush()
            self._collection.load_anew()

    def _add(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        # Where this fails half-way, the rows beyond n_rows are no answers, and the next ones are written over them.
        self._collection.put(vectors, rows)
        self._append_alive(len(rows))

    def _remove(self, rows: np.ndarray) -> None:
        self._collection.delete(rows)

    def _query(self, queries: np.ndarray, n_neighbors: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        n_allowed = self._n_alive if mask is None else int(np.count_nonzero(mask))
        n_asked, condition = n_neighbors, ""
        if mask is not None and n_allowed < self._n_alive:
            if n_allowed <= LISTED:
                condition = f"row in {np.flatnonzero(mask).tolist()}"
            else:
                n_asked = int(1.2 * n_neighbors * self._n_alive / n_allowed) + 1
        distances = np.empty((len(queries), n_neighbors))
        rows = np.empty((len(queries), n_neighbors), dtype=np.intp)
        left = np.arange(len(queries))
        while len(left) and n_asked <= MOST:
            n_candidates = max(n_asked, self.n_tuned) + self.effort
            asked, found, vectors = self._collection.search(queries[left], n_asked, n_candidates, condition)
            good = found < self.n_rows
            good[good] = self.alive[found[good]] if mask is None else mask[found[good]]
            asked, found, vectors = asked[good], found[good], vectors[good]
            enough = np.bincount(asked, minlength=len(left)) >= n_neighbors
            if enough.any():
                kept, done = enough[asked], left[enough]
                asked = (np.cumsum(enough) - 1)[asked[kept]]
                far, places = self._space.nearest(
                    queries[done], vectors[kept], asked, np.arange(len(asked)), n_neighbors, numbers=found[kept]
                )
                distances[done], rows[done] = far, found[kept][places]
            left = left[~enough]
            n_asked *= 4
        if len(left):
            distances[left], rows[left] = self._scan().query(queries[left], n_neighbors, mask)
        return distances, rows

    def _query_radius(
        self, queries: np.ndarray, radius: float, mask: np.ndarray | None
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        n_allowed = self._n_alive if mask is None else int(np.count_nonzero(mask))
        return within_radius(self._query, self._scan(), queries, radius, mask, min(n_allowed, MOST))

    def _scan(self) -> Scan:
        return Scan(self._space, self.vectors)  # type: ignore[arg-type]

    def _write(self, folder: Path) -> dict[str, Any]:
        self._collection.flush()
        return {"collection": self._collection.name, "n_dims": self._n_dims}

    def _read(self, content: dict[str, Any], folder: Path, mmap: bool) -> None:
        self._collection = self._collection.named(content["collection"])
        self._n_dims = content["n_dims"]
        if not self._collection.exists():
            raise ValueError(
                f"what was saved needs the collection {self._collection.name!r} at {self.uri}, which is gone: an index "
                f"that is built anew as {self.collection!r}, or compacted, must be saved again"
            )
        if self._collection.count(self.n_rows) != self._n_alive:
            alive = np.zeros(self.n_rows, dtype=bool)
            alive[self._collection.rows(self.n_rows)] = True
            self._keep_alive(alive & self.alive)
