"""The ways in which a user names tracks, brought into one."""

import os
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from skgenre._rows import RowSequence
from skgenre.audio._decoding import Source


def as_rows(X: Any) -> Any:
    """Bring the ways to name tracks into one: a lone track becomes a list of one, a column of paths a list.

    Parameters
    ----------
    X : object
        What a user passed as tracks.

    Returns
    -------
    rows : list or object
        A list where ``X`` names files; else ``X`` as it is.
    """
    if _is_file(X):
        return [X]
    if isinstance(X, RowSequence):
        return X
    if hasattr(X, "iloc") or hasattr(X, "to_numpy"):
        numeric = any(np.dtype(kind).kind in "biufc" for kind in _numpy_dtypes(X))
        if numeric or (X.ndim if hasattr(X, "ndim") else len(X.shape)) > 1 + (X.shape[-1] == 1):
            return X
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.dtype.kind in "OUST" and (X.ndim < 2 or (X.ndim == 2 and X.shape[1] == 1)):
        rows = list(X.ravel())
        return rows if X.ndim < 2 or is_paths(rows) else X
    return X


def is_paths(rows: Any) -> bool:
    """Tell whether rows, as ``as_rows`` gives them, are paths or open binary files."""
    return isinstance(rows, list | tuple) and len(rows) > 0 and _is_file(rows[0])


def check_tracks(estimator: Any, X: Any, *, reset: bool) -> tuple[Source, ...] | np.ndarray:
    """Validate tracks: a tuple with a source per track, or a 2-D float32 array.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` a 2-D array sets or is checked against.
    X : object
        What a user passed as tracks.
    reset : bool
        Whether this is ``fit``.

    Returns
    -------
    tracks : tuple of str, bytes or ndarray of shape (n_samples,), or ndarray of shape (n_tracks, n_samples)
        Sources of ``Waveforms``, or waveforms of equal length.

    Raises
    ------
    TypeError, ValueError
        If ``X`` is neither, or holds no tracks.
    """
    X = as_rows(X)
    if isinstance(X, list | tuple) and len(X) == 0:
        raise ValueError("X holds no tracks: found array with 0 sample(s) while a minimum of 1 is required")
    if is_paths(X):
        _forget_features(estimator, reset)
        return tuple(_source(item, row) for row, item in enumerate(X))
    if isinstance(X, list | tuple) and all(np.ndim(item) == 1 and isinstance(item, np.ndarray) for item in X):
        _forget_features(estimator, reset)
        return tuple(_samples(item, row) for row, item in enumerate(X))
    if isinstance(X, np.ndarray) and X.ndim == 1:
        raise ValueError(
            "Expected 2D array, got 1D array instead. Reshape your data: a lone buffer of samples is passed as [buffer]"
        )
    scale = 2.0**-15 if getattr(X, "dtype", None) == np.int16 else None
    X = validate_data(estimator, X, dtype=np.float32, reset=reset)
    return X * np.float32(scale) if scale else X


def _is_file(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) or hasattr(item, "read")


def _numpy_dtypes(frame: Any) -> list[Any]:
    dtypes = list(frame.dtypes) if len(frame.shape) > 1 else [frame.dtype]
    return [kind if isinstance(kind, np.dtype) else np.dtype(object) for kind in dtypes]


def _source(item: Any, row: int) -> str | bytes:
    if hasattr(item, "read"):
        if hasattr(item, "seek"):
            item.seek(0)
        content = item.read()
        if not isinstance(content, bytes):
            raise TypeError(f"row {row} of X is a file opened as text: open it with mode 'rb'")
        return content
    if not isinstance(item, str | os.PathLike):
        raise TypeError(f"row {row} of X must be a path or an open binary file like the first, got {item!r}")
    return os.fspath(item)


def _samples(item: np.ndarray, row: int) -> np.ndarray:
    if item.dtype.kind not in "iuf" or not len(item):
        raise ValueError(f"row {row} of X must hold at least one real sample, got {len(item)} of {item.dtype}")
    return item * np.float32(2.0**-15) if item.dtype == np.int16 else item.astype(np.float32)


def _forget_features(estimator: Any, reset: bool) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if reset and hasattr(estimator, name):
            delattr(estimator, name)
