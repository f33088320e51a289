"""The ways in which a user names tracks, brought into one."""

import io
import os
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from skgenre._rows import RowSequence
from skgenre.audio._decoding import scale_of, to_float32
from skgenre.audio._files import Source, check_levels

FORMS = "paths in one column, open binary files, a 2-D array (n_tracks, n_samples) or a list of 1-D arrays"


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
        return rows if X.ndim < 2 or not rows or is_paths(rows) else X
    return X


def is_paths(rows: Any) -> bool:
    """Tell whether rows, as ``as_rows`` gives them, hold paths or open binary files."""
    return isinstance(rows, list | tuple) and any(_is_file(row) for row in rows)


def check_tracks(estimator: Any, X: Any, *, reset: bool) -> tuple[Source, ...] | np.ndarray:
    """Validate tracks: a tuple with a source per track, empty for paths in ``fit``, or a 2-D float32 array.

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
    AudioError
        If samples are absurdly large.
    TypeError, ValueError
        If ``X`` is neither, or holds no tracks.
    """
    X = as_rows(X)
    flat = isinstance(X, list | tuple) or getattr(X, "ndim", 2) == 1
    if flat and len(X) == 0:
        raise ValueError("X holds no tracks: found array with 0 sample(s) while a minimum of 1 is required")
    if is_paths(X):
        _forget_features(estimator, reset)
        _check_sources(X)
        # A stream can be read only once, and it is transform that needs what it holds.
        return () if reset else tuple(_source(item) for item in X)
    if isinstance(X, list | tuple) and all(np.ndim(item) == 1 and isinstance(item, np.ndarray) for item in X):
        _forget_features(estimator, reset)
        return tuple(_samples(item, row) for row, item in enumerate(X))
    if flat and (not isinstance(X, list | tuple) or isinstance(X[0], Real)):
        raise ValueError(
            "Expected 2D array, got 1D array instead. Reshape your data: a lone buffer of samples is passed as [buffer]"
        )
    try:
        scale = scale_of(np.asarray(X).dtype)  # also of a data frame, and of tensors
        X = validate_data(estimator, X, dtype=np.float32, reset=reset)
    except (TypeError, ValueError) as error:
        if not _is_of_wrong_form(error):
            raise
        raise type(error)(f"X must be {FORMS}, got {type(X).__name__}: {error}") from error
    X = X if scale == 1 else X * scale
    for row, samples in enumerate(X):
        check_levels(samples, f"row {row} of X")
    return X


def _is_file(item: Any) -> bool:
    return isinstance(item, str | os.PathLike) or hasattr(item, "read")


def _numpy_dtypes(frame: Any) -> list[Any]:
    dtypes = list(frame.dtypes) if len(frame.shape) > 1 else [frame.dtype]
    return [kind if isinstance(kind, np.dtype) else np.dtype(object) for kind in dtypes]


def _is_of_wrong_form(error: Exception) -> bool:
    """Tell whether scikit-learn could not make an array of samples of X at all, or one of too many dimensions."""
    return isinstance(error, TypeError) or any(
        part in str(error) for part in ("could not convert", "inhomogeneous", "Found array with dim", "scalar array")
    )


def _check_sources(rows: Any) -> None:
    for row, item in enumerate(rows):
        if not _is_file(item):
            raise TypeError(f"row {row} of X must be a path or an open binary file like the others, got {item!r:.80}")
        if isinstance(item, io.TextIOBase):
            raise TypeError(f"row {row} of X is a file opened as text: open it with mode 'rb'")
        if getattr(item, "closed", False):
            raise ValueError(f"row {row} of X must be an open file, got a closed one: {item!r}")


def _source(item: Any) -> str | bytes:
    if not hasattr(item, "read"):
        return str(os.fsdecode(item))
    if getattr(item, "seekable", lambda: False)():
        item.seek(0)
    return item.read()


def _samples(item: np.ndarray, row: int) -> np.ndarray:
    if item.dtype.kind not in "iuf" or not len(item):
        raise ValueError(f"row {row} of X must hold at least one real sample, got {len(item)} of {item.dtype}")
    return to_float32(item)


def _forget_features(estimator: Any, reset: bool) -> None:
    for name in ("n_features_in_", "feature_names_in_"):
        if reset and hasattr(estimator, name):
            delattr(estimator, name)
