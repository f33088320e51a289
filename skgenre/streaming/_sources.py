"""Where chunks come from: a file, an open stream such as a microphone, or anything that gives arrays."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from skgenre._optional import import_optional
from skgenre.audio import open_blocks


@dataclass
class Source:
    """Chunks, and what is known of them.

    Parameters
    ----------
    chunks : iterator of array-like
        The chunks.
    sample_rate : int or None
        Samples per second, in hertz; None where the source does not tell.
    offset : float
        Where in the track the first chunk begins, in seconds.
    """

    chunks: Iterator[Any]
    sample_rate: int | None = None
    offset: float = 0.0


@contextmanager
def open_source(source: Any, seconds: float, offset: float) -> Iterator[Source]:
    """Open what a user names as a source.

    Parameters
    ----------
    source : path, bytes, open binary file, open stream or iterable of array-like
        An open stream has ``samplerate`` and ``read(n)``, as those of sounddevice and soundfile do.
    seconds : float
        Length of the chunks read from files and streams, in seconds.
    offset : float
        Where to start in a file, in seconds.

    Yields
    ------
    source : Source
        The chunks, while it is open.
    """
    if hasattr(source, "read") and hasattr(source, "samplerate"):
        yield Source(_read(source, max(1, round(seconds * source.samplerate))), round(source.samplerate))
    elif isinstance(source, str | os.PathLike | bytes) or hasattr(source, "read"):
        if hasattr(source, "read") and getattr(source, "seekable", lambda: False)():
            source.seek(0)
        content = source.read() if hasattr(source, "read") else source
        file = content if isinstance(content, bytes) else os.fspath(content)
        with open_blocks(file, seconds, offset=offset) as blocks:
            yield Source(blocks.samples, blocks.sample_rate, offset)
    elif isinstance(source, Iterable) and not isinstance(source, np.ndarray):
        yield Source(iter(source))
    else:
        raise TypeError(
            "source must be a path, an open file, an open stream with samplerate and read(n), or an iterable of "
            f"chunks, got {type(source).__name__}; push takes an array"
        )


def open_microphone(device: Any, sample_rate: int) -> Any:
    """Return a stream of a microphone, of one channel, to be opened by ``with``."""
    try:
        sounddevice = import_optional("sounddevice", extra="live")
    except OSError as error:  # it is installed, and the library of the system that it speaks to is not
        raise ImportError(
            f"sounddevice cannot reach the sound card: {error}. On Debian: apt install libportaudio2"
        ) from error
    return sounddevice.InputStream(samplerate=sample_rate, device=device, channels=1, dtype="float32")


def _read(stream: Any, n_samples: int) -> Iterator[Any]:
    warned = False
    while True:
        chunk = stream.read(n_samples)
        lost = False
        if isinstance(chunk, tuple):  # sounddevice tells too whether it came too late
            chunk, lost = chunk
        if lost and not warned:
            warned = True
            warnings.warn("samples were lost: the stream gave them faster than they were heard", stacklevel=3)
        if not len(chunk):
            return
        yield chunk
