"""Turns: many ask at once, and who changes the collection is alone with it."""

import copy
import pickle
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from skgenre import EmbeddingRecommender
from skgenre.recommend import _turns
from skgenre.recommend._turns import Turns

SOON = 10.0


@pytest.fixture
def _busy():
    """Have threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_thread(what):
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    return thread


def test_many_ask_at_once():
    turns, together = Turns(), threading.Barrier(3, timeout=SOON)

    def ask():
        with turns.asking():
            together.wait()

    threads = [in_thread(ask) for _ in range(2)]
    with turns.asking():
        together.wait()
    for thread in threads:
        thread.join(SOON)
    assert not together.broken


def test_who_changes_is_alone():
    turns, changed = Turns(), threading.Event()

    def change():
        with turns.changing():
            changed.set()

    with turns.asking():
        thread = in_thread(change)
        assert not changed.wait(0.05)
    assert changed.wait(SOON)
    thread.join(SOON)


def test_who_waits_to_change_goes_before_those_who_come_later_and_may_ask_meanwhile():
    turns, order = Turns(), []

    def change():
        with turns.changing(), turns.asking():
            order.append("changed")

    def ask():
        with turns.asking():
            order.append("asked")

    with turns.asking():
        threads = [in_thread(change)]
        while not turns._n_waiting:
            time.sleep(0.001)
        threads.append(in_thread(ask))
        with turns.asking():  # who asks already may ask again
            order.append("asked again")
    for thread in threads:
        thread.join(SOON)
    assert order == ["asked again", "changed", "asked"]


def test_a_condition_may_ask_in_another_thread_while_somebody_waits_to_change(monkeypatch):
    monkeypatch.setattr(_turns, "PATIENCE", 0.05)
    X = np.random.default_rng(0).standard_normal((20, 3))
    recommender = EmbeddingRecommender().fit(X, metadata={"year": np.arange(20)})
    changes = []

    def near_the_last(columns):
        changes.append(in_thread(lambda: recommender.remove(0)))
        while not recommender._turns._n_waiting:
            time.sleep(0.001)
        found = []
        thread = in_thread(lambda: found.extend(recommender.kneighbors(X[[19]], 5)[1][0]))
        thread.join(SOON)
        return np.isin(columns["year"], found)

    answer = recommender.recommend(5, n=2, where=near_the_last)[0]
    changes[0].join(SOON)
    assert len(answer) == 2
    assert 0 not in recommender.track_ids_


def test_a_condition_that_changes_the_collection_is_an_error_and_no_endless_wait():
    recommender = EmbeddingRecommender().fit(np.eye(4), metadata={"year": np.arange(4)})

    def where(columns):
        recommender.remove(3)
        return columns["year"] > 0

    with pytest.raises(RuntimeError, match="cannot be changed out of a question"):
        recommender.recommend(0, n=1, where=where)
    recommender.remove(3)
    assert len(recommender.track_ids_) == 3


def test_an_error_gives_the_turn_back():
    turns = Turns()
    for turn in (turns.changing, turns.asking):
        with pytest.raises(KeyError), turn():
            raise KeyError
    with turns.changing():
        pass


def test_a_copy_has_turns_of_its_own():
    turns = Turns()
    with turns.changing():
        for other in (pickle.loads(pickle.dumps(turns)), copy.deepcopy(turns)):
            with other.changing():
                pass


@pytest.mark.parametrize("name", ["track_ids_", "n_samples_fit_", "embeddings_"])
def test_who_reads_an_attribute_waits_for_a_change(name):
    recommender = EmbeddingRecommender().fit([[0.0, 1.0], [1.0, 0.0]])
    read = threading.Event()

    def ask():
        getattr(recommender, name)
        read.set()

    with recommender._turns.changing():
        thread = in_thread(ask)
        assert not read.wait(0.05)
    assert read.wait(SOON)
    thread.join(SOON)


@pytest.mark.usefixtures("_busy")
@pytest.mark.parametrize("hubness", [None, "local_scaling"])
@pytest.mark.parametrize("algorithm", ["brute", "annoy", "hnsw"])
def test_a_recommender_answers_rightly_while_another_thread_changes_it(algorithm, hubness):
    pytest.importorskip({"hnsw": "voyager"}.get(algorithm, "numpy"))
    X = np.random.default_rng(0).standard_normal((300, 6)).astype(np.float32)
    known = {"track_ids": list(range(200)), "groups": np.arange(200) % 7, "metadata": {"row": np.arange(200)}}
    recommender = EmbeddingRecommender(algorithm=algorithm, hubness=hubness, random_state=0).fit(X[:200], **known)
    stop, faults, n_asked = threading.Event(), [], []

    def ask():
        while not stop.is_set():
            try:
                ids, _ = recommender.recommend(3, n=5, diversity=0.2, where={"row": range(50, 400)})
                assert all(50 <= track < 400 for track in ids)
                assert recommender.kneighbors(X[:3], 7)[0].shape == (3, 7)
                graph = recommender.kneighbors_graph(n_neighbors=3)
                assert graph.shape[0] == graph.shape[1]
                assert len(recommender.embeddings_) >= 200
                n_asked.append(1)
            except Exception as error:
                faults.append(error)

    threads = [in_thread(ask) for _ in range(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for new in range(200, 260):
            more = {"track_ids": [new], "groups": [1], "metadata": {"row": [new]}}
            recommender.partial_fit(X[[new % 300]], **more)
            if new % 2:
                recommender.replace(X[[new % 100]], track_ids=[100 + new % 50])
            if new % 3 == 0:
                recommender.remove([new])
    while len(n_asked) < 4 and not faults:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join(SOON)
    assert not faults
