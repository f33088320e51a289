"""Whether an attribution says what a model goes by: what becomes of the answer without the weightiest cells."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Predict = Callable[[np.ndarray], np.ndarray]


def deletion_curve(
    predict: Predict, features: ArrayLike, attribution: ArrayLike, baseline: ArrayLike, *, n_steps: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Hide the cells of a track, the weightiest first, and record how the score falls.

    An attribution that says what the model goes by makes it fall at once: the area below the curve,
    ``sklearn.metrics.auc(shares, scores)``, is small. Compare it with that of another order of the cells.

    Parameters
    ----------
    predict : callable
        Takes features of shape (n, n_bands, n_frames) and gives a score for each, of shape (n,).
    features : array-like of shape (n_bands, n_frames)
        Features of the track.
    attribution : array-like of shape (n_bands, n_frames)
        What each cell is worth; only the order counts.
    baseline : array-like of shape (n_bands,) or (n_bands, n_frames)
        What stands where a cell is hidden.
    n_steps : int, default=20
        Steps in which all cells are hidden.

    Returns
    -------
    shares : ndarray of shape (n_steps + 1,)
        Share of the cells that is hidden, from 0 to 1.
    scores : ndarray of shape (n_steps + 1,)
        The score at each.

    Raises
    ------
    ValueError
        If the shapes do not agree, or ``n_steps`` is less than one.

    See Also
    --------
    insertion_curve : Shows them, the weightiest first.
    measure_faithfulness : Draws both curves for an explanation, beside those of orders by chance.

    References
    ----------
    V. Petsiuk, A. Das and K. Saenko, "RISE: Randomized input sampling for explanation of black-box models", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import deletion_curve
    >>> features = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> shares, scores = deletion_curve(lambda X: X.sum(axis=(1, 2)), features, features, [0.0, 0.0], n_steps=4)
    >>> scores
    array([10.,  6.,  3.,  1.,  0.])
    """
    return _curve(predict, features, attribution, baseline, n_steps, hide_first=True)


def insertion_curve(
    predict: Predict, features: ArrayLike, attribution: ArrayLike, baseline: ArrayLike, *, n_steps: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Show the cells of a track, the weightiest first, and record how the score rises.

    An attribution that says what the model goes by makes it rise at once: the area below the curve is large.

    Parameters
    ----------
    predict : callable
        Takes features of shape (n, n_bands, n_frames) and gives a score for each, of shape (n,).
    features : array-like of shape (n_bands, n_frames)
        Features of the track.
    attribution : array-like of shape (n_bands, n_frames)
        What each cell is worth; only the order counts.
    baseline : array-like of shape (n_bands,) or (n_bands, n_frames)
        What stands where a cell is hidden.
    n_steps : int, default=20
        Steps in which all cells are shown.

    Returns
    -------
    shares : ndarray of shape (n_steps + 1,)
        Share of the cells that is shown, from 0 to 1.
    scores : ndarray of shape (n_steps + 1,)
        The score at each.

    Raises
    ------
    ValueError
        If the shapes do not agree, or ``n_steps`` is less than one.

    See Also
    --------
    deletion_curve : Hides them, the weightiest first.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import insertion_curve
    >>> features = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> insertion_curve(lambda X: X.sum(axis=(1, 2)), features, features, [0.0, 0.0], n_steps=4)[1]
    array([ 0.,  4.,  7.,  9., 10.])
    """
    return _curve(predict, features, attribution, baseline, n_steps, hide_first=False)


def attribution_mass(attribution: ArrayLike, region: ArrayLike) -> float:
    """Measure which share of what speaks for an answer lies in a region.

    For music whose answer is known to hang on a sound at known times and bands: the share of all attribution above 0
    that is found there.

    Parameters
    ----------
    attribution : array-like of shape (n_bands, n_frames)
        What each cell is worth.
    region : array-like of shape (n_bands, n_frames) of bool
        Where the sound is.

    Returns
    -------
    mass : float
        From 0 to 1; NaN where nothing is above 0.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> from skgenre import attribution_mass
    >>> attribution_mass([[4.0, -1.0], [0.0, 1.0]], [[True, False], [False, False]])
    0.8
    """
    attribution, region = np.asarray(attribution, dtype=np.float64), np.asarray(region, dtype=bool)
    if attribution.shape != region.shape:
        raise ValueError(f"region must have the shape of the attribution, {attribution.shape}, got {region.shape}")
    positive = np.maximum(attribution, 0)
    total = positive.sum()
    return float(positive[region].sum() / total) if total > 0 else float("nan")


def _curve(
    predict: Predict, features: Any, attribution: Any, baseline: Any, n_steps: int, *, hide_first: bool
) -> tuple[np.ndarray, np.ndarray]:
    features, baseline = np.asarray(features), np.asarray(baseline)
    attribution = np.asarray(attribution, dtype=np.float64)  # of unsigned integers the negative is no smaller number
    if features.ndim != 2:
        raise ValueError(f"features must have shape (n_bands, n_frames), got {features.shape}")
    if attribution.shape != features.shape:
        raise ValueError(f"attribution must have the shape of the features, {features.shape}, got {attribution.shape}")
    if baseline.shape not in (features.shape, features.shape[:1]):
        raise ValueError(
            f"baseline must have a value for each of the {len(features)} bands, or for each cell, got shape "
            f"{baseline.shape}"
        )
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    baseline = np.broadcast_to(baseline if baseline.ndim == 2 else baseline[:, None], features.shape)
    place = np.empty(features.size, dtype=np.intp)
    place[np.argsort(-attribution, axis=None, kind="stable")] = np.arange(features.size)
    shares = np.linspace(0, 1, n_steps + 1)
    first = place.reshape(features.shape) < np.round(shares * features.size)[:, None, None]
    hidden = first if hide_first else ~first
    return shares, np.asarray(predict(np.where(hidden, baseline, features)))
