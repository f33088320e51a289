"""Where a row of answers changes: the best division into sections of one class each."""

from typing import Any

import numpy as np


def best_sections(costs: Any, min_length: int, penalty: float) -> list[tuple[int, int, int]]:
    """Divide steps into sections of one class each, at the lowest cost.

    A section costs the sum of its steps' costs for its class, and each change a penalty: optimal partitioning, as
    Viterbi's algorithm solves it for a chain that leaves all states alike, with a bound on how short a section may be.
    It takes time proportional to the number of steps.

    Parameters
    ----------
    costs : array-like of shape (n_steps, n_classes)
        What each class costs at each step.
    min_length : int
        Steps that a section has at least; fewer steps in all are one section.
    penalty : float
        What a change costs.

    Returns
    -------
    sections : list of (start, stop, class)
        The sections in order; ``stop`` is the ``start`` of the next one.

    References
    ----------
    B. Jackson et al., "An algorithm for optimal partitioning of data on an interval", 2005.

    Examples
    --------
    >>> from skgenre.streaming._changes import best_sections
    >>> best_sections([[0, 9], [0, 9], [5, 0], [0, 9], [9, 0], [9, 0]], min_length=2, penalty=1)
    [(0, 4, 0), (4, 6, 1)]
    """
    costs = np.asarray(costs, dtype=np.float64)
    n_steps, n_classes = costs.shape
    min_length = min(max(1, min_length), n_steps)
    sums = np.concatenate([np.zeros((1, n_classes)), np.cumsum(costs, axis=0)])
    lowest = np.full(n_steps + 1, np.inf)
    lowest[0] = -penalty  # the first section is no change
    best, begin = np.full(n_classes, np.inf), np.zeros(n_classes, dtype=int)
    chosen = np.zeros((n_steps + 1, 2), dtype=int)
    for stop in range(min_length, n_steps + 1):
        start = stop - min_length
        opened = lowest[start] + penalty - sums[start]
        better = opened < best
        best[better], begin[better] = opened[better], start
        totals = best + sums[stop]
        winner = int(totals.argmin())
        lowest[stop], chosen[stop] = totals[winner], (begin[winner], winner)
    sections: list[tuple[int, int, int]] = []
    stop = n_steps
    while stop > 0:
        start, winner = (int(number) for number in chosen[stop])
        if sections and sections[-1][2] == winner:  # without a penalty a section may be cut in two
            sections[-1] = (start, *sections[-1][1:])
        else:
            sections.append((start, stop, winner))
        stop = start
    return sections[::-1]
