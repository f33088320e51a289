"""Metrics of several labels, of which some may not be known: those of scikit-learn on what is known."""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import average_precision_score, label_ranking_average_precision_score, roc_auc_score

Metric = Callable[[np.ndarray, np.ndarray], float]


def per_label(metric: Metric, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return a metric for each label, NaN for one that no track has or every track.

    Parameters
    ----------
    metric : callable
        Takes 0 and 1 and scores, of shape (n_tracks,).
    labels : ndarray of shape (n_tracks, n_labels)
        1, 0 or NaN.
    scores : ndarray of shape (n_tracks, n_labels)
        Probabilities, or what grows with them.

    Returns
    -------
    values : ndarray of shape (n_labels,)
        The metric.
    """
    values = np.full(labels.shape[1], np.nan)
    for column, known in enumerate(~np.isnan(labels.T)):
        found = labels[known, column]
        if 0 < found.sum() < len(found):
            values[column] = metric(found, scores[known, column])
    return values


def average_precisions(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the average precision of each label, NaN for one that no track has or every track."""
    return per_label(average_precision_score, labels, scores)


def _macro(metric: Metric) -> Metric:
    def score(labels: np.ndarray, scores: np.ndarray) -> float:
        values = per_label(metric, labels, scores)
        if np.isnan(values).all():
            warnings.warn(
                "no label is there in some tracks and not in others: nothing to score", UndefinedMetricWarning, 2
            )
            return np.nan
        return float(np.nanmean(values))

    return score


def _micro(metric: Metric) -> Metric:
    def score(labels: np.ndarray, scores: np.ndarray) -> float:
        return float(per_label(metric, labels.reshape(-1, 1), scores.reshape(-1, 1))[0])

    return score


def _label_ranking(labels: np.ndarray, scores: np.ndarray) -> float:
    known = ~np.isnan(labels)
    values = [
        label_ranking_average_precision_score(row[None, there], score[None, there])
        for row, score, there in zip(labels, scores, known, strict=True)
        if there.sum() > 1
    ]
    return float(np.mean(values)) if values else np.nan


RANKING_METRICS: dict[str, Metric] = {
    "roc_auc_macro": _macro(roc_auc_score),
    "roc_auc_micro": _micro(roc_auc_score),
    "average_precision_macro": _macro(average_precision_score),
    "average_precision_micro": _micro(average_precision_score),
    "label_ranking_average_precision": _label_ranking,
}
"""Metrics of scores, each better when higher."""


def hamming_loss(labels: np.ndarray, answers: np.ndarray) -> float:
    """Return the share of known labels that are answered wrongly."""
    known = ~np.isnan(labels)
    return float((labels != answers)[known].mean()) if known.any() else np.nan
