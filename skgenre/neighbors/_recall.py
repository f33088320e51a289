"""A promised recall: measured against the exact search, and reached by raising the effort."""

import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from skgenre._warnings import users_line
from skgenre.neighbors._checks import as_vectors, check_integers
from skgenre.neighbors._index import Index
from skgenre.neighbors._recall_samples import HeldOut, RecallSample

SURE = 3
"""Standard errors that the recall of a sample must be above what is promised."""

PATIENCE, GAIN = 2, 0.002
"""Doublings of the effort with no more gain in recall than this, after which there is none to be had."""

WORTHWHILE = 64
"""An effort that is always tried; beyond an eighth of the rows the exact search is quicker than any other."""


class RecallWarning(UserWarning):
    """An index does not reach the recall asked for, however hard it searches.

    Parameters
    ----------
    index : str
        The class of the index.
    reached : float
        The best recall that was measured.
    recall : float
        The recall asked for.

    Examples
    --------
    >>> from skgenre import RecallWarning
    >>> str(RecallWarning("VoyagerIndex", 0.93, 0.95)).partition(":")[0]
    'VoyagerIndex reaches a recall of 0.930 and no more, 0.95 was asked for'
    """

    def __init__(self, index: str, reached: float, recall: float) -> None:
        super().__init__(index, reached, recall)
        self.index = index
        self.reached = reached
        self.recall = recall

    def __str__(self) -> str:
        return (
            f"{self.index} reaches a recall of {self.reached:.3f} and no more, {self.recall} was asked for: build it "
            "with more trees or links, or search exactly"
        )


def tune_effort(
    index: Index,
    vectors: ArrayLike | None = None,
    *,
    recall: float = 0.95,
    n_neighbors: int = 10,
    n_queries: int = 4096,
    random_state: Any = None,
    then: Callable[[], Any] | None = None,
) -> float:
    """Set the least effort with which an index reaches a recall, and say what it reaches.

    Given ``vectors``, the index is built on them, and a sample is held out, asked about, and added at the end: so the
    recall is that of tracks like them that are not in the collection. An index that is built already is asked about a
    ``RecallSample``, which only looks like such tracks: the recall may then be some points less than was measured, or
    more.

    The effort is doubled until the recall holds, with a margin of three standard errors for the luck of the draw; then
    the interval is halved down to a fiftieth.

    Parameters
    ----------
    index : Index
        An index; its ``effort`` is set. An exact one has none.
    vectors : array-like of shape (n_rows, n_dims), default=None
        Vectors to build it on, as ``build`` takes them. None means that it is built.
    recall : float, default=0.95
        Share of the true nearest neighbours to find on average, above 0 and up to 1.
    n_neighbors : int, default=10
        Neighbours that will be asked for; the recall holds for fewer too, which are looked for as hard.
    n_queries : int, default=4096
        Queries in the sample, a twentieth of the vectors at most.
    random_state : int, RandomState instance or None, default=None
        Draws the sample.
    then : callable, default=None
        Called when the index is built on ``vectors``, as ``build`` does.

    Returns
    -------
    reached : float
        The recall measured with the effort that was set; of an index that was built already the lesser of that of rows
        and that of strangers.

    Warns
    -----
    RecallWarning
        If no effort reaches the recall; the greatest that was of use stays set.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex, tune_effort
    >>> vectors = np.random.default_rng(0).standard_normal((2000, 16))
    >>> index = AnnoyIndex(n_trees=10, effort=1)
    >>> tune_effort(index, vectors, recall=0.9, random_state=0) >= 0.9
    True
    >>> index.effort > 1
    True
    >>> len(index)
    2000
    """
    if not (isinstance(recall, Real) and 0 < recall <= 1):
        raise ValueError(f"recall must be above 0 and at most 1, got {recall!r}")
    check_integers(1, n_neighbors=n_neighbors, n_queries=n_queries)
    reached = 1.0
    if vectors is not None:
        vectors = as_vectors(vectors, "vectors")
        held_out = check_random_state(random_state).permutation(len(vectors))[: min(n_queries, len(vectors) // 20)]
        if index.effort is None or not len(held_out):
            index.build(vectors, then=then)
        else:

            def trial() -> None:
                nonlocal reached
                index.n_tuned = n_neighbors
                reached = _raise_effort(index, HeldOut(index, vectors[held_out], n_neighbors), recall)

            index.build(vectors, held_out=held_out, trial=trial, then=then)
            return reached
    if index.effort is None or len(index) < 2:
        return 1.0
    n_queries = min(n_queries, max(1, len(index) // 20))
    sample = RecallSample(index, n_neighbors=n_neighbors, n_queries=n_queries, random_state=random_state)
    index.n_tuned = n_neighbors
    return _raise_effort(index, sample, recall)


def _raise_effort(index: Index, sample: RecallSample | HeldOut, recall: float) -> float:
    """Set the least effort with which the recall holds on a sample, and return what is measured with it."""

    def reach(effort: int) -> tuple[bool, float]:
        index.effort = effort
        parts = sample.measure(index)
        holds = all(part.mean() - SURE * part.std() / np.sqrt(len(part)) >= recall or part.min() == 1 for part in parts)
        return holds, float(min(part.mean() for part in parts))

    low, high = 0, 1
    holds, reached = reach(high)
    best, idle = (reached, high), 0
    while not holds and high < max(WORTHWHILE, len(index) // 8) and idle < PATIENCE:
        low, high = high, 2 * high
        holds, reached = reach(high)
        if reached > best[0] + GAIN:
            best, idle = (reached, high), 0
        elif high > WORTHWHILE:
            idle += 1
    if not holds:
        reached, index.effort = best
        if reached < recall:  # otherwise it is only not sure, of so few queries
            warnings.warn(RecallWarning(type(index).__name__, reached, recall), stacklevel=users_line())
        return reached
    best = (reached, high)
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        holds, reached = reach(middle)
        if holds:
            high, best = middle, (reached, middle)
        else:
            low = middle
    reached, index.effort = best
    return reached
