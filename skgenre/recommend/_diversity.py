"""Which of many good tracks to take, one after the other: diverse, and no artist twice in a row."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from skgenre._labels import is_missing


def group_codes(groups: Iterable[Any]) -> list[int]:
    """Give each group a number, and each track of an unknown group (None, NaN, NA or "") one of its own."""
    codes: dict[Any, int] = {}
    return [
        codes.setdefault(("", row) if is_missing(group) or group == "" else (group,), row)
        for row, group in enumerate(groups)
    ]


def choose(
    scores: np.ndarray,
    n: int,
    *,
    similarity: Callable[[int], np.ndarray] | None = None,
    diversity: float = 0.0,
    groups: Sequence[int] | None = None,
    n_first: int = 0,
) -> list[int]:
    """Choose candidates by maximal marginal relevance, no two of one group in a row.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates,)
        How good each candidate is, in descending order.
    n : int
        How many to choose, at most n_candidates.
    similarity : callable, default=None
        Gives the similarity of one candidate to all, on the scale of the scores. Needed for diversity.
    diversity : float, default=0.0
        From 0, where only the scores count, to 1, where only the distance from those chosen before counts.
    groups : sequence of shape (n_first + n_candidates,) of int, default=None
        The number of each one's group.
    n_first : int, default=0
        Others that stand before the candidates, without a score, and are chosen as soon as their groups allow.

    Returns
    -------
    chosen : list of int
        Places, counted with those that stand before the candidates; fewer than n where the groups allow no more.

    References
    ----------
    J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
    summaries", 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.recommend._diversity import choose
    >>> choose(np.array([0.9, 0.8, 0.7]), 3, groups=[0, 0, 1])
    [0, 2, 1]
    """
    names = list(range(n_first + len(scores)) if groups is None else groups)
    left = Counter(names)
    free = np.ones(len(names), dtype=bool)
    nearest = np.full(len(scores), -np.inf)
    chosen: list[int] = []
    while len(chosen) < n:
        relative = diversity and nearest[0] > -np.inf
        worth = (1 - diversity) * scores - diversity * nearest if relative else scores
        worth = np.where(free, np.concatenate([np.full(n_first, np.inf), worth]), -np.inf)
        last = names[chosen[-1]] if chosen else None
        best = int(worth.argmax()) if len(left) == len(names) else _best(worth, names, left, last, n - len(chosen))
        if best is None:
            break
        chosen.append(best)
        free[best] = False
        left[names[best]] -= 1
        if diversity and similarity is not None and best >= n_first:
            np.maximum(nearest, similarity(best - n_first), out=nearest)
    return chosen


def longest(left: Counter, last: Any) -> int:
    """Return how many of what is left can follow the last, no two of one group in a row."""
    total = left.total()
    if not total:
        return 0
    group, count = left.most_common(1)[0]
    if left[last] == count:
        group = last
    return min(total, 2 * (total - count) + (group != last))


def _best(worth: np.ndarray, names: list[int], left: Counter, last: Any, n: int) -> int | None:
    """Return the best candidate after which as many can follow as without it."""
    most = min(n, longest(left, last))
    tried = {last}
    for row in np.argsort(-worth, kind="stable"):
        if worth[row] == -np.inf:
            return None
        name = names[row]
        if name in tried:
            continue
        tried.add(name)
        left[name] -= 1
        enough = 1 + longest(left, name) >= most
        left[name] += 1
        if enough:
            return int(row)
    return None
