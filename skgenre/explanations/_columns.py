"""Attributions over named columns, for models that take a table: what each descriptor adds to the score of a class."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from skgenre._labels import label_probabilities
from skgenre._optional import import_optional
from skgenre.explanations._shapley import sampled_values
from skgenre.explanations._trees import tree_values, trees_of

_N_SAMPLES = 10
_N_PROBES = 64
_SCALERS = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler)

Scorer = Callable[[np.ndarray], np.ndarray]


def explain_row(
    model: Any,
    row: np.ndarray,
    background: np.ndarray,
    *,
    target: int,
    method: str,
    n_samples: int | None,
    rng: np.random.Generator,
) -> tuple[np.ndarray, float, float, str]:
    """Attribute the score of a class to the columns of a row.

    Parameters
    ----------
    model : estimator
        A fitted classifier, or a Pipeline that ends in one.
    row : ndarray of shape (n_columns,)
        What is explained.
    background : ndarray of shape (n_rows, n_columns)
        Where the values come from that stand for those that are hidden.
    target : int
        Column of the class.
    method : {"occlusion", "shap"}
        Hide one column at a time, or average over the orders in which columns come in.
    n_samples : int or None
        Rows of the background drawn, or orders; None means 10.
    rng : numpy.random.Generator
        Source of both.

    Returns
    -------
    attributions : ndarray of shape (n_columns,)
        A value for each column.
    score, base_score : float
        The score of the row, and that of the background.
    unit : {"decision", "probability"}
        What the score is.
    """
    score, unit = _scorer(model, target)
    own, n_samples = float(score(row[None])[0]), n_samples or _N_SAMPLES
    if method == "occlusion":
        drawn = background[rng.permutation(len(background))[:n_samples]]
        return _hide_columns(score, own, row, drawn), own, float(score(drawn).mean()), unit
    exact = _exact_of_trees(model, target, row, background)
    if exact is None:
        exact = _exact_of_linear(score, own, row, background, rng)
    if exact is not None:
        return exact, own, float(score(background).mean()), unit
    drawn = background[rng.integers(len(background), size=-(-n_samples // 2))]
    values = [_values_against(score, row, other, rng) for other in drawn]
    return np.mean(values, axis=0), own, float(score(drawn).mean()), unit


def _scorer(model: Any, target: int) -> tuple[Scorer, str]:
    """Return what gives the score of a class, the model's decision where it has one, else its probability."""
    if not hasattr(model, "decision_function"):
        return lambda rows: label_probabilities(model, as_fitted(model, rows))[:, target], "probability"

    def decide(rows: np.ndarray) -> np.ndarray:
        decisions = model.decision_function(as_fitted(model, rows))
        return decisions[:, target] if decisions.ndim == 2 else (2 * target - 1) * decisions

    return decide, "decision"


def as_fitted(model: Any, rows: np.ndarray) -> Any:
    """Return rows as the model was fitted on such: a DataFrame, where it knows its columns by name."""
    names = getattr(model, "feature_names_in_", None)
    return rows if names is None else import_optional("pandas", extra="tables").DataFrame(rows, columns=names)


def _hide_columns(score: Scorer, own: float, row: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    losses = np.zeros(len(row))
    for other in drawn:
        hidden = np.tile(row, (len(row), 1))
        np.fill_diagonal(hidden, other)
        losses += own - score(hidden)
    return losses / len(drawn)


def _exact_of_trees(model: Any, target: int, row: np.ndarray, background: np.ndarray) -> np.ndarray | None:
    rows = np.vstack([row, background])
    if isinstance(model, Pipeline):
        if not all(isinstance(step, _SCALERS) for _, step in model.steps[:-1]):
            return None  # trees ask about other columns than those with names
        scaled = model[:-1].transform(as_fitted(model, rows)) if len(model.steps) > 1 else rows
        rows, model = scaled, model.steps[-1][1]
    trees = trees_of(model, target)
    rows = np.asarray(rows, dtype=np.float32)  # as trees compare them
    if not trees or np.isnan(rows).any():
        return None
    return np.sum([tree_values(tree, answers, rows[0], rows[1:]) for tree, answers in trees], axis=0)


def _exact_of_linear(
    score: Scorer, own: float, row: np.ndarray, background: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """Return weight times distance from the mean, where the score turns out to be linear, and else None.

    What is not linear may pass for it in one place or another, so it is asked about rows that are mixed at random.
    """
    mean = background.mean(axis=0)
    of_mean, of_background = float(score(mean[None])[0]), score(background)
    close = 1e-5 * max(1e-12, np.ptp(np.append(of_background, own)))
    if abs(of_mean - of_background.mean()) > close:
        return None
    gains = _hide_columns(score, own, row, mean[None])
    heard = rng.random((2 * _N_PROBES, len(row))) < rng.random((2 * _N_PROBES, 1))
    one, two = np.split(np.where(heard, row, background[rng.integers(len(background), size=len(heard))]), 2)
    share = rng.random((_N_PROBES, 1))
    sums = of_mean + heard @ gains - score(np.where(heard, row, mean))
    between = share[:, 0] * score(one) + (1 - share[:, 0]) * score(two) - score(share * one + (1 - share) * two)
    off = max(abs(gains.sum() - (own - of_mean)), np.abs(sums).max(), np.abs(between).max())
    return gains if off <= close else None


def _values_against(score: Scorer, row: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return sampled_values(lambda heard: score(np.where(heard, row, other)), len(row), 2, rng)
