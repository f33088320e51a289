"""One model on one set of music under one protocol with one seed, and then the next, but for what is finished."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from accuracy.datasets import DATASETS, N_SPLITS, MissingDataError
from accuracy.models import MODELS
from accuracy.results import Record, Results, digest_of
from benchmarks.machine import describe
from skgenre import compare_protocols


@dataclass(frozen=True)
class Options:
    """What to score and how; ``folders`` are those that the user named, by data set."""

    models: list[str]
    seeds: Iterable[int] = range(5)
    n_jobs: int | None = None
    again: bool = False
    memory: Any = None
    folders: dict[str, Path | None] = field(default_factory=dict)


def score(name: str, options: Options, results: Results) -> Iterator[Record]:
    """Add records of a data set to the results, giving each as it is done."""
    dataset = DATASETS[name]
    try:
        music = dataset.load(options.folders.get(name))
    except MissingDataError as error:
        print(f"left out: {error}")
        return
    for model, protocol in product(options.models, music.protocols):
        if not dataset.takes(model, protocol):
            continue
        splitter = music.protocols[protocol]
        digest = digest_of(MODELS[model].make(dataset.front()), music.y, music.X, music.groups)
        for seed in options.seeds:
            key = (name, protocol, model, seed)
            if results.holds(key, digest) and not options.again:
                continue
            start = time.perf_counter()
            print(f"{name}, {protocol}, {model}, seed {seed} ... ", end="", flush=True)
            scores = compare_protocols(
                MODELS[model].make(dataset.front(options.memory)),
                music.X,
                music.y,
                music.groups,
                protocols={protocol: splitter},
                n_splits=N_SPLITS,
                seeds=[seed],
                n_jobs=options.n_jobs,
            )[protocol]
            print(f"{scores.accuracy[0]:.3f} in {time.perf_counter() - start:.0f} s", flush=True)
            record = Record.of(key, digest, scores, N_SPLITS if isinstance(splitter, str) else len(splitter))
            results.add(record, describe())
            yield record
