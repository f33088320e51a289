"""The loader as a scikit-learn transformer."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skgenre._rows import RowArray, labels_of
from skgenre._sklearn import _fit_context
from skgenre.audio._decoding import cut_part
from skgenre.audio._files import check_file
from skgenre.audio._tracks import check_tracks
from skgenre.audio._waveforms import CONSTRAINTS, Waveforms


class AudioLoader(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Load tracks as mono waveforms at one sample rate, lazily.

    The first step of a Pipeline on paths. wav, flac, ogg, opus and mp3 are read by libsndfile at any sample rate and
    number of channels, averaged to mono and resampled by soxr. Only the part asked for is decoded, and only when a
    later step asks for it.

    Parameters
    ----------
    sample_rate : int, default=22050
        Samples per second to resample to, in hertz.
    duration : float, default=None
        Length that each track is cut or padded with silence to, in seconds. None keeps each track's own length; later
        steps then pass on sequences of matrices instead of one 3-D array.
    offset : float, default=0.0
        Where to start in each track, in seconds.
    on_error : {"raise", "warn"}, default="raise"
        What to do where a track cannot be read: raise ``AudioError``, or warn and go on with silence in its place
        (one second where no duration is set); ``Waveforms.errors`` lists such rows.
    n_jobs : int, default=None
        Threads that decode, also in extractors that set none of their own. None means 1, -1 all processors. An
        extractor lets a second one decode half of a lone track, except where 1 is asked for.

    Attributes
    ----------
    n_features_in_ : int
        Number of samples per track, only where ``fit`` was given a 2-D array.

    See Also
    --------
    Waveforms : What ``transform`` gives.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from skgenre import AudioLoader
    >>> folder = tempfile.TemporaryDirectory()
    >>> soundfile.write(f"{folder.name}/a.wav", np.zeros((44100, 2)), 44100)
    >>> waveforms = AudioLoader(sample_rate=16000, duration=0.5).transform([f"{folder.name}/a.wav"])
    >>> waveforms[0].shape
    (8000,)
    """

    _parameter_constraints = CONSTRAINTS

    def __init__(
        self,
        sample_rate: int = 22050,
        *,
        duration: float | None = None,
        offset: float = 0.0,
        on_error: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.duration = duration
        self.offset = offset
        self.on_error = on_error
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and what kind of tracks ``X`` holds; nothing is learned or decoded.

        Parameters
        ----------
        X : array-like of shape (n_tracks,) of str, Path or binary file, or (n_tracks, n_samples) of float
            Tracks.
        y : None
            Ignored.

        Returns
        -------
        self : AudioLoader
            The loader.
        """
        check_tracks(self, X, reset=True)
        return self

    def transform(self, X: Any) -> Waveforms | np.ndarray:
        """Give the waveforms of tracks.

        Parameters
        ----------
        X : array-like of shape (n_tracks,) of str, Path or binary file, or (n_tracks, n_samples) of float
            Tracks; a lone path is one track. Samples are taken to be at ``sample_rate``; int16 and int32 are
            scaled to [-1, 1). A sequence of 1-D arrays may differ in length.

        Returns
        -------
        waveforms : Waveforms of shape (n_tracks,), or ndarray of shape (n_tracks, n_samples), float32
            Lazy for paths and sequences of arrays; an array for a 2-D array.

        Raises
        ------
        AudioError
            If a file is missing, a folder, or empty. What is wrong inside a file shows when it is decoded.
        ValueError
            If ``X`` holds no tracks, is a bare 1-D buffer, or holds waveforms that were loaded at another rate.

        Notes
        -----
        ``joblib.hash`` of an array leaves its sample rate out. So where ``Pipeline(memory=...)`` is to take one 2-D
        array at two rates, pass ``list(X)``, or set the rate of the extractor too. It leaves out the index of a pandas
        object as well, and the warning of ``on_error="warn"`` comes once: the extractors' own ``memory`` knows of all.
        """
        self._validate_params()
        labels, rate = labels_of(X), getattr(X, "sample_rate", None)
        if rate not in (None, self.sample_rate):
            raise ValueError(f"sample_rate must be that of the waveforms in X, {rate}, got {self.sample_rate}")
        X = check_tracks(self, X, reset=False)
        if isinstance(X, np.ndarray):
            part = cut_part(X, self.sample_rate, self.offset, self.duration)
            return RowArray(part, sample_rate=self.sample_rate, row_labels=labels)
        if self.on_error == "raise":
            for source in X:
                check_file(source)
        waveforms = Waveforms(
            X,
            self.sample_rate,
            duration=self.duration,
            offset=self.offset,
            on_error=self.on_error,
            n_jobs=self.n_jobs,
        )
        waveforms.row_labels = labels
        return waveforms

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return ``["waveform"]``: a track is one lazy waveform, whatever its length.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (1,) of str
            The name.
        """
        return np.array(["waveform"], dtype=object)

    def set_output(self, *, transform: Any = None) -> Self:
        """Do nothing: waveforms have no data frame form. Present so that ``Pipeline.set_output`` works.

        Parameters
        ----------
        transform : object
            Ignored.

        Returns
        -------
        self : AudioLoader
            The loader.
        """
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
