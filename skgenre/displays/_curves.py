"""The course of a training run, drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgenre._optional import import_optional
from skgenre.displays._axes import arrange

_TRAIN, _VALID = "#E69F00", "#0072B2"
_PANELS = {"loss": "Loss", "accuracy": "Accuracy", "f1": "Macro F1"}


class TrainingCurvesDisplay:
    """Draw loss, accuracy and macro F1 over the epochs of a training run.

    Use it to see whether a net has learned enough (the curves are flat) or has begun to learn its training tracks by
    heart (the training curve goes on, the validation curve turns). Make it with :meth:`from_estimator` or
    :meth:`from_history`.

    Parameters
    ----------
    history : mapping of str to sequence of float
        One entry an epoch under ``train_loss``, ``train_accuracy`` and ``train_f1``; where a validation split was
        held out, also under ``valid_loss``, ``valid_accuracy`` and ``valid_f1``. ``epoch`` numbers the epochs, from
        1 where it is missing. Other keys are ignored. A net's ``history_`` is of this form.
    best_epoch : int, default=None
        The epoch to mark, as ``epoch`` numbers it. None marks the epoch with the lowest validation loss, and none
        where there was no validation or each of its losses is NaN.

    Attributes
    ----------
    ax_ : ndarray of shape (3,) of matplotlib Axes
        The panels: loss, accuracy, macro F1.
    figure_ : matplotlib Figure
        The figure they are in.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores over the number of training tracks.

    Examples
    --------
    >>> from skgenre import TrainingCurvesDisplay
    >>> history = {
    ...     "train_loss": [1.2, 0.8, 0.5],
    ...     "train_accuracy": [0.4, 0.6, 0.8],
    ...     "train_f1": [0.3, 0.6, 0.8],
    ...     "valid_loss": [1.3, 0.9, 1.0],
    ...     "valid_accuracy": [0.4, 0.6, 0.6],
    ...     "valid_f1": [0.3, 0.5, 0.6],
    ... }
    >>> display = TrainingCurvesDisplay.from_history(history)
    >>> display.best_epoch
    2
    """

    def __init__(self, history: Mapping[str, Sequence[float]], *, best_epoch: int | None = None) -> None:
        missing = [f"train_{key}" for key in _PANELS if f"train_{key}" not in history]
        if missing:
            raise ValueError(f"history must hold {', '.join(missing)}, got the keys {sorted(history)}")
        lengths = {key: len(history[key]) for key in _curve_keys(history)}
        if len(set(lengths.values())) > 1 or 0 in lengths.values():
            raise ValueError(f"history must hold one entry per epoch under every key, got the lengths {lengths}")
        self.history = history
        epochs = _epochs(history)
        if best_epoch is None and "valid_loss" in history:
            losses = np.asarray(history["valid_loss"], dtype=float)
            best_epoch = None if np.isnan(losses).all() else epochs[int(np.nanargmin(losses))]
        if best_epoch is not None and best_epoch not in epochs:
            raise ValueError(f"best_epoch must be one of the epochs {epochs[0]} to {epochs[-1]}, got {best_epoch}")
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> "TrainingCurvesDisplay":
        """Draw the training run of a fitted net.

        Parameters
        ----------
        estimator : estimator
            A fitted net, a fitted Pipeline that ends in one, or a fitted search over either.
        ax : matplotlib Axes or sequence of three, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TrainingCurvesDisplay

        Raises
        ------
        TypeError
            Where the estimator keeps no ``history_``.
        """
        net = _innermost(estimator)
        check_is_fitted(net)
        if not hasattr(net, "history_"):
            raise TypeError(f"estimator must be a net that keeps a history_, or end in one, got {net!r}")
        watched = "valid_loss" in net.history_  # else the last epoch is kept, whatever it is worth
        return cls.from_history(net.history_, best_epoch=getattr(net, "best_epoch_", None) if watched else None, ax=ax)

    @classmethod
    def from_history(
        cls, history: Mapping[str, Sequence[float]], *, best_epoch: int | None = None, ax: Any = None
    ) -> "TrainingCurvesDisplay":
        """Draw a training run from its numbers.

        Parameters
        ----------
        history : mapping of str to sequence of float
            As the class takes it.
        best_epoch : int, default=None
            As the class takes it.
        ax : matplotlib Axes or sequence of three, default=None
            See :meth:`plot`.

        Returns
        -------
        display : TrainingCurvesDisplay
        """
        return cls(history, best_epoch=best_epoch).plot(ax)

    def plot(self, ax: Any = None) -> "TrainingCurvesDisplay":
        """Draw the three panels.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of three, default=None
            Three axes to draw on, in any arrangement, or one, whose place the three panels take side by side. None
            makes a new figure.

        Returns
        -------
        display : TrainingCurvesDisplay
            The object itself, with ``ax_`` and ``figure_``.
        """
        self.ax_ = _three_axes(ax)
        self.figure_ = self.ax_[0].figure
        for panel, (key, title) in zip(self.ax_, _PANELS.items(), strict=True):
            self._plot_panel(panel, key, title)
        self.ax_[0].legend(framealpha=0.7, edgecolor="none")
        return self

    def _plot_panel(self, panel: Any, key: str, title: str) -> None:
        epochs = _epochs(self.history)
        # A single epoch has no line to show, so its points are drawn, whole at the edge too.
        points: dict[str, Any] = {"marker": "o", "clip_on": False} if len(epochs) == 1 else {}
        panel.plot(epochs, self.history[f"train_{key}"], color=_TRAIN, linestyle="--", label="train", **points)
        if f"valid_{key}" in self.history:
            panel.plot(epochs, self.history[f"valid_{key}"], color=_VALID, label="validation", **points)
        if self.best_epoch is not None:
            panel.axvline(
                self.best_epoch, color="0.5", linestyle=":", label=f"best epoch ({self.best_epoch})", zorder=0
            )
        panel.set(title=title, xlabel="Epoch", ylim=(0, None) if key == "loss" else (0, 1.02))
        panel.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", color="0.5", alpha=0.2)
        panel.set_axisbelow(True)


def _innermost(estimator: Any) -> Any:
    """Give the net inside a search or a Pipeline."""
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "steps"):
            estimator = estimator.steps[-1][1]
        else:
            return estimator


def _curve_keys(history: Mapping[str, Any]) -> list[str]:
    keys = ["epoch", *(f"{part}_{key}" for part in ("train", "valid") for key in _PANELS)]
    return [key for key in keys if key in history]


def _epochs(history: Mapping[str, Sequence[float]]) -> list[int]:
    return [int(epoch) for epoch in history.get("epoch", range(1, len(history["train_loss"]) + 1))]


def _three_axes(ax: Any) -> np.ndarray:
    if ax is None:
        pyplot = import_optional("matplotlib.pyplot", extra="plot")
        _, axes = pyplot.subplots(ncols=3, figsize=(10, 3), layout="constrained")
        return axes
    if hasattr(ax, "get_subplotspec"):
        if ax.get_subplotspec() is None:
            raise ValueError("ax must be of a grid, as from plt.subplots, for three panels to share its place")
        arrange(ax)
        ax.set_axis_off()
        grid = ax.get_subplotspec().subgridspec(1, 3)
        return np.array([ax.figure.add_subplot(cell) for cell in grid], dtype=object)
    axes = np.asarray(ax, dtype=object).ravel()
    if len(axes) != 3:
        raise ValueError(f"ax must be one matplotlib Axes or three, got {len(axes)}")
    return axes
