"""Answers while the music plays: how long a chunk takes, and what an hour takes of time and memory."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import soundfile
import torch
from sklearn.pipeline import Pipeline

from benchmarks.measuring import Comparison, Figure, Music, Size
from benchmarks.memory import STATUS, own_memory
from skgenre import AudioLoader, CNNClassifier, MelExtractor, MFCCExtractor, RNNClassifier, StreamingClassifier

TITLE = "Streaming"
TEXT = """\
Music at 44,100 Hz in two channels is pushed in chunks of 100 ms, one after the other, on one core; the nets are those
of ten genres at their defaults. The latency is the time of one push, most of which complete no segment: each round is a
minute of music, and its value the 99th percentile. An hour of music is pushed in the same way, as one track, whose
frames are kept for the exact answer at its end; the time of that answer is shown apart. The memory is the most that the
process has beside what it had after the first minute; the ratio is that of a few minutes to an hour."""

SOURCE_RATE = 44100
PIPELINES = {
    "CNNClassifier on 64 mel bands": (MelExtractor(64), CNNClassifier),
    "CNNClassifier on MFCC": (MFCCExtractor(20), CNNClassifier),
    "RNNClassifier on 64 mel bands": (MelExtractor(64), RNNClassifier),
}


def measure(size: Size, music: Music) -> list[Comparison]:
    n_rounds, minutes, few = size.pick((20, 60, 6), (3, 6, 2), (1, 0.3, 0.1))
    latencies = [measured("latency", name, n_rounds, music.wav) for name in PIPELINES]
    hours = [measured("hour", name, minutes, music.wav) for name in PIPELINES]
    comparisons = [
        Comparison(
            "99th percentile of the latency of 100 ms",
            "ms",
            [Figure(name, values) for name, values in zip(PIPELINES, latencies, strict=True)],
            at_most=10.0,
        ),
        Comparison(
            f"{minutes:g} min of music, for each second",
            "ms",
            [
                Figure(name, [values["ms"]], f"{values['end']:.3g} s more for the exact answer at the end")
                for name, values in zip(PIPELINES, hours, strict=True)
            ],
            at_most=20.0,
        ),
    ]
    if STATUS.exists():
        name = next(iter(PIPELINES))
        short = measured("hour", name, few, music.wav)["MB"]
        figures = [Figure(f"{minutes:g} min", [hours[0]["MB"]]), Figure(f"{few:g} min", [short])]
        comparisons.append(Comparison("peak beside that of the first minute", "MB", figures, at_least=0.8))
    return comparisons


def measured(what: str, name: str, amount: float, paths: list[str]):
    command = [sys.executable, "-m", "benchmarks.streaming", what, name, str(amount)]
    done = subprocess.run(command, input=json.dumps(paths), check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def stream_of(name: str) -> StreamingClassifier:
    """Return a stream of a pipeline whose net has seen noise: what it answers does not matter here."""
    extractor, net = PIPELINES[name]
    loader = AudioLoader()
    noise = np.random.default_rng(0).normal(0, 0.1, (10, 8 * 22050)).astype(np.float32)
    features = extractor.fit(noise).transform(loader.fit(noise).transform(noise))
    fitted = net(max_epochs=1, random_state=0).fit(features, np.arange(10))
    pipeline = Pipeline([("load", loader), ("features", extractor), ("net", fitted)])
    return StreamingClassifier(pipeline, sample_rate=SOURCE_RATE)


def chunks(paths: list[str]) -> Iterator[np.ndarray]:
    """Give chunks of 100 ms for ever, of files at 22,050 Hz with each sample twice, in two channels."""
    size = SOURCE_RATE // 10
    for path in itertools.cycle(paths):
        y = np.repeat(soundfile.read(path, dtype="float32")[0], 2)
        channels = np.stack([y, y], axis=1)
        for start in range(0, len(y) - size + 1, size):
            yield channels[start : start + size]


def latency(name: str, n_rounds: int, paths: list[str]) -> list[float]:
    live, source = stream_of(name), chunks(paths)
    rounds = []
    for round_ in range(n_rounds + 1):
        times = []
        for chunk in itertools.islice(source, 600):
            start = time.perf_counter()
            live.push(chunk)
            times.append(time.perf_counter() - start)
        if round_:  # the first one does not count
            rounds.append(1e3 * float(np.percentile(times, 99)))
    return rounds


def hour(name: str, minutes: float, paths: list[str]) -> dict[str, float]:
    live, source = stream_of(name), chunks(paths)
    first = min(600, round(300 * minutes))
    for chunk in itertools.islice(source, first):
        live.push(chunk)
    before = own_memory() if STATUS.exists() else 0.0
    spent, peak = 0.0, before
    n_chunks = round(600 * minutes) - first
    for number, chunk in enumerate(itertools.islice(source, n_chunks)):
        start = time.perf_counter()
        live.push(chunk)
        spent += time.perf_counter() - start
        if STATUS.exists() and number % 50 == 0:
            peak = max(peak, own_memory())
    start = time.perf_counter()
    live.close()
    end = time.perf_counter() - start
    if STATUS.exists():
        peak = max(peak, own_memory())
    return {"ms": 1e3 * spent / (n_chunks / 10), "end": end, "MB": peak - before}


def main(what: str, name: str, amount: str) -> None:
    """Print what was measured in this process."""
    torch.set_num_threads(1)
    paths = json.load(sys.stdin)
    print(json.dumps(latency(name, int(amount), paths) if what == "latency" else hour(name, float(amount), paths)))


if __name__ == "__main__":
    main(*sys.argv[1:])
