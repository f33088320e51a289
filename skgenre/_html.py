"""What a page needs to stand alone: sounds and pictures inside it, and no file beside it."""

from base64 import b64encode
from html import escape
from io import BytesIO

import numpy as np
import soundfile


def data_uri(kind: str, content: bytes) -> str:
    """Return content as an address that holds it; ``kind`` is its media type."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def player(samples: np.ndarray, sample_rate: int, title: str) -> str:
    """Return an audio element of samples between -1 and 1; what goes beyond is clipped."""
    clip = BytesIO()
    soundfile.write(clip, np.clip(samples, -1, 1), sample_rate, format="MP3")
    source = data_uri("audio/mpeg", clip.getvalue())
    return f'<audio controls preload="metadata" aria-label="{escape(title)}" src="{source}"></audio>'


def middle(samples: np.ndarray, sample_rate: int, seconds: float) -> np.ndarray:
    """Return the middle of a track, all of it where it is shorter."""
    length = min(len(samples), round(seconds * sample_rate))
    start = (len(samples) - length) // 2
    return samples[start : start + length]
