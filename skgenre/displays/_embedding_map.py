"""A collection of tracks, drawn as a map of its embeddings."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from skgenre._names import shorten
from skgenre._optional import import_optional
from skgenre._sklearn import column_or_1d
from skgenre.displays._axes import arrange, enlarge

# Okabe and Ito's palette with a brown for its yellow, which is lost on white. From the ninth genre the colours come
# again with open markers, and from the eleventh the markers too: no two of the first forty genres look alike.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C6D31")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_FEWEST_TRACKS, _FEW_TRACKS = 5, 12
_LARGEST_DOT, _SMALLEST_DOT, _AREA_OF_DOTS = 34, 8, 20_000
_LONGEST_NAME, _MOST_COLUMNS = 30, 6
_NO_DISTANCE = 1e-18  # t-SNE crashes where the variance is too small for a float32


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
        self.y = None if y is None else column_or_1d(y, "y")
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
            For t-SNE of fewer than twelve tracks, and where all embeddings are the same.
        """
        if metric not in ("cosine", "euclidean"):
            raise ValueError(f"metric must be 'cosine' or 'euclidean', got {metric!r}")
        rows = check_array(
            embeddings, dtype=np.float64, ensure_min_samples=2, ensure_min_features=2, input_name="embeddings"
        )
        rows = normalize(rows) if metric == "cosine" else rows
        if method not in ("tsne", "pca"):
            raise ValueError(f"method must be 'tsne' or 'pca', got {method!r}")
        if np.ptp(rows, axis=0).max() <= max(1e-12 * np.abs(rows).max(), _NO_DISTANCE):
            warnings.warn("all embeddings are the same, so the map shows all tracks at one place", stacklevel=2)
            display = cls(np.zeros((len(rows), 2)), y=y)
        elif method == "pca":
            pca = PCA(n_components=2, random_state=random_state)
            display = cls(pca.fit_transform(rows), y=y, explained_variance_ratio=pca.explained_variance_ratio_)
        else:
            display = cls(_tsne(rows, perplexity, random_state), y=y)
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
        given = ax is not None
        if ax is None:
            pyplot = import_optional("matplotlib.pyplot", extra="plot")
            _, ax = pyplot.subplots(figsize=(6.4, 4.8), layout="constrained")
        arrange(ax)
        self.ax_, self.figure_, self.legend_ = ax, ax.figure, None
        # The more tracks, the smaller the dots, or the genres drawn last would cover the others.
        size = float(np.clip(_AREA_OF_DOTS / len(self.coordinates), _SMALLEST_DOT, _LARGEST_DOT))
        dots = [
            ax.scatter(*self.coordinates[rows].T, s=size, alpha=0.85, label=genre, **style)
            for genre, rows, style in self._groups(scale=np.sqrt(size / _LARGEST_DOT))
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
            self.legend_ = _legend_outside(ax, dots, legend, markerscale=np.sqrt(_LARGEST_DOT / size))
            if not given:
                room = {"width": 4.4} if legend == "right" else {"height": 3.6}
                enlarge(self.figure_, self.legend_, **room)
        return self

    def _groups(self, scale: float) -> list[tuple[str | None, np.ndarray, dict[str, Any]]]:
        if self.y is None:
            return [(None, np.arange(len(self.coordinates)), _style(0, scale))]
        # As str where they are objects: None cannot be sorted among names.
        genres, members = np.unique(self.y.astype(str) if self.y.dtype == object else self.y, return_inverse=True)
        return [(str(genre), np.flatnonzero(members == k), _style(k, scale)) for k, genre in enumerate(genres)]


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


def _style(k: int, scale: float) -> dict[str, Any]:
    colour = _COLOURS[k % len(_COLOURS)]
    is_open = k // len(_COLOURS) % 2
    return {
        "marker": _MARKERS[k % len(_MARKERS)],
        "facecolors": "none" if is_open else colour,
        "edgecolors": colour if is_open else "white",
        "linewidths": scale * (1.2 if is_open else 0.6),
    }


def _legend_outside(ax: Any, dots: list[Any], side: str, markerscale: float) -> Any:
    """Name the genres in as few columns as are low enough, or below the map in as many as are narrow enough."""
    names = [shorten(group.get_label(), _LONGEST_NAME) for group in dots]
    options: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    columns = range(1, _MOST_COLUMNS + 1)
    if side == "below":
        gap = 2.0 if ax.get_xlabel() else 0.5  # in font sizes, so that the label of the axis keeps its place
        options = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": gap}
        columns = range(3, 0, -1)
    for ncols in columns:
        legend = ax.legend(dots, names, ncols=ncols, markerscale=markerscale, frameon=False, **options)
        for text in legend.get_texts():
            text.set_parse_math(False)
        size, most = legend.get_window_extent(), ax.figure.bbox
        if size.height <= most.height if side == "right" else size.width <= most.width:
            break
    return legend
