"""Metrics that scikit-learn has none of; pure functions, and scorers made of them."""

from skgenre.metrics._calibration import expected_calibration_error
from skgenre.metrics._lists import (
    artist_filtered_precision,
    catalogue_coverage,
    genre_purity,
    intra_list_diversity,
    novelty,
)
from skgenre.metrics._ranking import (
    average_precision_at_k,
    hit_rate_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)
from skgenre.metrics._scorers import make_recommendation_scorer

__all__ = [
    "artist_filtered_precision",
    "average_precision_at_k",
    "catalogue_coverage",
    "expected_calibration_error",
    "genre_purity",
    "hit_rate_at_k",
    "intra_list_diversity",
    "make_recommendation_scorer",
    "ndcg_at_k",
    "novelty",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank_at_k",
]
