"""Ranked lists and what was relevant, as matrices of gains that metrics are computed of."""

from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse


def score_queries(
    relevant: Any,
    recommended: Any,
    k: int,
    average: str | None,
    metric: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Any:
    """Apply a metric of gains in the order of the lists, (n, k), and all gains there are, (n, most), padded by 0."""
    check_k(k)
    if average not in ("mean", None):
        raise ValueError(f'average must be "mean" or None, got {average!r}')
    of_one = isinstance(relevant, Mapping | set | frozenset)
    lists, lone = as_lists(recommended, tuples=of_one and any(isinstance(track, tuple) for track in relevant))
    if of_one or (lone and not issparse(relevant)):
        relevant, lone = [relevant], True
    n_queries = relevant.shape[0] if issparse(relevant) else len(relevant)
    if n_queries != len(lists):
        raise ValueError(f"relevant and recommended must hold as many queries, got {n_queries} and {len(lists)}")
    hits, gains = _hits(relevant, [items[:k] for items in lists], k)
    values = np.full(len(hits), np.nan)
    answerable = gains.any(axis=1)
    values[answerable] = metric(hits[answerable], gains[answerable])
    if average is None:
        return values
    if not answerable.any():
        raise ValueError("relevant must hold at least one track of at least one query, all are empty")
    return float(values[answerable].mean())


def check_k(k: Any) -> None:
    """Raise a ValueError unless k is an integer from 1 on."""
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k must be an integer from 1 on, got {k!r}")


def as_lists(recommended: Any, *, tuples: bool = False) -> tuple[list, bool]:
    """Return what is recommended to each query, and whether it was the list of one query alone.

    Tuples are lists of tracks, unless they are said to be tracks.
    """
    lists = list(recommended.to_numpy() if hasattr(recommended, "to_numpy") else recommended)
    single = (str, bytes, tuple) if tuples else (str, bytes)
    lone = getattr(recommended, "ndim", 1) < 2 and (
        not lists or any(isinstance(item, single) or not isinstance(item, Iterable) for item in lists)
    )
    lists = [lists] if lone else lists
    for items in map(_plain, lists):
        if len(set(items)) < len(items):
            raise ValueError(f"recommended must name each track once in a list, got {items}")
    return lists, lone


def _hits(relevant: Any, lists: list, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the gain of each recommendation, and the gains of all that is relevant, padded by zeros."""
    answers = _rows_of(relevant) if issparse(relevant) else [_gains(answer) for answer in relevant]
    hits = np.zeros((len(lists), k))
    gains = np.zeros((len(lists), max(map(len, answers), default=0) or 1))
    for query, (answer, items) in enumerate(zip(answers, lists, strict=True)):
        hits[query, : len(items)] = [answer.get(item, 0.0) for item in _plain(items)]
        gains[query, : len(answer)] = list(answer.values())
    return hits, gains


def _rows_of(matrix: Any) -> list[dict]:
    if np.isnan(matrix.sum()):
        raise ValueError("relevant must hold numbers, zero where a track is not relevant, got NaN")
    matrix = csr_matrix(matrix != 0)
    return [dict.fromkeys(matrix.indices[start:stop].tolist(), 1.0) for start, stop in _pairs(matrix.indptr)]


def _pairs(indptr: np.ndarray) -> Iterable[tuple[int, int]]:
    return zip(indptr[:-1].tolist(), indptr[1:].tolist(), strict=True)


def _gains(answer: Collection) -> dict:
    listed = isinstance(answer, list | tuple) and len(answer) > 0 and all(isinstance(item, bool) for item in answer)
    if listed or (isinstance(answer, np.ndarray) and answer.dtype == bool):
        raise ValueError("relevant must hold ids, got a mask of bool: make it a scipy.sparse.csr_matrix")
    if not isinstance(answer, Mapping):
        if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
            raise ValueError(f"relevant must hold a collection of ids for each query, got {answer!r}")
        try:
            return dict.fromkeys(_plain(answer), 1.0)
        except TypeError as error:  # a collection of collections, where there is one list
            raise ValueError(
                f"relevant must hold as many collections of ids as recommended has lists, got {answer!r} for a list"
            ) from error
    for item, gain in answer.items():
        if not isinstance(gain, Real) or not 0 < float(gain) < np.inf:
            raise ValueError(f"relevant must give finite gains greater than zero, got {gain!r} of {item!r}")
    return {item: float(gain) for item, gain in answer.items()}


def _plain(items: Any) -> list:
    return items.tolist() if isinstance(items, np.ndarray) else list(items)
