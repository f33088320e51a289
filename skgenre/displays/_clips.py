"""A few seconds of a track, to be heard inside a page."""

from typing import Any

from skgenre._html import middle, player
from skgenre.audio import AudioError, AudioLoader

_RATE = 22050
"""Sample rate of the clips, in hertz."""


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
    try:
        samples = AudioLoader(_RATE).transform([path])[0]
    except (AudioError, OSError):
        return '<span class="quiet">cannot be read</span>'
    return player(middle(samples, _RATE, seconds), _RATE, title)
