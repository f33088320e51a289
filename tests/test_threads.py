"""A function over items in threads."""

import os
import subprocess
import sys
import threading
import time
from textwrap import dedent

import numpy as np
import pytest
import soundfile
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from skgenre import MFCCExtractor
from skgenre._threads import WAITING, in_worker, map_pool, map_threads, one_blas_thread


def test_results_come_in_the_order_of_the_items_however_long_each_takes():
    def slow_first(item):
        time.sleep(0.02 if item == 0 else 0)
        return 2 * item

    assert list(map_threads(slow_first, range(20), 2)) == list(range(0, 40, 2))


@pytest.mark.parametrize("n_jobs", [None, 1])
def test_one_job_stays_in_the_callers_thread(n_jobs):
    threads = set(map_threads(lambda item: threading.get_ident(), range(5), n_jobs))
    assert threads == {threading.get_ident()}


def test_items_are_taken_as_they_are_needed():
    taken = []
    results = map_threads(lambda item: item, (taken.append(item) or item for item in range(100)), 2)
    assert next(results) == 0
    assert len(taken) == WAITING * 2
    results.close()


def test_an_error_reaches_the_caller_and_the_rest_is_not_computed():
    computed = []

    def fails_at_three(item):
        computed.append(item)
        if item == 3:
            raise ValueError("item 3")
        return item

    with pytest.raises(ValueError, match="item 3"):
        list(map_threads(fails_at_three, range(1000), 2))
    assert len(computed) < 20


def test_the_number_of_jobs_may_come_from_joblib():
    barrier = threading.Barrier(2, timeout=5)
    with parallel_config("threading", n_jobs=2):
        assert list(map_threads(lambda item: barrier.wait() >= 0, range(2), None)) == [True, True]


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_a_backend_that_joblib_is_told_of_takes_the_place_of_threads(backend):
    with parallel_config(backend=backend, n_jobs=2):
        processes = set(map_threads(_process, range(4), None))
    assert os.getpid() not in processes


def test_a_thread_that_outlives_the_main_one_does_all_by_itself(tmp_path):
    path = tmp_path / "track.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(400_000), 22050)
    script = """
        import sys, threading
        from skgenre import AudioLoader, MFCCExtractor

        def run():
            threading.main_thread().join()
            for n_tracks, n_jobs in [(1, None), (3, 2)]:
                tracks = AudioLoader(duration=18).transform([sys.argv[1]] * n_tracks)
                print(MFCCExtractor(n_jobs=n_jobs).transform(tracks).shape)

        threading.Thread(target=run).start()
    """
    done = subprocess.run([sys.executable, "-c", dedent(script), path], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["(1, 20, 776)", "(3, 20, 776)"], done.stderr


def _process(item):
    return os.getpid()


def test_a_pool_of_one_works_beside_the_thread_that_takes_the_items():
    items = (threading.get_ident() for _ in range(10))
    pairs = list(map_pool(lambda taken_by: (taken_by, threading.get_ident()), items, 1))
    assert {taken_by for taken_by, _ in pairs} == {threading.get_ident()}
    assert len({computed_by for _, computed_by in pairs} - {threading.get_ident()}) == 1


def test_an_error_where_items_come_from_reaches_the_caller():
    def items():
        yield 1
        raise ValueError("no second item")

    with pytest.raises(ValueError, match="no second item"):
        list(map_pool(lambda item: item, items(), 1))


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_of_joblib_know_that_they_are(backend):
    assert not in_worker()
    assert Parallel(n_jobs=2, backend=backend)(delayed(in_worker)() for _ in range(2)) == [True, True]


@pytest.fixture
def two_blas_threads():
    if not blas_threads():
        pytest.skip("numpy's BLAS is none whose threads can be set")
    with threadpool_limits(2, "blas"):
        yield
        assert blas_threads() == {2}


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_matrix_products_have_one_thread_inside_and_as_many_as_before_outside(two_blas_threads):
    with one_blas_thread(), one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}
    with pytest.raises(RuntimeError), one_blas_thread():
        raise RuntimeError
    assert blas_threads() == {2}


def test_libraries_that_are_loaded_later_are_limited_too(two_blas_threads, monkeypatch):
    with one_blas_thread():
        pass
    made = []
    monkeypatch.setattr("skgenre._threads.ThreadpoolController", lambda: made.append(1) or ThreadpoolController())
    with one_blas_thread():
        assert not made
    monkeypatch.setitem(sys.modules, "brings_a_library", None)
    with one_blas_thread():
        assert made


def test_who_leaves_last_does_not_leave_one_thread_behind(two_blas_threads):
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with one_blas_thread():
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with one_blas_thread():
        other.start()
        assert inside.wait(10)
    leave.set()
    other.join()
    assert blas_threads() == {2}


def test_who_wants_to_be_alone_waits():
    seen = []

    def alone():
        with one_blas_thread(alone=True):
            seen.append(blas_threads())

    other = threading.Thread(target=alone)
    with one_blas_thread():
        other.start()
        time.sleep(0.05)
        assert not seen
    other.join()
    assert seen == [{1}]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_features_are_computed_with_one_thread_of_blas(two_blas_threads, monkeypatch, n_jobs):
    seen = []

    def compute(self, y, sample_rate):
        seen.append(blas_threads())
        return np.zeros((20, 3), dtype=np.float32)

    monkeypatch.setattr(MFCCExtractor, "_compute", compute)
    MFCCExtractor(n_jobs=n_jobs).transform(np.zeros((4, 2048)))
    assert seen == [{1}] * 4
