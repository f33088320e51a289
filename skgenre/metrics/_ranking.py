"""How good ranked lists of recommendations are, against what was relevant.

Conventions: ``relevant`` holds for each query what would have been right: a collection of ids, a mapping of ids to
gains, or a row of a sparse matrix whose columns are what the lists name. ``recommended`` holds for each query a list
of ids, the best first. A list of one query alone (``relevant`` a set or mapping, or ``recommended`` one-dimensional)
stands for itself. A list shorter than ``k`` is taken for one that ends in misses. A query with nothing relevant has no
right answer and is left out of the mean; with ``average=None`` its value is NaN.
"""

from typing import Any

import numpy as np

from skgenre.metrics._gains import score_queries


def precision_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure which share of the first k recommendations is relevant.

    Parameters
    ----------
    relevant : collection of ids, list of n_queries of them, or sparse matrix of shape (n_queries, n_tracks)
        What is relevant to each query; the nonzero columns of a sparse matrix.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists. What is missing in a shorter one counts as not relevant.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    precision : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best; NaN for a query with nothing relevant, which the mean leaves out.

    Raises
    ------
    ValueError
        If ``k`` is less than one, the queries of the two are not as many, a list names a track twice, or nothing is
        relevant to any query.

    See Also
    --------
    recall_at_k : The same over what is relevant.

    Examples
    --------
    >>> from skgenre import precision_at_k
    >>> precision_at_k({"a", "b"}, ["a", "x", "b", "y"], k=4)
    0.5
    >>> precision_at_k([["a"], ["b"]], [["a", "x"], ["x", "y"]], k=2, average=None)
    array([0.5, 0. ])
    """
    return score_queries(relevant, recommended, k, average, lambda hits, gains: (hits > 0).sum(axis=1) / k)


def recall_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure which share of what is relevant stands among the first k recommendations.

    Parameters
    ----------
    relevant : collection of ids, list of n_queries of them, or sparse matrix of shape (n_queries, n_tracks)
        What is relevant to each query.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    recall : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best; at most ``k / n_relevant``.

    Raises
    ------
    ValueError
        As :func:`precision_at_k`.

    Examples
    --------
    >>> from skgenre import recall_at_k
    >>> recall_at_k({"a", "b", "c"}, ["a", "x", "b", "y"], k=2)
    0.3333333333333333
    """
    return score_queries(
        relevant, recommended, k, average, lambda hits, gains: (hits > 0).sum(axis=1) / (gains > 0).sum(axis=1)
    )


def hit_rate_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure how many queries have at least one relevant track among their first k recommendations.

    Parameters
    ----------
    relevant : collection of ids, list of n_queries of them, or sparse matrix of shape (n_queries, n_tracks)
        What is relevant to each query.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    hit_rate : float, or ndarray of shape (n_queries,) with ``average=None``
        Share of the queries; 0 or 1 for each.

    Raises
    ------
    ValueError
        As :func:`precision_at_k`.

    Examples
    --------
    >>> from skgenre import hit_rate_at_k
    >>> hit_rate_at_k([{"a"}, {"b"}], [["x", "a"], ["x", "y"]], k=2)
    0.5
    """
    return score_queries(relevant, recommended, k, average, lambda hits, gains: (hits > 0).any(axis=1).astype(float))


def ndcg_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure how much is gained by the first k recommendations, the first counting most, against the best list.

    The gain of the recommendation in place i is divided by ``log2(i + 1)``; the sum is divided by that of the best
    possible list.

    Parameters
    ----------
    relevant : collection of ids or mapping of ids to gains, list of n_queries of them, or sparse matrix
        What is relevant to each query. A gain is greater than zero; without a mapping each is one.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    ndcg : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best.

    Raises
    ------
    ValueError
        As :func:`precision_at_k`, and if a gain is not greater than zero.

    See Also
    --------
    sklearn.metrics.ndcg_score : The same for scores of all tracks.

    References
    ----------
    K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002.

    Examples
    --------
    >>> from skgenre import ndcg_at_k
    >>> ndcg_at_k({"a": 3, "b": 1}, ["a", "b"]), round(ndcg_at_k({"a": 3, "b": 1}, ["b", "a"]), 3)
    (1.0, 0.797)
    """

    def ndcg(hits: np.ndarray, gains: np.ndarray) -> np.ndarray:
        discounts = 1 / np.log2(np.arange(k) + 2)
        ideal = -np.sort(-gains, axis=1)[:, :k]
        return hits @ discounts / (ideal @ discounts[: ideal.shape[1]])

    return score_queries(relevant, recommended, k, average, ndcg)


def average_precision_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure the precision up to each relevant recommendation, averaged; its mean over queries is known as MAP@k.

    Parameters
    ----------
    relevant : collection of ids, list of n_queries of them, or sparse matrix of shape (n_queries, n_tracks)
        What is relevant to each query.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    average_precision : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best: the sum of the precisions over the lesser of ``k`` and the number of relevant tracks.

    Raises
    ------
    ValueError
        As :func:`precision_at_k`.

    Examples
    --------
    >>> from skgenre import average_precision_at_k
    >>> average_precision_at_k({"a", "b"}, ["a", "x", "y", "b"])
    0.75
    """

    def average_precision(hits: np.ndarray, gains: np.ndarray) -> np.ndarray:
        found = hits > 0
        precisions = found.cumsum(axis=1) / (np.arange(k) + 1)
        return (precisions * found).sum(axis=1) / np.minimum((gains > 0).sum(axis=1), k)

    return score_queries(relevant, recommended, k, average, average_precision)


def reciprocal_rank_at_k(relevant: Any, recommended: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure how far up the first relevant recommendation stands; its mean over queries is known as MRR@k.

    Parameters
    ----------
    relevant : collection of ids, list of n_queries of them, or sparse matrix of shape (n_queries, n_tracks)
        What is relevant to each query.
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    reciprocal_rank : float, or ndarray of shape (n_queries,) with ``average=None``
        One over the place of the first relevant track, from 1; 0 where none is among the first ``k``.

    Raises
    ------
    ValueError
        As :func:`precision_at_k`.

    Examples
    --------
    >>> from skgenre import reciprocal_rank_at_k
    >>> reciprocal_rank_at_k([{"a"}, {"b"}], [["a", "x"], ["x", "b"]])
    0.75
    """

    def reciprocal_rank(hits: np.ndarray, gains: np.ndarray) -> np.ndarray:
        return ((hits > 0) / (np.arange(k) + 1)).max(axis=1)

    return score_queries(relevant, recommended, k, average, reciprocal_rank)
