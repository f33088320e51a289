"""The tracks of a recommender that are nearest to what is playing."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted


def nearest_tracks(recommender: Any, embedding: np.ndarray, n: int, **which: Any) -> tuple[np.ndarray, np.ndarray]:
    """Find the tracks of a recommender nearest to an embedding.

    Parameters
    ----------
    recommender : EmbeddingRecommender
        Fitted on tracks through the same pipeline, or on embeddings of its net.
    embedding : ndarray of shape (n_dims,), float32
        The embedding.
    n : int
        How many tracks to find.
    **which
        ``where`` and ``exclude``, as ``EmbeddingRecommender.kneighbors`` takes them.

    Returns
    -------
    ids : ndarray of shape (n,)
        Ids of the tracks, the most similar first.
    scores : ndarray of shape (n,), float64
        Similarity as ``EmbeddingRecommender.recommend`` gives it.
    """
    check_is_fitted(recommender)
    n_dims = recommender.embeddings_.shape[1]
    if n_dims != len(embedding):
        raise ValueError(
            f"recommender must hold embeddings of this pipeline's net, of {len(embedding)} dimensions, got {n_dims}"
        )
    # One that takes tracks through its embedder is asked about an embedding: it is there already.
    asked = copy(recommender)
    asked.embedder_ = None
    asked.n_features_in_ = n_dims
    distances, rows = asked.kneighbors(embedding[None], n, **which)
    ids = recommender.track_ids_[rows[0]]
    rescaled = recommender.metric == "cosine" or recommender.hubness is not None
    return ids, 1 - distances[0] if rescaled else 1 / (1 + distances[0])
