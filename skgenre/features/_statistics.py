"""Statistics of features over time."""

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skgenre._sklearn import _fit_context
from skgenre.features._sequence import check_features, numbered

_STATISTICS: dict[str, Any] = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median}


class FrameStatistics(TransformerMixin, BaseEstimator):
    """Summarise each band over the frames of a track, for estimators that take 2-D features.

    Parameters
    ----------
    statistics : tuple of str or float, default=("mean", "std")
        Statistics over the frames: ``"mean"``, ``"std"``, ``"min"``, ``"max"``, ``"median"``, or a number in [0, 1]
        for that quantile.
    differences : tuple of str or float, default=("std",)
        The same, over the differences between neighbouring frames; ``()`` for none. Of a track of one frame the
        difference is zero.

    Attributes
    ----------
    n_features_in_ : int
        Number of bands (of columns for a 2-D array).
    n_bands_ : int
        Number of bands.
    band_names_ : ndarray of shape (n_bands,) of str
        Names of the bands: those that the extractor gave them, else ``band1`` and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import FrameStatistics
    >>> statistics = FrameStatistics(("mean", 0.5), differences=())
    >>> statistics.fit_transform(np.arange(12.0).reshape(1, 2, 6))
    array([[2.5, 2.5, 8.5, 8.5]], dtype=float32)
    >>> list(statistics.get_feature_names_out(["mfcc1", "mfcc2"]))
    ['mfcc1_mean', 'mfcc1_q50', 'mfcc2_mean', 'mfcc2_q50']
    """

    _parameter_constraints: dict = {"statistics": [tuple, list], "differences": [tuple, list]}

    def __init__(
        self,
        statistics: tuple[str | float, ...] = ("mean", "std"),
        *,
        differences: tuple[str | float, ...] = ("std",),
    ) -> None:
        self.statistics = statistics
        self.differences = differences

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the number of bands.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features; a 2-D array is read as one band per track.
        y : None
            Ignored.

        Returns
        -------
        self : FrameStatistics
            The transformer.

        Raises
        ------
        ValueError
            If a statistic is unknown, or none is asked for.
        """
        for name in ("statistics", "differences"):
            for item in getattr(self, name):
                number = isinstance(item, Real) and 0 <= float(item) <= 1
                if not (number or (isinstance(item, str) and item in _STATISTICS)):
                    raise ValueError(f"{name} must hold {', '.join(_STATISTICS)} or numbers in [0, 1], got {item!r}")
        if not [*self.statistics, *self.differences]:
            raise ValueError("statistics and differences are both empty: at least one statistic is needed")
        names = getattr(X, "band_names", None)
        check_features(self, X, reset=True)
        self.band_names_ = numbered("band", self.n_bands_) if names is None else names
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the statistics of every track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        statistics : ndarray of shape (n_tracks, n_bands * n_statistics), float32
            The statistics of the first band, then those of the second, and so on.
        """
        check_is_fitted(self)
        X = check_features(self, X, reset=False)
        return np.stack([self._summarise(matrix) for matrix in X])

    def _summarise(self, matrix: np.ndarray) -> np.ndarray:
        steps = np.diff(matrix) if matrix.shape[1] > 1 else np.zeros_like(matrix)
        columns = [_apply(item, matrix) for item in self.statistics] + [
            _apply(item, steps) for item in self.differences
        ]
        return np.stack(columns, axis=1).ravel().astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the statistics after the bands, as in ``mfcc3_std`` or ``mfcc3_diff_q90``.

        Parameters
        ----------
        input_features : array-like of shape (n_bands,) of str, default=None
            Names of the bands, as an extractor's ``get_feature_names_out`` gives them; None means ``band_names_``.

        Returns
        -------
        names : ndarray of shape (n_bands * n_statistics,) of str
            A name for each column.
        """
        check_is_fitted(self)
        # A 2-D array is one band: names of its columns are not names of bands.
        if input_features is None or (self.n_bands_ == 1 and len(input_features) == self.n_features_in_):
            input_features = self.band_names_
        if len(input_features) != self.n_bands_:
            raise ValueError(
                f"input_features must have a name for each of {self.n_bands_} bands, got {len(input_features)}"
            )
        suffixes = [_label(item) for item in self.statistics] + [f"diff_{_label(item)}" for item in self.differences]
        return np.array([f"{band}_{suffix}" for band in input_features for suffix in suffixes], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _apply(item: str | float, values: np.ndarray) -> np.ndarray:
    if isinstance(item, str):
        return _STATISTICS[item](values, axis=1)
    return np.quantile(values, item, axis=1)


def _label(item: str | float) -> str:
    return item if isinstance(item, str) else f"q{100 * item:g}"
