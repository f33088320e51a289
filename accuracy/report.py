"""The results as tables for the terminal and as a page of the documentation."""

import statistics
from pathlib import Path
from textwrap import fill

from accuracy import published
from accuracy.datasets import DATASETS, Dataset
from accuracy.models import MODELS
from accuracy.results import Record, Results, interval
from benchmarks.report import columns, heading, list_table

ABLATION = Path(__file__).resolve().parent.parent / "docs" / "ablation.rst"
WIDTH = 120

HEAD = """\
What ``make accuracy`` found on real music, with models as ``accuracy/models.py`` makes them: at their defaults, log-mel
in 64 bands every 1,024 samples, logistic regression with ``C=0.01``. **Grouped** is the protocol that counts: folds of
``StratifiedGroupKFold(5, shuffle=True, random_state=seed)`` by artist, so no artist is in training and test at once,
and in the nets' early stopping neither. The answers of the five folds are pooled, each given by the fold that had not
trained on the track, and scored at once, with {seeds} of the folds and of the models. Accuracy is the mean over seeds,
with its standard deviation over them. The interval is a bootstrap over artists, with 95 % confidence: how sure it is
for other artists, which no number of seeds makes better. Calibration error is the expected one, in ten bins
(:func:`~skgenre.expected_calibration_error`); models without probabilities have none, nor a log-loss. Seconds are those
of fitting and answering in a fold{machine}, the least over seeds: other work on the machine makes some of them longer,
and the first holds the extraction of features, which are computed once and kept.
"""
OTHERS = """\
The same models where artists are on both sides (**random**: ``StratifiedKFold``, shuffled), and where tracks are cut
into ten segments that are shuffled and scored one by one (**segment**). Both are wrong for the question how a model
does on new music, and both are common: what they add is no merit of a model. :doc:`guide/evaluation` says more.
"""
GTZAN = """\
What others report on the test part of the fault-filtered split, of 290 excerpts: one of them is 0.34 points, and a 95 %
interval is about five points to both sides. Most published numbers above 85 % on GTZAN are of random folds, in which
artists, albums and even copies of one recording are on both sides.
"""
FMA = """\
What others report on the test part of the official split.
"""
YOURS = """\
``make accuracy`` scores all models on what is there, keeps each result at once in ``accuracy/results.json`` and goes on
where an earlier run was ended. ``DATA=folder`` adds your own music, as :func:`~skgenre.load_tracks` takes it;
``GTZAN=folder`` and ``FMA=folder`` your copies of these. ``make accuracy ARGS="--only mfcc-svm emotify --seeds 1"``
takes some of it; a new model is one entry in ``accuracy/models.py``.
"""


def page(results: Results) -> str:
    """Return the page of the documentation."""
    parts = ["========\nAccuracy\n========\n", fill(head(results), WIDTH) + "\n"]
    for name, dataset in shown(results).items():
        parts += [heading(dataset.title), fill(dataset.text, WIDTH) + "\n", list_table(scores(name, dataset, results))]
        compared = protocols(name, dataset, results)
        if len(compared[0]) > 2:
            parts += [OTHERS, list_table(compared)]
        notes = [MODELS[model] for model in scored(name, dataset, results) if MODELS[model].note]
        parts += [fill(f"* {model.title}: {model.note}", WIDTH, subsequent_indent="  ") + "\n" for model in notes]
    parts += [heading("Published numbers: GTZAN"), GTZAN, list_table(published.GTZAN)]
    parts += [heading("Published numbers: FMA"), FMA, list_table(published.FMA)]
    if ABLATION.is_file():
        parts += [heading("What the nets are made of"), ":doc:`ablation` says what each of their parts is worth.\n"]
    return "\n".join([*parts, heading("Your own figures"), YOURS])


def terminal(results: Results) -> str:
    """Return the tables as plain text."""
    parts = []
    for name, dataset in shown(results).items():
        parts += ["", dataset.title, columns(scores(name, dataset, results))]
        compared = protocols(name, dataset, results)
        if len(compared[0]) > 2:
            parts += ["", columns(compared)]
    return "\n".join(parts)


def head(results: Results) -> str:
    n_seeds = {len(row) for name, dataset in shown(results).items() for row in scored(name, dataset, results).values()}
    seeds = f"{n_seeds.pop()} seeds" if len(n_seeds) == 1 else "several seeds"
    machine = f", one thread each, the latest on {results.machine['processor']}" if results.machine else ""
    return HEAD.format(seeds=seeds, machine=machine)


def shown(results: Results) -> dict[str, Dataset]:
    """Return the data sets that have results."""
    names = {key[0] for key in results.records}
    return {name: dataset for name, dataset in DATASETS.items() if name in names}


def scored(name: str, dataset: Dataset, results: Results) -> dict[str, list[Record]]:
    """Return the models that have results under the protocol that counts, each with a record for each seed."""
    main = shown_protocols(name, dataset, results)[0]
    found = {model: results.of(name, main, model) for model in MODELS}
    return {model: records for model, records in found.items() if records}


def shown_protocols(name: str, dataset: Dataset, results: Results) -> list[str]:
    """Return the protocols that have results, first the one that counts, which music without artists lacks."""
    names = [dataset.main, *(protocol for protocol in ("random", "segment") if protocol != dataset.main)]
    return [protocol for protocol in names if any(key[:2] == (name, protocol) for key in results.records)]


def scores(name: str, dataset: Dataset, results: Results) -> list[list[str]]:
    """Return a row for each model under the protocol that counts."""
    main = shown_protocols(name, dataset, results)[0]
    head = "accuracy, %" if main == dataset.main else f"accuracy ({main}), %"
    rows = [["Model", "seeds", head, "95 % interval", "macro F1", "log-loss", "calibration error", "s a fold"]]
    for model, records in scored(name, dataset, results).items():
        low, high = interval(records)
        numbers = [mean(records, score) for score in ("macro_f1", "log_loss", "calibration_error")]
        seconds = f"{min(record.seconds for record in records):.1f}"
        between = f"{100 * low:.1f} to {100 * high:.1f}"
        rows.append([MODELS[model].title, str(len(records)), accuracy(records), between, *numbers, seconds])
    return rows


def protocols(name: str, dataset: Dataset, results: Results) -> list[list[str]]:
    """Return a row for each model with its accuracy under each protocol."""
    names = shown_protocols(name, dataset, results)
    found = {model: [results.of(name, protocol, model) for protocol in names] for model in MODELS}
    rows = [
        [MODELS[model].title, *(accuracy(records) if records else "" for records in cells)]
        for model, cells in found.items()
        if any(cells)
    ]
    return [["Model", *(f"{protocol}, %" for protocol in names)], *rows]


def accuracy(records: list[Record]) -> str:
    values = [100 * record.accuracy for record in records]
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ", one seed"
    return f"{statistics.fmean(values):.1f}{spread}"


def mean(records: list[Record], score: str) -> str:
    values = [getattr(record, score) for record in records]
    return "" if None in values else f"{statistics.fmean(values):.3f}"
