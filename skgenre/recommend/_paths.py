"""Ways through a collection: from one track to another in even steps, and a smooth order of given tracks."""

from collections.abc import Sequence

import numpy as np


def waypoints(start: np.ndarray, end: np.ndarray, n: int, metric: str) -> np.ndarray:
    """Return points that lead from one embedding to another in equal steps, without the ends.

    Under cosine they follow the great circle, under euclidean the straight line.

    Parameters
    ----------
    start, end : ndarray of shape (n_dims,)
        The ends.
    n : int
        Number of points between them.
    metric : {"cosine", "euclidean"}
        Distance between embeddings.

    Returns
    -------
    points : ndarray of shape (n, n_dims), float32
        The points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.recommend._paths import waypoints
    >>> waypoints(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 1, "cosine").round(3)
    array([[0.707, 0.707]], dtype=float32)
    """
    share = np.linspace(0, 1, n + 2)[1:-1, None]
    start, end = start.astype(np.float64), end.astype(np.float64)
    if metric == "cosine":
        start, end = (vector / max(np.linalg.norm(vector), np.finfo(float).tiny) for vector in (start, end))
        angle = np.arccos(np.clip(start @ end, -1, 1))
        if 1e-6 < angle < np.pi - 1e-6:
            share_of_start, share_of_end = np.sin((1 - share) * angle), np.sin(share * angle)
            return ((share_of_start * start + share_of_end * end) / np.sin(angle)).astype(np.float32)
    return ((1 - share) * start + share * end).astype(np.float32)


def even_path(steps: np.ndarray, progress: np.ndarray, n: int, groups: Sequence[int] | None = None) -> list[int]:
    """Return the way of n points from the first to the last with the least sum of squared steps.

    Squares make the steps even. Every point is further on than the one before it, so none comes twice.

    Parameters
    ----------
    steps : ndarray of shape (n_points, n_points)
        Distance between points.
    progress : ndarray of shape (n_points,)
        How far on each point is, from 0 for the start to 1 for the end.
    n : int
        Points of the way, at least 2.
    groups : sequence of shape (n_points,) of int, default=None
        The number of each point's group; as few as can be of one group stand in a row.

    Returns
    -------
    way : list of int
        The points.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.recommend._paths import even_path
    >>> places = np.array([0.0, 1.0, 0.1, 0.4, 0.6])
    >>> even_path(np.abs(places[:, None] - places), places, 4)
    [0, 3, 4, 1]
    """
    order = np.argsort(progress[2:], kind="stable") + 2
    order = np.r_[0, order, 1]
    cost = np.triu(steps[np.ix_(order, order)] ** 2, 1)
    cost[np.tril_indices_from(cost)] = np.inf
    if groups is not None:
        names = np.asarray(groups)[order]
        cost[names[:, None] == names] += n * steps.max() ** 2 + 1
    total = np.full(len(order), np.inf)
    total[0] = 0
    came_from = []
    for _ in range(n - 1):
        sums = total[:, None] + cost
        came_from.append(sums.argmin(axis=0))
        total = sums.min(axis=0)
    way = [len(order) - 1]
    for previous in reversed(came_from):
        way.append(int(previous[way[-1]]))
    return [int(order[position]) for position in reversed(way)]


def smooth_order(steps: np.ndarray, groups: Sequence[int] | None = None, apart: int = 0) -> list[int]:
    """Put points in an order of small steps that begins with the first point.

    From each point it goes to the nearest that is left, unless the points as they stand, or an order that takes from
    the largest groups first, keep groups better apart; then stretches of the way are turned around for as long as that
    makes it shorter (2-opt) or keeps groups better apart.

    Parameters
    ----------
    steps : ndarray of shape (n_points, n_points)
        Distance between points.
    groups : sequence of shape (n_points,) of int, default=None
        The number of each point's group.
    apart : int, default=0
        How many points of other groups should stand between two of one group.

    Returns
    -------
    order : list of int
        All points.

    References
    ----------
    G. A. Croes, "A method for solving traveling-salesman problems", 1958.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.recommend._paths import smooth_order
    >>> places = np.array([0.0, 3.0, 1.0, 2.0])
    >>> smooth_order(np.abs(places[:, None] - places))
    [0, 2, 3, 1]
    """
    names = np.arange(len(steps)) if groups is None else np.asarray(groups)
    order = _greedy(steps, names, apart)
    clashes = _clashes(names[order], apart)
    if clashes:
        others = [order, np.arange(len(steps)), _spread(names, apart)]
        order = min(others, key=lambda order: _clashes(names[order], apart))
        clashes = _clashes(names[order], apart)
    for _ in range(10 * len(order)):
        i, j, gains = _turns(steps, order)
        # While groups clash, any turn may help; after that only those that shorten the way.
        tried = gains.argsort(kind="stable")[: None if clashes else np.count_nonzero(gains < -1e-12)]
        for turn in tried:
            turned = np.r_[order[: i[turn]], order[i[turn] : j[turn] + 1][::-1], order[j[turn] + 1 :]]
            left = _clashes(names[turned], apart)
            if left < clashes or (left == clashes and gains[turn] < -1e-12):
                order, clashes = turned, left
                break
        else:
            break
    return order.tolist()


def _greedy(steps: np.ndarray, names: np.ndarray, apart: int) -> np.ndarray:
    order = [0]
    left = np.ones(len(steps), dtype=bool)
    left[0] = False
    while left.any():
        heard = names[order[-apart:]] if apart else names[:0]
        fresh = left & ~np.isin(names, heard)
        order.append(int(np.where(fresh if fresh.any() else left, steps[order[-1]], np.inf).argmin()))
        left[order[-1]] = False
    return np.array(order)


def _spread(names: np.ndarray, apart: int) -> np.ndarray:
    """Return an order that takes each point from the group with most left, of those not among the last ``apart``."""
    order = [0]
    left = np.ones(len(names), dtype=bool)
    left[0] = False
    while left.any():
        places = np.flatnonzero(left)
        _, groups, counts = np.unique(names[places], return_inverse=True, return_counts=True)
        heard = np.isin(names[places], names[order[-apart:]] if apart else names[:0])
        order.append(int(places[np.lexsort((places, -counts[groups], heard))[0]]))
        left[order[-1]] = False
    return np.array(order)


def _clashes(names: np.ndarray, apart: int) -> int:
    """Count points of one group that stand too near: each weighs more than all that stand one further apart."""
    return sum(
        int(np.count_nonzero(names[gap:] == names[:-gap])) * len(names) ** (apart - gap)
        for gap in range(1, min(apart, len(names) - 1) + 1)
    )


def _turns(steps: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all stretches from i to j that can be turned around, and by how much the way grows with each."""
    i, j = np.triu_indices(len(order), 1)
    i, j = i[i > 0], j[i > 0]
    after = np.minimum(j + 1, len(order) - 1)
    gains = steps[order[i - 1], order[j]] - steps[order[i - 1], order[i]]
    gains += np.where(j + 1 < len(order), steps[order[i], order[after]] - steps[order[j], order[after]], 0)
    return i, j, gains
