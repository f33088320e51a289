"""Warnings that point at the user's line."""

import sys
from types import FrameType

OURS = ("skgenre", "sklearn")


def users_line() -> int:
    """Return the ``stacklevel`` of a warning by the caller at which the user's code called skgenre.

    What stands between them differs: a decorator, a Pipeline, a call through another method.
    """
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in OURS:
        frame, level = frame.f_back, level + 1
    return level
