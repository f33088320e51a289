"""Features of tracks of unequal length, and what counts as features."""

from collections.abc import Iterable
from copy import copy
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import validate_data

from skgenre._rows import RowSequence
from skgenre.audio import Waveforms, as_rows, is_paths


class FeatureSequence(RowSequence):
    """Immutable sequence of feature matrices of unequal length, one per track.

    Extractors give it where tracks keep their own length. It indexes like ``Waveforms``: an integer gives a matrix of
    shape (n_bands, n_frames), any other index a sequence.

    Parameters
    ----------
    matrices : iterable of array-like of shape (n_bands, n_frames)
        Features of each track, with the same bands in each.
    band_names : array-like of shape (n_bands,) of str, default=None
        Names of the bands.
    row_labels : pandas.Index of shape (n_tracks,), default=None
        Index of the pandas object that the tracks come from.

    Attributes
    ----------
    n_bands : int
        Number of bands.
    """

    def __init__(self, matrices: Iterable[Any], *, band_names: Any = None, row_labels: Any = None) -> None:
        self._matrices = tuple(_read_only(matrix, row) for row, matrix in enumerate(matrices))
        bands = {len(matrix) for matrix in self._matrices}
        if len(bands) != 1:
            raise ValueError(f"feature matrices must agree in their number of bands, got {sorted(bands)}")
        self.n_bands = bands.pop()
        self.band_names = band_names
        self.row_labels = row_labels

    def __len__(self) -> int:
        return len(self._matrices)

    def _row(self, position: int) -> np.ndarray:
        return self._matrices[position]

    def _take(self, positions: np.ndarray) -> Self:
        taken = copy(self)
        taken._matrices = tuple(self._matrices[position] for position in positions)
        return taken

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if len({matrix.shape for matrix in self._matrices}) > 1:
            raise ValueError("tracks differ in length: set AudioLoader(duration=...) to stack them in one array")
        return np.asarray(self._matrices, dtype=dtype)


def check_features(estimator: Any, X: Any, *, reset: bool) -> np.ndarray | FeatureSequence:
    """Validate time-frequency features: a 3-D float32 array, or a ``FeatureSequence``.

    Parameters
    ----------
    estimator : estimator
        Whose ``n_bands_`` and ``n_features_in_`` (the same, but of a 2-D array the columns) are set or checked against.
    X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or sequence of matrices
        A 2-D array is read as one band per track.
    reset : bool
        Whether this is ``fit``.

    Returns
    -------
    X : ndarray of shape (n_tracks, n_bands, n_frames) or FeatureSequence, float32
        Features of every track.

    Raises
    ------
    ValueError
        If ``X`` holds no tracks, bands or frames, NaN, or other bands than in ``fit``.
    """
    if isinstance(X, Waveforms) or is_paths(as_rows(X)):
        raise ValueError(
            f"{type(estimator).__name__} takes features, got {type(X).__name__} of tracks: put an AudioLoader and an "
            "extractor, such as MFCCExtractor, in front of it"
        )
    if getattr(X, "dtype", None) == np.dtype(object) and X.ndim == 1:
        X = list(X)  # numpy stacks the matrices of a list, and not those of an array of objects
    if isinstance(X, list | tuple) and all(np.ndim(row) == 2 for row in X) and len({np.shape(row) for row in X}) > 1:
        X = FeatureSequence(X)
    if isinstance(X, FeatureSequence):
        if len(X) == 0:
            raise ValueError("X holds no tracks")
        n_bands = X.n_bands
        if reset:
            estimator.n_features_in_ = n_bands
            vars(estimator).pop("feature_names_in_", None)
    else:
        X = validate_data(estimator, X, dtype=np.float32, allow_nd=True, reset=reset)
        if X.ndim > 3:
            raise ValueError(f"X must have the shape (n_tracks, n_bands, n_frames), got {X.shape}")
        if 0 in X.shape:
            raise ValueError(f"X must hold at least one band and one frame of each track, got the shape {X.shape}")
        X = X[:, None, :] if X.ndim == 2 else X
        n_bands = X.shape[1]
    if reset:
        estimator.n_bands_ = n_bands
    elif n_bands != estimator.n_bands_:
        raise ValueError(
            f"X has {n_bands} bands, but {type(estimator).__name__} was fitted with {estimator.n_bands_} bands; "
            "a 2-D array is read as one band per track"
        )
    return X


def _read_only(matrix: Any, row: int) -> np.ndarray:
    matrix = np.array(matrix, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"track {row} must be a matrix (n_bands, n_frames), got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"track {row} must be finite, got NaN or infinite features")
    matrix.flags.writeable = False
    return matrix


def numbered(stem: str, n: int) -> np.ndarray:
    """Name bands ``stem1``, ``stem2`` and so on, as an object array of shape (n,)."""
    return np.array([f"{stem}{i}" for i in range(1, n + 1)], dtype=object)
