"""Tracks that nobody has heard, placed among the factors of the others by their sound."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import normalize

PLACINGS = ("neighbors", "ridge")
"""Ways to learn factors from embeddings: those of the tracks that sound alike, or a linear map."""

_NEIGHBORS_TRUST = 10
"""Listeners from which on a neighbour's factors count more than half."""


def trust(listeners: np.ndarray) -> np.ndarray:
    """Return how far the factors of tracks can be trusted to teach others, from 0 of those unheard to 1."""
    return listeners / (listeners + _NEIGHBORS_TRUST)


def place(
    placing: str, factors: np.ndarray, listeners: np.ndarray, embeddings: np.ndarray, neighbors: csr_matrix
) -> np.ndarray:
    """Return the factors that tracks should have by their sound, whatever their own are.

    Parameters
    ----------
    placing : {"neighbors", "ridge"}
        How.
    factors : ndarray of shape (n_tracks, n_factors)
        Factors of the tracks, learnt from ``listeners`` each.
    listeners : ndarray of shape (n_tracks,)
        How many have heard each track. Tracks that nobody has heard teach nothing.
    embeddings : ndarray of shape (n_tracks, n_dims)
        What the tracks sound like.
    neighbors : csr_matrix of shape (n_tracks, n_tracks)
        Similarity of each track to its neighbours, from 0 on, itself left out.

    Returns
    -------
    placed : ndarray of shape (n_tracks, n_factors), float32
        Factors; zero where no neighbour has been heard.
    """
    if placing == "ridge":
        heard = listeners > 0
        directions = normalize(embeddings)
        ridge = RidgeCV(alphas=np.logspace(-2, 4, 13))
        ridge.fit(directions[heard], factors[heard], sample_weight=trust(listeners)[heard])
        return ridge.predict(directions).astype(np.float32).reshape(factors.shape)
    weights = neighbors.multiply(trust(listeners)[None]).tocsr()
    totals = np.asarray(weights.sum(axis=1)).ravel()
    return np.asarray(weights @ factors / np.maximum(totals, 1e-12)[:, None], dtype=np.float32)
