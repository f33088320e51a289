"""One self-contained web page about a trained genre classifier: scores, pictures, similar tracks to listen to."""

from skgenre.report.page import write_report
from skgenre.report.results import Evaluation, Neighbours, Results

__all__ = ["Evaluation", "Neighbours", "Results", "write_report"]
