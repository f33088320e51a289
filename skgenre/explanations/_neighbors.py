"""Why a recommender takes two tracks for alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgenre._html import player
from skgenre._names import shorten
from skgenre.audio import is_paths
from skgenre.explanations._explanation import Explanation, of_net
from skgenre.explanations._hearing import hear, is_net, steps_of
from skgenre.explanations._methods import check_method
from skgenre.explanations._page import as_html, picture
from skgenre.explanations._pictures import LONGEST_NAME, draw_bars, draw_map, new_axes
from skgenre.explanations._score import SegmentScore, batches, similarity
from skgenre.explanations._tracks import attribute_track, choose_settings, starts_of
from skgenre.segments import cut_segments


class SegmentPair(NamedTuple):
    """A part of one track and the part of another that it is like: times in seconds, and how similar they are."""

    start_a: float
    stop_a: float
    start_b: float
    stop_b: float
    similarity: float


@dataclass(eq=False, repr=False)
class NeighborExplanation:
    """What makes two tracks similar; :func:`explain_neighbors` makes it, and a notebook shows it.

    Parameters
    ----------
    titles : tuple of (str, str)
        What the tracks are called.
    unit : {"cosine similarity", "negative distance"}
        How similarity is measured.
    similarity : float
        How similar the two are.
    a, b : Explanation, default=None
        What in each of them makes it like the other, over time and frequency; None where the embedder is no net.
    segment_similarities : ndarray of shape (n_segments_a, n_segments_b), default=None
        How similar each segment of the one is to each of the other.
    descriptors : dict of str to float, default={}
        Where the embedder is no net, what each column of the embedding adds to the similarity, the weightiest first.
    """

    titles: tuple[str, str]
    unit: str
    similarity: float
    a: Explanation | None = None
    b: Explanation | None = None
    segment_similarities: np.ndarray | None = None
    descriptors: Mapping[str, float] = field(default_factory=dict)

    def top_pairs(self, n: int = 3) -> list[SegmentPair]:
        """Find the segments that are most alike, each in one pair at most.

        Parameters
        ----------
        n : int, default=3
            How many pairs at most.

        Returns
        -------
        pairs : list of SegmentPair
            The most similar first.

        Raises
        ------
        ValueError
            If the embedder is no net, and so has no segments.
        """
        if self.a is None or self.b is None or self.segment_similarities is None:
            raise ValueError("an embedder that is no net has no segments: look at the descriptors")
        left, segments = self.segment_similarities.copy(), (self.a.segments, self.b.segments)
        pairs: list[SegmentPair] = []
        while len(pairs) < n and np.isfinite(left).any():
            row, column = np.unravel_index(left.argmax(), left.shape)
            one, other = segments[0][row], segments[1][column]
            pairs.append(SegmentPair(one.start, one.stop, other.start, other.stop, float(left[row, column])))
            left[row], left[:, column] = -np.inf, -np.inf
        return pairs

    def plot(self, axes: Any = None, *, n_descriptors: int = 15) -> Self:
        """Draw the two spectrograms one above the other, with what makes them alike; or a bar for each descriptor.

        Parameters
        ----------
        axes : sequence of two matplotlib Axes, or Axes for descriptors, default=None
            Where to draw. None makes a new figure.
        n_descriptors : int, default=15
            How many bars to draw.

        Returns
        -------
        explanation : NeighborExplanation
            The object itself, with ``ax_`` and ``figure_``.
        """
        titles = title, other = [shorten(title, LONGEST_NAME) for title in self.titles]
        if self.a is None or self.b is None:
            self.ax_ = draw_bars(self.descriptors, axes, n_descriptors)
            self.ax_.set_xlabel(f"Makes them less alike (left)\nor more (right), {self.unit}")
            text = f"{title}\nand {other}: {self.similarity:.2f}"
            self.ax_.set_title(text, parse_math=False, fontsize="medium")
            self.figure_ = self.ax_.figure
            return self
        axes = new_axes(8, 7, n_rows=2) if axes is None else axes
        for ax, explanation, own, its in zip(axes, (self.a, self.b), titles, titles[::-1], strict=True):
            draw_map(explanation, ax)
            ax.set_title(f"What in {own} is like {its}", parse_math=False, fontsize="medium")
        self.ax_, self.figure_ = axes, axes[0].figure
        return self

    def __repr__(self) -> str:
        return f"<NeighborExplanation of {self.titles[0]} and {self.titles[1]}: {self.unit} {self.similarity:.3f}>"

    def _repr_html_(self) -> str:
        parts = [picture(self.plot, repr(self)[1:-1])]
        a, b = self.a, self.b
        if a is None or b is None or a.waveform is None or b.waveform is None:
            return as_html(parts)
        rows = ""
        for pair in self.top_pairs():
            cells = ""
            for one, start, stop in ((a, pair.start_a, pair.stop_a), (b, pair.start_b, pair.stop_b)):
                rate = one.sample_rate or 1
                sound = one.waveform[round(start * rate) : round(stop * rate)]
                title = f"{one.title}, {start:.1f} to {stop:.1f} s"
                cells += f"<td>{escape(title)}{player(sound, rate, title)}</td>"
            rows += f'<tr><td class="quiet">{pair.similarity:.2f}</td>{cells}</tr>\n'
        return as_html([*parts, f"<table>{rows}</table>"])


def explain_neighbors(
    recommender: Any,
    a: Any,
    b: Any,
    method: str = "occlusion",
    *,
    patch: tuple[int, int] | None = None,
    n_samples: int | None = None,
    random_state: Any = None,
) -> NeighborExplanation:
    """Explain why a recommender takes two tracks for alike: which parts of them, and which bands.

    Where it embeds by a net, what each cell of a track adds to the mean similarity between its segments and the other
    track. Where it embeds by descriptors, what each of them adds to the similarity, exactly.

    Parameters
    ----------
    recommender : EmbeddingRecommender
        Fitted, with an embedder, or with embeddings whose columns have names.
    a, b : id or path
        The tracks; for a net they must be paths, or the ids of the recommender must be.
    method : {"occlusion", "integrated_gradients", "grad_cam", "shap"}, default="occlusion"
        As :func:`explain` takes it, for nets.
    patch : tuple of (int, int), default=None
        Bands and frames that are hidden together, as :func:`explain` takes it.
    n_samples : int, default=None
        As :func:`explain` takes it.
    random_state : int, RandomState instance or None, default=None
        Seeds ``method="shap"``.

    Returns
    -------
    explanation : NeighborExplanation
        Look at it with ``plot()``, or let a notebook show it.

    Raises
    ------
    AudioError
        If a track does not decode.
    sklearn.exceptions.NotFittedError
        If the recommender is not fitted.
    ValueError
        If the method is unknown, or a track is neither an id nor a path.

    See Also
    --------
    explain : Explains the genre of one track.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgenre import EmbeddingRecommender, explain_neighbors
    >>> table = pd.DataFrame({"tempo": [2.0, 1.8, 0.1], "loudness": [0.1, 0.3, 3.0]})
    >>> recommender = EmbeddingRecommender().fit(table, track_ids=["a", "b", "c"])
    >>> list(explain_neighbors(recommender, "a", "b").descriptors)
    ['tempo', 'loudness']
    """
    check_method(method)
    check_is_fitted(recommender)
    titles = _title(a), _title(b)
    embedder = recommender.embedder_
    if embedder is None or not is_net(list(steps_of(embedder))[-1]):
        return _of_columns(recommender, [a, b], titles)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    return _of_net(recommender, [_path(a), _path(b)], titles, method, patch, n_samples, seed)


def _of_net(
    recommender: Any, paths: list, titles: tuple[str, str], method: str, patch: Any, n_samples: Any, seed: int
) -> NeighborExplanation:
    heard = [hear(recommender.embedder_, path) for path in paths]
    matrices = [one.matrix for one in heard]
    net = heard[0].model
    embeddings = np.asarray(net.transform(matrices))
    settings = choose_settings(net, method, None, patch, n_samples, seed)
    unit = "cosine similarity" if recommender.metric == "cosine" else "negative distance"
    found = []
    for one, other, title in ((0, 1, titles[1]), (1, 0, titles[0])):
        read = similarity(embeddings[other], recommender.metric)
        starts = starts_of(net, matrices[one])
        values = attribute_track(net, matrices[one], read, np.full(len(starts), 1 / len(starts)), settings)
        about: dict[str, Any] = {
            "title": titles[one],
            "target": title,
            "method": method,
            "probability": None,
            "unit": unit,
        }
        found.append(Explanation(**about, **of_net(heard[one], values, settings)))
    in_a, in_b = (_embed_segments(net, matrix) for matrix in matrices)
    together = _similarities(in_a, in_b, recommender.metric)
    (whole,) = _similarities(embeddings[:1], embeddings[1:], recommender.metric)[0]
    return NeighborExplanation(titles, unit, float(whole), found[0], found[1], together)


def _of_columns(recommender: Any, tracks: list, titles: tuple[str, str]) -> NeighborExplanation:
    """Split a similarity into what each column adds to it."""
    one, other = (_vector(recommender, track) for track in tracks)
    if recommender.metric == "cosine":
        unit, parts = "cosine similarity", one * other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)
    else:
        unit, gaps = "negative distance", (one - other) ** 2
        parts = -gaps / max(float(np.sqrt(gaps.sum())), 1e-12)
    embedder = recommender.embedder_
    if hasattr(embedder, "get_feature_names_out"):
        names = embedder.get_feature_names_out()
    else:
        names = getattr(recommender, "feature_names_in_", [f"dimension{number}" for number in range(len(parts))])
    order = np.argsort(-np.abs(parts), kind="stable")
    descriptors = {str(names[place]): float(parts[place]) for place in order}
    return NeighborExplanation(titles, unit, float(parts.sum()), descriptors=descriptors)


def _vector(recommender: Any, track: Any) -> np.ndarray:
    """Return the embedding of an id, or of a path."""
    ids = recommender.track_ids_.tolist()
    name = str(track) if isinstance(track, Path) else track
    if name in ids:
        return np.asarray(recommender.embeddings_[ids.index(name)], dtype=np.float64)
    if recommender.embedder_ is None:
        raise ValueError(f"tracks must be among the track_ids where embedder is None, got {track!r}")
    return np.asarray(recommender.embedder_.transform([track]), dtype=np.float64)[0]


def _embed_segments(net: Any, matrix: np.ndarray) -> np.ndarray:
    def embed(module: Any, inputs: Any) -> Any:
        return module.embed(inputs)

    score = SegmentScore.of(net, embed)
    segments = cut_segments(matrix, starts_of(net, matrix), net.segment_frames_)
    return score.of_batches(score.tensor(segments[part]) for part in batches(len(segments)))


def _similarities(one: np.ndarray, other: np.ndarray, metric: str) -> np.ndarray:
    return cosine_similarity(one, other) if metric == "cosine" else -euclidean_distances(one, other)


def _path(track: Any) -> Any:
    if not is_paths([track]):
        raise ValueError(f"tracks must be paths where the embedder is a net, for it hears them again, got {track!r}")
    return track


def _title(track: Any) -> str:
    return str(track).replace("\\", "/").rpartition("/")[2]
