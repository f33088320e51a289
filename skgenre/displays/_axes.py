"""The axes that a display draws on, and what stands beside them."""

from typing import Any

from skgenre._optional import import_optional


def plain_axes(ax: Any, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return axes without a frame above and to the right, and their figure: those given, or new ones.

    Parameters
    ----------
    ax : matplotlib Axes or None
        A figure without a layout engine is given the constrained one, so that nothing beside the axes is cut off. None
        makes a new figure.
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
    arrange(ax)
    ax.spines[["top", "right"]].set_visible(False)
    return ax, ax.figure


def arrange(ax: Any) -> None:
    """Give the figure of axes the constrained layout, unless it has a layout already."""
    figure = ax.figure.figure  # that around a SubFigure, which has no layout of its own
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")


def enlarge(figure: Any, legend: Any, *, width: float = 0.0, height: float = 0.0) -> None:
    """Make a figure large enough for a legend and so many inches for the axes beside or above it."""
    size = legend.get_window_extent()
    if width:
        figure.set_figwidth(max(figure.get_figwidth(), width + size.width / figure.dpi))
    if height:
        figure.set_figheight(max(figure.get_figheight(), height + size.height / figure.dpi))


def label(ax: Any, artists: Any, **options: Any) -> Any:
    """Draw a legend of the artists that were given a label, by labels as they are: also ``_mine`` and ``$1``."""
    unnamed = ("_child", "_nolegend_")  # what matplotlib calls those that were given none
    named = [artist for artist in artists if not (artist.get_label() or "_child").startswith(unnamed)]
    if not named:
        return None
    legend = ax.legend(named, [artist.get_label() for artist in named], frameon=False, **options)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return legend
