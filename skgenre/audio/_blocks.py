"""Read one track a block at a time: an hour of music takes no more memory than a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile

from skgenre.audio._files import (
    UNKNOWN_LENGTH,
    AudioError,
    check_file,
    check_length,
    check_levels,
    open_file,
    reason,
    source_name,
    start_of,
)

BLOCK = 2**16
"""Samples of each channel read at once: few enough to be in the cache still when they are mixed and resampled, and to
get the same memory again each time, which larger arrays do not; and enough that threads seldom wait for each other's
turn in Python between two reads."""

LEAD = 2**13
"""Samples decoded before the part that is wanted of an mp3."""

LAST_PAGE = 2**17
"""Samples at the end of an Ogg Vorbis file, where a jump may land beside the place."""


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
        size = max(1, round(seconds * file.samplerate))
        yield Blocks(file.samplerate, _checked(read_blocks(file, name, start, file.frames - start, size), name))


def read_blocks(file: Any, name: str, start: int, n_wanted: int, size: int) -> Iterator[np.ndarray]:
    """Yield the samples of a file from ``start`` on, as float32 arrays of shape (n_samples, n_channels).

    They are those that one read gives. Raises ``AudioError`` where fewer come than are wanted and should be there, and
    ``OSError`` where nobody knows how many these are.
    """
    lead = min(start, _lead(file, start))
    file.seek(start - lead)
    file.seekable = lambda: False  # soundfile would jump between two reads
    if lead:
        file.read(lead)
    n_read, is_full = 0, True
    while is_full and n_read < n_wanted:
        n_asked = min(size, n_wanted - n_read)
        block = file.read(n_asked, dtype="float32", always_2d=True)
        n_read += len(block)
        is_full = len(block) == n_asked
        yield block
    if n_wanted < UNKNOWN_LENGTH:
        if n_read < n_wanted and file.frames > UNKNOWN_LENGTH:
            raise OSError(f"{n_read / file.samplerate:.2f} s could be decoded")
        check_length(name, n_read, n_wanted, file.samplerate)


def _lead(file: Any, start: int) -> int:
    """Return how many samples before the start have to be decoded too, for a jump to it may go wrong."""
    if file.format == "MP3":  # the first frames lack the bits that those before lend them
        return LEAD
    return LAST_PAGE if file.subtype == "VORBIS" and file.frames - start < LAST_PAGE else 0


def mix_channels(channels: np.ndarray) -> np.ndarray:
    """Average channels, one after the other: each sample by itself, so that blocks of any size give the same."""
    first, *others = channels.T
    if not others:
        return first
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is told of the track as a whole
        y = first + others[0]
        for channel in others[1:]:
            y += channel
        y *= np.float32(1 / len(channels.T))
    return y


def _checked(blocks: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    try:
        for block in blocks:
            if block.size:
                check_levels(block, name)
            yield block
    except (soundfile.SoundFileError, OSError) as error:
        raise AudioError(name, f"truncated or damaged ({reason(error)})") from error
