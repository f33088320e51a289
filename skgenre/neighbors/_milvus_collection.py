"""What is asked of Milvus: a collection of numbered vectors, and errors that say what to do."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from skgenre._optional import import_optional
from skgenre.neighbors._space import batches

AT_ONCE = 4096
"""Vectors in a message: Milvus takes up to 64 MB, and gives up to 16,384 rows."""

SLOW = 600.0
"""Seconds that making a graph may take."""

PATIENCE = 2.0
"""Seconds to try again: a server may be about to start, or to finish what it is asked to read."""

CALM = {"grpc.keepalive_time_ms": 300_000, "grpc.keepalive_permit_without_calls": False}
"""How seldom to ask a silent server whether it is there: Milvus Lite's hangs up on who asks more often."""


class MilvusCollection:
    """A collection on a server, whose rows are an integer ``row`` and a ``vector``.

    The connection is made on first use, and anew after unpickling.

    Parameters
    ----------
    uri : str
        File of Milvus Lite, or address.
    token : str
        What the server asks for; if empty, the environment variable ``MILVUS_TOKEN``.
    timeout : float
        Seconds to wait for an answer.
    name : str, default=""
        Name of the collection.
    """

    def __init__(self, uri: str, token: str, timeout: float, name: str = "") -> None:
        uri = os.fspath(uri)
        if "://" not in uri and not uri.endswith(".db"):
            raise ValueError(f'uri must be an address such as "http://host:19530", or a file *.db, got {uri!r}')
        self.uri = uri
        self.name = name
        self._timeout = timeout
        self._token = token
        self._client: Any = None
        self._pymilvus = import_optional("pymilvus", extra="milvus")

    def named(self, name: str) -> Self:
        """Return another collection on the same server."""
        return type(self)(self.uri, self._token, self._timeout, name)

    def exists(self) -> bool:
        with self._talking() as client:
            return bool(client.has_collection(self.name, timeout=self._timeout))

    def check_alias(self, alias: str) -> None:
        """Raise if the alias is the name of a collection, which must not be replaced."""
        with self._talking() as client:
            if client.has_collection(alias) and alias in client.list_collections():
                raise ValueError(f"collection must be an alias, {alias!r} is a collection already at {self.uri}")

    def create(self, n_dims: int, metric: str, links: dict[str, int]) -> None:
        kinds = self._pymilvus.DataType
        with self._talking() as client:
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("row", kinds.INT64, is_primary=True)
            schema.add_field("vector", kinds.FLOAT_VECTOR, dim=n_dims)
            graph = client.prepare_index_params()
            graph.add_index("vector", index_type="HNSW", metric_type=metric, params=links)
            client.create_collection(
                self.name, schema=schema, index_params=graph, consistency_level="Strong", timeout=self._timeout
            )

    def put(self, vectors: np.ndarray, rows: np.ndarray) -> None:
        """Write vectors at rows, over what may be there."""
        with self._talking() as client:
            for part in batches(len(rows), AT_ONCE):
                entries = [
                    {"row": row, "vector": vector}
                    for row, vector in zip(rows[part].tolist(), np.asarray(vectors[part]), strict=True)
                ]
                client.upsert(self.name, entries, timeout=self._timeout)

    def flush(self) -> None:
        """Have the server write down what it has."""
        with self._talking() as client:
            client.flush(self.name, timeout=max(self._timeout, 60))  # takes longer than an answer

    def load_anew(self) -> None:
        """Wait for the graph of what was written: before it is there, Milvus Lite searches exactly, and slowly."""
        with self._talking() as client:
            client.release_collection(self.name, timeout=self._timeout)
            # Milvus Lite may still be writing the graph that it then fails to read.
            self._patiently(lambda: client.load_collection(self.name, timeout=max(self._timeout, SLOW)))

    def take_alias(self, alias: str) -> None:
        """Have the alias point here, and drop the collection that it pointed to."""
        with self._talking() as client:
            if not client.has_collection(alias):
                client.create_alias(self.name, alias, timeout=self._timeout)
                return
            old = client.describe_alias(alias, timeout=self._timeout)["collection_name"]
            client.alter_alias(self.name, alias, timeout=self._timeout)
        self.named(old).drop()

    def drop(self) -> None:
        """Drop the collection; where the server does not answer, it stays."""
        try:
            # Not on a connection of its own, for which it would be loaded first.
            with self.named("")._talking() as client:
                client.drop_collection(self.name, timeout=self._timeout)
        except ConnectionError:
            pass

    def delete(self, rows: np.ndarray) -> None:
        with self._talking() as client:
            for part in batches(len(rows), AT_ONCE):
                client.delete(self.name, ids=rows[part].tolist(), timeout=self._timeout)

    def search(
        self, queries: np.ndarray, n_asked: int, n_candidates: int, condition: str
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (query, row) pairs and the vectors of the rows."""
        asked: list[int] = []
        rows: list[int] = []
        vectors: list[Any] = []
        with self._talking() as client:
            for part in batches(len(queries), max(1, 2 * AT_ONCE // n_asked)):
                answers = client.search(
                    self.name,
                    data=list(queries[part]),
                    anns_field="vector",
                    limit=n_asked,
                    filter=condition,
                    search_params={"params": {"ef": n_candidates}},
                    output_fields=["vector"],
                    timeout=self._timeout,
                )
                for number, hits in enumerate(answers, part.start):
                    asked += [number] * len(hits)
                    rows += [hit["row"] for hit in hits]
                    vectors += [hit["entity"]["vector"] for hit in hits]
        found = np.array(vectors, dtype=np.float32).reshape(len(rows), queries.shape[1])
        return np.array(asked, dtype=np.intp), np.array(rows, dtype=np.intp), found

    def get(self, rows: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """Return those of the rows that are there, and their vectors."""
        entries: list[dict] = []
        with self._talking() as client:
            for part in batches(len(rows), AT_ONCE):
                entries += client.get(
                    self.name, ids=rows[part].tolist(), output_fields=["vector"], timeout=self._timeout
                )
        return np.array([entry["row"] for entry in entries], dtype=np.intp), [entry["vector"] for entry in entries]

    def count(self, n_rows: int) -> int:
        """Return how many of the rows below ``n_rows`` are there."""
        with self._talking() as client:
            answer = client.query(
                self.name, filter=f"row < {n_rows}", output_fields=["count(*)"], timeout=self._timeout
            )
        return int(answer[0]["count(*)"])

    def rows(self, n_rows: int) -> np.ndarray:
        """Return which of the rows below ``n_rows`` are there."""
        there: list[int] = []
        with self._talking() as client:
            for part in batches(n_rows, AT_ONCE):
                condition = f"row >= {part.start} and row < {part.stop}"
                answer = client.query(self.name, filter=condition, output_fields=["row"], timeout=self._timeout)
                there += [entry["row"] for entry in answer]
        return np.array(there, dtype=np.intp)

    @contextmanager
    def _talking(self) -> Iterator[Any]:
        """Give the client, and say in one clear error what went wrong."""
        errors = (self._pymilvus.exceptions.MilvusException, import_optional("grpc", extra="milvus").RpcError, OSError)
        try:
            if self._client is None:
                self._client = self._connect()
            yield self._client
        except errors as error:
            client, self._client = self._client, None
            if client is not None:
                client.close()  # else the next connection would be this one
            said = str(error.details() if hasattr(error, "details") else error)
            if "deadline" in said.lower():
                longest = max(self._timeout, SLOW)
                said += f"; an answer may take timeout={self._timeout:g} s, and making a graph {longest:g} s"
            raise ConnectionError(f"Milvus at {self.uri} did not do what was asked: {said}") from error

    def _connect(self) -> Any:
        token = self._token or os.environ.get("MILVUS_TOKEN", "")
        options = {"token": token, "timeout": self._timeout, "dedicated": True, "grpc_options": CALM}
        client = self._patiently(lambda: self._pymilvus.MilvusClient(uri=self.uri, **options))
        if self.name and client.has_collection(self.name, timeout=self._timeout):
            client.load_collection(self.name, timeout=self._timeout)  # a server that was started again may not have
        return client

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        """Ask again for a while where it fails."""
        until = time.monotonic() + min(PATIENCE, self._timeout)
        while True:
            try:
                return ask()
            except self._pymilvus.exceptions.MilvusException:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_client": None, "_token": "", "_pymilvus": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._pymilvus = import_optional("pymilvus", extra="milvus")


class RemoteVectors:
    """Vectors of a collection as an array that fetches what it is asked for; rows that are not alive are zero."""

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, collection: MilvusCollection, shape: tuple[int, int], alive: np.ndarray) -> None:
        self._collection = collection
        self._alive = alive
        self.shape = shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        rows = np.arange(len(self))[rows]
        different, places = np.unique(rows, return_inverse=True)
        vectors = np.zeros((len(different), self.shape[1]), dtype=np.float32)
        there, found = self._get(different)
        if len(there):
            vectors[np.searchsorted(different, there)] = found
        return vectors[places].reshape(*rows.shape, self.shape[1])

    def _get(self, rows: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """Fetch rows, again for a while where some are missing: Milvus Lite may be writing them down."""
        alive, until = rows[self._alive[rows]], time.monotonic() + PATIENCE
        while True:
            there, found = self._collection.get(rows)
            lost = np.setdiff1d(alive, there)
            if not len(lost):
                return there, found
            if time.monotonic() > until:
                more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
                raise ConnectionError(
                    f"Milvus at {self._collection.uri} has lost row {lost[0]}{more} of {self._collection.name!r}: "
                    "another process, or a removal that failed half-way, may have removed them"
                )
            time.sleep(0.05)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)
