"""Distances between a few embeddings, all with all."""

import numpy as np
from sklearn.metrics import pairwise_distances


def distances_between(vectors: np.ndarray, others: np.ndarray | None, metric: str) -> np.ndarray:
    """Return the distance of each vector to each other one, or among themselves, float64.

    Euclidean distances do not change where the origin lies, and keep their digits where it is amid the vectors.
    """
    vectors = vectors.astype(np.float64)
    others = vectors if others is None else others.astype(np.float64)
    if metric == "euclidean":
        centre = others.mean(axis=0)
        same = others is vectors
        vectors = vectors - centre
        others = vectors if same else others - centre
    return pairwise_distances(vectors, None if others is vectors else others, metric=metric)
