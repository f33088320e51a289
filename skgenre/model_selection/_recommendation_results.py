"""What an evaluation of a recommender found."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skgenre.model_selection._protocols_results import bootstrap_interval


@dataclass(frozen=True, repr=False)
class RecommenderEvaluation:
    """What :func:`~skgenre.evaluate_recommender` found.

    Parameters
    ----------
    protocol : {"content", "history"}
        What was asked.
    k : int
        Length of the lists.
    values : dict of str to ndarray of shape (n_queries,)
        Each metric for each query, a track or user; NaN where it has none.
    totals : dict of str to float
        Metrics of all lists together.
    clusters : ndarray of shape (n_queries,)
        What belongs together in the confidence intervals: the artist of each query, or its own number.
    """

    protocol: str
    k: int
    values: dict[str, np.ndarray]
    totals: dict[str, float]
    clusters: np.ndarray

    def summary(self) -> dict[str, dict[str, float]]:
        """Return the mean of each metric, and its 95 % confidence interval where it has a value for each query."""
        table = {}
        for name, values in self.values.items():
            known = ~np.isnan(values)
            if known.any():
                low, high = bootstrap_interval(values[known], self.clusters[known])
                table[name] = {"mean": float(values[known].mean()), "low": low, "high": high}
            else:
                table[name] = dict.fromkeys(("mean", "low", "high"), np.nan)
        return table | {name: {"mean": total, "low": np.nan, "high": np.nan} for name, total in self.totals.items()}

    @property
    def frame(self) -> Any:
        """The table as a DataFrame with a row for each metric; None where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            return None
        return pandas.DataFrame.from_dict(self.summary(), orient="index").rename_axis("metric")

    def __repr__(self) -> str:
        width = max(map(len, [*self.values, *self.totals]))
        lines = [f"RecommenderEvaluation by {self.protocol}, {len(self.clusters)} queries, k={self.k}"]
        for name, row in self.summary().items():
            interval = "" if np.isnan(row["low"]) else f", 95 % from {row['low']:.3f} to {row['high']:.3f}"
            lines.append(f"  {name:{width}}  {row['mean']:.3f}{interval}")
        return "\n".join(lines)
