"""Factors of users and tracks from who has heard what, by the package implicit."""

from copy import deepcopy
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from scipy.sparse import csr_matrix

from skgenre._optional import import_optional
from skgenre._threads import one_blas_thread


def confidences(interactions: csr_matrix) -> csr_matrix:
    """Turn counts into confidences that a track is liked: ten plays say more than one, but not ten times as much."""
    weights = interactions.astype(np.float32, copy=True)
    weights.data = 1 + np.log(np.maximum(weights.data, 1))
    return weights


def noise_level(interactions: csr_matrix) -> float:
    """Return the greatest singular value that a matrix with as many entries at random would have, about.

    As the regularization of alternating least squares it lets factors stay that say more than chance, and no others.
    """
    return float(sum(np.sqrt(interactions.nnz / max(n, 1)) for n in interactions.shape))


def fit_model(model: Any, interactions: csr_matrix, *, n_factors: int, n_jobs: int | None, seed: int) -> Any:
    """Fit one of implicit's models.

    Parameters
    ----------
    model : {"als", "bpr"} or a model of implicit
        A model that is given is copied, and keeps its own settings.
    interactions : csr_matrix of shape (n_users, n_tracks)
        Counts.
    n_factors : int
        Factors of "als" and "bpr".
    n_jobs : int or None
        Threads of "als"; in several threads "bpr" would give another answer each time, so it has one.
    seed : int
        Seed of "als" and "bpr".

    Returns
    -------
    model : object
        With ``user_factors`` and ``item_factors``.

    Raises
    ------
    TypeError
        If the fitted model has no factors.
    """
    # implicit has threads of its own, which those of BLAS would slow down; it looks for them when a model is made. And
    # sums in two threads round differently.
    with one_blas_thread(alone=True):
        if isinstance(model, str):
            fitted = _make_model(model, interactions, n_factors, n_jobs, seed)
        else:
            fitted = deepcopy(model)
        fitted.fit(confidences(interactions), show_progress=False)
    if not all(hasattr(fitted, name) for name in ("user_factors", "item_factors")):
        raise TypeError(f"collaborative must be a model that learns factors, {type(model).__name__} has none")
    return fitted


def _make_model(name: str, interactions: csr_matrix, n_factors: int, n_jobs: int | None, seed: int) -> Any:
    common = {"factors": n_factors, "random_state": seed}
    if name == "bpr":
        bpr = import_optional("implicit.cpu.bpr", extra="hybrid").BayesianPersonalizedRanking
        return bpr(num_threads=1, **common)
    als = import_optional("implicit.cpu.als", extra="hybrid").AlternatingLeastSquares
    return als(regularization=noise_level(interactions), num_threads=effective_n_jobs(n_jobs), **common)


def fold_in(item_factors: np.ndarray, history: csr_matrix, regularization: float) -> np.ndarray:
    """Return the factors of users that the model has not met, by least squares as in alternating least squares.

    Parameters
    ----------
    item_factors : ndarray of shape (n_tracks, n_factors)
        Factors of the tracks.
    history : csr_matrix of shape (n_users, n_tracks)
        Confidences.
    regularization : float
        Weight of the squared factors, from 0 on.

    Returns
    -------
    user_factors : ndarray of shape (n_users, n_factors), float32
        Their factors.

    References
    ----------
    Y. Hu, Y. Koren and C. Volinsky, "Collaborative filtering for implicit feedback datasets", 2008.
    """
    gram = item_factors.T @ item_factors
    gram += (regularization + 1e-6 * np.trace(gram) / len(gram) + 1e-12) * np.eye(len(gram), dtype=gram.dtype)
    factors = np.empty((history.shape[0], item_factors.shape[1]), dtype=np.float32)
    for user in range(history.shape[0]):
        row = history[[user]]
        heard, weights = item_factors[row.indices], row.data[:, None]
        factors[user] = np.linalg.solve(gram + heard.T @ ((weights - 1) * heard), (weights * heard).sum(axis=0))
    return factors
