"""The figures of the report, as HTML with the pictures inside."""

from collections.abc import Callable
from html import escape
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from skgenre._html import data_uri
from skgenre._names import shorten
from skgenre._optional import import_optional
from skgenre.displays import EmbeddingMapDisplay, TrainingCurvesDisplay
from skgenre.report._results import Results

_MOST_DOTS = 1500
_SMALL_COLLECTION = 12
_LONGEST_NAME = 20


def confusion_figure(results: Results) -> str:
    """Draw which genres are taken for which, from the most honest predictions there are.

    Parameters
    ----------
    results : Results
        What to draw.

    Returns
    -------
    html : str
        A figure element.
    """
    evaluation = results.by_artist or results.at_random
    names = results.genre_names
    matrix = 100 * confusion_matrix(results.genres, evaluation.predictions, labels=names, normalize="true")
    display = ConfusionMatrixDisplay(matrix, display_labels=[shorten(name, _LONGEST_NAME) for name in names])

    def draw(figure: Any, size: float) -> None:
        ax = figure.subplots()
        display.plot(
            ax=ax,
            cmap="Blues",
            values_format=".0f",
            colorbar=False,
            text_kw={"fontsize": size},
        )
        ax.set(xlabel="Heard as", ylabel="True genre")
        for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            label.set(parse_math=False, fontsize=size)
        _turn_labels_that_overlap(figure, ax)

    judge = "knew no track of its artist" if results.by_artist else "had not seen it"
    weakest, strongest = names[int(matrix.diagonal().argmin())], names[int(matrix.diagonal().argmax())]
    wide, narrow = 2.4 + 0.3 * len(names), 1.6 + 0.24 * len(names)  # room for three digits in every cell
    picture = _picture(
        lambda figure: draw(figure, 10 if len(names) < 8 else 9),
        lambda figure: draw(figure, 9 if len(names) < 8 else 7),
        wide=(max(6.6, wide), max(5.6, wide - 1)),
        narrow=(max(3.8, narrow), max(3.8, narrow)),
        alt=f"Confusion matrix of {len(names)} genres. Best told: {strongest}, {matrix.diagonal().max():.0f} %. "
        f"Worst: {weakest}, {matrix.diagonal().min():.0f} %.",
    )
    caption = "Percent of the tracks of each genre (row) that were heard as each genre (column), every track by a net "
    caption += f"that {judge}."
    return _figure(picture, caption)


def training_figure(results: Results) -> str:
    """Draw the course of the final net's training.

    Parameters
    ----------
    results : Results
        What to draw.

    Returns
    -------
    html : str
        A figure element.
    """
    validated = "valid_loss" in results.history
    display = TrainingCurvesDisplay(results.history, best_epoch=results.best_epoch if validated else None)
    n_epochs = len(results.history["train_loss"])
    picture = _picture(
        lambda figure: display.plot(figure.subplots(ncols=3)),
        lambda figure: display.plot(figure.subplots(nrows=3)),
        wide=(9.6, 3.0),
        narrow=(3.8, 7.2),
        alt=f"Loss, accuracy and macro F1 over {n_epochs} epochs.",
    )
    caption = "The final net, trained on all tracks" + (
        ", a few of which were held back to tell when to stop. Their scores choose the epoch, so they flatter: judge "
        "the net by the table above."
        if validated
        else "."
    )
    return _figure(picture, caption)


def map_figure(results: Results) -> str:
    """Draw the map of the final net's embeddings.

    Parameters
    ----------
    results : Results
        What to draw.

    Returns
    -------
    html : str
        A figure element.
    """
    n_tracks = len(results.genres)
    rows = np.arange(n_tracks)
    if n_tracks > _MOST_DOTS:
        rows = np.sort(np.random.default_rng(0).permutation(n_tracks)[:_MOST_DOTS])
    method = "tsne" if n_tracks >= _SMALL_COLLECTION else "pca"
    genres = np.asarray(results.genres)[rows]
    display: EmbeddingMapDisplay

    def draw_wide(figure: Any) -> None:
        nonlocal display
        display = EmbeddingMapDisplay.from_embeddings(
            results.embeddings[rows], genres, method=method, random_state=0, ax=figure.subplots()
        )

    picture = _picture(
        draw_wide,
        lambda figure: display.plot(figure.subplots(), legend="below"),
        wide=(8.0, 5.4),
        narrow=(3.8, 3.6 + 0.1 * len(results.genre_names)),
        alt=f"Map of {len(rows)} tracks, coloured by genre.",
    )
    how = {"tsne": "t-SNE keeps neighbours together; far distances mean nothing", "pca": "principal components"}[method]
    some = "" if len(rows) == n_tracks else f" {len(rows)} of the tracks, drawn by lot."
    caption = (
        f"Every dot is a track, placed by its embedding ({how}).{some} The net was trained on these very tracks, "
        "so the genres stand further apart here than new tracks would."
    )
    return _figure(picture, caption)


def _figure(picture: str, caption: str) -> str:
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _picture(
    draw_wide: Callable[[Any], Any],
    draw_narrow: Callable[[Any], Any],
    *,
    wide: tuple[float, float],
    narrow: tuple[float, float],
    alt: str,
) -> str:
    """Draw a figure in a form for desks and one for phones; the page shows the one that fits."""
    on_desk, on_phone = _svg(draw_wide, wide), _svg(draw_narrow, narrow)
    return (
        f'<picture><source media="(max-width: 40rem)" srcset="{on_phone}">'
        f'<img src="{on_desk}" alt="{escape(alt)}"></picture>'
    )


def _svg(draw: Callable[[Any], Any], size: tuple[float, float]) -> str:
    # No pyplot, so that no window opens and no figure stays behind.
    figure = import_optional("matplotlib.figure", extra="plot").Figure(figsize=size, layout="constrained")
    draw(figure)
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    return data_uri("image/svg+xml", buffer.getvalue())


def _turn_labels_that_overlap(figure: Any, ax: Any) -> None:
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    if any(left.x1 + 4 > right.x0 for left, right in pairwise(boxes)):
        ax.tick_params(axis="x", labelrotation=45)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
