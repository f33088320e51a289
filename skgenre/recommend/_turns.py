"""Many ask at once; who changes the collection is alone with it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

PATIENCE = 10.0
"""Seconds that who begins to ask lets others go first who wait to change."""


class Turns:
    """A lock that many hold who ask, or one who changes.

    Who waits to change goes before those who have not begun to ask, but not for more than ten seconds: somebody who is
    asking may wait for their answer. Who asks may ask again in between, and so may who changes; neither may change.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._n_asking = self._n_waiting = 0
        self._changing = False
        self._mine = threading.local()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Wait until nobody changes."""
        if getattr(self._mine, "inside", False):
            yield
            return
        with self._turn:
            self._turn.wait_for(lambda: not (self._changing or self._n_waiting), PATIENCE)
            self._turn.wait_for(lambda: not self._changing)
            self._n_asking += 1
        self._mine.inside = True
        try:
            yield
        finally:
            self._mine.inside = False
            with self._turn:
                self._n_asking -= 1
                self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Wait until nobody asks or changes.

        Raises
        ------
        RuntimeError
            If this thread is asking or changing already, and so would wait for itself.
        """
        if getattr(self._mine, "inside", False):
            raise RuntimeError("a collection cannot be changed out of a question to it, such as a callable in where")
        with self._turn:
            self._n_waiting += 1
            try:
                self._turn.wait_for(lambda: not (self._changing or self._n_asking))
                self._changing = True
            finally:
                self._n_waiting -= 1
                self._turn.notify_all()
        self._mine.inside = True
        try:
            yield
        finally:
            self._mine.inside = False
            with self._turn:
                self._changing = False
                self._turn.notify_all()

    def __reduce__(self) -> tuple:
        return Turns, ()  # a copy in another process has turns of its own


def asks(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Have a method of an object with ``_turns`` wait until nobody changes it."""

    @wraps(method)
    def waits(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        turns: Any = getattr(self, "_turns", None)
        if turns is None:  # not fitted, as the method will say
            return method(self, *args, **kwargs)
        with turns.asking():
            return method(self, *args, **kwargs)

    return waits
