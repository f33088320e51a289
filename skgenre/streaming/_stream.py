"""A pipeline that answers while the music plays."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.utils import check_scalar

from skgenre.streaming._answers import Answers
from skgenre.streaming._checks import check_finite
from skgenre.streaming._chunks import to_mono
from skgenre.streaming._listening import Listening
from skgenre.streaming._nearest import nearest_tracks
from skgenre.streaming._parts import Parts
from skgenre.streaming._timeline import MIN_DURATION, PENALTY, Timeline
from skgenre.streaming._track import PlayingTrack
from skgenre.streaming._updates import StreamUpdate


class StreamingClassifier(Listening):
    """Let a fitted pipeline answer while the music plays.

    Push chunks as they come, of any length and at any sample rate, and read the genre of the last segment and of the
    track so far; or let it read a file, a generator or a microphone. When the track has ended, the answer is that of
    the pipeline to the whole of it: what frames reach back to, the resampler's state and the last frames are carried
    on from chunk to chunk.

    Parameters
    ----------
    pipeline : Pipeline
        A fitted Pipeline of :class:`AudioLoader`, :class:`MelExtractor` or :class:`MFCCExtractor`, and
        :class:`CNNClassifier` or :class:`RNNClassifier`. It is not changed.
    sample_rate : int, default=None
        Samples per second that are pushed, in hertz. None means what the source or the first ``push`` says, and
        where neither does, the rate of the pipeline's loader.
    average : {"track", "exponential"}, default="track"
        What the posterior of the track is taken over. "track" is the pipeline's own answer, by its pooling and over
        the part that its loader hears: with ``AudioLoader(duration=30)`` it is settled after 30 seconds, while the
        answers to segments go on. "exponential" forgets: a segment counts half after ``half_life``, and no
        ``duration`` of the loader ends it. Use that for what never ends.
    half_life : float, default=10.0
        With ``average="exponential"``, after how many seconds a segment counts half.
    every : float, default=None
        Seconds from an update to the next. None means the step of the pipeline's own segments.
    recommender : EmbeddingRecommender, default=None
        Fitted with the same pipeline as its embedder, or on its embeddings, for ``recommend``.
    labels : array-like of shape (n_labels,), default=None
        Names of the columns of ``y``, where the net was fitted with several labels a track; None numbers them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The genres, or the labels.
    posterior_ : ndarray of shape (n_classes,)
        Probability of each genre in the track so far; once it has ended, the answer of the pipeline to all of it.
        There is none before the first update.
    embedding_ : ndarray of shape (n_dims,), float32
        Embedding of the track so far, averaged in the same way.
    genre_ : object
        The most probable genre of the track so far.
    time_ : float
        Seconds of the track that have been pushed.

    See Also
    --------
    segment_recording : Where in a long recording the genre changes.

    Notes
    -----
    Extractors clip what lies 80 dB below the maximum of a track. A running answer knows the maximum so far only, so
    with "track" the frames of the track are kept, and its segments scored anew when it has ended. Frames take four
    bytes a band, some 40 MB an hour with 64 bands; what is more than 4 MB lies in a temporary file, and not in memory.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgenre import AudioLoader, CNNClassifier, MelExtractor, StreamingClassifier
    >>> seconds = np.arange(22050) / 22050
    >>> tracks = np.array([np.sin(2 * np.pi * pitch * seconds) for pitch in (110, 120, 3000, 3300)])
    >>> net = CNNClassifier(max_epochs=5, segment_frames=20, augment=False, mixup=0, random_state=0)
    >>> pipeline = make_pipeline(AudioLoader(), MelExtractor(16), net).fit(tracks, ["low", "low", "high", "high"])
    >>> with StreamingClassifier(pipeline) as live:
    ...     updates = [update for chunk in np.split(tracks[0], 10) for update in live.push(chunk)]
    >>> updates[-1]
    StreamUpdate(0.5 to 0.9 s: low)
    >>> np.allclose(live.posterior_, pipeline.predict_proba(tracks[:1])[0], atol=1e-5)
    True
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        sample_rate: int | None = None,
        average: str = "track",
        half_life: float = 10.0,
        every: float | None = None,
        recommender: Any = None,
        labels: Any = None,
    ) -> None:
        if sample_rate is not None:
            check_scalar(sample_rate, "sample_rate", Integral, min_val=1)
        if average not in ("track", "exponential"):
            raise ValueError(f'average must be "track" or "exponential", got {average!r}')
        check_finite(half_life, "half_life")
        self._parts = Parts.of(pipeline)
        self._answers = Answers(self._parts.net, labels)
        self._step = self._parts.step if every is None else self._frames_of(every)
        self._half_life = half_life if average == "exponential" else None
        self._own_rate = sample_rate
        self.recommender = recommender
        self.classes_ = self._answers.classes
        self._track: PlayingTrack | None = None
        self.reset()

    def _frames_of(self, every: Any) -> int:
        check_finite(every, "every")
        return max(1, round(every / self._parts.frame_seconds))

    def reset(self) -> Self:
        """Forget what was heard, and begin another track.

        Returns
        -------
        self : StreamingClassifier
            The stream, open again where it was closed.
        """
        if self._track is not None:
            self._track.close()
        self._track = None
        self._rate = self._own_rate
        self._n_channels: int | None = None
        self._n_heard = 0
        self._starts_at = 0.0
        self._closed = False
        return self

    def push(self, samples: Any, *, sample_rate: int | None = None) -> list[StreamUpdate]:
        """Hear a chunk.

        Parameters
        ----------
        samples : array-like of shape (n_samples,) or (n_samples, n_channels)
            The chunk, of any length: float in [-1, 1], int16 or int32. Channels are averaged.
        sample_rate : int, default=None
            Samples per second, in hertz, which must stay the same over a track. None means as before.

        Returns
        -------
        updates : list of StreamUpdate
            One for each segment that the chunk completes; mostly none. The first comes before a whole segment has
            been heard, and repeats what there is to fill one.

        Raises
        ------
        TypeError
            If the samples are of another kind.
        ValueError
            If the stream is closed, samples are NaN or infinite, or channels or rate differ from those before. What was
            heard before stays as it was.
        """
        if self._closed:
            raise ValueError("push: the track has ended and the stream is closed; reset() begins another track")
        self._check_rate(sample_rate)
        y, n_channels = to_mono(samples, self._n_channels, self.time_)
        self._rate = sample_rate or self._rate
        if not len(y):
            return []
        self._rate = rate = self._rate or self._parts.loader.sample_rate
        self._n_channels = n_channels
        skip = max(0, round((self._parts.loader.offset - self._starts_at) * rate) - self._n_heard)
        self._n_heard += len(y)
        if skip >= len(y):
            return []
        if self._track is None:
            self._track = PlayingTrack(self._parts, self._answers, rate, self._step, self._half_life)
        return list(self._track.hear(y[skip:]))

    def _check_rate(self, sample_rate: int | None) -> None:
        if sample_rate is None:
            return
        check_scalar(sample_rate, "sample_rate", Integral, min_val=1)
        if self._rate is not None and sample_rate != self._rate:
            raise ValueError(f"sample_rate must stay {self._rate} Hz over a track, got {sample_rate} Hz")

    def close(self) -> list[StreamUpdate]:
        """End the track, and answer to the whole of it.

        Returns
        -------
        updates : list of StreamUpdate
            What there was still to say; the last one is ``final``. Empty where nothing was heard, or the stream was
            closed before.
        """
        if self._closed:
            return []
        self._closed = True
        if self._track is None:
            return []
        try:
            return list(self._track.end())
        finally:
            self._track.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if error is None:
            self.close()
        elif self._track is not None:
            self._closed = True
            self._track.close()

    def recommend(
        self, recommender: Any = None, n: int = 10, *, where: Any = None, exclude: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recommend tracks like what is playing.

        Parameters
        ----------
        recommender : EmbeddingRecommender, default=None
            None means the one that the stream was made with.
        n : int, default=10
            How many tracks to recommend.
        where, exclude : default=None
            Which tracks may be an answer, as in :meth:`EmbeddingRecommender.kneighbors`.

        Returns
        -------
        ids : ndarray of shape (n,)
            Ids of the tracks nearest to ``embedding_``, the most similar first.
        scores : ndarray of shape (n,), float64
            Similarity, as :meth:`EmbeddingRecommender.recommend` gives it.

        Raises
        ------
        ValueError
            If there is no recommender, or it holds embeddings of another size.
        """
        recommender = self.recommender if recommender is None else recommender
        if recommender is None:
            raise ValueError("recommender must be given here or to StreamingClassifier, got None")
        return nearest_tracks(recommender, self.embedding_, n, where=where, exclude=exclude)

    def timeline(self, *, min_duration: float = MIN_DURATION, penalty: float = PENALTY) -> Timeline:
        """Tell where the genre has changed so far.

        Parameters
        ----------
        min_duration, penalty : float
            As :func:`segment_recording` takes them.

        Returns
        -------
        timeline : Timeline
            The sections of what was heard.
        """
        history = self._heard.history.rows
        return Timeline.of(
            history, self.classes_, self._parts.segment_seconds, min_duration=min_duration, penalty=penalty
        )

    @property
    def posterior_(self) -> np.ndarray:
        return self._heard.posterior

    @property
    def embedding_(self) -> np.ndarray:
        return self._heard.embedding

    @property
    def genre_(self) -> Any:
        return self._answers.genre(self.posterior_)

    @property
    def time_(self) -> float:
        return self._starts_at + self._n_heard / self._rate if self._rate else self._starts_at

    @property
    def _heard(self) -> PlayingTrack:
        if self._track is None or not len(self._track.history.rows):
            raise AttributeError("there is no answer yet: the first comes with the first update, or when a track ends")
        return self._track
