"""Attributions, drawn."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np

from skgenre._names import encodable, shorten
from skgenre._optional import import_optional

_FOR, _AGAINST = "#D55E00", "#0072B2"
_HERTZ = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
LONGEST_NAME = 34


def draw_map(explanation: Any, ax: Any = None) -> Any:
    """Draw a spectrogram in grey, with what speaks for and against a genre over it in colour.

    Parameters
    ----------
    explanation : Explanation
        What to draw.
    ax : matplotlib Axes, default=None
        Axes to draw on. None makes a new figure.

    Returns
    -------
    ax : matplotlib Axes
        The axes.
    """
    colors = import_optional("matplotlib.colors", extra="plot")
    ax = new_axes(8, 4) if ax is None else ax
    values, features = explanation.attribution, explanation.features
    # A few cells far above the rest would leave the rest without colour.
    most = float(np.quantile(np.abs(values), 0.995)) or float(np.abs(values).max()) or 1.0
    step = explanation.frame_seconds or 1.0
    extent = (-step / 2, (values.shape[1] - 0.5) * step, -0.5, len(values) - 0.5)
    shared = {"origin": "lower", "aspect": "auto", "extent": extent, "interpolation": "nearest"}
    low, high = np.quantile(features, (0.02, 0.995))
    ax.imshow(features, cmap="Greys", vmin=low, vmax=high + 0.4 * (high - low), **shared)
    cmap = colors.LinearSegmentedColormap.from_list("for and against", [_AGAINST, "white", _FOR])
    colours = cmap(colors.Normalize(-most, most)(values))
    # What is faint in the colours is faint on the spectrogram too, which shows through.
    colours[..., :3] = np.where((values > 0)[..., None], colors.to_rgb(_FOR), colors.to_rgb(_AGAINST))
    colours[..., 3] = 0.85 * np.minimum(np.abs(values) / most, 1) ** 0.8
    ax.imshow(colours, **shared)
    scale = import_optional("matplotlib.cm", extra="plot").ScalarMappable(colors.Normalize(-most, most), cmap)
    bar = ax.figure.colorbar(scale, ax=ax, pad=0.02, ticks=[-most, 0, most])
    bar.ax.set_yticklabels([f"against\n−{most:.1g}", "0", f"for\n+{most:.1g}"])
    bar.set_label("no unit" if explanation.method == "grad_cam" else f"{explanation.unit} per cell", labelpad=-12)
    ax.set_title(fill(title_of(explanation), 70), parse_math=False, fontsize="medium")
    ax.set_xlabel("Time (s)" if explanation.frame_seconds else "Frame")
    _mark_bands(ax, explanation)
    return ax


def draw_descriptors(explanation: Any, ax: Any = None, n_descriptors: int = 15) -> Any:
    """Draw what the weightiest descriptors are worth for a genre, and return the axes."""
    ax = draw_bars(explanation.descriptors, ax, n_descriptors)
    ax.set_xlabel(f"Speaks against (left) or for (right), {explanation.unit}")
    ax.set_title(fill(title_of(explanation), 44), parse_math=False, fontsize="medium")
    return ax


def draw_bars(descriptors: Mapping[str, float], ax: Any = None, n_descriptors: int = 15) -> Any:
    """Draw a bar for each of the weightiest descriptors.

    Parameters
    ----------
    descriptors : mapping of str to float
        What each is worth, the weightiest first.
    ax : matplotlib Axes, default=None
        Axes to draw on. None makes a new figure.
    n_descriptors : int, default=15
        How many at most.

    Returns
    -------
    ax : matplotlib Axes
        The axes, without title.
    """
    shown = list(descriptors.items())[:n_descriptors]
    ax = new_axes(7, 1.2 + 0.28 * len(shown)) if ax is None else ax
    values = [value for _, value in shown]
    names = [shorten(name, LONGEST_NAME) for name, _ in shown]
    ax.barh(range(len(shown)), values, color=[_FOR if value > 0 else _AGAINST for value in values], height=0.7)
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set_yticks(range(len(shown)), names, parse_math=False)
    ax.invert_yaxis()
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def new_axes(width: float, height: float, n_rows: int = 1) -> Any:
    """Make axes in a figure of their own, sized in inches."""
    pyplot = import_optional("matplotlib.pyplot", extra="plot")
    return pyplot.subplots(n_rows, figsize=(width, height), layout="constrained")[1]


def title_of(explanation: Any) -> str:
    """Say what is drawn."""
    title = encodable(explanation.headline)
    title = title if len(title) <= 60 else title[:59] + "…"
    return f"What speaks for {title}, by {explanation.method.replace('_', ' ')}"


def _mark_bands(ax: Any, explanation: Any) -> None:
    """Label the bands in hertz where they have a frequency, else by name or number."""
    n_bands = len(explanation.attribution)
    frequencies = explanation.frequencies
    if frequencies is not None:
        marks: dict[float, str] = {}
        for hertz in _HERTZ:
            place = float(np.interp(hertz, frequencies, np.arange(n_bands)))
            if frequencies[0] <= hertz <= frequencies[-1] and place - max(marks, default=-n_bands) > n_bands / 20:
                marks[place] = f"{hertz:,}"
        ax.set_yticks(list(marks), list(marks.values()))
        ax.set_ylabel("Frequency (Hz)")
        return
    names = explanation.names
    if names is None:
        ax.set_ylabel("Band")
        return
    shown = range(0, n_bands, max(1, n_bands // 8))
    ax.set_yticks(shown, [encodable(str(names[place])) for place in shown], parse_math=False)
    ax.set_ylabel("Coefficient" if str(names[0]).startswith("mfcc") else "Band")
