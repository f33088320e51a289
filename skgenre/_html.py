"""What a page needs to stand alone: sounds and pictures inside it, and no file beside it."""

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
import soundfile
import soxr

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates that MP3 knows, in hertz."""


def data_uri(kind: str, content: bytes) -> str:
    """Return content as an address that holds it; ``kind`` is its media type."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def player(samples: np.ndarray, sample_rate: int, title: str) -> str:
    """Return an audio element of samples between -1 and 1; what goes beyond is clipped."""
    clip, rate = BytesIO(), min((rate for rate in _MP3_RATES if rate >= sample_rate), default=_MP3_RATES[-1])
    samples = soxr.resample(samples, sample_rate, rate) if rate != sample_rate else samples
    soundfile.write(clip, np.clip(samples, -1, 1), rate, format="MP3")
    source = data_uri("audio/mpeg", clip.getvalue())
    return f'<audio controls preload="metadata" aria-label="{escape(title)}" src="{source}"></audio>'


def middle(samples: np.ndarray, sample_rate: int, seconds: float) -> np.ndarray:
    """Return the middle of a track, all of it where it is shorter."""
    length = min(len(samples), round(seconds * sample_rate))
    start = (len(samples) - length) // 2
    return samples[start : start + length]
