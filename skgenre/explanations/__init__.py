"""Why a model gives its answer: attributions over time and frequency and over descriptors, and checks of them."""

from skgenre.explanations._explain import explain
from skgenre.explanations._explanation import Explanation
from skgenre.explanations._faithfulness import Faithfulness, compare_with_random_weights, measure_faithfulness
from skgenre.explanations._neighbors import NeighborExplanation, explain_neighbors

__all__ = [
    "Explanation",
    "Faithfulness",
    "NeighborExplanation",
    "compare_with_random_weights",
    "explain",
    "explain_neighbors",
    "measure_faithfulness",
]
