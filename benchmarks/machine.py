"""What the figures were measured on, and the music they were measured with."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import soundfile
import soxr

from benchmarks import THREADS
from benchmarks.measuring import Music, Size
from skgenre.datasets import GENRES, make_tracks

PACKAGES = ("skgenre", "numpy", "scipy", "scikit-learn", "joblib", "soundfile", "soxr", "torch", "skorch")
RIVALS = ("librosa", "numba", "audioflux", "kaldi-native-fbank", "annoy", "voyager", "faiss-cpu", "usearch")


def describe() -> dict:
    """Return the processor, its cores, the versions and the threads; no names of machines or folders."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in (*PACKAGES, *RIVALS)},
        "threads": {name: os.environ[name] for name in THREADS},
    }


def load() -> float:
    """Return how many processes wanted a processor on average, in the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def make_music(folder: Path, size: Size) -> Music:
    """Write the music: a track for each genre, as a mono wav and as an mp3 whose channels differ."""
    duration, genres = size.pick(30.0, 30.0, 7.0), GENRES[: size.pick(10, 4, 2)]
    tracks = make_tracks(folder / "music", 1, 1, genres, duration=duration, sample_rate=44100, random_state=0)
    wav, mp3 = [], []
    for number, path in enumerate(tracks.paths):
        samples, rate = soundfile.read(path, dtype="float32")
        wav.append(str(folder / f"{number}.wav"))
        soundfile.write(wav[-1], soxr.resample(samples, rate, 22050), 22050)
        mp3.append(str(folder / f"{number}.mp3"))
        soundfile.write(mp3[-1], np.column_stack([samples, 0.7 * np.roll(samples, 400)]), rate)
    return Music(wav, mp3)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
