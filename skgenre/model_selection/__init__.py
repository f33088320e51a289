"""Honest evaluation: how a score was made, and what it is worth."""

from skgenre.model_selection._protocols import compare_protocols
from skgenre.model_selection._protocols_results import ProtocolComparison, ProtocolScores

__all__ = ["ProtocolComparison", "ProtocolScores", "compare_protocols"]
