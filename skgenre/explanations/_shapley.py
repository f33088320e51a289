"""Shapley values: what each player adds to a game, averaged over the orders in which the players may come."""

from collections.abc import Callable

import numpy as np


def sampled_values(
    value: Callable[[np.ndarray], np.ndarray], n_players: int, n_orders: int, rng: np.random.Generator
) -> np.ndarray:
    """Average over random orders, every second one being the last one backwards.

    Whatever the orders, the values add up to what all players together gain.

    Parameters
    ----------
    value : callable
        Takes coalitions, bool of shape (n, n_players), and gives what each is worth, shape (n,).
    n_players : int
        Number of players.
    n_orders : int
        Number of orders.
    rng : numpy.random.Generator
        Source of the orders.

    Returns
    -------
    values : ndarray of shape (n_players,)
        A value for each player.

    References
    ----------
    E. Štrumbelj and I. Kononenko, "Explaining prediction models and individual predictions with feature contributions",
    2014.
    """
    values = np.zeros(n_players)
    order = np.arange(n_players)
    for number in range(n_orders):
        order = rng.permutation(n_players) if number % 2 == 0 else order[::-1]
        place = np.argsort(order)
        coalitions = place < np.arange(n_players + 1)[:, None]
        values[order] += np.diff(value(coalitions))
    return values / n_orders
