"""Similar tracks: ``EmbeddingRecommender``, nearest neighbours of tracks by their embeddings."""

from skgenre.recommend._ids import check_hashable, check_no_mask, plain_id
from skgenre.recommend._recommender import EmbeddingRecommender

__all__ = ["EmbeddingRecommender", "check_hashable", "check_no_mask", "plain_id"]
