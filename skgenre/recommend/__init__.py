"""Similar tracks: ``EmbeddingRecommender``, nearest neighbours of tracks by their embeddings."""

from skgenre.recommend._recommender import EmbeddingRecommender

__all__ = ["EmbeddingRecommender"]
