"""Decode one track a block at a time: an hour of music takes no more memory than a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile

from skgenre.audio._decoding import (
    UNKNOWN_LENGTH,
    AudioError,
    check_file,
    check_length,
    open_file,
    reason,
    source_name,
    start_of,
)


@dataclass
class Blocks:
    """The samples of a file, to be read once and in order.

    Parameters
    ----------
    sample_rate : int
        Samples per second of the file, in hertz.
    samples : iterator of ndarray of shape (n_samples, n_channels), float32
        The blocks.
    """

    sample_rate: int
    samples: Iterator[np.ndarray]


@contextmanager
def open_blocks(source: str | bytes, seconds: float, *, offset: float = 0.0) -> Iterator[Blocks]:
    """Open a file to decode it in blocks: the samples are those that ``decode`` reads in one go.

    Parameters
    ----------
    source : str or bytes
        Path, or content of a file.
    seconds : float
        Length of a block, in seconds.
    offset : float, default=0.0
        Where to start, in seconds.

    Yields
    ------
    blocks : Blocks
        The sample rate, and the blocks while the file is open.

    Raises
    ------
    AudioError
        If the source cannot be decoded, or ends before ``offset``; while blocks are read, if it is truncated, damaged,
        or holds NaN or infinite samples.
    """
    check_file(source)
    with open_file(source) as file:
        name = source_name(source)
        start = start_of(file, name, offset)
        file.seek(start)
        # Between two reads soundfile seeks, which costs an mp3 the bits that one frame lends the next.
        file.seekable = lambda: False
        yield Blocks(file.samplerate, _read(file, name, file.frames - start, seconds))


def _read(file: Any, name: str, n_wanted: int, seconds: float) -> Iterator[np.ndarray]:
    n_read, size = 0, max(1, round(seconds * file.samplerate))
    try:
        while len(block := file.read(size, dtype="float32", always_2d=True)):
            if not np.isfinite(block).all():
                raise AudioError(name, "it holds NaN or infinite samples")
            n_read += len(block)
            yield block
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(name, f"truncated or damaged ({reason(error)})") from error
    if n_wanted < UNKNOWN_LENGTH:
        check_length(name, n_read, n_wanted, file.samplerate)
