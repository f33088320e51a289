"""How often tracks are recommended, drawn."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import skew
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skgenre._names import encodable, one_line, shorten
from skgenre._optional import import_optional
from skgenre._sklearn import column_or_1d
from skgenre.audio import as_rows
from skgenre.displays._axes import label, plain_axes

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
_MOST_BINS = 60
_LONGEST_NAME = 36


class HubnessDisplay:
    """Draw in how many lists of neighbours tracks stand: a long tail to the right is hubs.

    Use it to see whether a few tracks crowd the others out, and what ``hubness=`` of a recommender does against it:
    draw both on the same axes. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    occurrence : array-like of shape (n_tracks,) of int
        In how many lists each track is, as ``EmbeddingRecommender.k_occurrence`` counts.
    track_ids : array-like of shape (n_tracks,), default=None
        Ids of the tracks, to name the greatest hubs by. None names them by row.
    name : str, default=None
        What the legend calls it.

    Attributes
    ----------
    skewness_ : float
        Skewness of the occurrence: 0 where all tracks are in as many lists, above 1 where there are hubs.
    ax_ : matplotlib Axes
        The picture.
    figure_ : matplotlib Figure
        The figure it is in.

    References
    ----------
    M. Radovanović, A. Nanopoulos and M. Ivanović, "Hubs in space: popular nearest neighbors in high-dimensional data",
    2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import EmbeddingRecommender, HubnessDisplay
    >>> embeddings = np.random.default_rng(0).standard_normal((200, 50))
    >>> display = HubnessDisplay.from_estimator(EmbeddingRecommender(metric="euclidean").fit(embeddings))
    >>> display.skewness_ > 1
    True
    """

    def __init__(self, occurrence: ArrayLike, *, track_ids: ArrayLike | None = None, name: str | None = None) -> None:
        self.occurrence = column_or_1d(occurrence, "occurrence")
        if not len(self.occurrence):
            raise ValueError("occurrence must hold at least one track, got none")
        # Of tuples numpy would make a second axis.
        ids: Any = range(len(self.occurrence)) if track_ids is None else as_rows(track_ids)
        self.track_ids = np.fromiter(ids, dtype=object, count=len(ids))
        check_consistent_length(self.occurrence, self.track_ids)
        self.name = name
        self.skewness_ = float(skew(self.occurrence)) if np.ptp(self.occurrence) > 0 else 0.0

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        n_neighbors: int | None = None,
        name: str | None = None,
        n_named: int = 3,
        ax: Any = None,
    ) -> "HubnessDisplay":
        """Count in a fitted recommender and draw.

        Parameters
        ----------
        estimator : EmbeddingRecommender
            A fitted recommender.
        n_neighbors : int, default=None
            Length of the lists. None means 10.
        name : str, default=None
            What the legend calls it.
        n_named, ax
            See :meth:`plot`.

        Returns
        -------
        display : HubnessDisplay
        """
        check_is_fitted(estimator)
        display = cls(estimator.k_occurrence(n_neighbors), track_ids=estimator.track_ids_, name=name)
        return display.plot(ax, n_named=n_named)

    @classmethod
    def from_occurrence(
        cls, occurrence: ArrayLike, *, track_ids: ArrayLike | None = None, name: str | None = None, ax: Any = None
    ) -> "HubnessDisplay":
        """Draw what was counted before.

        Parameters
        ----------
        occurrence, track_ids, name
            As the class takes them.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : HubnessDisplay
        """
        return cls(occurrence, track_ids=track_ids, name=name).plot(ax)

    def plot(self, ax: Any = None, *, n_named: int = 3) -> "HubnessDisplay":
        """Draw the histogram, and name the greatest hubs beside it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, for example those of another such display. None makes a new figure.
        n_named : int, default=3
            How many hubs to name.

        Returns
        -------
        display : HubnessDisplay
            The object itself, with ``ax_`` and ``figure_``.
        """
        ax, self.figure_ = plain_axes(ax, (6.4, 4.0))
        self.ax_ = ax
        colour = _COLOURS[len(ax.patches) // 2 % len(_COLOURS)]  # each has an area and an outline
        most = int(self.occurrence.max())
        step = max(1, -(-(most + 1) // _MOST_BINS))
        edges = np.arange(0, most + step + 1, step) - 0.5
        text = "\n".join([self._headline(), *self._hubs(n_named)])
        ax.hist(self.occurrence, edges, histtype="stepfilled", alpha=0.35, color=colour)
        ax.hist(self.occurrence, edges, histtype="step", color=colour, label=text)
        label(ax, ax.patches, loc="lower left", bbox_to_anchor=(0, 1), fontsize="small")
        ax.set(xlabel="Lists of neighbours that a track is in", ylabel="Tracks", yscale="symlog")
        ax.set_ylim(bottom=0, auto=True)  # the next one drawn here may reach higher
        ticker = import_optional("matplotlib.ticker", extra="plot")
        few = ax.get_ylim()[1] < 10  # the scale itself marks powers of ten alone
        marks = ticker.MaxNLocator(integer=True) if few else ticker.SymmetricalLogLocator(ax.yaxis.get_transform())
        ax.yaxis.set_major_locator(marks)
        ax.yaxis.set_major_formatter(ticker.ScalarFormatter())
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        return self

    def _headline(self) -> str:
        skewness = f"skewness {self.skewness_:.2f}"
        return skewness.capitalize() if self.name is None else f"{shorten(self.name, _LONGEST_NAME)}: {skewness}"

    def _hubs(self, n_named: int) -> list[str]:
        hubs = np.argsort(-self.occurrence, kind="stable")[:n_named]
        names = [encodable(one_line(str(self.track_ids[hub]))) for hub in hubs]
        names = [name if len(name) <= _LONGEST_NAME else "…" + name[1 - _LONGEST_NAME :] for name in names]
        return [f"   {self.occurrence[hub]} lists: {name}" for hub, name in zip(hubs, names, strict=True)]
