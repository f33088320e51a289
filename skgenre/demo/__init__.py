"""The main job from end to end: a folder of music in; an honest score, a model and a report out."""

import time
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from textwrap import fill
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skgenre._names import encodable
from skgenre._optional import import_optional
from skgenre.audio import AudioLoader, Waveforms
from skgenre.classifiers import CNNClassifier
from skgenre.demo._collection import Collection, extract, seconds_to_hear
from skgenre.demo._evaluation import evaluate, fit, plan_folds
from skgenre.demo._progress import bar_by_time
from skgenre.features import MFCCExtractor
from skgenre.recommend import EmbeddingRecommender
from skgenre.report import Neighbours, Results, explain_gap, write_report

__all__ = ["run_demo"]

_EPOCHS, _EXAMPLES, _NEIGHBOURS = 40, 6, 5


def run_demo(
    data: str | Path | None = None,
    out: str | Path = "demo",
    *,
    classifier: Any = None,
    n_splits: int = 5,
    n_jobs: int | None = None,
    random_state: int = 0,
    verbose: bool = True,
) -> Bunch:
    """Evaluate a genre classifier on a collection, train it on all of it, and write the model and a report.

    Parameters
    ----------
    data : str or Path, default=None
        A folder of genre folders, or a CSV file, as ``load_tracks`` takes it. None makes synthetic music under
        ``out/music``.
    out : str or Path, default="demo"
        The folder to write to, made where it is missing.
    classifier : estimator, default=None
        The net to train on MFCC matrices. None means ``CNNClassifier`` with 40 epochs, half of its default: the demo
        trains a dozen nets.
    n_splits : int, default=5
        Folds of each cross-validation; fewer where a genre has fewer artists or tracks.
    n_jobs : int, default=None
        Threads that read audio, and processes that train folds. None means 1, -1 all processors. It does not change
        what comes out.
    random_state : int, default=0
        Seeds the synthetic music, the folds and the default net.
    verbose : bool, default=True
        Whether to print what is found, and to show progress bars on the standard error stream.

    Returns
    -------
    demo : Bunch
        ``results``, a ``skgenre.report.Results``; ``model``, the fitted Pipeline; ``recommender``, fitted with it;
        and the paths ``report_path``, ``model_path`` and ``recommender_path``.

    Raises
    ------
    ValueError
        Where ``out`` is a file, there are fewer than two genres, a genre has fewer than two tracks that can be read, or
        a track has several genres.

    Warns
    -----
    UserWarning
        Where a file cannot be read, or the score by artist cannot be had.
    """
    import_optional("matplotlib.figure", extra="plot")  # rather now than after minutes of training
    started = time.perf_counter()
    show = print if verbose else _be_silent
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"out must be a folder to write to, {str(out)!r} is a file")
    out.mkdir(parents=True, exist_ok=True)

    tracks = Collection.open(data, out / "music", random_state, verbose=verbose)
    show(f"{tracks.source}: {tracks.size}.", flush=True)
    seconds = seconds_to_hear(tracks.paths)
    extractor = MFCCExtractor(n_jobs=n_jobs)
    heard = Waveforms(tracks.paths, duration=seconds, on_error="warn")
    opened = time.perf_counter()
    features, errors = extract(extractor, heard, verbose=verbose)
    seconds_to_read = time.perf_counter() - opened
    unreadable = {tracks.paths[row]: error.cause for row, error in errors.items()}
    readable = np.setdiff1d(np.arange(len(features)), list(errors))
    tracks, features = tracks.take(readable), features[readable]

    net = CNNClassifier(max_epochs=_EPOCHS, random_state=random_state) if classifier is None else classifier
    n_folds, artists = plan_folds(tracks.genres, tracks.artists, n_splits)
    options: dict[str, Any] = {"n_jobs": n_jobs, "random_state": random_state, "verbose": verbose}
    by_artist, at_random = evaluate(net, features, tracks.genres, artists, n_folds, **options)

    net = fit(clone(net).set_params(verbose=int(verbose)), features, tracks.genres, tracks.artists)
    # The steps before the net learn nothing: this is the Pipeline that fit(paths, genres) gives, without reading the
    # files once more.
    model = Pipeline([("load", AudioLoader(duration=seconds)), ("mfcc", extractor), ("cnn", net.set_params(verbose=0))])
    with bar_by_time("Embedding tracks", seconds_to_read, verbose=verbose):
        recommender = EmbeddingRecommender(model, n_neighbors=min(_NEIGHBOURS, len(features) - 1)).fit(tracks.paths)

    results = Results(
        tracks=Waveforms(tracks.paths, duration=seconds),
        titles=tracks.titles,
        genres=tracks.genres.tolist(),
        artists=None if tracks.artists is None else tracks.artists.tolist(),
        by_artist=by_artist,
        at_random=at_random,
        history=net.history_,
        best_epoch=net.best_epoch_,
        embeddings=recommender.embeddings_,
        neighbours=_examples(recommender, tracks.genres, random_state),
        unreadable=unreadable,
        settings=_settings(tracks, model, n_folds, random_state, time.perf_counter() - started),
    )
    demo = Bunch(results=results, model=model, recommender=recommender)
    demo.model_path, demo.recommender_path = out / "model.joblib", out / "recommender.joblib"
    joblib.dump(model, demo.model_path)
    joblib.dump(recommender, demo.recommender_path)
    demo.report_path = write_report(results, out / "report.html", verbose=verbose)
    show(encodable(_summary(demo, tracks)), flush=True)
    return demo


def _be_silent(*_: Any, **__: Any) -> None:
    pass


def _examples(recommender: EmbeddingRecommender, genres: np.ndarray, random_state: int) -> list[Neighbours]:
    """Choose tracks of different genres and find their neighbours."""
    rng = np.random.default_rng(random_state)
    names = np.unique(genres)
    chosen = names[np.linspace(0, len(names) - 1, min(_EXAMPLES, len(names))).astype(int)]
    distances, indices = recommender.kneighbors()
    rows = [int(rng.choice(np.flatnonzero(genres == name))) for name in chosen]
    return [Neighbours(row, indices[row].tolist(), (1 - distances[row]).tolist()) for row in rows]


def _settings(tracks: Collection, model: Pipeline, n_folds: int, random_state: int, seconds: float) -> dict[str, str]:
    packages = ("skgenre", "scikit-learn", "torch", "skorch", "librosa", "numpy")
    one_line = {name: " ".join(repr(step).split()) for name, step in model.steps}
    folds = f"{n_folds} stratified folds; by artist, no artist is both in the training and the test part of a fold"
    return {
        "Data": f"{tracks.source}: {tracks.size}",
        "Heard": f"the first {model['load'].duration:g} seconds of each track, or all of it where it is shorter",
        "Model": " → ".join(one_line.values()),
        "Evaluation": f"{folds}. A fresh net was trained in each fold, and so was one on all tracks at the end",
        "Seed": str(random_state),
        "Versions": ", ".join([f"Python {python_version()}", *(f"{name} {version(name)}" for name in packages)]),
        "Time": f"{seconds:.0f} seconds",
    }


def _summary(demo: Bunch, tracks: Collection) -> str:
    results: Results = demo.results
    shown = {"new artists": results.by_artist, "random folds": results.at_random}
    columns = {name: evaluation for name, evaluation in shown.items() if evaluation is not None}
    n_folds = len(results.at_random.accuracy)
    lines = ["", f"{f'Mean ± sd of {n_folds} folds':<22}" + "".join(f"{name:>16}" for name in (*columns, "guessing"))]
    for name, key, chance in zip(("Accuracy", "Macro F1"), ("accuracy", "macro_f1"), results.chance, strict=True):
        scores = [getattr(evaluation, key) for evaluation in columns.values()]
        cells = "".join(f"{f'{folds.mean():.3f} ± {folds.std(ddof=1):.3f}':>16}" for folds in scores)
        lines.append(f"{name:<22}{cells}{chance:>16.3f}")
    lines += ["", fill(explain_gap(results), 88), "", "Similar tracks, with their cosine similarity:"]
    for found in results.neighbours:
        lines.append(f"  {tracks.name(found.track)}")
        lines += [
            f"    {similarity:.3f}  {tracks.name(row)}"
            for row, similarity in zip(found.rows, found.similarities, strict=True)
        ]
    if results.unreadable:
        lines += ["", f"Left out, because they could not be read: {', '.join(results.unreadable)}"]
    return "\n".join(
        [
            *lines,
            "",
            f"Report: {demo.report_path}",
            f"Model:  {demo.model_path}    Load and use it in Python:",
            "",
            f'  model = joblib.load("{demo.model_path.as_posix()}")',
            '  model.predict("song.mp3")',
        ]
    )
