"""Where each track has one genre and one artist: each as one column, or an error that says what would be right."""

import unicodedata
from typing import Any

import numpy as np

from skgenre._sklearn import column_or_1d, is_pandas_na


def one_genre_each(y: Any, instead: str) -> np.ndarray:
    """Return labels as an array of one for each track.

    Parameters
    ----------
    y : array-like of shape (n_tracks,)
        Labels.
    instead : str
        What to do where tracks have several labels, for the error.

    Returns
    -------
    labels : ndarray of shape (n_tracks,)
        The labels; objects where some are not known.

    Raises
    ------
    ValueError
        If there is more than one column, or a track has a list of names.
    """
    try:
        shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape  # a sparse matrix has one too
    except ValueError:  # lists of unequal length have none
        got = "lists of unequal length"
    else:
        if len(shape) == 1 or shape[1:] == (1,):
            values = column_or_1d(np.asarray(y, dtype=object), "y")  # beside str, numpy would make "nan" of NaN
            lists = [label for label in values if isinstance(label, list | tuple | set | np.ndarray)]
            if not lists:
                return values if not_known(values).any() else np.asarray(column_or_1d(y, "y"))
            got = f"{lists[0]!r} for a track"
        else:
            got = f"shape {tuple(shape)}" if shape else repr(y)
    raise ValueError(f"y must have shape (n_tracks,), one genre for each track, got {got}. {instead}")


def not_known(values: Any) -> np.ndarray:
    """Tell which of some labels or artists are not known: ``""``, None, NaN or ``pandas.NA``; an array of bool."""
    return np.array([value is None or is_pandas_na(value) or value != value or value == "" for value in values], bool)


def in_one_spelling(values: Any) -> np.ndarray:
    """Return labels or artists as objects, those that are str without blanks around and their accents spelled alike."""
    return np.fromiter(
        (unicodedata.normalize("NFC", value.strip()) if isinstance(value, str) else value for value in values),
        dtype=object,
        count=len(values),
    )


def one_artist_each(groups: Any) -> np.ndarray:
    """Return artists as an array of one for each track; each that is not known is an artist of its own.

    Parameters
    ----------
    groups : array-like of shape (n_tracks,)
        Artists; ``""``, None or NaN where not known. Blanks around a name and the spelling of accents do not count.

    Returns
    -------
    artists : ndarray of shape (n_tracks,)
        The artists; numbers in their place where some are not known.

    Raises
    ------
    ValueError
        If there is more than one column, or artists cannot be compared, as numbers and str.
    """
    values = in_one_spelling(column_or_1d(np.asarray(groups, dtype=object), "groups"))
    unknown = not_known(values)
    try:
        known, numbers = np.unique(values[~unknown], return_inverse=True)
    except TypeError as error:
        raise ValueError("groups must be of one kind, such as str with '' for artists that are not known") from error
    if not unknown.any():
        given = np.asarray(column_or_1d(groups, "groups"))
        return known[numbers].astype(str if given.dtype.kind == "U" else given.dtype)
    artists = np.empty(len(values), dtype=int)
    artists[~unknown] = numbers
    artists[unknown] = len(known) + np.arange(np.count_nonzero(unknown))
    return artists
