"""The axes that a display draws on."""

from typing import Any

from skgenre._optional import import_optional


def plain_axes(ax: Any, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return axes without a frame above and to the right, and their figure: those given, or new ones.

    Parameters
    ----------
    ax : matplotlib Axes or None
        None makes a new figure.
    size : tuple of float
        Width and height of a new figure, in inches.

    Returns
    -------
    ax : matplotlib Axes
        The axes.
    figure : matplotlib Figure
        The figure they are in.
    """
    if ax is None:
        pyplot = import_optional("matplotlib.pyplot", extra="plot")
        ax = pyplot.subplots(figsize=size, layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    return ax, ax.figure
