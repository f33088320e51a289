"""What a recall costs in speed, drawn."""

import time
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from skgenre._names import shorten
from skgenre.displays._axes import label, plain_axes
from skgenre.neighbors import RecallSample

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_LONGEST_NAME = 36
_REPEATS = 3
_EFFORTS = tuple(2**power for power in range(11))


class RecallDisplay:
    """Draw the recall of an index against the queries that it answers in a second, for a range of efforts.

    Use it to choose the recall of a recommender, or between algorithms: draw several on the same axes. Up and to the
    right is better. Make it with :meth:`from_estimator`.

    Parameters
    ----------
    recall : array-like of shape (n_efforts,)
        Share of the true neighbours that are found, from 0 to 1.
    queries_per_second : array-like of shape (n_efforts,)
        Speed.
    efforts : array-like of shape (n_efforts,), default=None
        How hard the index searched.
    chosen : int, default=None
        The effort in use, which is marked.
    name : str, default=None
        What the legend calls it. None draws no legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The picture.
    figure_ : matplotlib Figure
        The figure it is in.
    line_ : matplotlib Line2D
        The curve.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import EmbeddingRecommender, RecallDisplay
    >>> embeddings = np.random.default_rng(0).standard_normal((500, 16))
    >>> recommender = EmbeddingRecommender(algorithm="annoy", random_state=0).fit(embeddings)
    >>> display = RecallDisplay.from_estimator(recommender, efforts=[1, 4], n_queries=20, random_state=0)
    >>> display.recall.shape
    (2,)
    """

    def __init__(
        self,
        recall: ArrayLike,
        queries_per_second: ArrayLike,
        *,
        efforts: ArrayLike | None = None,
        chosen: int | None = None,
        name: str | None = None,
    ) -> None:
        self.recall, self.queries_per_second = np.asarray(recall), np.asarray(queries_per_second)
        self.efforts = None if efforts is None else np.asarray(efforts)
        check_consistent_length(self.recall, self.queries_per_second, self.efforts)
        self.chosen = chosen
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        efforts: Sequence[int] | None = None,
        n_neighbors: int = 10,
        n_queries: int = 512,
        random_state: Any = None,
        name: str | None = None,
        ax: Any = None,
    ) -> "RecallDisplay":
        """Measure a fitted recommender's index and draw.

        The queries are asked in one batch, three times, of which the quickest counts. The recall is the lower of that
        for tracks of the collection and that for tracks made up near them, and may be some points off what new tracks
        find; ``recall_`` is measured on tracks held out. An exact index gives one point.

        Parameters
        ----------
        estimator : EmbeddingRecommender
            A fitted recommender. Its effort is as before when this returns.
        efforts : sequence of int, default=None
            How hard to search. None means the effort in use, and 1, 2, 4 and so on, up to 1024, or the first above the
            effort in use that finds all.
        n_neighbors : int, default=10
            Neighbours to look for.
        n_queries : int, default=512
            Queries, half of them tracks of the collection.
        random_state : int, RandomState instance or None, default=None
            Draws the queries.
        name : str, default=None
            What the legend calls it.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : RecallDisplay
        """
        check_is_fitted(estimator)
        index, chosen = estimator.index_, estimator.effort_
        rng = check_random_state(random_state)
        sample = RecallSample(index, n_neighbors=n_neighbors, n_queries=n_queries, random_state=rng)
        alive = np.flatnonzero(index.alive)
        queries = index.take(rng.choice(alive, n_queries))
        n_neighbors = min(n_neighbors, len(alive))
        measured: list[tuple[int | None, float, float]] = []
        steps: list[Any] = sorted({*_EFFORTS, chosen or 1}) if efforts is None else list(efforts)
        steps = [None] if chosen is None else steps
        if not steps:
            raise ValueError("efforts must hold at least one, got none")
        for step in (step for step in steps if step is not None):
            if not isinstance(step, Integral) or int(step) < 0:
                raise ValueError(f"efforts must be whole numbers from 0 on, got {step!r}")
        try:
            for effort in steps:
                if effort is not None:
                    index.effort = effort
                seconds = []
                for _ in range(_REPEATS):
                    started = time.perf_counter()
                    index.query(queries, n_neighbors)
                    seconds.append(time.perf_counter() - started)
                speed = len(queries) / min(seconds)
                recall = min(float(found.mean()) for found in sample.measure(index) if len(found))
                measured.append((effort, recall, speed))
                if efforts is None and measured[-1][1] == 1 and effort is not None and effort > chosen:
                    break
        finally:
            if chosen is not None:
                index.effort = chosen
        known, recalls, speeds = zip(*measured, strict=True)
        return cls(recalls, speeds, efforts=None if chosen is None else known, chosen=chosen, name=name).plot(ax)

    @classmethod
    def from_measurements(
        cls, recall: ArrayLike, queries_per_second: ArrayLike, *, ax: Any = None, **options: Any
    ) -> "RecallDisplay":
        """Draw what was measured before.

        Parameters
        ----------
        recall, queries_per_second : array-like of shape (n_efforts,)
            As the class takes them.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.
        **options
            ``efforts``, ``chosen`` and ``name``, as the class takes them.

        Returns
        -------
        display : RecallDisplay
        """
        return cls(recall, queries_per_second, **options).plot(ax)

    def plot(self, ax: Any = None) -> "RecallDisplay":
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, for example those of another such display. None makes a new figure.

        Returns
        -------
        display : RecallDisplay
            The object itself, with ``ax_``, ``figure_`` and ``line_``.
        """
        ax, self.figure_ = plain_axes(ax, (6.4, 4.0))
        self.ax_ = ax
        colour = _COLOURS[len(ax.get_lines()) % len(_COLOURS)]
        order = np.argsort(self.recall, kind="stable")
        name = None if self.name is None else shorten(self.name, _LONGEST_NAME)
        (self.line_,) = ax.plot(
            self.recall[order], self.queries_per_second[order], "o-", color=colour, markersize=4, label=name
        )
        if self.efforts is not None and self.chosen in self.efforts:
            place = np.flatnonzero(self.efforts == self.chosen)[0]
            point = (self.recall[place], self.queries_per_second[place])
            ax.scatter(*point, s=110, facecolors="none", edgecolors=colour, linewidths=1.6, zorder=3)
            # Up and to the right of a curve that falls there is nothing that it could cover.
            ax.annotate(f"effort {self.chosen}", point, (8, 4), textcoords="offset points", color=colour)
        ax.set(xlabel="Recall", ylabel="Queries per second", yscale="log")
        ax.grid(color="0.5", alpha=0.2)
        ax.set_axisbelow(True)
        # A recall above 1 is not to be had, so the axis ends there.
        lowest = np.fmin.reduce([0.9, *(float(np.fmin.reduce(line.get_xdata())) for line in ax.get_lines())])
        ax.set_xlim(lowest - 0.05 * (1 - lowest), 1 + 0.05 * (1 - lowest))
        label(ax, ax.get_lines())
        return self
