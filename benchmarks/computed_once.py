"""Features that are kept: what a second run costs, and how often a search decodes a file."""

import shutil
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from benchmarks.measuring import Comparison, Figure, Music, Size, take_turns
from skgenre import AudioLoader, CNNClassifier, MFCCExtractor, Waveforms

TITLE = "Computed once"
TEXT = """\
MFCC of 44,100 Hz stereo mp3 files of 30 s, computed, computed and stored in the folder of ``memory=``, and read from it
by a later run; times are for a track, on one core. Then a search over eight candidates of the net (two epochs each) in
five folds with ``n_jobs=2``, with and without ``memory=``: how often a file was decoded, and the time of the whole."""


class CountingWaveforms(Waveforms):
    """Waveforms that note each decoding beside the file, where worker processes can do so too."""

    def decode(self, position: int) -> np.ndarray:
        with open(f"{self.paths[position]}.log", "a") as log:
            log.write("decoded\n")
        return super().decode(position)


class CountingLoader(AudioLoader):
    """A loader that gives them."""

    def transform(self, X):
        return CountingWaveforms(super().transform(X).paths, self.sample_rate, duration=self.duration)


def measure(size: Size, music: Music) -> list[Comparison]:
    with tempfile.TemporaryDirectory() as folder:
        return [hits(size, music, Path(folder)), *search(size, music, Path(folder))]


def hits(size: Size, music: Music, folder: Path) -> Comparison:
    def run(memory: Path | None) -> None:
        MFCCExtractor(memory=memory).transform(AudioLoader(duration=30.0).transform(music.mp3))

    fresh = count()
    contenders = {
        "read from memory=": lambda: run(folder / "kept"),
        "computed": lambda: run(None),
        "computed and stored": lambda: run(folder / f"new{next(fresh)}"),
    }
    figures = take_turns(contenders, size.pick(15, 3, 1), scale=1e3 / len(music.mp3))
    return Comparison("second run with memory=", "ms", figures)


def search(size: Size, music: Music, folder: Path) -> list[Comparison]:
    n_tracks, n_folds = size.pick(20, 10, 4), size.pick(5, 5, 2)
    paths = []
    for number in range(n_tracks):  # under names of their own, they are other tracks
        paths.append(shutil.copy(music.mp3[number % len(music.mp3)], folder / f"track{number}.mp3"))
    rates = size.pick([1e-4, 3e-4, 1e-3, 3e-3], [1e-4, 3e-4, 1e-3, 3e-3], [1e-3])
    run_search(paths[:4], [1e-3], 2, None)  # starts the workers, which stay alive
    with_memory = run_search(paths, rates, n_folds, str(folder / "search"))
    without = run_search(paths, rates, n_folds, None)
    task = f"search over {2 * len(rates)} candidates in {n_folds} folds, {n_tracks} tracks"
    decoded, seconds = (
        [Figure("with memory=", [ours]), Figure("without", [other])]
        for ours, other in zip(with_memory, without, strict=True)
    )
    return [
        Comparison(f"{task}: decodings", "times", decoded, at_most=n_tracks),
        Comparison(f"{task}: time", "s", seconds),
    ]


def run_search(paths: list[str], rates: list[float], n_folds: int, memory: str | None) -> tuple[float, float]:
    """Return how often a file was decoded, and the seconds."""
    model = Pipeline(
        [
            ("load", CountingLoader(duration=30.0)),
            ("mfcc", MFCCExtractor(memory=memory)),
            ("cnn", CNNClassifier(max_epochs=2, validation_fraction=None, random_state=0)),
        ]
    )
    search = GridSearchCV(
        model, {"cnn__lr": rates, "cnn__dropout": [0.0, 0.3]}, cv=n_folds, n_jobs=2, error_score="raise"
    )
    start = time.perf_counter()
    search.fit(paths, np.arange(len(paths)) % 2)
    seconds = time.perf_counter() - start
    logs = [Path(f"{path}.log") for path in paths]
    decoded = sum(len(log.read_text().splitlines()) for log in logs)
    for log in logs:
        log.unlink()
    return decoded, seconds
