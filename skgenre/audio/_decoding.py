"""Decode one track: a file, the content of a file, or samples."""

import math
from collections.abc import Iterable
from itertools import chain

import numpy as np
import soundfile
import soxr

from skgenre.audio._blocks import BLOCK, mix_channels, read_blocks
from skgenre.audio._files import (
    UNKNOWN_LENGTH,
    AudioError,
    Source,
    check_file,
    check_levels,
    open_file,
    reason,
    source_name,
    start_of,
)
from skgenre.audio._halves import is_halved, read_halves


def decode(
    source: Source, sample_rate: int, *, offset: float = 0.0, duration: float | None = None, helped: bool = False
) -> np.ndarray:
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
    helped : bool, default=False
        Whether a second thread decodes one half while this one decodes the other. The samples are the same.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Waveform; shorter than ``duration`` where the track ends before.

    Raises
    ------
    AudioError
        If the source cannot be decoded, ends before ``offset``, or holds NaN, infinite or absurdly large samples.
    """
    if isinstance(source, np.ndarray):
        if len(source) <= (start := round(offset * sample_rate)):
            at = f"offset={offset} s is not before its end, at {len(source) / sample_rate:.3f} s"
            raise AudioError(source_name(source), at)
        y = to_float32(source[start:])
    else:
        check_file(source)
        with open_file(source) as file:
            y = _read(file, source, sample_rate, offset, duration, helped)
    check_levels(y, source_name(source))
    return y


def to_float32(y: np.ndarray) -> np.ndarray:
    """Copy samples to float32, int16 and int32 scaled to [-1, 1)."""
    samples, scale = y.astype(np.float32), scale_of(y.dtype)
    if scale != 1:
        samples *= scale
    return samples


def scale_of(dtype: np.dtype) -> np.float32:
    """Return what samples of a type are multiplied by: 2**-15 for integers of 16 bits, 2**-31 for those of 32."""
    bits = 8 * dtype.itemsize
    return np.float32(2.0 ** (1 - bits) if dtype.kind == "i" and bits in (16, 32) else 1)


def _read(
    file: soundfile.SoundFile,
    source: str | bytes,
    sample_rate: int,
    offset: float,
    duration: float | None,
    helped: bool,
) -> np.ndarray:
    rate, name = file.samplerate, source_name(source)
    start = start_of(file, name, offset)
    wanted = file.frames - start
    if duration is not None:
        wanted = min(wanted, math.ceil(duration * rate))
    try:
        if wanted > UNKNOWN_LENGTH:
            raise OSError("set a duration")
        if helped and is_halved(file, wanted):
            mixed = read_halves(file, source, start, wanted)
        else:
            size = wanted if rate == sample_rate else BLOCK
            mixed = map(mix_channels, read_blocks(file, name, start, wanted, size))
        y = _joined(mixed) if rate == sample_rate else _resampled(mixed, wanted, rate, sample_rate)
    except MemoryError as error:
        cause = f"it declares {wanted / rate:.0f} s, more than memory holds: set a duration, or write it anew"
        raise AudioError(name, cause) from error
    except (soundfile.SoundFileError, OSError) as error:
        streamed = file.frames > UNKNOWN_LENGTH
        cause = "it does not declare its length: write it anew to a file" if streamed else "truncated or damaged"
        raise AudioError(name, f"{cause} ({reason(error)})") from error
    return y if len(y) else np.zeros(1, dtype=np.float32)


def _joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    first, *others = parts
    return np.concatenate([first, *others]) if others else first


def _resampled(parts: Iterable[np.ndarray], n_samples: int, rate: int, sample_rate: int) -> np.ndarray:
    stream = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32")
    # Parts are put into place at once: memory that is used again costs nothing, and new memory as much as mixing.
    y, n_written = np.empty(n_samples * sample_rate // rate + 1, dtype=np.float32), 0
    for part in chain(parts, [None]):
        samples = np.empty(0, dtype=np.float32) if part is None else part
        resampled = stream.resample_chunk(samples, last=part is None)
        y[n_written : n_written + len(resampled)] = resampled
        n_written += len(resampled)
    return y[:n_written]


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
