"""Metrics that scikit-learn has none of; pure functions, and scorers made of them."""

from skgenre.metrics._calibration import expected_calibration_error
from skgenre.metrics._faithfulness import attribution_mass, deletion_curve, insertion_curve
from skgenre.metrics._gains import check_k
from skgenre.metrics._label_metrics import average_precisions
from skgenre.metrics._label_scorers import MULTILABEL_METRICS, make_multilabel_scorer
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
from skgenre.metrics._thresholds import tune_thresholds

__all__ = [
    "MULTILABEL_METRICS",
    "artist_filtered_precision",
    "attribution_mass",
    "average_precision_at_k",
    "average_precisions",
    "catalogue_coverage",
    "check_k",
    "deletion_curve",
    "expected_calibration_error",
    "genre_purity",
    "hit_rate_at_k",
    "insertion_curve",
    "intra_list_diversity",
    "make_multilabel_scorer",
    "make_recommendation_scorer",
    "ndcg_at_k",
    "novelty",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank_at_k",
    "tune_thresholds",
]
