"""What one file is like: what it holds, how loud it is, and what is wrong with it."""

import hashlib
import math
import os
import re
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import soxr

from skgenre.audio import AudioError, decode, open_blocks, open_file
from skgenre.model_selection._audit_clipping import clipped_share
from skgenre.model_selection._fingerprint import SAMPLE_RATE, Fingerprint, fingerprint

_SILENCE_DB = -60.0
"""Level below which a moment is silent, in decibels below full scale."""

_CANCELLED_DB = -7.0
"""Level of a mix to mono below which channels cancel out, in decibels below that of channels with nothing in common."""

_MOMENT = 0.05
"""Length of a moment, in seconds."""

_AT_ONCE = 600.0
"""Seconds read in one go: all of most files."""

_UNKNOWN_SIZE = 2**31 - 2**16
"""A file that declares so many bytes was written as a stream, its length not known yet."""

_MISSING = 0.005
"""Share of a file that has to be missing: some programs write a size that is a few bytes too large."""

_NO_PEAKS = Fingerprint(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8))


@dataclass(frozen=True)
class FileFacts:
    """What was found in one file; numbers are NaN where it does not decode.

    Parameters
    ----------
    path : str
        The file.
    duration : float
        Length of what can be decoded, in seconds.
    sample_rate : float
        Samples per second, in hertz.
    channels : float
        Number of channels.
    format : str
        Container and coding, such as ``"WAV PCM_16"``; empty where it does not decode.
    peak : float
        Largest absolute sample of any channel; 1 is full scale.
    level : float
        Root mean square over all channels, in decibels below full scale; minus infinity for digital silence.
    mono : float
        Level of the mix to mono, which is what models hear, against that of all channels, in decibels: 0 where
        channels are the same, -3 where two have nothing in common, minus infinity where they cancel each other out.
    clipped : float
        Share of samples at full scale, or in tops that are flat at the channel's own peak, from 0 to 1.
    silent : float
        Share of moments below -60 dB, from 0 to 1.
    fault : str
        Why it does not decode, or what is missing from it; empty if nothing is.
    readable : bool
        Whether it decodes.
    """

    path: str
    duration: float = math.nan
    sample_rate: float = math.nan
    channels: float = math.nan
    format: str = ""
    peak: float = math.nan
    level: float = math.nan
    mono: float = math.nan
    clipped: float = math.nan
    silent: float = math.nan
    fault: str = ""
    readable: bool = True

    @property
    def out_of_phase(self) -> bool:
        """Whether the mix to mono lacks what is in the channels, as where one of two is upside down."""
        return self.mono < _CANCELLED_DB - 10 * math.log10(self.channels)


def examine(path: str) -> tuple[FileFacts, Fingerprint, bytes]:
    """Decode a file and measure it.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    facts : FileFacts
        What was found.
    peaks : Fingerprint
        Without peaks where there is nothing to hear.
    digest : bytes
        The same for files that decode to the same samples; empty where there is nothing to hear.
    """
    rate, channels, format_, log = SAMPLE_RATE, 1, "", ""
    with suppress(ValueError, OSError), open_file(path) as file:
        rate, channels = file.samplerate, file.channels
        format_, log = f"{file.format} {file.subtype}", file.extra_info
    try:
        y = decode(path, rate)
        samples = y if channels == 1 else _read_channels(path)
    except AudioError as error:
        return FileFacts(path, fault=error.cause, readable=False), _NO_PEAKS, b""
    loudest, level, silent = float(np.abs(samples).max()), _level(samples), _silent_share(samples, rate)
    facts = FileFacts(
        path,
        duration=len(y) / rate,
        sample_rate=rate,
        channels=channels,
        format=format_,
        peak=loudest,
        level=level,
        mono=_level(y) - level if level > -math.inf else math.nan,
        clipped=clipped_share(samples),
        silent=silent,
        fault=_missing_end(path, format_, log),
    )
    if silent == 1:
        return facts, _NO_PEAKS, b""
    whole = samples if facts.out_of_phase else y
    if facts.out_of_phase:  # any two of which nothing is left would be the same
        y = np.ascontiguousarray(samples[:, np.einsum("ij,ij->j", samples, samples).argmax()])
    heard = soxr.resample(y, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else y
    return facts, fingerprint(heard), hashlib.blake2b(whole.tobytes() + str(rate).encode(), digest_size=16).digest()


def _read_channels(path: str) -> np.ndarray:
    with open_blocks(path, _AT_ONCE) as blocks:
        return np.concatenate(list(blocks.samples))


def _level(samples: np.ndarray) -> float:
    power = float(np.vdot(samples, samples)) / samples.size
    return 10 * math.log10(power) if power > 0 else -math.inf


def _silent_share(samples: np.ndarray, rate: int) -> float:
    length = min(max(1, round(_MOMENT * rate)), len(samples))
    moments = samples[: len(samples) // length * length].reshape(-1, length * (samples.size // len(samples)))
    power = np.einsum("ij,ij->i", moments, moments) / moments.shape[1]
    return float((power < 10 ** (_SILENCE_DB / 10)).mean())


def _missing_end(path: str, format_: str, log: str) -> str:
    """Say what is missing at the end of a file that decodes all the same, if anything is."""
    sizes = [(int(said), int(held)) for said, held in re.findall(r":\s*(\d+)\s*\(should be (\d+)\)", log)]
    for said, held in sizes:
        if said < _UNKNOWN_SIZE and said - held > _MISSING * said:
            return f"truncated: {held:,} of {said:,} bytes are there"
    if format_.startswith("OGG") and not _has_last_page(path):
        return "truncated: its last page is missing"
    return ""


def _has_last_page(path: str) -> bool:
    """Tell whether the last page of an Ogg file, at most 64 KiB, is marked as the last."""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - 2**16))
        end = file.read()
    page = end.rfind(b"OggS")
    return page >= 0 and len(end) > page + 5 and bool(end[page + 5] & 4)
