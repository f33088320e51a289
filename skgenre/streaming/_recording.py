"""Where in a long recording the genre changes."""

from typing import Any

from skgenre.streaming._stream import StreamingClassifier
from skgenre.streaming._timeline import MIN_DURATION, PENALTY, Timeline


def segment_recording(
    pipeline: Any,
    source: Any,
    *,
    min_duration: float = MIN_DURATION,
    penalty: float = PENALTY,
    every: float = 1.0,
    sample_rate: int | None = None,
    labels: Any = None,
) -> Timeline:
    """Find where the genre changes in a long recording, such as a DJ set or an hour of radio.

    The recording is heard block by block, all of it, whatever ``duration`` the loader has, and divided into sections
    so that the answers to their segments fit best, with a price on each change.

    Parameters
    ----------
    pipeline : Pipeline
        A fitted pipeline, as :class:`StreamingClassifier` takes it.
    source : path, bytes, open binary file, open stream or iterable of array-like
        The recording, as :meth:`StreamingClassifier.stream` takes it.
    min_duration : float, default=15.0
        How long a section lasts at least, in seconds.
    penalty : float, default=2.0
        What a change has to bring: how much better the answers to a section must fit its genre than that of its
        neighbours, as the logarithm of a likelihood ratio, in nats. Higher values give fewer sections.
    every : float, default=1.0
        Seconds from an answer to the next: how finely changes are placed.
    sample_rate : int, default=None
        Samples per second, in hertz, of a source that does not tell. None means the loader's.
    labels : array-like of shape (n_labels,), default=None
        Names of the labels of a net that was fitted with several a track. Sections are then named by that which is
        most probable.

    Returns
    -------
    timeline : Timeline
        The sections, with the answers that they were made of.

    Raises
    ------
    AudioError
        If a file cannot be decoded.
    ValueError
        If the source holds no samples, or a parameter is out of its range.

    See Also
    --------
    TimelineDisplay : Draws the sections as a coloured time line.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgenre import AudioLoader, CNNClassifier, MelExtractor, segment_recording
    >>> seconds = np.arange(22050) / 22050
    >>> tracks = np.array([np.sin(2 * np.pi * pitch * seconds) for pitch in (110, 120, 3000, 3300)])
    >>> net = CNNClassifier(max_epochs=20, segment_frames=20, augment=False, mixup=0, random_state=0)
    >>> pipeline = make_pipeline(AudioLoader(), MelExtractor(16), net).fit(tracks, ["low", "low", "high", "high"])
    >>> recording = np.concatenate([np.tile(tracks[0], 20), np.tile(tracks[2], 30)])
    >>> timeline = segment_recording(pipeline, [recording])
    >>> [section.genre for section in timeline]
    ['low', 'high']
    >>> abs(float(timeline.changes[0]) - 20) < 1
    True
    """
    live = StreamingClassifier(pipeline, sample_rate=sample_rate, average="exponential", every=every, labels=labels)
    for _ in live.stream(source, block=1.0):
        pass
    if not hasattr(live, "posterior_"):
        raise ValueError("source must hold at least one sample, got none")
    return live.timeline(min_duration=min_duration, penalty=penalty)
