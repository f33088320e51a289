"""Open a file to decode it, and say what is wrong with it."""

import os
from io import BytesIO
from stat import S_ISDIR

import numpy as np
import soundfile

from skgenre.audio._mp3 import from_first_frame, is_mp3_without_length, with_length

Source = str | bytes | np.ndarray
"""Where a track comes from: a path, the content of an audio file, or samples."""

MISSING_SECONDS = 0.2
"""A decoder that ends this much before the length its file declares has met a truncated file."""

LARGEST = 1e15
"""Largest sample that is taken for sound: the squares of larger ones overflow."""

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


def open_file(source: str | bytes) -> soundfile.SoundFile:
    try:
        file = _open_or_refusal(source)
        # By the name of a file alone libsndfile takes it for an mp3, and measures it wrongly.
        if isinstance(file, Exception) or file.format == "MP3":
            frames = from_first_frame(source)
            file = file if frames is None else _open_or_refusal(frames)
    except OSError as error:
        raise AudioError(source_name(source), error.strerror or str(error)) from error
    if isinstance(file, Exception):
        raise AudioError(source_name(source), f"not audio that libsndfile can decode ({reason(file)})") from file
    return file


def _open_or_refusal(source: str | bytes) -> soundfile.SoundFile | Exception:
    if is_mp3_without_length(source):
        source = with_length(source)
    try:
        if isinstance(source, bytes):
            return soundfile.SoundFile(BytesIO(source))
        # A name that is not UTF-8, as in old archives, soundfile takes as bytes alone.
        return soundfile.SoundFile(source if os.name == "nt" else os.fsencode(source))
    except (soundfile.SoundFileError, TypeError) as error:  # the latter where the name ends in .raw
        return error


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


def check_levels(y: np.ndarray, name: str) -> None:
    """Raise ``AudioError`` where samples are no sound: one that is absurdly large drowns all others."""
    loudest = max(-y.min(), y.max())  # NaN where one is NaN
    if not np.isfinite(loudest):
        raise AudioError(name, "it holds NaN or infinite samples")
    if loudest > LARGEST:
        raise AudioError(name, f"it holds samples up to {loudest:.1g}, where full scale is 1: it is damaged")


def reason(error: Exception) -> str:
    """Return what libsndfile says of a file, in words of use to who has it."""
    reason = getattr(error, "error_string", str(error)).strip(" .")
    # What libsndfile says of a file that is there, but whose name promises another format than it holds.
    return "its format is not known" if "does not exist" in reason else reason
