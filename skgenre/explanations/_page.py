"""An explanation as a piece of a page, with nothing beside it: the picture and the sounds are inside."""

from html import escape
from io import BytesIO
from typing import Any

from skgenre._html import data_uri, player
from skgenre._names import encodable
from skgenre._optional import import_optional

_STYLE = """<style>
.skgenre-explanation { font: 14px/1.4 system-ui, sans-serif; max-width: 820px; }
.skgenre-explanation img { width: 100%; background: white; }
.skgenre-explanation table { border-collapse: collapse; }
.skgenre-explanation td, .skgenre-explanation th { padding: 4px 12px 4px 0; text-align: left; font-weight: 400; }
.skgenre-explanation .quiet { opacity: 0.6; }
.skgenre-explanation audio { height: 32px; width: 320px; display: block; }
</style>"""


def explanation_html(explanation: Any) -> str:
    """Show an explanation: the picture, and players of the track and of what spoke for the genre.

    Parameters
    ----------
    explanation : Explanation
        What to show.

    Returns
    -------
    html : str
        A div element.
    """
    return as_html([picture(explanation.plot, explanation.headline), _players(explanation)])


def as_html(parts: list[str]) -> str:
    """Put parts one under the other, in the style of an explanation."""
    return f'{_STYLE}\n<div class="skgenre-explanation">\n' + encodable("\n".join(parts)) + "\n</div>"


def picture(plot: Any, alt: str) -> str:
    """Draw in a figure of its own, and give it as an image element with the picture inside."""
    pyplot = import_optional("matplotlib.pyplot", extra="plot")
    figure = plot().figure_
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    pyplot.close(figure)
    return f'<img alt="{escape(alt)}" src="{data_uri("image/png", buffer.getvalue())}">'


def _players(explanation: Any) -> str:
    rate = explanation.sample_rate
    if explanation.attribution is None or explanation.waveform is None or explanation.frame_seconds is None:
        return ""
    sounds = [
        ("The track", "", explanation.waveform),
        (f"What spoke for {explanation.target}", "", explanation.to_audio()[0]),
    ]
    for start, stop, score in explanation.top_segments(3, duration=2.0):
        part = explanation.waveform[round(start * rate) : round(stop * rate)]
        sounds.append((f"{start:.1f} to {stop:.1f} s", f' <span class="quiet">{score:+.2f}</span>', part))
    rows = "".join(
        f'<tr><th scope="row">{escape(title)}{beside}</th><td>{player(sound, rate, title)}</td></tr>\n'
        for title, beside, sound in sounds
    )
    return f"<table>{rows}</table>"
