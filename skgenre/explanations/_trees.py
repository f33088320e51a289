"""Exact Shapley values of decision trees and what is made of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import factorial
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier


def trees_of(model: Any, target: int) -> list[tuple[Any, np.ndarray]]:
    """Return the trees whose answers a model adds up, each with what its nodes say of a class; none if it is no such.

    Parameters
    ----------
    model : estimator
        A fitted classifier.
    target : int
        Column of the class, or of the label.

    Returns
    -------
    trees : list of (tree, ndarray of shape (n_nodes,))
        Trees of scikit-learn, and their share in the probability or decision of the class.
    """
    if isinstance(model, DecisionTreeClassifier):
        return [(model.tree_, _shares(model, target))]
    if isinstance(model, RandomForestClassifier | ExtraTreesClassifier):
        return [(one.tree_, _shares(one, target) / len(model.estimators_)) for one in model.estimators_]
    if isinstance(model, GradientBoostingClassifier) and (model.init is None or model.init == "zero"):
        column, sign = (target, 1) if model.estimators_.shape[1] > 1 else (0, 2 * target - 1)
        return [
            (one.tree_, sign * model.learning_rate * one.tree_.value[:, 0, 0]) for one in model.estimators_[:, column]
        ]
    return []


def tree_values(tree: Any, answers: np.ndarray, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Compute the Shapley values of a tree, where a column that is hidden comes from a background row.

    A mixture of the row and a background row reaches a leaf where one or the other meets each condition on the way.
    Columns that meet theirs in both do not matter. Of the others some must come from the row and some from the
    background, and the leaf counts for the share of orders in which the former come first.

    Parameters
    ----------
    tree : sklearn.tree._tree.Tree
        The tree.
    answers : ndarray of shape (n_nodes,)
        What each node answers.
    row : ndarray of shape (n_columns,), float32
        What is explained.
    background : ndarray of shape (n_rows, n_columns), float32
        What it is compared with.

    Returns
    -------
    values : ndarray of shape (n_columns,)
        They add up to the answer to the row less the mean answer to the background.

    References
    ----------
    S. Lundberg et al., "From local explanations to global understanding with explainable AI for trees", 2020.
    """
    values = np.zeros(len(row))
    for leaf, columns, low, high in _leaves(tree):
        met, met_behind = ((low < part) & (part <= high) for part in (row[columns], background[:, columns]))
        reached = (met | met_behind).all(axis=1)
        ours, theirs = met & ~met_behind[reached], ~met & met_behind[reached]
        n_ours, n_theirs = ours.sum(axis=1, keepdims=True), theirs.sum(axis=1, keepdims=True)
        orders = factorial(n_ours + n_theirs)
        gain = factorial(np.maximum(n_ours - 1, 0)) * factorial(n_theirs) / orders
        loss = factorial(n_ours) * factorial(np.maximum(n_theirs - 1, 0)) / orders
        values[columns] += answers[leaf] * (ours * gain - theirs * loss).sum(axis=0) / len(background)
    return values


def _shares(model: DecisionTreeClassifier, target: int) -> np.ndarray:
    """Return the probability of a class, or of a label where there are several, in each node."""
    if model.n_outputs_ == 1:
        output, column = 0, target
    else:
        known = list(model.classes_[target])
        if 1 not in known:
            return np.zeros(model.tree_.node_count)
        output, column = target, known.index(1)
    counts = model.tree_.value[:, output, :]
    return counts[:, column] / counts.sum(axis=1)


def _leaves(tree: Any) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Give each leaf with the columns on the way to it, and the interval that each must lie in."""
    ways: list[tuple[int, dict[int, tuple[float, float]]]] = [(0, {})]
    while ways:
        node, bounds = ways.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left == right:
            if bounds:
                columns = np.fromiter(bounds, dtype=np.intp)
                low, high = np.array(list(bounds.values())).T
                yield node, columns, low, high
            continue
        column, threshold = int(tree.feature[node]), float(tree.threshold[node])
        low, high = bounds.get(column, (-np.inf, np.inf))
        ways.append((left, {**bounds, column: (low, min(high, threshold))}))
        ways.append((right, {**bounds, column: (max(low, threshold), high)}))
