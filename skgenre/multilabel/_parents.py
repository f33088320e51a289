"""Labels that imply others: a sub-genre and its parents."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from skgenre._labels import read_labels

Edges = list[tuple[int, int]]
"""The columns of a sub-genre and a parent of it; those of the sub-genres of a sub-genre come first."""


def imply_parents(y: Any, parents: Mapping[Any, Any], labels: Sequence[Hashable] | None = None) -> np.ndarray:
    """Complete labels by those that they imply.

    A track of a sub-genre is of its parents too, whatever is written of them; a track that is not of the parent is not
    of its sub-genres either, where nothing is known of them.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_tracks, n_labels)
        1, 0 or NaN for each label.
    parents : mapping of label to label or to collection of label
        The parent, or the parents, of each sub-genre.
    labels : sequence of shape (n_labels,), default=None
        What the columns are called in ``parents``. None means the names of the columns where ``y`` is a DataFrame, else
        their numbers.

    Returns
    -------
    y : ndarray of shape (n_tracks, n_labels)
        The labels; of int where all are known.

    Raises
    ------
    ValueError
        If ``parents`` names what is no label, or goes round in circles, or ``y`` has one column.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import imply_parents
    >>> imply_parents([[1, 0], [np.nan, 0], [0, 1]], {"punk": "rock"}, labels=["punk", "rock"])
    array([[1, 1],
           [0, 0],
           [0, 1]])
    """
    found = read_labels(y)
    if found is None:
        raise ValueError("y must have a column for each of several labels, it has one")
    return imply(found, read_edges(parents, label_names(y, found.shape[1], labels)))


def label_names(y: Any, n_labels: int, labels: Sequence[Hashable] | None) -> list[Hashable]:
    """Return what the columns of ``y`` are called: as given, or as in a DataFrame, or by number."""
    names = list(getattr(y, "columns", range(n_labels)) if labels is None else labels)
    if len(names) != n_labels or len(set(names)) != n_labels:
        raise ValueError(f"labels must name each of the {n_labels} columns of y once, got {names}")
    return names


def read_edges(parents: Mapping[Any, Any], names: Sequence[Hashable]) -> Edges:
    """Return what implies what, as columns, from the leaves to the roots."""
    column = {name: number for number, name in enumerate(names)}
    below: dict[int, list[int]] = {number: [] for number in column.values()}
    for child, above in parents.items():
        for parent in [above] if isinstance(above, str) or not isinstance(above, Collection) else above:
            for name in (child, parent):
                if name not in column:
                    raise ValueError(f"parents must name labels, which are {list(names)}, got {name!r}")
            below[column[parent]].append(column[child])
    try:
        order = list(TopologicalSorter(below).static_order())
    except CycleError as error:
        circle = [names[number] for number in error.args[1]]
        raise ValueError(f"parents must not go round in circles: {circle}") from error
    rank = {number: place for place, number in enumerate(order)}
    edges = [(child, parent) for parent, children in below.items() for child in children]
    return sorted(edges, key=lambda edge: (rank[edge[0]], rank[edge[1]]))


def imply(labels: np.ndarray, edges: Edges) -> np.ndarray:
    """Return labels completed; of int where all are known."""
    labels = labels.copy()
    for child, parent in edges:
        labels[labels[:, child] == 1, parent] = 1
    for child, parent in reversed(edges):
        labels[labels[:, parent] == 0, child] = 0
    return labels if np.isnan(labels).any() else labels.astype(int)


def raise_parents(probabilities: np.ndarray, edges: Edges) -> np.ndarray:
    """Return probabilities of which no parent's is below that of a sub-genre of it."""
    raised = probabilities.copy()
    for child, parent in edges:
        np.maximum(raised[:, parent], raised[:, child], out=raised[:, parent])
    return raised
