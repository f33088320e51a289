"""What one waits for in a fresh process: imports, the first call, the command line."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import Comparison, Figure, Music, Size

TITLE = "Startup"
TEXT = """\
Each time in a fresh process, its files in the cache of the system. The first MFCC is that of a waveform of 30 s. What a
first call takes longer than a second one is its pause. librosa is in part compiled by numba, which keeps its results in
a folder; that folder is empty, or has been filled by an earlier process. skgenre keeps nothing on disk. The command
line is timed from the start of the process to its end."""

SCRIPT = """
import time
start = time.perf_counter()
import {package}
imported = time.perf_counter()
import numpy as np
y = np.random.default_rng(0).normal(scale=0.1, size=661500).astype(np.float32)
found = time.perf_counter()
{find}
ready = time.perf_counter()
{call}
first = time.perf_counter()
{call}
second = time.perf_counter()
print(imported - start, imported - start + first - found, (first - ready) - (second - first))
"""
SCRIPTS = {
    "skgenre": SCRIPT.format(package="skgenre", find="run = skgenre.MFCCExtractor().transform", call="run(y[None])"),
    "librosa": SCRIPT.format(package="librosa", find="run = librosa.feature.mfcc", call="run(y=y, sr=22050)"),
}


def measure(size: Size, music: Music) -> list[Comparison]:
    n_rounds = {"filled": size.pick(10, 3, 1), "empty": size.pick(3, 1, 1)}  # librosa compiles for ten seconds
    imports: dict[str, list[float]] = {who: [] for who in SCRIPTS}
    to_mfcc = {kept: {who: [] for who in SCRIPTS} for kept in ("filled", "empty")}
    pauses: dict[str, list[float]] = {who: [] for who in SCRIPTS}
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder, "filled")
        for script in SCRIPTS.values():
            times(script, filled)
        for kept, caches in to_mfcc.items():
            for round_ in range(n_rounds[kept]):
                for who, script in SCRIPTS.items():
                    cache = filled if kept == "filled" else Path(folder, f"{who}{round_}")
                    imported, called, pause = times(script, cache)
                    caches[who].append(called)
                    if kept == "filled":
                        imports[who].append(imported)
                    else:
                        pauses[who].append(pause)
    pause = Comparison("pause of the first call, numba's folder empty", "s", figures(pauses), at_most=1.0)
    pause.figures[1].note = "what is compiled when it is imported not counted"
    comparisons = [
        Comparison("import", "s", figures(imports), at_most=0.3),
        *(
            Comparison(f"import and first MFCC, numba's folder {kept}", "s", figures(caches))
            for kept, caches in to_mfcc.items()
        ),
    ]
    return [*comparisons, pause, command_line(n_rounds["filled"])]


def times(script: str, cache: Path) -> list[float]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def command_line(n_rounds: int) -> Comparison:
    contenders = {
        "skgenre --help": [str(Path(sys.executable).with_name("skgenre")), "--help"],
        "python that does nothing": [sys.executable, "-c", "pass"],
    }
    seconds: dict[str, list[float]] = {who: [] for who in contenders}
    for _ in range(n_rounds):
        for who, command in contenders.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[who].append(time.perf_counter() - start)
    return Comparison("command line", "s", figures(seconds))


def figures(values: dict[str, list[float]]) -> list[Figure]:
    return [Figure(who, numbers) for who, numbers in values.items()]
