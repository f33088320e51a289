"""A collection of tracks, drawn as a map of its embeddings."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from skgenre._optional import import_optional

# Okabe and Ito's palette with a brown for its yellow, which is lost on white. From the ninth genre the colours come
# again with open markers, and from the eleventh the markers too: no two of the first forty genres look alike.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_FEWEST_TRACKS, _FEW_TRACKS = 5, 12


class EmbeddingMapDisplay:
    """Draw a collection of tracks as a map, on which tracks that sound alike to a model lie near each other.

    Use it to see which genres a model keeps apart and which run into each other. Genres differ by colour and by
    marker, in colours that the colour-blind can tell apart. Make it with :meth:`from_estimator` or
    :meth:`from_embeddings`.

    Parameters
    ----------
    coordinates : array-like of shape (n_tracks, 2)
        Where each track lies.
    y : array-like of shape (n_tracks,), default=None
        The genre of each track. None draws all tracks alike and no legend.
    explained_variance_ratio : array-like of shape (2,), default=None
        The share of the variance that each axis shows, from 0 to 1, where the axes have a meaning (PCA). None
        leaves the axes bare: on a t-SNE map they mean nothing.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The map.
    figure_ : matplotlib Figure
        The figure it is in.
    legend_ : matplotlib Legend or None
        The genres, beside or below the map.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import EmbeddingMapDisplay
    >>> rng = np.random.default_rng(0)
    >>> embeddings = np.concatenate([rng.normal(-1, 0.3, (20, 8)), rng.normal(1, 0.3, (20, 8))])
    >>> genres = ["blues"] * 20 + ["metal"] * 20
    >>> display = EmbeddingMapDisplay.from_embeddings(embeddings, genres, random_state=0)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['blues', 'metal']
    """

    def __init__(
        self, coordinates: ArrayLike, *, y: ArrayLike | None = None, explained_variance_ratio: ArrayLike | None = None
    ) -> None:
        self.coordinates = check_array(coordinates, input_name="coordinates")
        if self.coordinates.shape[1] != 2:
            raise ValueError(f"coordinates must have two columns, got {self.coordinates.shape[1]}")
        self.y = None if y is None else column_or_1d(y, input_name="y")
        check_consistent_length(self.coordinates, self.y)
        self.explained_variance_ratio = explained_variance_ratio

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: ArrayLike | None = None, **options: Any
    ) -> "EmbeddingMapDisplay":
        """Embed tracks with a fitted model and draw them.

        Parameters
        ----------
        estimator : estimator
            A fitted net, or any fitted transformer or Pipeline whose ``transform`` gives one row a track, or a fitted
            :class:`~skgenre.EmbeddingRecommender`.
        X : object
            What the estimator takes: features for a net, paths for a Pipeline that begins with a loader. None draws
            the tracks that a recommender holds.
        y : array-like of shape (n_tracks,), default=None
            The genre of each track.
        **options
            ``method``, ``metric``, ``perplexity``, ``random_state``, ``legend`` and ``ax``, as
            :meth:`from_embeddings` takes them. With a recommender ``metric`` is the recommender's if not given.

        Returns
        -------
        display : EmbeddingMapDisplay

        Raises
        ------
        TypeError
            Where the estimator can embed nothing.
        """
        check_is_fitted(estimator)
        if hasattr(estimator, "embeddings_"):
            options.setdefault("metric", estimator.metric)
        return cls.from_embeddings(_embed(estimator, X), y, **options)

    @classmethod
    def from_embeddings(
        cls,
        embeddings: ArrayLike,
        y: ArrayLike | None = None,
        *,
        method: str = "tsne",
        metric: str = "cosine",
        perplexity: float | None = None,
        random_state: Any = None,
        legend: str = "right",
        ax: Any = None,
    ) -> "EmbeddingMapDisplay":
        """Bring embeddings down to two dimensions and draw them.

        Parameters
        ----------
        embeddings : array-like of shape (n_tracks, n_dims)
            One row a track, of at least two dimensions.
        y : array-like of shape (n_tracks,), default=None
            The genre of each track. None draws all tracks alike.
        method : {"tsne", "pca"}, default="tsne"
            t-SNE keeps neighbours together and is silent about far distances; PCA shows the two directions in which
            the tracks differ most.
        metric : {"cosine", "euclidean"}, default="cosine"
            What nearness means. With cosine every embedding is first scaled to length one.
        perplexity : float, default=None
            About how many neighbours t-SNE tries to keep. None means 30, or a third of the tracks where there are
            fewer than 91.
        random_state : int, RandomState instance or None, default=None
            Fixes the map.
        legend : {"right", "below"}, default="right"
            Where the names of the genres go.
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : EmbeddingMapDisplay

        Raises
        ------
        ValueError
            For t-SNE of fewer than five tracks, or embeddings of one dimension.

        Warns
        -----
        UserWarning
            For t-SNE of fewer than twelve tracks.
        """
        if metric not in ("cosine", "euclidean"):
            raise ValueError(f"metric must be 'cosine' or 'euclidean', got {metric!r}")
        rows = check_array(
            embeddings, dtype=np.float64, ensure_min_samples=2, ensure_min_features=2, input_name="embeddings"
        )
        rows = normalize(rows) if metric == "cosine" else rows
        if method == "pca":
            pca = PCA(n_components=2, random_state=random_state)
            display = cls(pca.fit_transform(rows), y=y, explained_variance_ratio=pca.explained_variance_ratio_)
        elif method == "tsne":
            display = cls(_tsne(rows, perplexity, random_state), y=y)
        else:
            raise ValueError(f"method must be 'tsne' or 'pca', got {method!r}")
        return display.plot(ax, legend=legend)

    def plot(self, ax: Any = None, *, legend: str = "right") -> "EmbeddingMapDisplay":
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; a figure without a layout engine is given the constrained one, so that the legend is
            not cut off. None makes a new figure.
        legend : {"right", "below"}, default="right"
            Where the names of the genres go.

        Returns
        -------
        display : EmbeddingMapDisplay
            The object itself, with ``ax_``, ``figure_`` and ``legend_``.
        """
        if legend not in ("right", "below"):
            raise ValueError(f"legend must be 'right' or 'below', got {legend!r}")
        if ax is None:
            pyplot = import_optional("matplotlib.pyplot", extra="plot")
            _, ax = pyplot.subplots(figsize=(6.4, 4.8), layout="constrained")
        elif ax.figure.get_layout_engine() is None:
            ax.figure.set_layout_engine("constrained")
        self.ax_, self.figure_, self.legend_ = ax, ax.figure, None
        dots = [
            ax.scatter(*self.coordinates[rows].T, s=34, alpha=0.85, label=genre, **style)
            for genre, rows, style in self._groups()
        ]
        # Neither axis has a unit; only what is near what can be read from the map.
        ax.set(xticks=[], yticks=[])
        ax.set_aspect("equal", adjustable="datalim")
        ax.spines[:].set_color("0.8")
        if self.explained_variance_ratio is not None:
            first, second = np.asarray(self.explained_variance_ratio)
            ax.set(xlabel=f"Component 1 ({first:.0%} of the variance)")
            ax.set(ylabel=f"Component 2 ({second:.0%} of the variance)")
        if self.y is not None:
            self.legend_ = _legend_outside(ax, dots, legend)
        return self

    def _groups(self) -> list[tuple[str | None, np.ndarray, dict[str, Any]]]:
        if self.y is None:
            return [(None, np.arange(len(self.coordinates)), _style(0))]
        # As str where they are objects: None cannot be sorted among names.
        genres, members = np.unique(self.y.astype(str) if self.y.dtype == object else self.y, return_inverse=True)
        return [(str(genre), np.flatnonzero(members == k), _style(k)) for k, genre in enumerate(genres)]


def _embed(estimator: Any, X: Any) -> Any:
    if hasattr(estimator, "embeddings_"):
        if X is None:
            return estimator.embeddings_
        embedder = getattr(estimator, "embedder_", None)
        return X if embedder is None else embedder.transform(X)
    if X is None:
        raise ValueError(f"X must be given: only a recommender holds embeddings, got {estimator!r}")
    if not hasattr(estimator, "transform"):
        raise TypeError(f"estimator must have transform or be a fitted EmbeddingRecommender, got {estimator!r}")
    return estimator.transform(X)


def _tsne(rows: np.ndarray, perplexity: float | None, random_state: Any) -> np.ndarray:
    n_tracks = len(rows)
    if n_tracks < _FEWEST_TRACKS:
        raise ValueError(f"t-SNE needs at least {_FEWEST_TRACKS} tracks, got {n_tracks}: use method='pca'")
    if n_tracks < _FEW_TRACKS:
        warnings.warn(f"a t-SNE map of only {n_tracks} tracks shows little: method='pca' is safer", stacklevel=3)
    if perplexity is None:
        perplexity = min(30.0, (n_tracks - 1) / 3)
    # Its threads wait for each other in turn: on a busy machine two take ten times as long as one.
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, random_state=random_state).fit_transform(rows)


def _style(k: int) -> dict[str, Any]:
    colour = _COLOURS[k % len(_COLOURS)]
    is_open = k // len(_COLOURS) % 2
    return {
        "marker": _MARKERS[k % len(_MARKERS)],
        "facecolors": "none" if is_open else colour,
        "edgecolors": colour if is_open else "white",
        "linewidths": 1.2 if is_open else 0.6,
    }


def _legend_outside(ax: Any, dots: list[Any], side: str) -> Any:
    names = [group.get_label() for group in dots]
    if side == "right":
        legend = ax.legend(dots, names, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    else:
        gap = 2.0 if ax.get_xlabel() else 0.5  # in font sizes, so that the label of the axis keeps its place
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": gap}
        legend = ax.legend(dots, names, ncols=3, frameon=False, **place)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return legend
