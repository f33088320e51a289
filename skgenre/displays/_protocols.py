"""What a protocol is worth, drawn."""

from typing import Any

import numpy as np

from skgenre._names import shorten
from skgenre._optional import import_optional
from skgenre.displays._axes import plain_axes
from skgenre.model_selection import ProtocolComparison, compare_protocols

_COLOUR = "#0072B2"
_LONGEST_NAME = 36
_MEANINGS = {
    "grouped": "new artists",
    "random": "known artists, new tracks",
    "segment": "known tracks, new segments",
}


class ProtocolsDisplay:
    """Draw the accuracy of one model under several protocols, with what is sure of it.

    Use it to show what a flattering split adds. A dot is the mean over seeds, the line the 95 % confidence interval
    over artists, and the ticks above the line are the single seeds. Make it with :meth:`from_estimator` or
    :meth:`from_results`.

    Parameters
    ----------
    comparison : ProtocolComparison
        What :func:`~skgenre.compare_protocols` found.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The picture.
    figure_ : matplotlib Figure
        The figure it is in.

    See Also
    --------
    compare_protocols : Makes what is drawn, and says what the protocols and the interval are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgenre import ProtocolsDisplay
    >>> rng = np.random.default_rng(0)
    >>> artists = np.repeat(np.arange(20), 5)
    >>> genres = np.where(artists % 2, "folk", "rock")
    >>> X = rng.normal(size=(20, 3))[artists] + 0.1 * rng.normal(size=(100, 3))
    >>> display = ProtocolsDisplay.from_estimator(
    ...     KNeighborsClassifier(1), X, genres, artists, protocols=("random", "grouped"), seeds=2
    ... )
    >>> list(display.comparison)
    ['random', 'grouped']
    """

    def __init__(self, comparison: ProtocolComparison) -> None:
        self.comparison = comparison

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, groups: Any = None, *, ax: Any = None, **options: Any
    ) -> "ProtocolsDisplay":
        """Score a model under several protocols and draw the scores.

        Parameters
        ----------
        estimator : estimator
            A classifier; it is cloned for every fit.
        X, y, groups : array-like of shape (n_tracks, ...)
            As :func:`~skgenre.compare_protocols` takes them.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        **options
            ``protocols``, ``n_splits``, ``seeds``, ``n_segments``, ``n_jobs`` and ``verbose``, as
            :func:`~skgenre.compare_protocols` takes them.

        Returns
        -------
        display : ProtocolsDisplay
        """
        return cls.from_results(compare_protocols(estimator, X, y, groups, **options), ax=ax)

    @classmethod
    def from_results(cls, comparison: ProtocolComparison, *, ax: Any = None) -> "ProtocolsDisplay":
        """Draw a comparison that was made before.

        Parameters
        ----------
        comparison : ProtocolComparison
            As the class takes it.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : ProtocolsDisplay
        """
        return cls(comparison).plot(ax)

    def plot(self, ax: Any = None) -> "ProtocolsDisplay":
        """Draw a row for each protocol, in their order.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : ProtocolsDisplay
            The object itself, with ``ax_`` and ``figure_``.
        """
        ax, self.figure_ = plain_axes(ax, (7, 1.3 + 0.6 * len(self.comparison)))
        self.ax_ = ax
        places = np.arange(len(self.comparison))
        accuracy = np.array([scores.accuracy for scores in self.comparison.values()])
        low, high = np.transpose([scores.interval for scores in self.comparison.values()])
        ax.hlines(places, low, high, color=_COLOUR, linewidth=3, alpha=0.45, label="95 % interval")
        ax.plot(accuracy.mean(axis=1), places, "o", color=_COLOUR, markersize=9, clip_on=False, label="mean")
        ticks = np.repeat(places - 0.22, accuracy.shape[1])
        ax.plot(accuracy.ravel(), ticks, "|", color="0.5", markersize=7, label="seeds")
        for place, mean in zip(places, accuracy.mean(axis=1), strict=True):
            ax.annotate(f"{mean:.0%}", (mean, place), (0, -9), textcoords="offset points", ha="center", va="top")
        names = [
            f"{name}\n({_MEANINGS[name]})" if name in _MEANINGS else shorten(name, _LONGEST_NAME)
            for name in self.comparison
        ]
        ax.set_yticks(range(len(names)), names, parse_math=False)
        ax.set(ylim=(len(names) - 0.5, -0.6), xlim=(0, 1), xlabel="Accuracy")
        ax.set_title(f"One model, {len(names)} protocols" if len(names) > 1 else "Accuracy under one protocol")
        ax.xaxis.set_major_formatter(import_optional("matplotlib.ticker", extra="plot").PercentFormatter(1))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0, pad=12)  # an accuracy of 0 is a dot on the axis
        ax.grid(axis="x", color="0.5", alpha=0.2)
        ax.set_axisbelow(True)
        # Beside the rows: at any place among them it may cover one.
        ax.legend(loc="upper left", bbox_to_anchor=(1.04, 1), frameon=False, fontsize="small")
        return self
