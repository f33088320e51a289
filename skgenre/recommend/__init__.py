"""Similar tracks: ``EmbeddingRecommender``, nearest neighbours of tracks by their embeddings."""

from skgenre.recommend._hubness import skewness
from skgenre.recommend._ids import check_hashable, check_no_mask, ids_array, plain_id, plain_ids
from skgenre.recommend._recommender import EmbeddingRecommender

__all__ = [
    "EmbeddingRecommender",
    "check_hashable",
    "check_no_mask",
    "ids_array",
    "plain_id",
    "plain_ids",
    "skewness",
]
