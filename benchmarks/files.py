"""From files to their MFCC."""

import librosa
import numpy as np
from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits

from benchmarks.measuring import Comparison, Music, Size, take_turns
from skgenre import AudioLoader, MFCCExtractor

TITLE = "Features of files"
TEXT = """\
From a list of paths to an array of MFCC: 40 wav or 20 mp3 files of 30 s, in the cache of the file system, resampled
to 22,050 Hz where they are at another rate. Times are for a track. skgenre works with ``n_jobs=2`` and, to show what
the second thread brings, with 1. librosa is called in a loop, as its documentation does, and by joblib in two
processes that stay alive. The last comparison leaves BLAS the threads that it has where nobody limits it, one for each
core; in all others, and in all other subjects, it has one."""


def measure(size: Size, music: Music) -> list[Comparison]:
    n_rounds = size.pick(9, 3, 1)
    comparisons = [
        compare("22,050 Hz mono wav to MFCC", 4 * music.wav, n_rounds, at_least=8.0),
        compare("44,100 Hz stereo mp3 to MFCC", 2 * music.mp3, n_rounds, at_least=4.0),
    ]
    with threadpool_limits(cpu_count(), "blas"):
        comparisons.append(compare("stereo mp3 to MFCC, BLAS not limited", 2 * music.mp3, n_rounds))
    return comparisons


def compare(task: str, paths: list[str], n_rounds: int, *, at_least: float | None = None) -> Comparison:
    contenders = {
        "skgenre, n_jobs=2": lambda: with_skgenre(paths, n_jobs=2),
        "librosa in a loop": lambda: np.stack([with_librosa(path) for path in paths]),
        "librosa in 2 processes": lambda: np.stack(Parallel(n_jobs=2)(delayed(with_librosa)(path) for path in paths)),
        "skgenre, n_jobs=1": lambda: with_skgenre(paths, n_jobs=1),
    }
    return Comparison(task, "ms", take_turns(contenders, n_rounds, scale=1e3 / len(paths)), at_least=at_least)


def with_skgenre(paths: list[str], n_jobs: int) -> np.ndarray:
    return MFCCExtractor(n_jobs=n_jobs).transform(AudioLoader(duration=30.0).transform(paths))


def with_librosa(path: str, duration: float = 30.0) -> np.ndarray:
    y, sample_rate = librosa.load(path, duration=duration)
    return librosa.feature.mfcc(y=y, sr=sample_rate)
