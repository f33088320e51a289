"""Read one track in two threads, a half in each, to the samples that one thread reads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import soundfile

from skgenre._threads import may_start_threads
from skgenre.audio._blocks import BLOCK, mix_channels, read_blocks
from skgenre.audio._files import AudioError, open_file, source_name

FORMATS = ("FLAC", "MP3", "OGG")
"""What takes long to decode; other formats are read about as fast as a thread is begun."""

LENGTHS = range(2**18, 2**24)
"""Samples that are worth halving: fewer are soon read, and half of more takes much memory."""

SEAM = 2**12
"""Samples at the end of the first half that the second one begins with: some frames of an mp3."""


def is_halved(file: soundfile.SoundFile, n_wanted: int) -> bool:
    """Tell whether a second thread can be had, and is worth its cost."""
    return file.format in FORMATS and n_wanted in LENGTHS and may_start_threads()


def read_halves(file: soundfile.SoundFile, source: str | bytes, start: int, n_wanted: int) -> Iterator[np.ndarray]:
    """Yield the samples of a file from ``start`` on, its channels averaged, while another thread reads the second half.

    They are float32 arrays of shape (n_samples,); errors are those of ``read_blocks``.

    After a jump a decoder may give other samples than one that comes there in order, or land beside the place. So the
    second half begins with samples that the first one ends with. They have to be the same, and not silence, which is
    the same everywhere; else this thread reads on, and says what is wrong with the file. Last digits may still differ
    behind a damaged place of an mp3.
    """
    name = source_name(source)
    middle = n_wanted * 9 // 20 // BLOCK * BLOCK  # who reads the first half has more to do with it
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(_read_rest, source, start + middle - SEAM, n_wanted - middle + SEAM)
        n_read = 0
        for block in map(mix_channels, read_blocks(file, name, start, n_wanted, BLOCK)):
            yield block
            n_read += len(block)
            if n_read == middle:
                rest, ending = other.result(), block[-SEAM:]
                if ending.any() and np.array_equal(ending, rest[:SEAM]):
                    yield rest[SEAM:]
                    return


def _read_rest(source: str | bytes, start: int, n_wanted: int) -> np.ndarray:
    """Return the samples from ``start`` on, or none where not all can be read."""
    rest, n_read = np.empty(n_wanted, dtype=np.float32), 0
    try:
        with open_file(source) as file:
            for block in map(mix_channels, read_blocks(file, source_name(source), start, n_wanted, BLOCK)):
                rest[n_read : n_read + len(block)] = block
                n_read += len(block)
    except (AudioError, soundfile.SoundFileError, OSError):
        return rest[:0]
    return rest if n_read == n_wanted else rest[:0]
