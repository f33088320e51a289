"""Arrays computed once: small ones as entries of a ``joblib.Memory``, a large one as a file mapped into memory."""

import errno
import os
import warnings
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import joblib
import numpy as np
from numpy.lib.format import open_memmap
from sklearn.utils.validation import check_memory

from skgenre._locks import locked

N_LOCKS = 1024
"""Lock files: many enough that two entries seldom share one, and few enough to leave no litter."""


class ArrayStore:
    """Fetches an array by its key, computing it the first time.

    Threads and processes may share a folder: an entry appears whole or not at all, and while one computes it the
    others wait for it.

    Parameters
    ----------
    memory : str, Path or joblib.Memory
        Folder of the entries, or a memory; ``joblib.Memory.reduce_size`` bounds either.
    """

    def __init__(self, memory: Any) -> None:
        memory = os.fspath(memory) if isinstance(memory, os.PathLike) else memory
        with _naming("memory", memory):
            memory = check_memory(memory)
        self._entry = memory.cache(_entry, ignore=["compute"])
        self._locks = None if memory.location is None else Path(memory.location) / "skgenre-locks"

    def fetch(self, key: Hashable, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the array of this key.

        Parameters
        ----------
        key : hashable
            All that the array depends on.
        compute : callable
            Gives the array. An exception from it is passed on, and nothing is stored.

        Returns
        -------
        array : ndarray
            The array.
        """
        if self._locks is None:
            return compute()
        if not self._entry.check_call_in_cache(key, compute):
            with ExitStack() as held:
                try:
                    self._locks.mkdir(parents=True, exist_ok=True)
                    held.enter_context(locked(self._locks / str(int(joblib.hash(key), 16) % N_LOCKS)))
                except OSError as error:
                    warnings.warn(f"nothing is stored in memory={str(self._locks.parent)!r}: {error}", stacklevel=2)
                    return compute()
                if not self._entry.check_call_in_cache(key, compute):
                    return self._entry(key, compute)[0]
        shelved = self._entry.call_and_shelve(key, compute)
        try:
            array, checksum = shelved.get()
            if crc32(array.data) == checksum:
                return array
            cause = "its checksum is wrong"
        except Exception as error:  # whatever unpickling a damaged file may raise
            cause = repr(error)
        warnings.warn(f"a stored entry is damaged and computed again ({cause}): {key}", stacklevel=2)
        shelved.clear()
        return self._entry(key, compute)[0]


def _entry(key: Hashable, compute: Callable[[], np.ndarray]) -> tuple[np.ndarray, int]:
    array = np.ascontiguousarray(compute())
    return array, crc32(array.data)


def stack_rows(rows: Generator[np.ndarray], n_rows: int, empty: Callable[..., np.ndarray] = np.empty) -> np.ndarray:
    """Stack rows of one shape as they come.

    Parameters
    ----------
    rows : generator of ndarray
        The rows; closed at the end.
    n_rows : int
        How many there are.
    empty : callable, default=numpy.empty
        Makes the array, from a shape and a dtype.

    Returns
    -------
    stacked : ndarray of shape (n_rows, ...), float32
        All rows.
    """
    with closing(rows):  # an error, as of a full disk, keeps no threads waiting
        first = next(rows)
        stacked = empty((n_rows, *first.shape), np.float32)
        for position, row in enumerate(chain([first], rows)):
            stacked[position] = row
        return stacked


def map_rows(folder: Any, digest: str, rows: Callable[[], Generator[np.ndarray]], n_rows: int) -> np.ndarray:
    """Stack rows in a file, once for each digest, and map it into memory.

    Parameters
    ----------
    folder : str or Path
        Folder of the files, made where it is missing.
    digest : str
        Of all that the rows depend on; it names the file.
    rows : callable
        Gives a generator of the rows.
    n_rows : int
        How many there are.

    Returns
    -------
    mapped : numpy.memmap of shape (n_rows, ...), float32
        All rows, not writeable.
    """
    path = Path(folder) / f"{digest}.npy"
    with _naming("out", folder):
        if (mapped := _mapped(path, n_rows)) is not None:
            return mapped
        path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_suffix(".lock")) as is_alone:
        if (mapped := _mapped(path, n_rows, warn=True)) is not None:  # another process was faster
            return mapped
        # Under another name until it is whole: a run that ends midway leaves no file that looks finished.
        partial = path.with_suffix(".partial" if is_alone else f".{uuid4().hex}.partial")
        try:
            stack_rows(rows(), n_rows, lambda shape, dtype: _open_whole(partial, shape, dtype))
            with partial.open("r+b") as file:
                os.fsync(file.fileno())  # its name must not be on the disk before it is
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return open_memmap(path, "r")


@contextmanager
def _naming(parameter: str, value: Any) -> Iterator[None]:
    """Say of which parameter a file is where a folder should be."""
    try:
        yield
    except (NotADirectoryError, FileExistsError) as error:
        raise ValueError(f"{parameter} must be a folder, or where one can be made, got {str(value)!r}") from error


def _mapped(path: Path, n_rows: int, *, warn: bool = False) -> np.ndarray | None:
    """Map a stored file, or return None where there is none, or none that is whole."""
    try:
        mapped = open_memmap(path, "r")
        if mapped.dtype == np.float32 and len(mapped) == n_rows:
            return mapped
        cause: object = f"it holds {mapped.dtype} of shape {mapped.shape}, not float32 of {n_rows} rows"
    except FileNotFoundError:
        return None
    except (ValueError, EOFError, SyntaxError) as error:  # what a header of other bytes may raise
        cause = error
    if warn:
        warnings.warn(f"a stored file is damaged and computed again ({cause}): {str(path)!r}", stacklevel=3)
    return None


def _open_whole(path: Path, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Map a new file whose place on the disk is taken already: to write to one that has none ends the interpreter."""
    mapped = open_memmap(path, "w+", dtype, shape)
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                path.unlink()
                raise
            # Else the file system cannot tell beforehand.
    return mapped
