"""Transformers from waveforms to features over time."""

import os
from numbers import Integral
from typing import Any

import numpy as np

from skgenre import spectral
from skgenre._sklearn import Interval
from skgenre.features._extraction import Extractor
from skgenre.features._sequence import numbered


class MelExtractor(Extractor, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Extract log-scaled mel spectrograms.

    Agrees with ``librosa.feature.melspectrogram`` followed by ``librosa.power_to_db`` to 1e-3; 70 dB and more below the
    loudest frequency of a frame, as beside a pure tone or with an ``fmin`` above a loud bass, to 0.01 and less closely
    the further below. Stateless: ``transform`` works without ``fit``.

    Parameters
    ----------
    n_mels : int, default=128
        Number of mel bands.
    n_fft : int, default=2048
        Length of the window and of the Fourier transform, in samples.
    hop_length : int, default=512
        Step between frames, in samples.
    fmin, fmax : float, default=0.0 and None
        Lower and upper edge of the bands, in hertz; None means half the sample rate.
    sample_rate : int, default=None
        Samples per second of the tracks, in hertz. None means the waveforms' own, or 22,050 Hz for plain arrays.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates, processes and later runs compute them
        once. They are kept under the path, size and modification time of the file and the parameters; a rewritten
        file is computed again. ``joblib.Memory(folder).reduce_size(bytes_limit)`` bounds a folder. Tracks in one
        2-D array are computed each time.
    out : str or Path, default=None
        Folder to write the features of all tracks to, as one array mapped from a file; for an output too large for
        memory. A file is named by a digest of parameters and tracks, and used again where it exists; each other set
        of tracks, such as those that a pipeline predicts, leaves one more.
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
    MFCCExtractor : Cepstral coefficients of the same spectrogram.

    References
    ----------
    B. McFee et al., "librosa: Audio and Music Signal Analysis in Python", 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import MelExtractor
    >>> MelExtractor(n_mels=40).transform(np.zeros((3, 22050))).shape
    (3, 40, 44)
    """

    def __init__(
        self,
        n_mels: int = 128,
        *,
        n_fft: int = 2048,
        hop_length: int = 512,
        fmin: float = 0.0,
        fmax: float | None = None,
        sample_rate: int | None = None,
        memory: Any = None,
        out: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.sample_rate = sample_rate
        self.memory = memory
        self.out = out
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return self._log_mel(y, sample_rate)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mel1``, ``mel2`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mels,) of str
            A name for each band.
        """
        return numbered("mel", self.n_mels)


class MFCCExtractor(Extractor, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Extract mel-frequency cepstral coefficients, with their deltas if wanted.

    Agrees with ``librosa.feature.mfcc`` and ``librosa.feature.delta`` to 1e-3, for pure tones to 3e-3. Stateless:
    ``transform`` works without ``fit``.

    Parameters
    ----------
    n_mfcc : int, default=20
        Number of coefficients.
    deltas : int, default=0
        Highest derivative over time that is appended: 0, 1 or 2.
    n_mels : int, default=128
        Number of mel bands that the coefficients are computed from.
    n_fft : int, default=2048
        Length of the window and of the Fourier transform, in samples.
    hop_length : int, default=512
        Step between frames, in samples.
    fmin, fmax : float, default=0.0 and None
        Lower and upper edge of the bands, in hertz; None means half the sample rate.
    sample_rate : int, default=None
        Samples per second of the tracks, in hertz. None means the waveforms' own, or 22,050 Hz for plain arrays.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates, processes and later runs compute them
        once. They are kept under the path, size and modification time of the file and the parameters; a rewritten
        file is computed again. ``joblib.Memory(folder).reduce_size(bytes_limit)`` bounds a folder. Tracks in one
        2-D array are computed each time.
    out : str or Path, default=None
        Folder to write the features of all tracks to, as one array mapped from a file; for an output too large for
        memory. A file is named by a digest of parameters and tracks, and used again where it exists; each other set
        of tracks, such as those that a pipeline predicts, leaves one more.
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
    MelExtractor : The spectrogram that the coefficients are computed from.
    FrameStatistics : Statistics over time, for estimators that take 2-D features.

    References
    ----------
    S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in
    continuously spoken sentences", 1980.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import MFCCExtractor
    >>> MFCCExtractor(n_mfcc=13, deltas=1).transform(np.zeros((3, 22050))).shape
    (3, 26, 44)
    """

    _parameter_constraints: dict = {
        **Extractor._parameter_constraints,
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
        "deltas": [Interval(Integral, 0, 2, closed="both")],
    }

    def __init__(
        self,
        n_mfcc: int = 20,
        *,
        deltas: int = 0,
        n_mels: int = 128,
        n_fft: int = 2048,
        hop_length: int = 512,
        fmin: float = 0.0,
        fmax: float | None = None,
        sample_rate: int | None = None,
        memory: Any = None,
        out: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_mfcc = n_mfcc
        self.deltas = deltas
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.sample_rate = sample_rate
        self.memory = memory
        self.out = out
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _check_rates(self, sample_rate: int) -> None:
        super()._check_rates(sample_rate)
        if self.n_mfcc > self.n_mels:
            raise ValueError(f"n_mfcc must be <= n_mels, got {self.n_mfcc} > {self.n_mels}")

    def _compute(self, y: np.ndarray, sample_rate: int) -> np.ndarray:
        return spectral.with_deltas(spectral.cepstrum(self._log_mel(y, sample_rate), self.n_mfcc), self.deltas)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the bands: ``mfcc1``, …, ``mfcc1_delta``, …, ``mfcc1_delta2`` and so on.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_mfcc * (1 + deltas),) of str
            A name for each band.
        """
        names = numbered("mfcc", self.n_mfcc)
        return np.concatenate([names + suffix for suffix in ("", "_delta", "_delta2")[: 1 + self.deltas]])
