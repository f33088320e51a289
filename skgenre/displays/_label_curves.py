"""How precise a classifier of several labels is, label by label, drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import precision_recall_curve
from sklearn.utils import check_array, check_consistent_length

from skgenre._labels import label_probabilities, read_labels, thresholds_of
from skgenre._names import shorten
from skgenre.displays._axes import enlarge, plain_axes
from skgenre.metrics import average_precisions

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8C6D31")
_STYLES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (9, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 4)), (0, (9, 2, 2, 2)))
_LONGEST_NAME = 36


class LabelPrecisionRecallDisplay:
    """Draw precision over recall for each of several labels, with their average precision.

    Use it to see which labels a model knows, and what its thresholds make of that: a point on each curve shows where
    ``predict`` stands. Make it with :meth:`from_estimator` or :meth:`from_predictions`, on tracks that were not trained
    on. Labels that nobody knows (NaN) are left out, and so is a label that no track has or every track.

    Parameters
    ----------
    precision, recall : sequence of ndarray
        The curve of each label.
    average_precision : array-like of shape (n_labels,)
        The area under each curve.
    labels : sequence of str of length n_labels
        What the labels are called.
    points : array-like of shape (n_labels, 2), default=None
        Recall and precision of the answers by thresholds; None draws none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure they are in.
    lines_ : list of matplotlib Line2D
        The curves, from the highest average precision to the lowest.

    See Also
    --------
    sklearn.metrics.PrecisionRecallDisplay : The curve of two classes.

    Examples
    --------
    >>> from skgenre import LabelPrecisionRecallDisplay
    >>> y_true = [[1, 0], [1, 1], [0, 1], [0, 0]]
    >>> y_score = [[0.9, 0.2], [0.8, 0.3], [0.4, 0.8], [0.1, 0.6]]
    >>> display = LabelPrecisionRecallDisplay.from_predictions(y_true, y_score, labels=["jazz", "rock"])
    >>> display.average_precision.round(2).tolist()
    [1.0, 0.83]
    """

    def __init__(
        self,
        precision: Sequence[np.ndarray],
        recall: Sequence[np.ndarray],
        average_precision: ArrayLike,
        labels: Sequence[str],
        *,
        points: ArrayLike | None = None,
    ) -> None:
        self.precision, self.recall = list(precision), list(recall)
        self.average_precision = np.asarray(average_precision)
        self.labels = [str(label) for label in labels]
        self.points = None if points is None else np.asarray(points)
        check_consistent_length(self.precision, self.recall, self.average_precision, self.labels, self.points)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, labels: Sequence[str] | None = None, ax: Any = None
    ) -> "LabelPrecisionRecallDisplay":
        """Ask a fitted classifier of several labels and draw.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier of several labels. Its ``thresholds_`` are marked; one half where it has none.
        X : array-like
            Tracks, as ``predict_proba`` takes them.
        y : array-like or sparse matrix of shape (n_tracks, n_labels)
            True labels: 1, 0 or NaN.
        labels : sequence of str of length n_labels, default=None
            What the labels are called. None means the names of the columns where ``y`` is a DataFrame, else their
            numbers.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : LabelPrecisionRecallDisplay
        """
        scores = label_probabilities(estimator, X)
        thresholds = thresholds_of(estimator, scores.shape[1])
        return cls.from_predictions(y, scores, labels=labels, thresholds=thresholds, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: ArrayLike,
        *,
        labels: Sequence[str] | None = None,
        thresholds: ArrayLike | None = None,
        ax: Any = None,
    ) -> "LabelPrecisionRecallDisplay":
        """Draw what a classifier has answered, such as in the folds of a cross-validation.

        Parameters
        ----------
        y_true : array-like or sparse matrix of shape (n_tracks, n_labels)
            True labels: 1, 0 or NaN.
        y_score : array-like of shape (n_tracks, n_labels)
            Probabilities.
        labels : sequence of str of length n_labels, default=None
            What the labels are called. None means the names of the columns where ``y_true`` is a DataFrame, else their
            numbers.
        thresholds : array-like of shape (n_labels,), default=None
            Probabilities from which on a label is answered with, to be marked. None marks none.
        ax : matplotlib Axes, default=None
            See :meth:`plot`.

        Returns
        -------
        display : LabelPrecisionRecallDisplay

        Raises
        ------
        ValueError
            If lengths differ, or no label is there in some tracks and not in others.
        """
        y = read_labels(y_true)
        if y is None:
            raise ValueError("y_true must have a column for each of several labels, it has one")
        scores: np.ndarray = check_array(y_score, dtype=np.float64, input_name="y_score")
        if y.shape != scores.shape:
            raise ValueError(f"y_score must be of the shape of y_true, got {scores.shape} and {y.shape}")
        names = list(getattr(y_true, "columns", range(y.shape[1])) if labels is None else labels)
        if len(names) != y.shape[1]:
            raise ValueError(f"labels must name the {y.shape[1]} columns of y_true, got {len(names)} names")
        averages = average_precisions(y, scores)
        drawn = np.flatnonzero(~np.isnan(averages))
        if not len(drawn):
            raise ValueError("y_true must hold a label that some tracks have and others have not")
        curves = [_curve(y[:, column], scores[:, column]) for column in drawn]
        points = None
        if thresholds is not None:
            cuts = np.asarray(thresholds)
            if cuts.shape != y.shape[1:]:
                raise ValueError(f"thresholds must hold one for each of {y.shape[1]} labels, got shape {cuts.shape}")
            points = [_point(y[:, column], scores[:, column] >= cuts[column]) for column in drawn]
        precision, recall = zip(*curves, strict=True)
        return cls(precision, recall, averages[drawn], [names[column] for column in drawn], points=points).plot(ax)

    def plot(self, ax: Any = None) -> "LabelPrecisionRecallDisplay":
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : LabelPrecisionRecallDisplay
            The object itself, with ``ax_``, ``figure_`` and ``lines_``.
        """
        given = ax is not None
        self.ax_, self.figure_ = plain_axes(ax, (7.2, 4.4))
        self.lines_, names = [], []
        for place, column in enumerate(np.argsort(-self.average_precision, kind="stable")):
            colour = _COLOURS[place % len(_COLOURS)]
            style = _STYLES[place // len(_COLOURS) % len(_STYLES)]
            # Each precision holds from the recall before it on.
            (line,) = self.ax_.step(
                self.recall[column],
                self.precision[column],
                where="post",
                color=colour,
                linestyle=style,
            )
            self.lines_.append(line)
            names.append(f"{shorten(self.labels[column], _LONGEST_NAME)}  {self.average_precision[column]:.2f}")
            if self.points is not None and not np.isnan(self.points[column]).any():
                self.ax_.plot(*self.points[column], "o", color=colour, markeredgecolor="white", markersize=7, zorder=3)
        self.ax_.set(xlabel="Recall", ylabel="Precision", xlim=(-0.02, 1.02), ylim=(0, 1.03))
        self.ax_.grid(color="0.5", alpha=0.2)
        self.ax_.set_axisbelow(True)
        legend = self.ax_.legend(
            self.lines_,
            names,
            title="Average precision",
            loc="center left",
            bbox_to_anchor=(1.02, 0.5),
            frameon=False,
            ncols=1 + (len(self.labels) - 1) // 16,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
        if not given:
            enlarge(self.figure_, legend, width=5.0)
        return self


def _curve(label: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(label)
    precision, recall, _ = precision_recall_curve(label[known], scores[known])
    return precision, recall


def _point(label: np.ndarray, answered: np.ndarray) -> tuple[float, float]:
    """Return recall and precision of answers; NaN where nothing is answered with the label."""
    right = np.sum(answered & (label == 1))
    made = np.sum(answered & ~np.isnan(label))
    return right / np.sum(label == 1), right / made if made else np.nan
