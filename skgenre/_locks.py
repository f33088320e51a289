"""Locks between processes, by files."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def locked(path: str | os.PathLike) -> Iterator[bool]:
    """Wait for the lock of a file, made where it is missing, and hold it.

    Parameters
    ----------
    path : str or Path
        The file.

    Yields
    ------
    is_held : bool
        False on a file system that knows no locks, as some that are mounted over a network.
    """
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(Path(path)))
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            yield False
        else:
            yield True
