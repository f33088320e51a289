"""What a comparison of protocols found: the answers of a model, and the scores made of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss

from skgenre.metrics import expected_calibration_error

_CONFIDENCE_LEVEL = 0.95
_N_RESAMPLES = 2000


@dataclass(frozen=True)
class ProtocolScores:
    """What a model answered under one protocol, each row by the fold that had not trained on it, and how good it was.

    Parameters
    ----------
    name : str
        The protocol.
    y_true : ndarray of shape (n_rows,)
        The genre of each row that was tested: of a track, or of a segment.
    predictions : ndarray of shape (n_seeds, n_rows)
        What was answered.
    probabilities : ndarray of shape (n_seeds, n_rows, n_classes) or None
        Probability of each genre; None where the model gives none.
    classes : ndarray of shape (n_classes,)
        The genres.
    tracks : ndarray of shape (n_rows,) of int
        The track of each row, as its row in ``X``.
    clusters : ndarray of shape (n_rows,)
        What belongs together in the confidence interval: the artist of each row, or its track where artists are not
        known.
    seconds : ndarray of shape (n_seeds,)
        Time of fitting and predicting, summed over folds.
    """

    name: str
    y_true: np.ndarray
    predictions: np.ndarray
    probabilities: np.ndarray | None
    classes: np.ndarray
    tracks: np.ndarray
    clusters: np.ndarray
    seconds: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Share of right answers over all folds, for each seed: (n_seeds,)."""
        return np.array([accuracy_score(self.y_true, answers) for answers in self.predictions])

    @property
    def macro_f1(self) -> np.ndarray:
        """F1 averaged over genres, over all folds, for each seed: (n_seeds,)."""
        f1 = [f1_score(self.y_true, answers, average="macro", zero_division=0) for answers in self.predictions]
        return np.array(f1)

    @property
    def log_loss(self) -> np.ndarray:
        """Log-loss over all folds, for each seed: (n_seeds,); NaN without probabilities."""
        return self._of_probabilities(lambda proba: log_loss(self.y_true, proba, labels=self.classes))

    @property
    def calibration_error(self) -> np.ndarray:
        """Calibration error over all folds, for each seed: (n_seeds,); NaN without probabilities."""
        return self._of_probabilities(lambda proba: expected_calibration_error(self.y_true, proba, labels=self.classes))

    def _of_probabilities(self, score: Callable[[np.ndarray], float]) -> np.ndarray:
        if self.probabilities is None:
            return np.full(len(self.predictions), np.nan)
        return np.array([score(proba) for proba in self.probabilities])

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy, averaged over seeds, for other artists of the same kind."""
        return bootstrap_interval((self.predictions == self.y_true).mean(axis=0), self.clusters)

    def summary(self) -> dict[str, float]:
        """Return the means over seeds, the standard deviation of the accuracy over seeds, and its interval."""
        low, high = self.interval
        return {
            "accuracy": float(self.accuracy.mean()),
            "sd": float(self.accuracy.std(ddof=1)) if len(self.accuracy) > 1 else np.nan,
            "low": low,
            "high": high,
            "macro_f1": float(self.macro_f1.mean()),
            "log_loss": float(self.log_loss.mean()),
            "calibration_error": float(self.calibration_error.mean()),
            "seconds": float(self.seconds.mean()),
        }


class ProtocolComparison(Mapping[str, ProtocolScores]):
    """What :func:`~skgenre.compare_protocols` found: a mapping of each protocol's name to its answers and scores.

    ``frame`` is a table of the means, ``comparison["grouped"]`` gives what it was made of: ``accuracy``, ``macro_f1``,
    ``log_loss`` and ``calibration_error`` with one value a seed, ``interval``, ``y_true``, ``predictions``,
    ``probabilities``, ``tracks``. :class:`~skgenre.ProtocolsDisplay` draws it.

    Parameters
    ----------
    scores : sequence of ProtocolScores
        What was found under each protocol.
    seeds : sequence of int
        The seeds.
    """

    def __init__(self, scores: Any, seeds: Any) -> None:
        self._scores = {score.name: score for score in scores}
        self.seeds = list(seeds)

    def __getitem__(self, name: str) -> ProtocolScores:
        return self._scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    @property
    def frame(self) -> Any:
        """The table as a DataFrame with a row for each protocol; None where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            return None
        table = {name: scores.summary() for name, scores in self.items()}
        return pandas.DataFrame.from_dict(table, orient="index").rename_axis("protocol")

    def _repr_html_(self) -> str | None:
        return None if self.frame is None else self.frame.to_html(float_format="{:.3f}".format, na_rep="")

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        lines = [f"ProtocolComparison of {len(self.seeds)} seeds"]
        for name, scores in self.items():
            row = scores.summary()
            spread = "" if np.isnan(row["sd"]) else f" ± {row['sd']:.3f}"
            lines.append(
                f"  {name:{width}}  accuracy {row['accuracy']:.3f}{spread}, 95 % from {row['low']:.3f} to "
                f"{row['high']:.3f}"
            )
        return "\n".join(lines)


def bootstrap_interval(values: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Estimate the 95 % confidence interval of a mean over rows that come in clusters.

    Whole clusters are drawn, with replacement and as many as there are, two thousand times, always with the same
    seed; the interval is that of the middle 95 % of the means.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        What the mean is of.
    clusters : ndarray of shape (n_rows,)
        The cluster of each row: rows of one are alike, such as tracks of one artist.

    Returns
    -------
    low, high : float
        The interval.
    """
    _, members = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(members, weights=values), np.bincount(members)
    draws = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _N_RESAMPLES)
    tail = (1 - _CONFIDENCE_LEVEL) / 2
    low, high = np.quantile(draws @ sums / (draws @ counts), [tail, 1 - tail])
    return float(low), float(high)
