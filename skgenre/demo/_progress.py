"""A bar for work that cannot report on itself."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

_STEPS = 100


@contextmanager
def bar_by_time(description: str, seconds: float, *, verbose: bool) -> Iterator[None]:
    """Show a bar that advances with the time that the same work took before."""
    done = threading.Event()
    shape = f"{{desc}}: {{percentage:3.0f}}%|{{bar}}| about {seconds:.0f} s"
    with tqdm(total=_STEPS, desc=description, bar_format=shape, disable=not verbose) as bar:

        def advance() -> None:
            started = time.perf_counter()
            while not done.wait(0.2):
                share = (time.perf_counter() - started) / max(seconds, 0.1)
                bar.update(min(int(share * _STEPS), _STEPS - 1) - bar.n)

        thread = threading.Thread(target=advance, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
        bar.update(_STEPS - bar.n)
