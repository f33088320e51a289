"""Who has heard what: the matrix of interactions, and the names of its rows and columns."""

import os
from collections import Counter
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils import check_array

from skgenre.recommend import check_hashable, check_no_mask, ids_array, plain_id, plain_ids


def check_interactions(interactions: Any, n_tracks: int) -> csr_matrix:
    """Return interactions as a new float32 matrix of counts without zeros, users × tracks; None is no user at all."""
    if interactions is None:
        return csr_matrix((0, n_tracks), dtype=np.float32)
    if np.ndim(interactions) != 2:
        raise ValueError(
            "interactions must be a matrix of shape (n_users, n_tracks), how often each user has heard each track, "
            f"got {np.ndim(interactions)} dimensions"
        )
    if 0 in np.shape(interactions):
        raise ValueError(
            f"interactions must hold at least one user and one track, got shape {np.shape(interactions)}; "
            "None means that nobody has heard anything yet"
        )
    matrix = check_array(interactions, accept_sparse="csr", dtype=np.float32, input_name="interactions", copy=True)
    if matrix.shape[1] != n_tracks:
        hint = ": it is users × tracks, yours may be transposed" if matrix.shape[0] == n_tracks else ""
        raise ValueError(f"interactions must have a column for each of {n_tracks} tracks, got {matrix.shape}{hint}")
    matrix = csr_matrix(matrix)
    matrix.sum_duplicates()
    if matrix.nnz and matrix.data.min() < 0:
        user, track = (int(index[matrix.data.argmin()]) for index in matrix.tocoo().coords)
        raise ValueError(
            f"interactions must be counts from 0 on, got {matrix.data.min():g} of user {user}, track {track}"
        )
    matrix.eliminate_zeros()
    return matrix


class Names:
    """The rows of hashable names, such as those of users.

    Parameters
    ----------
    names : array-like of shape (n_rows,)
        The names, no two equal.
    parameter : str
        What the caller knows them as.
    """

    def __init__(self, names: Any, parameter: str, n_rows: int) -> None:
        plain = plain_ids(names, parameter)
        if len(plain) != n_rows:
            raise ValueError(f"{parameter} must hold {n_rows} ids, one a row or column of the data, got {len(plain)}")
        check_hashable(plain, parameter)
        for name, count in Counter(plain).most_common(1):
            if count > 1:
                raise ValueError(f"{parameter} must be unique, got {name!r} {count} times")
        self.parameter = parameter
        self.array = ids_array(plain)
        self._rows = {name: row for row, name in enumerate(plain)}

    def __contains__(self, name: Any) -> bool:
        try:
            return plain_id(name) in self._rows
        except TypeError:  # not hashable
            return False

    def rows(self, names: Any, argument: str) -> np.ndarray:
        """Return the row of each name, or raise a ValueError that calls them by the name of the caller's argument."""
        check_no_mask(names)
        names = list(names)
        unknown = [name for name in names if name not in self]
        if unknown:
            raise ValueError(
                f"{argument} must be among the {len(self._rows)} {self.parameter} of fit, got {plain_id(unknown[0])!r}"
            )
        return np.array([self._rows[plain_id(name)] for name in names], dtype=np.intp)

    def is_lone(self, names: Any) -> bool:
        """Tell a name from a collection of them."""
        return names in self or isinstance(names, str | bytes | os.PathLike) or not hasattr(names, "__iter__")
