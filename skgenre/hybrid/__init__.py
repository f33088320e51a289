"""Recommendations from sound and from listening: ``HybridRecommender``."""

from skgenre.hybrid._blending import Blend
from skgenre.hybrid._interactions import check_interactions
from skgenre.hybrid._recommender import HybridRecommender

__all__ = ["Blend", "HybridRecommender", "check_interactions"]
