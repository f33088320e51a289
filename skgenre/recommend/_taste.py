"""What several liked and disliked tracks ask for."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import normalize

DISLIKED = 0.25
"""How much a disliked track counts, against 1 for a liked one."""


@dataclass
class Taste:
    """What is asked for.

    Parameters
    ----------
    towards : ndarray of shape (n_dims,), float32
        The embedding to be near to.
    away : ndarray of shape (n_dims,), float64, or None
        The embedding to be far from, where that is not in ``towards``.
    row : int
        The row whose embedding it is, or -1.
    """

    towards: np.ndarray
    away: np.ndarray | None = None
    row: int = -1

    @classmethod
    def of(cls, metric: str, liked: np.ndarray, disliked: np.ndarray) -> "Taste":
        """Bring tracks down to one embedding or two."""
        if metric == "euclidean":
            away = disliked.mean(axis=0, dtype=np.float64) if len(disliked) else None
            return cls(liked.mean(axis=0, dtype=np.float64).astype(np.float32), away)
        if len(liked) == 1 and not len(disliked):
            return cls(liked[0])
        towards = normalize(liked.astype(np.float64)).mean(axis=0)
        if len(disliked):
            towards -= DISLIKED * normalize(disliked.astype(np.float64)).mean(axis=0)
        if np.linalg.norm(towards) < 1e-6:
            raise ValueError("liked and disliked must have something in common, their embeddings cancel each other out")
        return cls(towards.astype(np.float32))
