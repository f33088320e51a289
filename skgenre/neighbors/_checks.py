"""What is asked of arrays and parameters from outside."""

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

LARGEST = 2**31 - 1


def check_integers(least: int, **values: Any) -> None:
    """Raise a ValueError where a parameter is no integer from ``least`` on; the libraries would crash, or guess."""
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= LARGEST:
            raise ValueError(f"{name} must be an integer from {least} to {LARGEST}, got {value!r}")


def check_seconds(name: str, value: Any) -> None:
    """Raise a ValueError where a time is no number above 0."""
    if not (isinstance(value, Real) and float(value) > 0):
        raise ValueError(f"{name} must be a number of seconds above 0, got {value!r}")


def as_vectors(vectors: Any, name: str, n_dims: int | None = None) -> np.ndarray:
    """Return finite float32 vectors of shape (n, n_dims), without a copy where they are so already."""
    if not (isinstance(vectors, np.ndarray) and vectors.dtype == np.float32):
        with np.errstate(over="ignore"):
            vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise ValueError(f"{name} must be of shape (n, n_dims), got shape {vectors.shape}")
    if n_dims is not None and vectors.shape[1] != n_dims:
        raise ValueError(f"{name} must have {n_dims} dimensions as the index has, got {vectors.shape[1]}")
    for start in range(0, len(vectors), 2**15):
        block = vectors[start : start + 2**15]
        if not math.isfinite(np.vdot(block, block)):  # or squares of what is finite are not
            finite = np.isfinite(block)
            if not all_true(finite):
                row = start + int(np.argmin(finite.all(axis=1)))
                raise ValueError(f"{name} must be finite and fit in float32, row {row} is not")
    return vectors


def all_true(mask: np.ndarray) -> bool:
    """Return what ``mask.all()`` does, which of a small array takes five times as long."""
    return np.count_nonzero(mask) == mask.size


def as_rows(rows: Any, alive: np.ndarray) -> np.ndarray:
    """Return row numbers, all of them alive."""
    rows = np.asarray(rows)
    if rows.ndim != 1 or not (rows.dtype.kind in "iu" or rows.size == 0):
        raise ValueError(f"rows must be a list of integers, got {rows.dtype} of shape {rows.shape}")
    rows = rows.astype(np.intp)
    for row in rows[(rows < 0) | (rows >= len(alive))][:1]:
        raise ValueError(f"rows must be from 0 to {len(alive) - 1}, got {row}")
    for row in rows[~alive[rows]][:1]:
        raise ValueError(f"row {row} was removed")
    return rows


def as_mask(allowed: Any, n_rows: int) -> np.ndarray:
    """Return a mask of shape (n_rows,)."""
    mask = np.asarray(allowed)
    if mask.shape != (n_rows,) or mask.dtype != bool:
        raise ValueError(f"allowed must hold a bool for each of {n_rows} rows, got {mask.dtype} of shape {mask.shape}")
    return mask
