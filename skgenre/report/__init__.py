"""One self-contained web page about a trained genre classifier: scores, pictures, similar tracks to listen to."""

from skgenre.report._page import write_report
from skgenre.report._results import Evaluation, Neighbours, Results, explain_gap

__all__ = ["Evaluation", "Neighbours", "Results", "explain_gap", "write_report"]
