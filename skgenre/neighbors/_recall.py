"""A promised recall: measured against the exact search, and reached by raising the effort."""

import warnings
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skgenre.neighbors._index import Index
from skgenre.neighbors._others import query_others
from skgenre.neighbors._scan import Scan

PATIENCE, GAIN = 2, 0.002
"""Doublings of the effort with no more gain in recall than this, after which there is none to be had."""

WORTHWHILE = 64
"""An effort that is always tried; beyond an eighth of the rows the exact search is quicker than any other."""


class RecallWarning(UserWarning):
    """An index does not reach the recall asked for, however hard it searches."""


class RecallSample:
    """Queries whose exact answers are known, to measure the recall of an index.

    Half of them are rows of the index, which leave themselves out. The others lie between a row and one of its
    neighbours, where tracks that are not in the collection lie; a graph finds them less easily than what it was built
    on.

    Parameters
    ----------
    index : Index
        The index; its answers are compared with those of the exhaustive search over its vectors.
    n_neighbors : int, default=10
        Neighbours that are looked for, fewer where the index holds fewer.
    n_queries : int, default=256
        How many queries.
    random_state : int, RandomState instance or None, default=None
        Draws the queries.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex, RecallSample
    >>> vectors = np.random.default_rng(0).standard_normal((2000, 16))
    >>> index = AnnoyIndex(n_trees=10, effort=1).build(vectors)
    >>> sample = RecallSample(index, random_state=0)
    >>> hasty = sample.measure(index).mean()
    >>> index.effort = 50
    >>> bool(hasty < sample.measure(index).mean())
    True
    """

    def __init__(self, index: Index, *, n_neighbors: int = 10, n_queries: int = 256, random_state: Any = None) -> None:
        rng = check_random_state(random_state)
        alive = np.flatnonzero(index.alive)
        self._n_neighbors = min(n_neighbors, len(alive) - 1)
        if self._n_neighbors < 1:
            raise ValueError(f"a recall can be measured from two rows on, the index holds {len(alive)}")
        rows = alive[rng.choice(len(alive), size=min(n_queries, len(alive)), replace=False)]
        self._rows, between = np.split(rows, [(len(rows) + 1) // 2])
        scan, mask = Scan(index._space, index.vectors), index.alive
        distances, found = scan.query(index.take(rows), self._n_neighbors + 1, mask)
        # Of a row's neighbours one is the row itself, at the front of the list or among its equals.
        self._farthest = distances[: len(self._rows), -1]
        if len(between):
            others = found[len(self._rows) :, -1]
            share = rng.uniform(size=(len(between), 1)).astype(np.float32)
            self._queries = index.take(between) * (1 - share) + index.take(others) * share
            exact = scan.query(self._queries, self._n_neighbors, mask)[0][:, -1]
            self._farthest = np.concatenate([self._farthest, exact])
        else:
            self._queries = np.empty((0, index.vectors.shape[1]), dtype=np.float32)

    def measure(self, index: Index) -> np.ndarray:
        """Return the recall of each query: the share of its answers that are no farther than the exact ones."""
        others = query_others(index, self._rows, self._n_neighbors)[0]
        strangers = index.query(self._queries, self._n_neighbors)[0]
        return (np.concatenate([others, strangers]) <= self._farthest[:, None]).mean(axis=1)


def tune_effort(
    index: Index, *, recall: float = 0.95, n_neighbors: int = 10, n_queries: int = 256, random_state: Any = None
) -> float:
    """Set the least effort with which an index reaches a recall, and say what it reaches.

    The effort is doubled until the recall of a sample of queries holds, with a margin of one standard error for the
    luck of the draw; then the interval is halved down to a tenth.

    Parameters
    ----------
    index : Index
        A built index; its ``effort`` is set. An exact one is left as it is.
    recall : float, default=0.95
        Share of the true nearest neighbours to find on average, above 0 and up to 1.
    n_neighbors : int, default=10
        Neighbours that will be asked for.
    n_queries : int, default=256
        Queries in the sample.
    random_state : int, RandomState instance or None, default=None
        Draws the sample.

    Returns
    -------
    reached : float
        The recall measured with the effort that was set.

    Warns
    -----
    RecallWarning
        If no effort reaches the recall; the greatest that was of use stays set.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.neighbors import AnnoyIndex, tune_effort
    >>> vectors = np.random.default_rng(0).standard_normal((2000, 16))
    >>> index = AnnoyIndex(n_trees=10, effort=1).build(vectors)
    >>> tune_effort(index, recall=0.9, random_state=0) >= 0.9
    True
    >>> index.effort > 1
    True
    """
    if not (isinstance(recall, Real) and 0 < recall <= 1):
        raise ValueError(f"recall must be above 0 and at most 1, got {recall!r}")
    if index.effort is None or len(index) < 2:
        return 1.0
    sample = RecallSample(index, n_neighbors=n_neighbors, n_queries=n_queries, random_state=random_state)

    def reach(effort: int) -> tuple[bool, float]:
        index.effort = effort
        found = sample.measure(index)
        mean = float(found.mean())
        return mean - found.std() / np.sqrt(len(found)) >= recall or mean == 1, mean

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
        warnings.warn(
            f"{type(index).__name__} reaches a recall of {reached:.3f} and no more, {recall} was asked for: build it "
            "with more trees or links, or search exactly",
            RecallWarning,
            stacklevel=2,
        )
        return reached
    best = (reached, high)
    while high - low > max(1, high // 10):
        middle = (low + high) // 2
        holds, reached = reach(middle)
        if holds:
            high, best = middle, (reached, middle)
        else:
            low = middle
    reached, index.effort = best
    return reached
