"""How many threads torch computes with: a number of the whole process, which several threads may change at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_CHANGING = threading.Lock()
_HERE = threading.local()
_n_inside, _usual = 0, 1


@contextmanager
def torch_threads(n_threads: int) -> Iterator[None]:
    """Have torch compute with so many threads in the calling thread, and put back what was there before.

    Where others are inside already, the number that torch tells is theirs: what the first one found is put back.
    """
    global _n_inside, _usual
    outer = getattr(_HERE, "n_threads", None)
    with _CHANGING:
        found = torch.get_num_threads()  # until a thread has asked, what others set is set for it too
        torch.set_num_threads(n_threads)
        if not _n_inside:
            _usual = found
        _n_inside += 1
    _HERE.n_threads = n_threads
    try:
        yield
    finally:
        with _CHANGING:
            _n_inside -= 1
            torch.set_num_threads(outer or _usual)
        _HERE.n_threads = outer
