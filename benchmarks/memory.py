"""The memory that extraction takes beside its output, each time in a process of its own."""

import gc
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measuring import Comparison, Figure, Music, Size
from skgenre import AudioLoader, MFCCExtractor

TITLE = "Memory"
TEXT = """\
The largest memory a process takes while it extracts the MFCC of wav files of 30 s with ``n_jobs=2``, less what it took
before and less the output. Its own memory is counted, every two milliseconds; what the system keeps of a mapped file,
and takes back at will, is not. The same few files stand for all tracks. The ratio is that of few tracks to many: 1
where nothing grows with their number."""

STATUS = Path("/proc/self/status")


def measure(size: Size, music: Music) -> list[Comparison]:
    if not STATUS.exists():
        print("memory: not measured, for this system has no /proc", file=sys.stderr)
        return []
    few, many = size.pick((200, 2000), (20, 200), (4, 8))
    n_rounds = size.pick(3, 1, 1)
    comparisons = []
    for way, name in (("array", "in memory"), ("file", "to a mapped file, with out=")):
        contenders = {f"{many:,} tracks": (way, many), f"{few:,} tracks": (way, few)}
        if way == "array":
            contenders[f"librosa in a loop, {few:,} tracks"] = ("librosa", few)
        values: dict[str, list[float]] = {who: [] for who in contenders}
        for _ in range(n_rounds):
            for who, (how, n_tracks) in contenders.items():
                values[who].append(in_a_process(how, n_tracks, music.wav))
        figures = [Figure(who, numbers) for who, numbers in values.items()]
        comparisons.append(Comparison(f"peak beside the output, {name}", "MB", figures, at_least=0.8))
    return comparisons


def in_a_process(way: str, n_tracks: int, paths: list[str]) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", way, str(n_tracks)]
    return float(subprocess.run(command, input=json.dumps(paths), check=True, capture_output=True, text=True).stdout)


def own_memory() -> float:
    """Return the memory of this process that is no file's, in MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def peak_of(run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    samples, stop = [], threading.Event()

    def watch() -> None:
        while not stop.wait(0.002):
            samples.append(own_memory())

    thread = threading.Thread(target=watch)
    thread.start()
    output = run()
    stop.set()
    thread.join()
    return max([*samples, own_memory()]), output


def main(way: str, n_tracks: int, paths: list[str]) -> None:
    """Print the peak beside the output, in MB."""
    if way == "librosa":
        from benchmarks.files import with_librosa

        def extract(tracks: list[str], duration: float) -> np.ndarray:
            return np.stack([with_librosa(path, duration) for path in tracks])
    else:
        folder = tempfile.TemporaryDirectory()

        def extract(tracks: list[str], duration: float) -> np.ndarray:
            extractor = MFCCExtractor(n_jobs=2, out=folder.name if way == "file" else None)
            return extractor.transform(AudioLoader(duration=duration).transform(tracks))

    extract(paths[:2], 0.5)  # loads what is loaded on first use
    gc.collect()
    before = own_memory()
    tracks = [paths[number % len(paths)] for number in range(n_tracks)]
    peak, output = peak_of(lambda: extract(tracks, 30.0))
    print(peak - before - (0 if way == "file" else output.nbytes / 2**20))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), json.load(sys.stdin))
