"""Made-up listening histories, with the tastes behind them known."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils import Bunch, check_array, check_random_state

_LEAST_HEARD = 5
"""Tracks that even the least active user has heard, where there are as many."""

_SPREAD_OF_ACTIVITY = 0.8
"""Standard deviation of the logarithm of how many tracks a user has heard: one in forty hears five times the median."""

_TASTE_STRENGTH = 2.0
"""By what factor, as a logarithm, a track is likelier to be heard that its user likes more by a standard deviation."""

_WIDTH = 0.5
"""Width of a taste, where two tracks at random are at a distance of the square root of two."""

_N_SCENES, _N_TRAITS, _SPREAD_OF_SCENES = 20, 8, 0.5
"""What cannot be heard groups tracks too: scenes, in a space of so many traits, and how far their tracks scatter."""


def make_listening_history(
    embeddings: Any,
    *,
    n_users: int = 1000,
    n_tracks_per_user: float = 30.0,
    n_tastes: int = 3,
    audible: float = 0.6,
    popularity_exponent: float = 0.8,
    noise: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Make up who has heard what: users with known tastes, in a world where hits are heard by everybody.

    A user has a few tastes, each a place among the tracks, and likes tracks the more the nearer they are to one. Places
    are given by the embeddings, and by traits that cannot be heard, as the scene that a band belongs to: so content
    alone cannot know all, and those who hear the same tracks know something that content does not. What users hear is
    drawn by how much they like it times how popular it is, and some of it by popularity alone. Few tracks are popular
    and most are not (Zipf's law); few users hear very much and most do not.

    Parameters
    ----------
    embeddings : array-like of shape (n_tracks, n_dims)
        What the tracks sound like.
    n_users : int, default=1000
        How many users there are.
    n_tracks_per_user : float, default=30.0
        How many tracks a user has heard on average; at least 5 where there are as many, and at most half of all.
    n_tastes : int, default=3
        The most tastes that a user has; each has from one to so many.
    audible : float, default=0.6
        Share of the squared distance between tracks that can be heard, from 0 to 1.
    popularity_exponent : float, default=0.8
        Zipf's exponent: the track at rank r is as popular as one over r to this power. 0 makes all equally popular.
    noise : float, default=0.1
        Share of the listening that taste has no part in, from 0 to 1.
    random_state : int, RandomState instance or None, default=None
        An int makes the same history each time.

    Returns
    -------
    history : :class:`~sklearn.utils.Bunch`
        With the attributes

        interactions : csr_matrix of shape (n_users, n_tracks), int
            How often each user has heard each track.
        times : csr_matrix of shape (n_users, n_tracks), int
            In which order each user came to the tracks, from 1.
        truth : ndarray of shape (n_users, n_tracks), float32
            How much each user likes each track, heard or not: mean 0 and deviation 1 for each user. All of it is in
            memory.
        user_tastes : list of n_users ndarrays of shape (n_tastes,), int
            Rows of the tracks at whose places the tastes of each user are, the strongest first.
        popularity : ndarray of shape (n_tracks,)
            Popularity of each track; they sum to one.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import make_listening_history
    >>> embeddings = np.random.default_rng(0).standard_normal((200, 8))
    >>> history = make_listening_history(embeddings, n_users=50, random_state=0)
    >>> history.interactions.shape, history.truth.shape
    ((50, 200), (50, 200))
    >>> heard = history.interactions.toarray() > 0
    >>> bool(history.truth[heard].mean() > 0.5 > history.truth[~heard].mean())
    True
    """
    embeddings = check_array(embeddings, dtype=np.float64, input_name="embeddings", ensure_min_samples=2)
    _check(n_users, n_tracks_per_user, n_tastes, audible, popularity_exponent, noise)
    rng = check_random_state(random_state)
    places = _places(embeddings, audible, rng)
    popularity = (1.0 + rng.permutation(len(places))) ** -popularity_exponent
    popularity /= popularity.sum()
    truth = np.empty((n_users, len(places)), dtype=np.float32)
    tastes, rows, plays, times = [], [], [], []
    for user, n_heard in enumerate(_activity(n_users, n_tracks_per_user, len(places), rng)):
        centres, truth[user] = _taste(places, n_tastes, rng)
        heard = _listen(truth[user], popularity, n_heard, noise, rng)
        tastes.append(centres)
        rows.append(heard)
        # The more a track is liked, the more often it is heard again.
        plays.append(rng.geometric(1 / (1 + np.exp(truth[user, heard].clip(-3, 3)))))
        times.append(1 + rng.permutation(n_heard))

    def matrix(values: list) -> csr_matrix:
        starts = np.concatenate([[0], np.cumsum([len(part) for part in rows])])
        entries = csr_matrix((np.concatenate(values), np.concatenate(rows), starts), shape=truth.shape)
        entries.sort_indices()
        return entries

    return Bunch(
        interactions=matrix(plays), times=matrix(times), truth=truth, user_tastes=tastes, popularity=popularity
    )


def _places(embeddings: np.ndarray, audible: float, rng: np.random.RandomState) -> np.ndarray:
    """Put tracks where tastes are: by how they sound, and by traits that cannot be heard."""
    scenes = rng.standard_normal((_N_SCENES, _N_TRAITS))[rng.randint(_N_SCENES, size=len(embeddings))]
    traits = scenes + _SPREAD_OF_SCENES * rng.standard_normal(scenes.shape)
    return np.hstack([np.sqrt(audible) * _scaled(embeddings), np.sqrt(1 - audible) * _scaled(traits)])


def _scaled(points: np.ndarray) -> np.ndarray:
    """Centre points and scale them to a mean square of one."""
    centred = points - points.mean(axis=0)
    return centred / (np.sqrt((centred**2).sum(axis=1).mean()) or 1)


def _activity(n_users: int, mean: float, n_tracks: int, rng: np.random.RandomState) -> np.ndarray:
    """Return how many tracks each user has heard."""
    activity = np.exp(_SPREAD_OF_ACTIVITY * rng.standard_normal(n_users))
    heard = np.round(activity * mean / np.exp(_SPREAD_OF_ACTIVITY**2 / 2))
    least = min(_LEAST_HEARD, n_tracks)
    return heard.clip(least, max(least, n_tracks // 2)).astype(int)


def _taste(places: np.ndarray, most: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Draw the tastes of a user; return the tracks they lie at, and how much each track is liked."""
    centres = rng.choice(len(places), min(rng.randint(1, most + 1), len(places)), replace=False)
    weights = -np.sort(-rng.dirichlet(np.ones(len(centres))))
    distances = ((places[None] - places[centres, None]) ** 2).sum(axis=2)
    liking = np.logaddexp.reduce(np.log(weights)[:, None] - distances / (2 * _WIDTH**2), axis=0)
    return centres, (liking - liking.mean()) / (liking.std() or 1)


def _listen(
    liking: np.ndarray, popularity: np.ndarray, n_heard: int, noise: float, rng: np.random.RandomState
) -> np.ndarray:
    """Draw the tracks that a user hears, each once."""
    by_taste = popularity * np.exp(_TASTE_STRENGTH * (liking - liking.max()))
    chances = (1 - noise) * by_taste / by_taste.sum() + noise * popularity
    # The highest of logarithms of chances with Gumbel noise are a draw without replacement.
    with np.errstate(divide="ignore"):  # what has no chance comes last
        chances = np.log(chances)
    return np.argsort(-(chances + rng.gumbel(size=len(chances))), kind="stable")[:n_heard]


def _check(n_users: Any, mean: Any, n_tastes: Any, audible: Any, exponent: Any, noise: Any) -> None:
    for name, value in (("n_users", n_users), ("n_tastes", n_tastes)):
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be an int of at least 1, got {value!r}")
    for name, value, most in (
        ("n_tracks_per_user", mean, np.inf),
        ("popularity_exponent", exponent, np.inf),
        ("audible", audible, 1),
        ("noise", noise, 1),
    ):
        if not isinstance(value, Real) or not 0 <= float(value) <= most or value == np.inf:
            bounds = "0 to 1" if most == 1 else "0 on"
            raise ValueError(f"{name} must be a number from {bounds}, got {value!r}")
