"""What an explanation holds, and the ways to look at it and to listen to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.ndimage import uniform_filter

from skgenre.explanations._hearing import Heard
from skgenre.explanations._page import explanation_html
from skgenre.explanations._pictures import draw_descriptors, draw_map
from skgenre.explanations._sound import keep_cells, keep_segments
from skgenre.explanations._tracks import Settings, TrackAttribution, starts_of


class Segment(NamedTuple):
    """A part of a track: ``start`` and ``stop`` in seconds (in frames where the rate is not known), and its ``score``.

    The score is the sum of the attributions in it.
    """

    start: float
    stop: float
    score: float


@dataclass(eq=False, repr=False)
class Explanation:
    """Why a model gives a track the probability of a genre that it does; :func:`explain` makes it.

    In a notebook it shows itself, with a picture and players. Attributions are above 0 where they speak for the genre,
    and below 0 where they speak against it.

    Parameters
    ----------
    title : str
        What the track is called.
    target : object
        The genre.
    method : str
        How it was found out.
    probability : float or None
        Probability of the genre, as the model estimates it; None where it gives no probabilities.
    unit : {"log-odds", "decision", "probability", "cosine similarity", "negative distance"}
        What the score is.
    score : float
        What was explained.
    base_score : float
        The same where everything is hidden.
    attribution : ndarray of shape (n_bands, n_frames), default=None
        What each cell of the features is worth, in units of the score; None where the model takes a table.
    features : ndarray of shape (n_bands, n_frames), default=None
        The features.
    names : ndarray of shape (n_bands,) of str, default=None
        Names of the bands.
    frame_seconds : float, default=None
        Time from one frame to the next, in seconds; None where the features came from elsewhere.
    frequencies : ndarray of shape (n_bands,), default=None
        Centre of each band, in hertz: of a mel spectrogram. The bands of MFCC are coefficients and have none.
    descriptors : dict of str to float, default={}
        What each named column is worth, the weightiest first; empty where the model takes features over time.
    waveform : ndarray of shape (n_samples,), default=None
        The sound, where it is known.
    sample_rate : int, default=None
        Its samples per second, in hertz.
    part : str, default=None
        The part of a vote that was explained.
    column : int, default=None
        Column of the genre in ``predict_proba``.
    n_fft : int, default=None
        Length of the windows that the features were extracted with, in samples.
    segment_starts : ndarray of shape (n_segments,), default=None
        First frame of each segment that the net looked at.
    segment_frames : int, default=None
        Frames of a segment.
    settings : object, default=None
        How finely the method looked, for the checks that explain again.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import Explanation
    >>> attribution = np.zeros((4, 100))
    >>> attribution[2, 40:60] = 0.1
    >>> explanation = Explanation(
    ...     "song.mp3", "jazz", "occlusion", 0.8, "log-odds", 2.0, 0.0, attribution, attribution, frame_seconds=0.1
    ... )
    >>> explanation
    <Explanation of 'jazz' (80 %) in song.mp3 by occlusion>
    >>> [segment] = explanation.top_segments(1, duration=2.0)
    >>> segment.start, segment.stop, round(segment.score, 3)
    (4.0, 6.0, 2.0)
    """

    title: str
    target: Any
    method: str
    probability: float | None
    unit: str
    score: float
    base_score: float
    attribution: Any = None
    features: Any = None
    names: Any = None
    frame_seconds: Any = None
    frequencies: Any = None
    descriptors: Mapping[str, float] = field(default_factory=dict)
    waveform: Any = None
    sample_rate: Any = None
    part: str | None = None
    column: Any = None
    n_fft: Any = None
    segment_starts: Any = None
    segment_frames: Any = None
    settings: Any = None

    @property
    def times(self) -> np.ndarray:
        """Time of each frame, in seconds, or its number where the rate is not known: shape (n_frames,)."""
        return np.arange(self._map().shape[1]) * (self.frame_seconds or 1.0)

    @property
    def segments(self) -> list[Segment]:
        """The segments that the net looked at, which may overlap, in their order."""
        n_frames = self._map().shape[1]
        starts = [0] if self.segment_starts is None else self.segment_starts
        length = self.segment_frames or n_frames
        return [self._segment(int(start), min(start + length, n_frames)) for start in starts]

    @property
    def completeness_error(self) -> float:
        """How far the attributions are from adding up to what the score gains over nothing, as a share of it.

        Small for ``"integrated_gradients"``, and zero but for rounding for ``"shap"``; the other methods do not promise
        it.
        """
        parts = self._map() if self.attribution is not None else np.array(list(self.descriptors.values()))
        gain = self.score - self.base_score
        return float(abs(parts.sum() - gain) / max(abs(gain), 1e-12))

    @property
    def groups(self) -> dict[str, float]:
        """The descriptors added up by group, such as ``"rhythm"``: by what stands before ``__`` in their names."""
        sums: dict[str, float] = {}
        for name, value in self.descriptors.items():
            group = name.partition("__")[0]
            sums[group] = sums.get(group, 0.0) + value
        return dict(sorted(sums.items(), key=lambda item: -abs(item[1])))

    def top_segments(self, n: int = 3, *, duration: float = 1.0) -> list[Segment]:
        """Find the parts of the track that speak loudest for the genre.

        Parameters
        ----------
        n : int, default=3
            How many parts at most; those that do not speak for it are left out.
        duration : float, default=1.0
            Length of a part, in seconds, or in frames where the rate is not known.

        Returns
        -------
        segments : list of Segment
            Parts that do not overlap, the weightiest first.

        Raises
        ------
        ValueError
            If the explanation is one of descriptors, which have no time.
        """
        of_frames = self._map().sum(axis=0)
        length = min(max(1, round(duration / (self.frame_seconds or 1.0))), len(of_frames))
        sums = np.convolve(of_frames, np.ones(length), mode="valid")
        found: list[Segment] = []
        while len(found) < n and (start := int(sums.argmax())) >= 0 and sums[start] > 0:
            found.append(self._segment(start, start + length))
            sums[max(0, start - length + 1) : start + length] = -np.inf
        return found

    def smooth(self, bands: int = 3, frames: int = 5) -> "Explanation":
        """Average each cell with its neighbours, for methods that judge single cells, as integrated gradients.

        Neighbouring cells of a spectrogram hold the same sound, and what one takes away from the other is not heard.

        Parameters
        ----------
        bands, frames : int, default=3 and 5
            How many to average over; odd, or attributions would be moved to one side.

        Returns
        -------
        explanation : Explanation
            Another explanation, whose attributions add up to the same.

        Raises
        ------
        ValueError
            If a number is even or less than one.
        """
        if not all(size >= 1 and size % 2 == 1 for size in (bands, frames)):
            raise ValueError(f"bands and frames must be odd numbers from 1 on, got {bands} and {frames}")
        return replace(self, attribution=uniform_filter(self._map(), (bands, frames), mode="reflect"))

    def to_audio(self, keep: str = "cells", *, n_segments: int = 3, duration: float = 1.0) -> tuple[np.ndarray, int]:
        """Give the parts of the sound that spoke for the genre, to listen to.

        Parameters
        ----------
        keep : {"cells", "segments"}, default="cells"
            ``"cells"`` lets through where and at which frequencies the attribution is above 0, the more the higher it
            is; where bands are no frequencies, as those of MFCC, it goes by time alone. ``"segments"`` keeps the top
            segments as they are, faded in and out, one after the other.
        n_segments : int, default=3
            How many segments to keep.
        duration : float, default=1.0
            Length of each, in seconds.

        Returns
        -------
        samples : ndarray of shape (n_samples,), float32
            The sound, within [-1, 1].
        sample_rate : int
            Its samples per second, in hertz.

        Raises
        ------
        ValueError
            If the sound is not known, or the explanation is one of descriptors.
        """
        values = self._map()
        if self.waveform is None or self.sample_rate is None or self.frame_seconds is None:
            raise ValueError("there is no sound to keep parts of: explain a Pipeline that begins with an AudioLoader")
        if keep == "segments":
            parts = self.top_segments(n_segments, duration=duration)
            return keep_segments(self.waveform, self.sample_rate, parts), self.sample_rate
        if keep != "cells":
            raise ValueError(f"keep must be 'cells' or 'segments', got {keep!r}")
        hop_length = round(self.frame_seconds * self.sample_rate)
        sizes = {"n_fft": self.n_fft or 2048, "hop_length": hop_length}
        return keep_cells(self.waveform, self.sample_rate, values, self.frequencies, **sizes), self.sample_rate

    def plot(self, ax: Any = None, *, n_descriptors: int = 15) -> Self:
        """Draw the spectrogram with the attributions over it; of descriptors, a bar for each of the weightiest.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.
        n_descriptors : int, default=15
            How many bars to draw.

        Returns
        -------
        explanation : Explanation
            The object itself, with ``ax_`` and ``figure_``.
        """
        self.ax_ = draw_descriptors(self, ax, n_descriptors) if self.attribution is None else draw_map(self, ax)
        self.figure_ = self.ax_.figure
        return self

    def _map(self) -> np.ndarray:
        if self.attribution is None:
            raise ValueError("an explanation of descriptors has no times and frequencies: look at its descriptors")
        return self.attribution

    def _segment(self, start: int, stop: int) -> Segment:
        step = self.frame_seconds or 1.0
        return Segment(float(start * step), float(stop * step), float(self._map()[:, start:stop].sum()))

    @property
    def headline(self) -> str:
        """What is explained, in words."""
        probability = "" if self.probability is None else f" ({100 * self.probability:.0f} %)"
        return f"{str(self.target)!r}{probability} in {self.title}"

    def __repr__(self) -> str:
        return f"<Explanation of {self.headline} by {self.method}>"

    def _repr_html_(self) -> str:
        return explanation_html(self)


def of_net(heard: Heard, found: TrackAttribution, settings: Settings) -> dict[str, Any]:
    """Return the fields of an explanation that come from a net and what it heard."""
    return {
        "attribution": found.values,
        "score": found.score,
        "base_score": found.base_score,
        "features": heard.matrix,
        "names": heard.names,
        "frame_seconds": heard.frame_seconds,
        "frequencies": heard.frequencies,
        "waveform": heard.waveform,
        "sample_rate": heard.sample_rate,
        "n_fft": getattr(heard.extractor, "n_fft", None),
        "segment_starts": starts_of(heard.model, heard.matrix),
        "segment_frames": heard.model.segment_frames_,
        "settings": settings,
    }
