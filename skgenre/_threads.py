"""A function over many items, in threads: in order, with few results waiting; and no threads inside those."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial, update_wrapper
from typing import Any

from joblib.parallel import SequentialBackend, ThreadingBackend, get_active_backend
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import ThreadpoolController

_LIMITED = threading.Lock()

WAITING = 3
"""Items under way or done for each thread: enough to keep all busy, and few enough to need little memory."""


def map_threads(function: Callable[[Any], Any], items: Iterable[Any], n_jobs: int | None) -> Iterator[Any]:
    """Give the results of a function in the order of its items.

    In threads of its own, where joblib would look for results 100 times a second: with short items it leaves the
    cores idle. What ``joblib.parallel_config`` names in their place, such as a cluster, goes through joblib.

    Parameters
    ----------
    function : callable
        Takes an item.
    items : iterable
        The items, taken as they are needed.
    n_jobs : int or None
        Number of threads as in joblib: None means what ``joblib.parallel_config`` says, else 1; -1 all cores.

    Yields
    ------
    result : object
        The result of each item.
    """
    backend, n_configured = get_active_backend(prefer="threads")
    if not isinstance(backend, SequentialBackend | ThreadingBackend):
        return_as = "generator" if backend.supports_return_generator else "list"
        parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as=return_as)
        # A cluster calls its tasks by the name of the function, and a partial has none.
        named = update_wrapper(partial(function), getattr(function, "func", function), assigned=["__name__"])
        yield from parallel(delayed(named)(item) for item in items)
        return
    n_threads = backend.effective_n_jobs(n_configured if n_jobs is None else n_jobs) if may_start_threads() else 1
    yield from map(function, items) if n_threads == 1 else map_pool(function, items, n_threads)


def map_pool(function: Callable[[Any], Any], items: Iterable[Any], n_threads: int) -> Iterator[Any]:
    """Give the results of a function in the order of its items, computed by as many threads.

    The items themselves are taken in the thread of the caller.
    """
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) == WAITING * n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # an error, or nobody asks for the rest
            for future in waiting:
                future.cancel()


def may_start_threads() -> bool:
    """Tell whether pools of threads can be had: Python refuses them to what runs on after the main thread's end."""
    return threading.main_thread().is_alive()


def in_worker() -> bool:
    """Tell whether this runs in a worker of joblib, beside others that need the processor's cores too."""
    return get_active_backend()[0].nesting_level > 0


@contextmanager
def one_blas_thread(*, alone: bool = False) -> Iterator[None]:
    """Keep matrix products to the threads that ask for them.

    Those of a track are too small to be shared, and threads of BLAS that wait for the next one take the cores from
    those that decode. How many there are belongs to the process: who comes while another is inside changes nothing, or
    where ``alone`` waits, and nobody lifts the limit before its end.
    """
    if not _LIMITED.acquire(blocking=alone):
        yield
        return
    try:
        with _controller(len(sys.modules)).limit(limits=1, user_api="blas"):
            yield
    finally:
        _LIMITED.release()


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> ThreadpoolController:
    """Look through all libraries, for some milliseconds: again where modules were imported, which may bring others."""
    return ThreadpoolController()
