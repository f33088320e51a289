"""The page itself: what stands where, and the players of the tracks."""

from collections.abc import Callable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from tqdm import tqdm

from skgenre._html import middle, player
from skgenre._names import encodable
from skgenre.audio import AudioError
from skgenre.report._pictures import confusion_figure, map_figure, training_figure
from skgenre.report._results import Neighbours, Results, explain_gap

_CLIP_SECONDS = 8


def write_report(results: Results, path: str | Path, *, verbose: bool = False) -> Path:
    """Write the report as one HTML file that needs nothing beside it.

    Parameters
    ----------
    results : Results
        What to tell.
    path : str or Path
        The file to write.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    path : Path
        The file written.
    """
    parts: dict[str, Callable[[Results], str]] = {
        "scores": _scores,
        "confusion": confusion_figure,
        "training": training_figure,
        "map": map_figure,
        "similar": _similar,
        "made": _made,
    }
    n_genres = len(results.genre_names)
    summary = f"{len(results.genres)} tracks in {n_genres} genres"
    if results.artists is not None:
        summary += f" by {len(set(results.artists))} artists"
    bar = tqdm(parts.items(), desc="Writing the report", unit="part", disable=not verbose)
    page = _template().substitute(
        {name: part(results) for name, part in bar}, title="Genres and similar tracks", summary=escape(summary)
    )
    path = Path(path)
    path.write_text(encodable(page), encoding="utf-8")
    return path


def _template() -> Template:
    return Template(files("skgenre").joinpath("report", "page.html").read_text(encoding="utf-8"))


def _scores(results: Results) -> str:
    columns = {"New artists": results.by_artist, "Random folds": results.at_random}
    columns = {name: evaluation for name, evaluation in columns.items() if evaluation is not None}
    n_folds = len(results.at_random.accuracy)
    head = "".join(f'<th scope="col">{name}</th>' for name in (*columns, "Guessing"))
    rows = ""
    for name, key, chance in zip(("Accuracy", "Macro F1"), ("accuracy", "macro_f1"), results.chance, strict=True):
        cells = ""
        for rank, evaluation in zip(("first", "second"), columns.values(), strict=False):
            folds = getattr(evaluation, key)
            cells += f'<td class="{rank}">{folds.mean():.2f} <span class="spread">± {folds.std(ddof=1):.2f}</span></td>'
        rows += f'<tr><th scope="row">{name}</th>{cells}<td>{chance:.2f}</td></tr>\n'
    caption = f"Mean ± standard deviation over {n_folds} folds, on tracks that the net did not train on."
    notice = ' class="notice"' if results.by_artist is None else ""
    return (
        f'<table class="scores"><caption>{caption}</caption>\n<thead><tr><td></td>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table>\n<p{notice}>{escape(explain_gap(results))}</p>"
    )


def _similar(results: Results) -> str:
    intro = (
        "<p>For a few tracks, those whose embeddings are nearest, with their cosine similarity (1 is the same). "
        "A genre with a blue rim is the track's own. "
        f"The players hold up to {_CLIP_SECONDS} seconds from the middle of what the net heard.</p>\n"
    )
    return intro + "\n".join(_card(results, found) for found in results.neighbours)


def _card(results: Results, found: Neighbours) -> str:
    genre = results.genres[found.track]
    items = ""
    for row, similarity in zip(found.rows, found.similarities, strict=True):
        same = results.genres[row] == genre
        items += (
            f'<li class="entry"><span class="similarity">{similarity:.3f}</span>'
            f"<span>{escape(results.titles[row])} {_origin(results, row, same)}</span>{_player(results, row)}</li>\n"
        )
    return (
        f'<article class="track"><h3>{escape(results.titles[found.track])}</h3>\n'
        f'<div class="entry query"><span>{_origin(results, found.track, True)}</span>'
        f"{_player(results, found.track)}</div>\n<ol>\n{items}</ol></article>"
    )


def _origin(results: Results, row: int, same: bool) -> str:
    artist = "" if results.artists is None else f'<span class="quiet">{escape(results.artists[row])}</span> '
    return f'{artist}<span class="genre{" same" if same else ""}">{escape(results.genres[row])}</span>'


def _made(results: Results) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>\n'
        for name, value in results.settings.items()
    )
    text = f'<table class="facts"><tbody>{rows}</tbody></table>'
    if results.unreadable:
        items = "".join(
            f"<li><code>{escape(path)}</code>: {escape(cause)}</li>\n" for path, cause in results.unreadable.items()
        )
        text += f"<h3>Files left out, because they could not be read</h3>\n<ul>{items}</ul>"
    code = (
        'import joblib\n\nmodel = joblib.load("model.joblib")\nmodel.predict("song.mp3")\n\n'
        'similar = joblib.load("recommender.joblib")\nsimilar.recommend("song.mp3", n=5)'
    )
    return text + f"<h3>Use it</h3>\n<pre><code>{escape(code)}</code></pre>"


def _player(results: Results, row: int) -> str:
    try:
        samples = results.tracks[row]
    except AudioError:
        return '<span class="quiet">no audio</span>'
    rate = results.tracks.sample_rate
    return player(middle(samples, rate, _CLIP_SECONDS), rate, f"Play {results.titles[row]}")
