"""A function over items in threads."""

import os
import threading
import time

import pytest
from joblib import Parallel, delayed, parallel_config

from skgenre._threads import WAITING, in_worker, map_pool, map_threads


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


def test_a_backend_that_joblib_is_told_of_takes_the_place_of_threads():
    with parallel_config(backend="loky", n_jobs=2):
        processes = set(map_threads(_process, range(4), None))
    assert os.getpid() not in processes


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
