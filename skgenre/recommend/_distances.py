"""Distances between a few embeddings, all with all."""

import numpy as np
from sklearn.metrics import pairwise_distances


def distances_between(vectors: np.ndarray, others: np.ndarray | None, metric: str) -> np.ndarray:
    """Return the distances of vectors to others, or among themselves: float64, of shape (n_vectors, n_others).

    Euclidean distances do not change where the origin lies, and keep their digits where it is amid the vectors.
    """
    centre = (vectors if others is None else others).mean(axis=0, dtype=np.float64) if metric == "euclidean" else 0.0
    vectors = vectors.astype(np.float64) - centre
    return pairwise_distances(vectors, None if others is None else others.astype(np.float64) - centre, metric=metric)
