"""What each choice in the nets is worth: the default net, and what one change does to it, on two sets of real music.

``python -m accuracy.ablation`` measures what is not yet kept in ``ablation.json``, and writes the tables of the
documentation's page. The nets at their defaults are those that ``python -m accuracy`` has scored.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

from accuracy.datasets import DATASETS, N_SPLITS, Music
from accuracy.models import cepstra
from accuracy.results import Results, digest_of
from benchmarks.report import list_table
from skgenre import AudioLoader, CNNClassifier, MelExtractor, MFCCExtractor, RNNClassifier, compare_protocols
from skgenre.classifiers._base import NetClassifier

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "accuracy" / "results.json"
SETS = {"emotify": "Emotify, four genres", "ten-genres": "Ten genres"}
METRICS = ("accuracy", "macro_f1", "log_loss", "calibration_error")


@dataclass(frozen=True)
class Change:
    """A row: what is changed, in words, and how; ``model`` names a net at its defaults among those scored anyway."""

    text: str
    parameters: dict[str, Any] = field(default_factory=dict)
    net: type[NetClassifier] = CNNClassifier
    features: str = "mel"
    model: str = ""

    def make(self) -> NetClassifier:
        return self.net(**self.parameters)


CHANGES = {
    "default": Change("``CNNClassifier()``", model="cnn-mel"),
    "rnn": Change("``RNNClassifier()``", net=RNNClassifier, model="rnn-mel"),
    "bfloat16": Change("computed in bfloat16", {"precision": "bfloat16"}),
    "rnn-bfloat16": Change("``RNNClassifier()`` in bfloat16", {"precision": "bfloat16"}, net=RNNClassifier),
    "mfcc": Change("on 20 MFCC", features="mfcc"),
    "short-frames": Change("frames half as long, so that a crop is 6 s", features="short-mel"),
    "long-frames": Change("frames twice as long, so that a crop is 24 s", features="long-mel"),
    "one-dimension": Change("convolutions over time alone", {"channels": (128,)}),
    "twice-as-wide": Change("twice the channels", {"channels": (16, 32, 64, 128)}),
    "no-transposing": Change("no transposing", {"augment": ("mask", "equalize")}),
    "no-equalizer": Change("no equalizer", {"augment": ("mask", "transpose")}),
    "no-masks": Change("no masks", {"augment": ("equalize", "transpose")}),
    "stretching": Change("time stretched as well", {"augment": ("mask", "equalize", "transpose", "stretch")}),
    "mixstyle": Change("MixStyle as well", {"augment": ("mask", "equalize", "transpose", "mixstyle")}),
    "no-augmentation": Change("no augmentation of crops", {"augment": False}),
    "no-mixup": Change("no mixup", {"mixup": 0.0}),
    "more-mixup": Change("mixup of 1", {"mixup": 1.0}),
    "hard-targets": Change("no label smoothing", {"label_smoothing": 0.0}),
    "no-dropout": Change("no dropout", {"dropout": 0.0}),
    "little-decay": Change("weight decay of 0.001", {"weight_decay": 0.001}),
    "early-stopping": Change("early stopping on 15 % of the tracks", {"validation_fraction": 0.15}),
    "half-the-epochs": Change("half the epochs", {"max_epochs": 40}),
    "twice-the-epochs": Change("twice the epochs", {"max_epochs": 160}),
    "shorter-crops": Change("crops half as long", {"segment_frames": 128}),
    "no-overlap": Change("no overlap in prediction", {"segment_overlap": 0.0}),
}


EXTRACTORS = {
    "mel": partial(MelExtractor, 64, hop_length=1024),
    "short-mel": partial(MelExtractor, 64),
    "long-mel": partial(MelExtractor, 64, hop_length=2048),
    "mfcc": partial(MFCCExtractor, 20, hop_length=1024),
}
PICTURES = {"mel": np.asarray, "mfcc": cepstra}
"""Spectrograms that are there already, with frames of 60 ms, have no other lengths of frames."""


def features(name: str, music: Music, kind: str, memory: Path) -> np.ndarray:
    if name == "ten-genres":
        return PICTURES[kind](music.X)
    return EXTRACTORS[kind](memory=memory).transform(AudioLoader(duration=30).transform(music.X))


def measure(
    kept: dict[str, dict], file: Path, sets: Sequence[str], names: Sequence[str], seeds: Sequence[int], memory: Path
) -> None:
    music = {name: DATASETS[name].load(None) for name in sets}
    known: dict[tuple, np.ndarray] = {}
    for seed in seeds:
        for name, data in music.items():
            for row in names:
                change = CHANGES[row]
                if change.model or (name == "ten-genres" and change.features not in PICTURES):
                    continue
                net = change.make().set_params(random_state=seed)
                measured = net if name == "ten-genres" else make_pipeline(EXTRACTORS[change.features](), net)
                key, digest = f"{name} {row} {seed}", digest_of(measured, data.y)
                if kept.get(key, {}).get("digest") == digest:
                    continue
                if (name, change.features) not in known:
                    known[name, change.features] = features(name, data, change.features, memory)
                protocol = {DATASETS[name].main: data.protocols[DATASETS[name].main]}
                X = known[name, change.features]
                start = time.process_time()  # each net trains in one thread; other work may share the machine
                scores = compare_protocols(
                    net, X, data.y, data.groups, protocols=protocol, n_splits=N_SPLITS, seeds=[seed]
                )
                summary = scores[DATASETS[name].main].summary()
                kept[key] = {"digest": digest, **{metric: round(float(summary[metric]), 5) for metric in METRICS}}
                seconds = time.process_time() - start
                kept[key]["seconds"] = round(seconds / (N_SPLITS if name == "emotify" else 1), 1)
                print(key, kept[key], flush=True)
                half_written = file.with_suffix(".partial")
                half_written.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
                os.replace(half_written, file)


def at_defaults(results: Results) -> dict[str, dict]:
    """Return the rows of the nets at their defaults."""
    return {
        f"{name} {row} {record.seed}": {metric: getattr(record, metric) for metric in (*METRICS, "seconds")}
        for name in SETS
        for row, change in CHANGES.items()
        for record in results.of(name, DATASETS[name].main, change.model)
    }


def tables(kept: dict[str, dict]) -> str:
    head = ["change", "seeds", "accuracy", "points", "macro F1", "log-loss", "calibration error", "s a fold"]
    parts = []
    for name, title in SETS.items():
        found = [row for row in CHANGES if any(f"{name} {row} {seed}" in kept for seed in range(99))]
        parts.append(list_table([head, *([CHANGES[row].text, *_row(name, row, kept)] for row in found)], title))
    return "\n".join(parts)


def _row(name: str, row: str, kept: dict[str, dict]) -> list[str]:
    seeds = [seed for seed in range(99) if f"{name} {row} {seed}" in kept]
    found = [kept[f"{name} {row} {seed}"] for seed in seeds]
    accuracy = np.array([record["accuracy"] for record in found])
    both = [seed for seed in seeds if f"{name} default {seed}" in kept]
    gain = 100 * np.array(
        [kept[f"{name} {row} {seed}"]["accuracy"] - kept[f"{name} default {seed}"]["accuracy"] for seed in both]
    )
    spread = f" ± {accuracy.std(ddof=1):.3f}" if len(found) > 1 else ""
    error = f" ± {gain.std(ddof=1) / np.sqrt(len(gain)):.1f}" if len(gain) > 1 else ""
    means = [f"{np.mean([record[metric] for record in found]):.3f}" for metric in METRICS[1:]]
    points = "" if row == "default" or not both else f"{gain.mean():+.1f}{error}"
    seconds = f"{min(record['seconds'] for record in found):.0f}"
    return [str(len(found)), f"{accuracy.mean():.3f}{spread}", points, *means, seconds]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m accuracy.ablation", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES), metavar="ROW")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N - 1 (default: 5)")
    parser.add_argument("--memory", type=Path, metavar="FOLDER", help="where to keep features")
    parser.add_argument("--json", type=Path, default=ROOT / "accuracy" / "ablation.json", metavar="FILE")
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="FILE", help="scores of nets at their defaults"
    )
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "ablation.inc", metavar="FILE")
    parser.add_argument("--page-only", action="store_true", help="measure nothing; show what is kept")
    arguments = parser.parse_args(argv)
    kept = json.loads(arguments.json.read_text(encoding="utf-8")) if arguments.json.is_file() else {}
    if not arguments.page_only:
        measure(kept, arguments.json, arguments.sets, arguments.only, range(arguments.seeds), arguments.memory)
    results = Results.read(arguments.results)
    arguments.page.write_text(tables({**kept, **at_defaults(results)}), encoding="utf-8")


if __name__ == "__main__":
    main()
