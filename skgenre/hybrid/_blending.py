"""Scores by sound and by listening, blended: how, and how much of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils import gen_batches

from skgenre.hybrid._placing import PLACINGS, place

_SHARES = np.linspace(0, 1, 11)
_CHOICE_USERS = 1000
_N_BEST = 10
_CONVERTED = 1 << 13
"""Rows of factors that are in double precision at once."""

_BATCH = 1 << 24
"""Scores held in memory at once."""


@dataclass(frozen=True)
class Blend:
    """How scores by sound and by listening are blended.

    Parameters
    ----------
    content : float
        Share of the sound in a score, from 0 to 1; the rest is that of the listening.
    placing : {"neighbors", "ridge"} or None
        How the factors of unheard tracks are learnt from sound; None where they are not.
    """

    content: float
    placing: str | None = "neighbors"


@dataclass(frozen=True)
class Sources:
    """What is known of tracks and users, and so what scores are made of.

    Parameters
    ----------
    user_factors : ndarray of shape (n_users, n_factors)
        From the collaborative model.
    item_factors : ndarray of shape (n_tracks, n_factors)
        From the collaborative model.
    history : csr_matrix of shape (n_users, n_tracks)
        Confidences.
    neighbors : csr_matrix of shape (n_tracks, n_tracks)
        Similarity of each track to those that sound like it.
    embeddings : ndarray of shape (n_tracks, n_dims)
        What tracks sound like.
    """

    user_factors: np.ndarray
    item_factors: np.ndarray
    history: csr_matrix
    neighbors: csr_matrix
    embeddings: np.ndarray

    @property
    def listeners(self) -> np.ndarray:
        """How many have heard each track: (n_tracks,)."""
        return np.bincount(self.history.indices, minlength=self.history.shape[1])

    def placed(self, blend: Blend) -> np.ndarray:
        """Return the factors of tracks, those unheard at the place where their sound belongs."""
        if blend.placing is None:
            return self.item_factors
        by_sound = place(blend.placing, self.item_factors, self.listeners, self.embeddings, self.neighbors)
        return np.where(self.listeners[:, None] > 0, self.item_factors, by_sound)


def batches(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut rows into slices whose scores fit into memory."""
    step = max(1, _BATCH // max(n_columns, 1))
    for start in range(0, n_rows, step):
        yield slice(start, start + step)


def products(factors: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the inner products of all rows with all others, float32, the same however many are asked for at once.

    In single precision the last digits go by the place in the matrix, and by them equal tracks are no longer equal.
    """
    found = np.empty((len(factors), len(others)), dtype=np.float32)
    factors = factors.astype(np.float64)
    for part in gen_batches(len(others), _CONVERTED):
        found[:, part] = factors @ others[part].astype(np.float64).T
    return found


def standardize(scores: np.ndarray) -> np.ndarray:
    """Give each row a mean of zero and a deviation of one; a row of equal scores becomes zero."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    differ = deviation > 1e-7 * np.abs(scores).max(axis=1, keepdims=True)
    return np.divide(centred, deviation, out=np.zeros_like(centred), where=differ)


def blend_scores(
    by_listening: np.ndarray | None, history: csr_matrix, neighbors: csr_matrix, content: float
) -> np.ndarray:
    """Score every track for users: by listening and by sound, each standardized over tracks, and blended."""
    if by_listening is None or content == 1:
        return standardize((history @ neighbors).toarray())
    if content == 0:
        return standardize(by_listening)
    return (1 - content) * standardize(by_listening) + content * standardize((history @ neighbors).toarray())


def hold_out(interactions: csr_matrix, rng: np.random.RandomState) -> tuple[csr_matrix, csr_matrix, np.ndarray]:
    """Hold back all that was heard of a tenth of the tracks, and a tenth of what each user heard of the others.

    Returns
    -------
    kept, held : csr_matrix of shape (n_users, n_tracks)
        The counts of either part. A user with one track keeps it, unless it is one of the cold.
    cold : ndarray of shape (n_tracks,) of bool
        The tracks of which all was held back.
    """
    n_tracks = interactions.shape[1]
    cold = np.zeros(n_tracks, dtype=bool)
    heard = np.unique(interactions.indices)
    cold[rng.choice(heard, len(heard) // 10, replace=False)] = True
    users = np.repeat(np.arange(interactions.shape[0]), np.diff(interactions.indptr))
    order = np.lexsort([rng.uniform(size=interactions.nnz), users])
    place_of = np.arange(interactions.nnz) - interactions.indptr[users]
    n_heard = np.diff(interactions.indptr)[users]
    chosen = np.zeros(interactions.nnz, dtype=bool)
    chosen[order] = place_of < np.where(n_heard > 1, np.ceil(n_heard / 10), 0)
    chosen |= cold[interactions.indices]

    def part(mask: np.ndarray) -> csr_matrix:
        entries = interactions.data[mask], (users[mask], interactions.indices[mask])
        return csr_matrix(entries, shape=interactions.shape)

    return part(~chosen), part(chosen), cold


def choose_blend(
    sources: Sources, held: csr_matrix, cold: np.ndarray, rng: np.random.RandomState
) -> tuple[Blend, dict[str, float]]:
    """Choose the blend that ranks what was held back best, by nDCG@10.

    How tracks are placed is chosen by those of which all was held back; then the share of the sound, by the others.
    Users hear what is popular whether it is to their taste or not, and to rank by popularity alone is often hard to
    beat: so finding a track gains the less the more have heard it, one over its listeners.

    Returns
    -------
    blend : Blend
        The best.
    scores : dict of str to float
        The nDCG@10 on what was held back of tracks that are heard, and of those that seem not to be: by the blend, and
        by listening and by sound alone.

    References
    ----------
    H. Steck, "Item popularity and recommendation accuracy", 2011.
    """
    users = rng.permutation(np.flatnonzero(np.diff(held.indptr)))[:_CHOICE_USERS]
    placings = [Blend(0.0, placing) for placing in PLACINGS]
    on_cold = {start: _grid(sources, held, users, cold, start) for start in placings}
    best = max(placings, key=lambda start: max(on_cold[start].values()))
    on_warm = _grid(sources, held, users, ~cold, best)
    blend = max(on_warm, key=lambda option: on_warm[option])
    return blend, {
        "blend": on_warm[blend],
        "collaborative": on_warm[best],
        "content": on_warm[replace(best, content=1.0)],
        "blend, unheard": on_cold[best][replace(best, content=blend.content)],
        "content, unheard": on_cold[best][replace(best, content=1.0)],
    }


def _grid(
    sources: Sources, held: csr_matrix, users: np.ndarray, candidates: np.ndarray, start: Blend
) -> dict[Blend, float]:
    """Return the nDCG@10 among candidates of a blend with each share of the sound."""
    tracks = np.flatnonzero(candidates)
    gains = (held[users][:, tracks] > 0).multiply(1 / (1 + sources.listeners[tracks])).tocsr().astype(np.float32)
    users, gains = users[np.diff(gains.indptr) > 0], gains[np.diff(gains.indptr) > 0]
    totals = dict.fromkeys((replace(start, content=float(share)) for share in _SHARES), 0.0)
    item_factors = sources.placed(start)
    n_best = min(_N_BEST, len(tracks))
    discounts = 1 / np.log2(np.arange(n_best) + 2)
    for part in batches(len(users), len(candidates)):
        history = sources.history[users[part]]
        by_listening = standardize(sources.user_factors[users[part]] @ item_factors.T)[:, tracks]
        by_sound = standardize((history @ sources.neighbors).toarray())[:, tracks]
        heard = history[:, tracks].toarray() > 0
        right = gains[part].toarray()
        ideal = -np.partition(-right, n_best - 1, axis=1)[:, :n_best]
        ideal = -np.sort(-ideal, axis=1) @ discounts
        for option in totals:
            scores = (1 - option.content) * by_listening + option.content * by_sound
            scores[heard] = -np.inf
            found = np.take_along_axis(right, best_rows(scores, n_best), axis=1) @ discounts
            totals[option] += float((found / ideal).sum())
    return {option: total / max(len(users), 1) for option, total in totals.items()}


def best_rows(scores: np.ndarray, n: int) -> np.ndarray:
    """Return the columns of the n highest scores in each row, highest first, equal ones in ascending order."""
    last = -np.partition(-scores, n - 1, axis=1)[:, n - 1 : n]
    above, equal = scores > last, scores == last
    room = n - np.count_nonzero(above, axis=1, keepdims=True)
    top = np.nonzero(above | (equal & (equal.cumsum(axis=1, dtype=np.int32) <= room)))[1].reshape(-1, n)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)
