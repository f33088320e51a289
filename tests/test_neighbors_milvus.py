"""Milvus behind the protocol: on a file of Milvus Lite, and on its server over the network's loopback."""

import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest

from skgenre import EmbeddingRecommender, HybridRecommender
from skgenre.neighbors import ExactIndex, MilvusIndex, load_index, make_index, query_others, tune_effort
from skgenre.recommend._hubness import LocalScaling

pytestmark = pytest.mark.skipif(
    find_spec("pymilvus") is None or find_spec("milvus_lite") is None,
    reason="pymilvus or milvus-lite is not installed",
)
SERVER = "from milvus_lite.adapter.grpc.server import run_server; run_server({!r}, '127.0.0.1', {})"


def spread(n_rows, random_state=0):
    return np.random.default_rng(random_state).standard_normal((n_rows, 8)).astype(np.float32)


class Server:
    """Milvus Lite's server in a process of its own, that can be killed and started again."""

    def __init__(self, folder):
        self._folder = str(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self):
        command = [sys.executable, "-c", SERVER.format(self._folder, self._port)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen(command, **pipes)
        assert "listening" in self.process.stdout.readline()

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(autouse=True)
def _quiet():
    """Keep the tracebacks that pymilvus logs out of the report."""
    loggers = [logging.getLogger(name) for name in ("pymilvus", "milvus_lite")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"))
    yield running
    running.kill()


@pytest.fixture(scope="module")
def lite(tmp_path_factory):
    from milvus_lite.server_manager import server_manager_instance

    path = str(tmp_path_factory.mktemp("lite") / "tracks.db")
    yield path
    server_manager_instance.release_server(path)


@pytest.fixture(params=["lite", "server"])
def uri(request):
    where = request.getfixturevalue(request.param)
    return where if request.param == "lite" else where.uri


def test_the_first_answers_are_those_of_the_graph(uri):
    vectors = np.random.default_rng(0).standard_normal((2000, 24)).astype(np.float32)
    index = MilvusIndex("euclidean", uri=uri, collection="linked", n_links=4, build_effort=20, effort=0).build(vectors)
    first = index.query(vectors[:100] + 1, 10)[1]
    time.sleep(1)
    np.testing.assert_array_equal(index.query(vectors[:100] + 1, 10)[1], first)
    assert (ExactIndex("euclidean").build(vectors).query(vectors[:100] + 1, 10)[1] == first).mean() < 0.9


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_milvus_answers_as_the_exact_index_does(uri, metric):
    vectors = spread(500)
    index = MilvusIndex(metric, uri=uri).build(vectors[:300])
    np.testing.assert_array_equal(index.add(vectors[300:]), np.arange(300, 500))
    index.remove(np.arange(0, 500, 5))
    exact = ExactIndex(metric).build(vectors)
    exact.remove(np.arange(0, 500, 5))
    allowed = np.arange(500) % 7 == 1
    for ask in (
        lambda one: one.query(spread(30, 1), 10),
        lambda one: one.query(spread(30, 1), 10, allowed=allowed),
        lambda one: query_others(one, np.arange(1, 500, 50), 4),
    ):
        (distances, rows), (expected_distances, expected) = ask(index), ask(exact)
        same = rows == expected
        assert same.mean() > 0.97
        np.testing.assert_array_equal(distances[same], expected_distances[same])
    radius = float(exact.query(spread(30, 1), 10)[0][:, -1].mean())
    shared = [
        len(np.intersect1d(*pair)) / max(len(pair[1]), 1)
        for pair in zip(
            index.query_radius(spread(30, 1), radius)[1], exact.query_radius(spread(30, 1), radius)[1], strict=True
        )
        if len(pair[1])
    ]
    assert np.mean(shared) > 0.97
    assert tune_effort(index, recall=0.9, random_state=0) >= 0.9
    np.testing.assert_array_equal(index.take([1, 499]), vectors[[1, 499]])
    np.testing.assert_array_equal(np.asarray(index.vectors)[index.alive], vectors[index.alive])
    np.testing.assert_array_equal(index.compact(), np.flatnonzero(exact.alive))
    assert index.n_rows == 400


def test_a_graph_that_is_still_being_written_is_waited_for(lite, monkeypatch):
    import pymilvus

    load, errors = pymilvus.MilvusClient.load_collection, [pymilvus.exceptions.MilvusException(1, "read error")]

    def loads_later(*args, timeout):
        if errors and timeout > 10:  # the empty collection is loaded too, as soon as it is made
            raise errors.pop()
        return load(*args, timeout=timeout)

    monkeypatch.setattr(pymilvus.MilvusClient, "load_collection", loads_later)
    index = MilvusIndex(uri=lite, collection="slow").build(spread(20))
    assert not errors
    assert len(index.query(spread(1), 3)[1][0]) == 3


def test_zero_vectors_lie_at_cosine_distance_one(lite):
    index = MilvusIndex(uri=lite, collection="zeros").build([[0, 0], [1, 0], [-1, 0]])
    distances, rows = index.query([[0, 0], [1, 0]], 3)
    np.testing.assert_array_equal(distances, [[1, 1, 1], [0, 1, 2]])
    np.testing.assert_array_equal(rows, [[0, 1, 2], [1, 0, 2]])


def test_a_saved_and_a_pickled_index_find_their_collection_again(uri, tmp_path):
    index = MilvusIndex(uri=uri, collection="kept", token="user:secret").build(spread(100))
    index.remove([1])
    index.save(tmp_path)
    before = index.query(spread(5, 1), 4)
    for again in (load_index(tmp_path), pickle.loads(pickle.dumps(index))):
        for was, is_ in zip(before, again.query(spread(5, 1), 4), strict=True):
            np.testing.assert_array_equal(is_, was)
    assert "secret" not in (tmp_path / "manifest.json").read_text()
    assert b"secret" not in pickle.dumps(index)


def test_a_token_of_a_recommender_is_neither_saved_nor_pickled(lite, tmp_path):
    params = {"uri": lite, "collection": "secretive", "token": "user:secret"}
    recommender = EmbeddingRecommender(algorithm="milvus", index_params=params).fit(spread(20))
    recommender.save(tmp_path)
    assert not any(b"secret" in path.read_bytes().replace(b"secretive", b"") for path in tmp_path.rglob("*.joblib"))
    assert b"user:secret" not in pickle.dumps(recommender)
    assert recommender.index_params["token"] == "user:secret"
    np.testing.assert_array_equal(EmbeddingRecommender.load(tmp_path).kneighbors()[1], recommender.kneighbors()[1])


def test_rows_that_are_gone_are_told_of_and_no_zeros(lite, monkeypatch):
    index = MilvusIndex(uri=lite, collection="leaky").build(spread(20))
    monkeypatch.setattr("skgenre.neighbors._milvus_collection.PATIENCE", 0.1)
    index._collection.delete(np.arange(3))
    with pytest.raises(ConnectionError, match="has lost row 0 and 2 more of 'leaky_"):
        index.take([0, 1, 2, 5])
    np.testing.assert_allclose(index.take([5]), spread(20)[5:6])


def test_a_hybrid_that_refuses_its_input_leaves_the_collection(lite):
    params = {"uri": lite, "collection": "shared"}
    content = EmbeddingRecommender(algorithm="milvus", index_params=params)
    hybrid = HybridRecommender(content, blend="content").fit(spread(20), np.eye(20))
    with pytest.raises(ValueError, match="interactions must be counts from 0 on"):
        hybrid.fit(spread(20), -np.eye(20))
    assert hybrid.content_.kneighbors(spread(20)[:1], 3)[1].shape == (1, 3)


@pytest.mark.parametrize("recall", [None, 0.9])
def test_a_fit_that_fails_while_it_learns_of_hubs_leaves_the_collection(lite, monkeypatch, recall):
    params = {"uri": lite, "collection": "kept"}
    recommender = EmbeddingRecommender(
        algorithm="milvus", index_params=params, recall=recall, hubness="local_scaling", random_state=0
    ).fit(spread(60))
    before = recommender.kneighbors(spread(3), 5)

    def dies(*_):
        raise ConnectionError("the server died")

    with monkeypatch.context() as patch:
        patch.setattr(LocalScaling, "of_rows", dies)
        with pytest.raises(ConnectionError, match="the server died"):
            recommender.fit(spread(80, 1))
    for old, now in zip(before, recommender.kneighbors(spread(3), 5), strict=True):
        np.testing.assert_array_equal(old, now)
    recommender.fit(spread(80, 1))
    assert len(recommender.track_ids_) == 80

    from pymilvus import MilvusClient

    assert len([name for name in MilvusClient(uri=lite).list_collections() if name.startswith("kept")]) == 1


def test_what_was_added_after_the_save_is_not_in_it_and_what_was_removed_is_gone(lite, tmp_path):
    index = MilvusIndex(uri=lite, collection="later").build(spread(50))
    index.save(tmp_path)
    index.add(spread(10, 1))
    index.remove([0, 7])
    loaded = load_index(tmp_path)
    assert (loaded.n_rows, len(loaded)) == (50, 48)
    np.testing.assert_array_equal(np.flatnonzero(~loaded.alive), [0, 7])
    assert loaded.query(spread(1, 1), 48)[1].max() < 50
    np.testing.assert_array_equal(loaded.add(spread(1, 2)), [50])
    np.testing.assert_array_equal(loaded.query(spread(1, 2), 1)[1], [[50]])


@pytest.mark.parametrize("again", ["build", "compact"])
def test_what_was_saved_before_a_build_says_why_it_cannot_be_loaded(lite, tmp_path, again):
    index = MilvusIndex(uri=lite, collection="anew").build(spread(20))
    index.save(tmp_path)
    index.remove([0])
    index.compact() if again == "compact" else index.build(spread(20))
    with pytest.raises(ValueError, match=r"needs the collection 'anew_\w+' at .*, which is gone: .* saved again"):
        load_index(tmp_path)
    index.save(tmp_path)
    assert len(load_index(tmp_path)) == len(index)


def test_a_build_replaces_its_own_collection_and_no_other(lite):
    from pymilvus import MilvusClient

    old = MilvusIndex(uri=lite, collection="mine").build(spread(20))
    MilvusIndex(uri=lite, collection="mine").build(spread(30))
    with pytest.raises(ConnectionError, match="did not do what was asked"):
        old.query(spread(1), 1)
    client = MilvusClient(uri=lite)
    assert len([name for name in client.list_collections() if name.startswith("mine")]) == 1
    client.create_collection("yours", dimension=8)
    with pytest.raises(ValueError, match="collection must be an alias, 'yours' is a collection already"):
        MilvusIndex(uri=lite, collection="yours").build(spread(20))
    assert client.has_collection("yours")


def test_a_server_that_dies_is_told_within_seconds_and_nothing_is_lost(tmp_path):
    server = Server(tmp_path / "server")
    try:
        index = MilvusIndex(uri=server.uri, timeout=3).build(spread(100))
        index.save(tmp_path / "saved")
        before = index.query(spread(5, 1), 4)
        server.kill()
        for call in (
            lambda: index.query(spread(5, 1), 4),
            lambda: index.add(spread(5, 1)),
            lambda: index.remove([1]),
            lambda: index.build(spread(5, 1)),
            lambda: load_index(tmp_path / "saved"),
        ):
            start = time.monotonic()
            with pytest.raises(ConnectionError, match=f"Milvus at {server.uri} did not do what was asked"):
                call()
            assert time.monotonic() - start < 30
        server.start()
        for one in (index, load_index(tmp_path / "saved")):
            assert (one.n_rows, len(one)) == (100, 100)
            for was, is_ in zip(before, one.query(spread(5, 1), 4), strict=True):
                np.testing.assert_array_equal(is_, was)
    finally:
        server.kill()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot halt a process")
def test_a_server_that_hangs_in_mid_query_is_given_up(tmp_path):
    server = Server(tmp_path)
    try:
        index = MilvusIndex(uri=server.uri, timeout=2).build(spread(100))
        server.process.send_signal(signal.SIGSTOP)
        os.waitpid(server.process.pid, os.WUNTRACED)  # until it has stopped
        with pytest.raises(ConnectionError, match="Deadline Exceeded; an answer may take timeout=2 s"):
            index.query(spread(1), 1)
        server.process.send_signal(signal.SIGCONT)
        np.testing.assert_array_equal(index.query(spread(1), 1)[1], [[0]])
    finally:
        server.kill()


def test_bad_input_is_a_clear_error(lite):
    with pytest.raises(ValueError, match=r"uri must be an address such as .* or a file \*.db, got \'tracks\'"):
        make_index("milvus", uri="tracks")
    index = MilvusIndex(uri=lite, collection="bad").build(spread(20))
    for call, message in (
        (lambda: index.query([[1, 2]], 1), "queries must have 8 dimensions as the index has, got 2"),
        (lambda: index.query(spread(1), 21), "n_neighbors must be from 1 to 20"),
        (lambda: index.add(np.full((1, 8), np.nan)), "vectors must be finite"),
        (lambda: index.remove([20]), "rows must be from 0 to 19"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    assert (index.n_rows, len(index)) == (20, 20)


def test_milvus_says_how_to_install_it_where_it_is_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(ImportError, match=r'pip install "skgenre\[milvus\]"'):
        make_index("milvus", uri="tracks.db")
