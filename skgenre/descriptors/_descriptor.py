"""The descriptor as a scikit-learn transformer."""

from typing import Any, Self

import numpy as np
from sklearn.base import TransformerMixin

from skgenre._rows import labelled
from skgenre._sklearn import StrOptions
from skgenre._store import stack_rows
from skgenre.descriptors._groups import GROUPS, describe, names_of
from skgenre.features import Extractor

SHARED = ("n_fft", "hop_length", "sample_rate", "memory", "n_jobs", "verbose")
"""Parameters that mean what they mean in the extractors."""


class TrackDescriptor(Extractor, auto_wrap_output_keys=("transform",)):  # type: ignore[call-arg]
    """Describe whole tracks by named features, for estimators that take a table.

    One row for a track, however long it is, from one pass over its audio. Features come in groups, and a column is
    named after its group, as in ``rhythm__tempo``. An SVM on each group, with their decisions averaged, is a strong
    classifier for collections too small for a net. Stateless: ``transform`` works without ``fit``.

    Parameters
    ----------
    groups : "all" or tuple of str, default="all"
        Groups of features, in the order of their columns:

        ``"timbre"``
            20 MFCC with deltas, spectral contrast in octaves, flatness, centroid, bandwidth, roll-off and zero
            crossings: means, deviations, changes between frames and, of the MFCC, quantiles.
        ``"covariance"``
            Means and logarithms of deviations of the MFCC, and the correlations between them.
        ``"texture"``
            Block-level patterns: how loud bands are and how much they rise within a moment, sorted, how much that
            varies over the track, and the correlation between bands.
        ``"harmony"``
            Strength of the 24 keys, pitch classes counted from the tonic, intervals, tonnetz, harmonic change.
        ``"rhythm"``
            Onsets, tempo, beat histogram of the whole and of four bands, subdivisions of the beat, swing.
        ``"modulation"``
            Modulation spectra of 24 bands, from 0.35 to 11 Hz.
        ``"dynamics"``
            Loudness, its range, crest factors.
    n_fft : int, default=2048
        Length of the window and of the Fourier transform, in samples.
    hop_length : int, default=512
        Step between frames, in samples.
    sample_rate : int, default=None
        Samples per second of the tracks, in hertz. None means the waveforms' own, or 22,050 Hz for plain arrays.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates, processes and later runs compute them
        once. They are kept under the path, size and modification time of the file and the parameters; a rewritten
        file is computed again.
    n_jobs : int, default=None
        Threads. None means the waveforms' own ``n_jobs``, else 1; -1 all processors.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    FrameStatistics : Statistics of any features over time.

    Notes
    -----
    A track is described up to its last sample that is not zero, so filling it up with silence changes nothing.

    Chroma, spectral contrast, flatness, centroid, bandwidth, roll-off and the strength of onsets are, frame by frame,
    what librosa computes with the same parameters and, for chroma, ``tuning=0``. Of files whose highest frequencies an
    encoder took away, the contrast of the highest band is less, by half a decibel on average and at times by several:
    what is left in its valleys is the rounding of single precision. Loudness is weighted as in ITU-R
    BS.1770, without its gate, and its range gated as in EBU Tech 3342.

    Swing is how much more the onsets agree two thirds of a beat later than half a beat later: above 0.25 where all
    eighths are as long as two and one thirds, about 0 or below where they are even, and in between where some beats are
    not divided. That holds from 60 to 115 beats per minute. Even
    eighths of a faster beat may pass for swung ones, its tempo read at two thirds, and swung ones from some 145 on for
    even ones, at half.

    References
    ----------
    G. Tzanetakis and P. Cook, "Musical genre classification of audio signals", 2002 (beat histogram).

    M. Mandel and D. Ellis, "Song-level features and support vector machines for music classification", 2005
    (covariance of MFCC).

    K. Seyerlehner, G. Widmer and T. Pohle, "Fusing block-level features for music similarity estimation", 2010
    (texture and modulation).

    E. Pampalk, A. Rauber and D. Merkl, "Content-based organization and visualization of music archives", 2002
    (modulation).

    D. Jiang et al., "Music type classification by spectral contrast feature", 2002.

    D. Temperley, "Music and probability", 2007 (profiles of keys).

    C. Harte, M. Sandler and M. Gasser, "Detecting harmonic change in musical audio", 2006 (tonnetz).

    P. Grosche, M. Müller and F. Kurth, "Cyclic tempogram", 2010, and D. Ellis, "Beat tracking by dynamic programming",
    2007 (tempogram, and the choice of a tempo).

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import TrackDescriptor
    >>> second = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> descriptor = TrackDescriptor(("harmony", "dynamics")).set_output(transform="pandas")
    >>> table = descriptor.fit_transform([second, 0.1 * second])
    >>> table["dynamics__loudness_q50"].round().tolist()
    [-4.0, -24.0]
    """

    _parameter_constraints: dict = {
        "groups": [StrOptions({"all"}), tuple, list],
        **{name: Extractor._parameter_constraints[name] for name in SHARED},
    }

    def __init__(
        self,
        groups: Any = "all",
        *,
        n_fft: int = 2048,
        hop_length: int = 512,
        sample_rate: int | None = None,
        memory: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.groups = groups
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.sample_rate = sample_rate
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose

    def transform(self, X: Any) -> np.ndarray:
        """Compute the features of every track.

        Parameters
        ----------
        X : Waveforms, array-like of shape (n_tracks, n_samples), or sequence of ndarray of shape (n_samples,)
            Tracks, of any length.

        Returns
        -------
        features : ndarray of shape (n_tracks, n_features), float32
            Features, finite also of silence and of tracks shorter than a frame.

        Raises
        ------
        AudioError
            If a track cannot be decoded.
        ValueError
            If a group is unknown, or ``sample_rate`` is not the waveforms' own.
        """
        self._validate_params()
        rate = self._rate(X)
        waveforms = self._check_waveforms(X, reset=False)
        self._check_rates(rate)
        return labelled(stack_rows(self._walk(waveforms, rate), len(waveforms)), self, X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns after their group, as in ``timbre__mfcc3_std``.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_features,) of str
            A name for each column.
        """
        return np.array([name for group in self._groups() for name in names_of(group)], dtype=object)

    def group_slices(self) -> dict[str, slice]:
        """Return which columns each group has, for an estimator of its own on each.

        Returns
        -------
        slices : dict of str to slice
            The columns of each group, in order.
        """
        slices, start = {}, 0
        for group in self._groups():
            slices[group] = slice(start, start + len(names_of(group)))
            start = slices[group].stop
        return slices

    def set_output(self, *, transform: Any = None) -> Self:
        """Choose the container of the features.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            An array or a data frame; None leaves it as it is.

        Returns
        -------
        self : TrackDescriptor
            The transformer.
        """
        return TransformerMixin.set_output(self, transform=transform)

    def _groups(self) -> tuple[str, ...]:
        groups = tuple(GROUPS) if self.groups == "all" else tuple(self.groups)
        if not groups or len(set(groups)) < len(groups) or not set(groups) <= set(GROUPS):
            raise ValueError(f"groups must be 'all' or some of {', '.join(GROUPS)}, each once, got {self.groups!r}")
        return groups

    def _check_rates(self, sample_rate: int) -> None:
        self._groups()
        if self.hop_length > self.n_fft:
            raise ValueError(f"hop_length must be <= n_fft, got {self.hop_length} > {self.n_fft}")

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return describe(y, sample_rate, self.n_fft, self.hop_length, self._groups())
