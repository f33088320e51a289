"""An order of vectors in which those near each other follow one another."""

import math

import numpy as np

from skgenre.neighbors._space import BATCH, batches


def gathered(points: np.ndarray, rows: np.ndarray, seed: int) -> np.ndarray:
    """Return rows, of shape (n,), group by group, each around one of √n rows that chance picks.

    ``points``, of shape (n_rows, n_dims), are those of a space. A graph keeps vectors in memory in the order in which
    it gets them, and a search goes from near to near: what it reads next is then more often in the processor's cache.
    """
    centres = points[np.random.default_rng(seed).choice(rows, math.isqrt(len(rows)), replace=False)]
    group = np.empty(len(rows), dtype=np.int32)
    with np.errstate(over="ignore", invalid="ignore"):  # points too far off are infinite
        halves = np.vecdot(centres, centres) / 2
        for part in batches(len(rows), max(1, BATCH // len(centres))):
            group[part] = (points[rows[part]] @ centres.T - halves).argmax(axis=1)
    return rows[group.argsort(kind="stable")]
