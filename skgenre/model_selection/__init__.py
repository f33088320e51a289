"""Honest evaluation: how a score was made, and what it is worth."""

from skgenre.model_selection._audit import audit_tracks
from skgenre.model_selection._audit_report import TrackAudit
from skgenre.model_selection._gtzan import GTZANSplit
from skgenre.model_selection._protocols import compare_protocols
from skgenre.model_selection._protocols_results import ProtocolComparison, ProtocolScores, bootstrap_interval
from skgenre.model_selection._recommendation import evaluate_recommender
from skgenre.model_selection._recommendation_results import RecommenderEvaluation

__all__ = [
    "GTZANSplit",
    "ProtocolComparison",
    "ProtocolScores",
    "RecommenderEvaluation",
    "TrackAudit",
    "audit_tracks",
    "bootstrap_interval",
    "compare_protocols",
    "evaluate_recommender",
]
