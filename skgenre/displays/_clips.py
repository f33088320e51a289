"""A few seconds of a track, to be heard inside a page."""

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
import soundfile

from skgenre.audio import AudioError, Waveforms


def audio_element(path: Any, title: str, seconds: float) -> str:
    """Return a player of the middle of a track, with the sound inside: a page needs no file beside it.

    Parameters
    ----------
    path : str, Path or open binary file
        The track.
    title : str
        What the player is called.
    seconds : float
        Length of the clip, in seconds.

    Returns
    -------
    html : str
        An audio element, or a remark where the file cannot be read.
    """
    tracks = Waveforms([path])
    try:
        samples = tracks[0]
    except (AudioError, OSError):
        return '<span class="quiet">cannot be read</span>'
    rate = tracks.sample_rate
    start = max(0, (len(samples) - round(seconds * rate)) // 2)
    clip = BytesIO()
    soundfile.write(clip, np.clip(samples[start : start + round(seconds * rate)], -1, 1), rate, format="MP3")
    source = f"data:audio/mpeg;base64,{b64encode(clip.getvalue()).decode()}"
    return f'<audio controls preload="none" aria-label="{escape(title)}" src="{source}"></audio>'
