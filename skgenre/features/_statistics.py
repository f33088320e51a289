"""Statistics of features over time."""

from itertools import combinations
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skgenre._rows import labelled
from skgenre._sklearn import Interval, Options, _fit_context
from skgenre.features._sequence import check_features, numbered
from skgenre.spectral import modulation_spectra

_STATISTICS: dict[str, Any] = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median}


class FrameStatistics(TransformerMixin, BaseEstimator):
    """Summarise each band over the frames of a track, for estimators that take 2-D features.

    By default that is how each band lies and moves. How bands go together, and at which rates they go up and down, says
    more of the music and less of the recording: ``FrameStatistics(correlations=True, modulation=128)`` on MFCC.

    Parameters
    ----------
    statistics : tuple of str or float, default=("mean", "std")
        Statistics over the frames: ``"mean"``, ``"std"``, ``"min"``, ``"max"``, ``"median"``, or a number in [0, 1]
        for that quantile.
    differences : tuple of str or float, default=("std",)
        The same, over the differences between neighbouring frames; ``()`` for none. Of a track of one frame the
        difference is zero.
    correlations : bool, default=False
        Whether to add the correlations of every two bands over the frames and, where there are ``differences``, of
        their differences; 0 where a band stays as it is. Half the square of the number of bands: meant for MFCC.
    modulation : int, default=0
        Length of the stretches, in frames, whose modulation spectra are averaged; 0 for none, else at least 4. They
        say how strongly each band goes up and down at periods half an octave apart, from 2 frames to the length of a
        stretch: log(1 + amplitude). Stretches overlap by half; a shorter track is one, its last frame repeated.

    Attributes
    ----------
    n_features_in_ : int
        Number of bands (of columns for a 2-D array).
    n_bands_ : int
        Number of bands.
    band_names_ : ndarray of shape (n_bands,) of str
        Names of the bands: those that the extractor gave them, else ``band1`` and so on.

    References
    ----------
    M. I. Mandel and D. P. W. Ellis, "Song-level features and support vector machines for music classification", 2005
    (how MFCC go together). C.-H. Lee, J.-L. Shih, K.-M. Yu and H.-S. Lin, "Automatic music genre classification based
    on modulation spectral analysis of spectral and cepstral features", 2009.

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

    _parameter_constraints: dict = {
        "statistics": [tuple, list],
        "differences": [tuple, list],
        "correlations": ["boolean"],
        "modulation": [Interval(Integral, 4, None, closed="left"), Options(Integral, {0})],
    }

    def __init__(
        self,
        statistics: tuple[str | float, ...] = ("mean", "std"),
        *,
        differences: tuple[str | float, ...] = ("std",),
        correlations: bool = False,
        modulation: int = 0,
    ) -> None:
        self.statistics = statistics
        self.differences = differences
        self.correlations = correlations
        self.modulation = modulation

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
        if not [*self.statistics, *self.differences] and not self.modulation:
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
        statistics : ndarray of shape (n_tracks, n_columns), float32
            The statistics of the first band and its modulation, then those of the second, and so on; then the
            correlations of the first band with each after it, and so on, and those of differences.
        """
        check_is_fitted(self)
        features = check_features(self, X, reset=False)
        return labelled(np.stack([self._summarise(matrix) for matrix in features]), self, X)

    def _summarise(self, matrix: np.ndarray) -> np.ndarray:
        steps = np.diff(matrix) if matrix.shape[1] > 1 else np.zeros_like(matrix)
        columns = [_apply(item, matrix) for item in self.statistics]
        columns += [_apply(item, steps) for item in self.differences]
        if self.modulation:
            size = self.modulation
            spectra = modulation_spectra(matrix, 1 / _periods(size), size, size // 2)
            columns += list(np.log1p(spectra.mean(axis=0)).T)
        parts = [np.stack(columns, axis=1).ravel()]
        if self.correlations:
            parts += [_correlations(values) for values in ((matrix, steps) if self.differences else (matrix,))]
        return np.concatenate(parts).astype(np.float32)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the statistics after the bands, as in ``mfcc3_std``, ``mfcc3_diff_q90``, ``mfcc1_mfcc2_correlation``.

        ``mfcc3_every16`` is how strongly it goes up and down every 16 frames.

        Parameters
        ----------
        input_features : array-like of shape (n_bands,) of str, default=None
            Names of the bands, as an extractor's ``get_feature_names_out`` gives them; None means ``band_names_``.

        Returns
        -------
        names : ndarray of shape (n_columns,) of str
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
        if self.modulation:
            suffixes += [f"every{period:.3g}" for period in _periods(self.modulation)]
        names = [f"{band}_{suffix}" for band in input_features for suffix in suffixes]
        if self.correlations:
            kinds = ("correlation", "diff_correlation") if self.differences else ("correlation",)
            names += [f"{one}_{other}_{kind}" for kind in kinds for one, other in combinations(input_features, 2)]
        return np.array(names, dtype=object)

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


def _periods(size: int) -> np.ndarray:
    """Return periods half an octave apart, in frames, from the shortest that there is to a stretch."""
    return 2.0 ** np.arange(1, np.log2(size) + 1e-9, 0.5)


def _correlations(values: np.ndarray) -> np.ndarray:
    """Return the correlation of every two rows; 0 where one of them stays as it is."""
    centred = values - values.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    # What rounding leaves of a row that stays as it is has no direction.
    still = lengths <= 1e-5 * np.sqrt(values.shape[1]) * np.abs(values).max(axis=1, keepdims=True)
    directions = np.where(still, 0, centred / np.where(still, 1, lengths))
    return np.clip(directions @ directions.T, -1, 1)[np.triu_indices(len(values), 1)]
