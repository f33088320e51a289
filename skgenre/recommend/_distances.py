"""Distances between a few embeddings, all with all."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances


def distances_between(vectors: np.ndarray, others: np.ndarray | None, metric: str) -> np.ndarray:
    """Return the distances of vectors to others, or among themselves: float64, of shape (n_vectors, n_others).

    Euclidean distances keep their digits where vectors lie close together, and far from the origin.
    """
    if metric == "euclidean":  # from differences, which keep the digits of what is close together
        return cdist(vectors, vectors if others is None else others)
    return pairwise_distances(_of_length(vectors), None if others is None else _of_length(others), metric=metric)


def _of_length(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at a length from 1 on, for scikit-learn takes the shortest for zero; those that are zero stay."""
    largest = np.abs(vectors).max(axis=1, keepdims=True).astype(np.float64)
    return vectors / np.where(largest > 0, largest, 1)
