"""A promised recall: measured against the exact search, and reached by raising the effort."""

import warnings
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skgenre.neighbors._checks import check_integers
from skgenre.neighbors._index import Index
from skgenre.neighbors._others import query_others
from skgenre.neighbors._scan import Scan

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


class RecallSample:
    """Queries whose exact answers are known, to measure the recall of an index.

    Half of them are rows of the index, which leave themselves out. They are found more easily than tracks that are not
    in the collection, most of all in a graph that they are part of. So the other half are strangers: rows moved in a
    random direction, as far as their nearest neighbour is.

    Parameters
    ----------
    index : Index
        The index; its answers are compared with those of the exhaustive search over its vectors.
    n_neighbors : int, default=10
        Neighbours that are looked for, fewer where the index holds fewer.
    n_queries : int, default=512
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
    >>> of_rows, of_strangers = sample.measure(index)
    >>> bool(of_rows.mean() < 0.9), bool(of_strangers.mean() < 0.9)
    (True, True)
    """

    def __init__(self, index: Index, *, n_neighbors: int = 10, n_queries: int = 512, random_state: Any = None) -> None:
        check_integers(1, n_neighbors=n_neighbors, n_queries=n_queries)
        rng = check_random_state(random_state)
        alive = np.flatnonzero(index.alive)
        self._n_neighbors = min(n_neighbors, len(alive) - 1)
        if self._n_neighbors < 1:
            raise ValueError(f"a recall can be measured from two rows on, the index holds {len(alive)}")
        rows = alive[rng.permutation(len(alive))[:n_queries]]
        scan = Scan(index._space, index.vectors)
        distances, _ = scan.query(index.take(rows), self._n_neighbors + 1, index.alive)
        # A row is its own nearest, or among the equals of its nearest.
        half = (len(rows) + 1) // 2
        self._rows, self._farthest_others = rows[:half], distances[:half, -1]
        near = index.take(rows[half:] if len(rows) > 1 else rows)
        steps = distances[-len(near) :, 1]
        if index.metric == "cosine":
            steps = np.sqrt(2 * steps) * np.linalg.norm(near, axis=1)
        directions = rng.standard_normal(near.shape)
        directions *= (steps / np.linalg.norm(directions, axis=1))[:, None]
        largest = np.finfo(np.float32).max
        self._strangers = np.clip(near + directions, -largest, largest).astype(np.float32)
        self._farthest = scan.query(self._strangers, self._n_neighbors, index.alive)[0][:, -1]

    def measure(self, index: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return the recall of each row and of each stranger: the share of answers no farther than the exact ones."""
        others = query_others(index, self._rows, self._n_neighbors)[0]
        found = index.query(self._strangers, self._n_neighbors)[0]
        return (others <= self._farthest_others[:, None]).mean(axis=1), (found <= self._farthest[:, None]).mean(axis=1)


def tune_effort(
    index: Index, *, recall: float = 0.95, n_neighbors: int = 10, n_queries: int = 512, random_state: Any = None
) -> float:
    """Set the least effort with which an index reaches a recall, and say what it reaches.

    The effort is doubled until the recall holds for both halves of a ``RecallSample``, with a margin of one standard
    error for the luck of the draw; then the interval is halved down to a tenth.

    Parameters
    ----------
    index : Index
        A built index; its ``effort`` is set. An exact one is left as it is.
    recall : float, default=0.95
        Share of the true nearest neighbours to find on average, above 0 and up to 1.
    n_neighbors : int, default=10
        Neighbours that will be asked for; the recall holds for fewer too, which are looked for as hard.
    n_queries : int, default=512
        Queries in the sample.
    random_state : int, RandomState instance or None, default=None
        Draws the sample.

    Returns
    -------
    reached : float
        The recall measured with the effort that was set, of rows or of strangers, whichever is less.

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

    index.n_tuned = n_neighbors

    def reach(effort: int) -> tuple[bool, float]:
        index.effort = effort
        halves = sample.measure(index)
        holds = all(half.mean() - half.std() / np.sqrt(len(half)) >= recall or half.min() == 1 for half in halves)
        return holds, float(min(half.mean() for half in halves))

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
        warnings.warn(RecallWarning(type(index).__name__, reached, recall), stacklevel=2)
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
