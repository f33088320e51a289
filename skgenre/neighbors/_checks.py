"""What is asked of vectors from outside."""

from typing import Any

import numpy as np


def as_vectors(vectors: Any, name: str, n_dims: int | None = None) -> np.ndarray:
    """Return finite float32 vectors of shape (n, n_dims), without a copy where they are so already."""
    with np.errstate(over="ignore"):
        vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise ValueError(f"{name} must be of shape (n, n_dims), got shape {vectors.shape}")
    if n_dims is not None and vectors.shape[1] != n_dims:
        raise ValueError(f"{name} must have {n_dims} dimensions as the index has, got {vectors.shape[1]}")
    for start in range(0, len(vectors), 2**15):
        finite = np.isfinite(vectors[start : start + 2**15])
        if not finite.all():
            row = start + int(np.argmin(finite.all(axis=1)))
            raise ValueError(f"{name} must be finite and fit in float32, row {row} is not")
    return vectors
