"""Changes that are made whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def whole(changed: Any) -> Iterator[None]:
    """Give an object the attributes back that it had, where an error ends a change of it."""
    before = dict(vars(changed))
    try:
        yield
    except BaseException:
        vars(changed).update(before)
        for name in vars(changed).keys() - before.keys():
            del vars(changed)[name]
        raise
