"""Decode one track: a file, the content of a file, or samples."""

import math
import os
from io import BytesIO
from stat import S_ISDIR

import numpy as np
import soundfile
import soxr

from skgenre.audio._mp3 import is_mp3_without_length, with_length

Source = str | bytes | np.ndarray
"""Where a track comes from: a path, the content of an audio file, or samples."""

MISSING_SECONDS = 0.2
"""A decoder that ends this much before the length its file declares has met a truncated file."""

UNKNOWN_LENGTH = 2**48
"""A file that declares this many frames was written as a stream, its length not known yet."""


class AudioError(ValueError):
    """A file that cannot be read as audio.

    Parameters
    ----------
    path : str
        The file.
    cause : str
        What is wrong with it.

    Examples
    --------
    >>> from skgenre import AudioError
    >>> str(AudioError("song.mp3", "it is empty"))
    "cannot read 'song.mp3': it is empty"
    """

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(path, cause)
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return f"cannot read {self.path!r}: {self.cause}"


def decode(source: Source, sample_rate: int, *, offset: float = 0.0, duration: float | None = None) -> np.ndarray:
    """Decode a part of one track to mono float32 at a sample rate.

    Parameters
    ----------
    source : str, bytes or ndarray of shape (n_samples,)
        Path, content of a file, or samples already at ``sample_rate``.
    sample_rate : int
        Samples per second to resample to, in hertz.
    offset : float, default=0.0
        Where to start, in seconds.
    duration : float, default=None
        How much to decode at most, in seconds; None means to the end.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Waveform; shorter than ``duration`` where the track ends before.

    Raises
    ------
    AudioError
        If the source cannot be decoded, ends before ``offset``, or holds NaN or infinite samples.
    """
    if isinstance(source, np.ndarray):
        y = to_float32(cut_part(source[None], sample_rate, offset, None)[0])
    else:
        check_file(source)
        with open_file(source) as file:
            y = _read(file, source_name(source), sample_rate, offset, duration)
    if not np.isfinite(y).all():
        raise AudioError(source_name(source), "it holds NaN or infinite samples")
    return y


def to_float32(y: np.ndarray) -> np.ndarray:
    """Copy samples to float32, int16 scaled to [-1, 1)."""
    return y * np.float32(2.0**-15) if y.dtype == np.int16 else y.astype(np.float32)


def open_file(source: str | bytes) -> soundfile.SoundFile:
    try:
        if is_mp3_without_length(source):
            source = with_length(source)
        return soundfile.SoundFile(BytesIO(source) if isinstance(source, bytes) else source)
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # a TypeError where the name ends in .raw
        raise AudioError(source_name(source), f"not audio that libsndfile can decode ({reason(error)})") from error


def _read(file: soundfile.SoundFile, name: str, sample_rate: int, offset: float, duration: float | None) -> np.ndarray:
    rate = file.samplerate
    start = start_of(file, name, offset)
    wanted = file.frames - start
    if duration is not None:
        wanted = min(wanted, math.ceil(duration * rate))
    try:
        if wanted > UNKNOWN_LENGTH:
            raise OSError("set a duration")
        file.seek(start)
        # In one go: between two reads soundfile seeks, which costs an mp3 the bits that one frame lends the next.
        y = mix_channels(file.read(wanted, dtype="float32", always_2d=True))
    except (soundfile.SoundFileError, OSError) as error:
        streamed = file.frames > UNKNOWN_LENGTH
        cause = "it does not declare its length: write it anew to a file" if streamed else "truncated or damaged"
        raise AudioError(name, f"{cause} ({reason(error)})") from error
    check_length(name, len(y), wanted, rate)
    if rate != sample_rate:
        y = soxr.resample(y, rate, sample_rate)
    return y if len(y) else np.zeros(1, dtype=np.float32)


def start_of(file: soundfile.SoundFile, name: str, offset: float) -> int:
    """Return the sample that a part begins with, or raise ``AudioError`` where the file ends before."""
    start = round(offset * file.samplerate)
    if start >= file.frames:
        at = f"offset={offset} s is not before its end, at {file.frames / file.samplerate:.3f} s"
        raise AudioError(name, at if file.frames else "it holds no samples")
    return start


def check_length(name: str, n_read: int, n_wanted: int, rate: int) -> None:
    """Raise ``AudioError`` where fewer samples could be decoded than there should be."""
    if n_wanted - n_read > MISSING_SECONDS * rate:
        raise AudioError(name, f"truncated: {n_read / rate:.2f} of {n_wanted / rate:.2f} s could be decoded")


def reason(error: Exception) -> str:
    """Return what libsndfile says of a file, in words of use to who has it."""
    reason = getattr(error, "error_string", str(error)).strip(" .")
    # What libsndfile says of a file that is there, but whose name promises another format than it holds.
    return "its format is not known" if "does not exist" in reason else reason


def mix_channels(channels: np.ndarray) -> np.ndarray:
    """Average channels; a product with a vector takes a thirtieth of the time of a mean over so short an axis."""
    n_channels = channels.shape[1]
    return channels[:, 0] if n_channels == 1 else channels @ np.full(n_channels, 1 / n_channels, dtype=np.float32)


def cut_part(X: np.ndarray, sample_rate: int, offset: float, duration: float | None) -> np.ndarray:
    start = round(offset * sample_rate)
    if start >= X.shape[1]:
        raise ValueError(f"offset={offset} s is not before the end of the tracks, at {X.shape[1] / sample_rate:.3f} s")
    X = X[:, start:]
    if duration is None:
        return X
    wanted = max(1, round(duration * sample_rate))
    return np.stack([fit_length(y, wanted) for y in X])


def fit_length(y: np.ndarray, n_samples: int | None) -> np.ndarray:
    if n_samples is None or len(y) == n_samples:
        return y
    return np.pad(y[:n_samples], (0, max(0, n_samples - len(y))))


def check_file(source: Source) -> None:
    if isinstance(source, bytes):
        if not source:
            raise AudioError(source_name(source), "it is empty")
    elif isinstance(source, str):
        try:
            stat = os.stat(source)
        except (FileNotFoundError, NotADirectoryError):
            raise AudioError(source, "no such file") from None
        except (OSError, ValueError) as error:
            raise AudioError(source, getattr(error, "strerror", None) or str(error)) from error
        if S_ISDIR(stat.st_mode):
            raise AudioError(source, "it is a folder, not a file; load_tracks lists the tracks of a folder")
        if stat.st_size == 0:
            raise AudioError(source, "it is empty")


def source_name(source: Source) -> str:
    return source if isinstance(source, str) else f"<{'bytes' if isinstance(source, bytes) else 'array'}>"
