"""What was scored: a record for each data set, protocol, model and seed, kept in a file."""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import config_context

import skgenre
from skgenre.model_selection import ProtocolScores, bootstrap_interval


@dataclass(frozen=True)
class Record:
    """The scores of one model with one seed.

    ``right`` holds, of ``tested`` rows by each artist, those that were answered rightly; ``seconds`` are those of a
    fold, fitting and answering. Log-loss and calibration error are None where there are no probabilities.
    """

    dataset: str
    protocol: str
    model: str
    seed: int
    digest: str
    accuracy: float
    macro_f1: float
    log_loss: float | None
    calibration_error: float | None
    seconds: float
    right: list[int]
    tested: list[int]

    @property
    def key(self) -> tuple:
        return (self.dataset, self.protocol, self.model, self.seed)

    @classmethod
    def of(cls, key: tuple, digest: str, scores: ProtocolScores, n_folds: int) -> "Record":
        _, artists = np.unique(scores.clusters, return_inverse=True)
        row = scores.summary()
        return cls(
            *key,
            digest=digest,
            accuracy=round(row["accuracy"], 5),
            macro_f1=round(row["macro_f1"], 5),
            log_loss=_number(row["log_loss"]),
            calibration_error=_number(row["calibration_error"]),
            seconds=round(row["seconds"] / n_folds, 3),
            right=np.bincount(artists, weights=scores.predictions[0] == scores.y_true).astype(int).tolist(),
            tested=np.bincount(artists).tolist(),
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 5)


@dataclass
class Results:
    """All records, and the machine that the latest of them were made on."""

    machine: dict = field(default_factory=dict)
    records: dict[tuple, Record] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> "Results":
        if not file.is_file():
            return cls()
        content = json.loads(file.read_text(encoding="utf-8"))
        records = [Record(**record) for record in content["records"]]
        return cls(content["machine"], {record.key: record for record in records})

    def write(self, file: Path) -> None:
        records = [self.records[key] for key in sorted(self.records)]
        lines = ",\n".join("  " + json.dumps(asdict(record), separators=(",", ":")) for record in records)
        text = f'{{\n "machine": {json.dumps(self.machine)},\n "records": [\n{lines}\n ]\n}}\n'
        # Under another name until it is whole: a run that is ended while it writes leaves the earlier results.
        partial = file.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)

    def add(self, record: Record, machine: dict) -> None:
        """Keep a record, and none that was made of other music or of another version of the model beside it."""
        for other in self.of(*record.key[:3]):
            if (other.digest, other.tested) != (record.digest, record.tested):
                del self.records[other.key]
        self.records[record.key] = record
        self.machine = machine

    def holds(self, key: tuple, digest: str) -> bool:
        return key in self.records and self.records[key].digest == digest

    def of(self, dataset: str, protocol: str, model: str) -> list[Record]:
        return [record for key, record in sorted(self.records.items()) if key[:3] == (dataset, protocol, model)]


def digest_of(estimator: Any, y: np.ndarray, X: Any = None, groups: np.ndarray | None = None) -> str:
    """Return what a record depends on, in short: the version, the parameters of the estimator, and the music.

    Files count by name and size, wherever they are.
    """
    with config_context(print_changed_only=False):
        text = estimator.__repr__(N_CHAR_MAX=10**6)
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"(\w*Path)\('[^']*/", r"\1('", text)
    digest = hashlib.sha256(f"{skgenre.__version__} {text} {y.tolist()}".encode())
    if X is not None and X.dtype == object:
        files = [(os.path.basename(path), os.path.getsize(path) if os.path.isfile(path) else None) for path in X]
        digest.update(f" {files}".encode())
    elif X is not None:
        digest.update(np.ascontiguousarray(X).data)
    if groups is not None:
        digest.update(f" {groups.tolist()}".encode())
    return digest.hexdigest()[:12]


def interval(records: list[Record]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the accuracy, averaged over seeds, by a bootstrap over artists."""
    tested = np.array(records[0].tested)
    right = np.mean([record.right for record in records], axis=0)
    return bootstrap_interval(np.repeat(right / tested, tested), np.repeat(np.arange(len(tested)), tested))
