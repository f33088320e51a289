"""The split that early stopping watches: by track, and by group where groups are given."""

import warnings

import numpy as np

from skgenre._labels import is_missing
from skgenre._warnings import users_line


def split_validation(
    strata: np.ndarray, groups: np.ndarray | None, fraction: float, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Split tracks into training and validation: stratified by class or label, disjoint by group.

    Groups are visited in random order, and one goes to validation where that brings the classes nearer to their
    share. Where a class has one track, or one group, it stays in training.

    Parameters
    ----------
    strata : ndarray of shape (n_tracks, n_classes) of int
        1 for the class of a track, or for each of its labels, 0 for the others.
    groups : ndarray of shape (n_tracks,), or None
        Group of each track, such as its artist. None means that each track is a group of its own.
    fraction : float
        Share of the tracks wanted for validation.
    rng : numpy.random.RandomState
        Source of randomness.

    Returns
    -------
    training, validation : ndarray of int
        Rows of each part.

    Raises
    ------
    ValueError
        If groups are not one for each track, none missing, of types that can be sorted together.
    """
    members = np.arange(len(strata)) if groups is None else _numbered(groups)
    counts = np.zeros((members.max() + 1, strata.shape[1]), dtype=int)
    np.add.at(counts, members, strata)
    totals = counts.sum(axis=0)
    lone = np.flatnonzero(((counts > 0).sum(axis=0) == 1) & (totals > 0))
    if lone.size:
        unit = "track" if groups is None else "group"
        warnings.warn(
            f"{lone.size} classes have one {unit} and are not in the validation split", stacklevel=users_line()
        )
    wanted = np.where(np.isin(np.arange(len(totals)), lone), 0, np.maximum(np.round(fraction * totals), totals > 0))

    taken = np.zeros_like(totals)
    chosen = np.zeros(len(counts), dtype=bool)
    order = rng.permutation(len(counts))
    # The second round serves classes all of whose groups are larger than their share: a small group, then.
    for needed in (False, True):
        for group in order if not needed else order[np.argsort(counts[order].sum(axis=1), kind="stable")]:
            after = taken + counts[group]
            nearer = np.abs(wanted - after).sum() < np.abs(wanted - taken).sum()
            serves = needed and np.any((taken == 0) & (wanted > 0) & (counts[group] > 0))
            leaves_training = np.all((after < totals) | (counts[group] == 0))
            if not chosen[group] and leaves_training and (nearer or serves):
                chosen[group] = True
                taken = after
    return np.flatnonzero(~chosen[members]), np.flatnonzero(chosen[members])


def _numbered(groups: np.ndarray) -> np.ndarray:
    """Return the number of each track's group."""
    if groups.ndim != 1:
        raise ValueError(f"groups must be one for each track, of shape (n_tracks,), got shape {groups.shape}")
    if missing := [group for group in groups if is_missing(group)]:
        raise ValueError(
            f"groups must be known for every track, got {missing[0]!r} for {len(missing)} of {len(groups)}; "
            "tracks of unknown artists can share one, such as ''"
        )
    try:
        return np.unique(groups, return_inverse=True)[1]
    except TypeError:
        kinds = sorted({type(group).__name__ for group in groups})
        raise ValueError(f"groups must be of one type, such as str, got {' and '.join(kinds)}") from None
