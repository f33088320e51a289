"""Whether explanations point at what matters: ``python -m benchmarks.explain``, and ``--data folder`` on real music.

Made-up tracks of two classes differ in one call, at times and bands that are known. Printed is the share of all that
speaks for the class that lies within the calls, mean and standard deviation over seeds, each with its own tracks and
net. By chance it is the share of the spectrogram that the calls take up. The rank correlation is that with the map of
the same net with shuffled weights.

On real music a net is trained on ten seconds of the tracks of all artists but a fifth, and tracks of those are
explained, some of each genre: the areas below the curves of deletion and insertion, mean over tracks, and which share
of the tracks beats the mean of chance.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline

from skgenre import (
    AudioLoader,
    CNNClassifier,
    Explanation,
    MelExtractor,
    attribution_mass,
    compare_with_random_weights,
    explain,
    load_tracks,
    measure_faithfulness,
)

RATE = 16000
METHODS = ("occlusion", "integrated_gradients", "grad_cam", "shap")
FINE = {
    "occlusion": {"patch": (4, 16)},
    "integrated_gradients": {},
    "grad_cam": {},
    "shap": {"patch": (2, 8), "n_samples": 4},
}
"""How finely each method looks for the calls."""


@dataclass(frozen=True)
class Call:
    """A call in a track: when, in seconds, and at which frequencies, in hertz."""

    start: float
    stop: float
    low: float = 2000.0
    high: float = 3000.0


def plant(n_tracks: int, rng: np.random.Generator, duration: float = 4.0) -> tuple[np.ndarray, np.ndarray, list]:
    """Make tracks (n_tracks, n_samples) of two classes, and say where in each are the calls that tell them apart."""
    t = np.arange(round(duration * RATE)) / RATE
    X, y, calls = [], np.arange(n_tracks) % 2, []
    for label in y:
        track = 0.02 * np.cumsum(rng.standard_normal(len(t))) / 20 + 0.01 * rng.standard_normal(len(t))
        for _ in range(6):  # the music, which both have: notes, and strokes of noise
            note = 110 * 2 ** rng.uniform(0, 2.5)
            first = int(rng.uniform(0, duration - 0.5) * RATE)
            s = t[: min(int(rng.uniform(0.3, 1.0) * RATE), len(t) - first)]
            harmonics = np.arange(1, 12)[:, None]
            sound = (np.sin(2 * np.pi * note * harmonics * s) / harmonics).sum(axis=0)
            track[first : first + len(s)] += 0.15 * np.exp(-3 * s) * sound
            first = int(rng.uniform(0, duration - 0.2) * RATE)
            s = t[: int(0.2 * RATE)]
            track[first : first + len(s)] += 0.2 * np.exp(-40 * s) * rng.standard_normal(len(s))
        found = [Call(start, start + 0.4) for start in (rng.uniform(0.1, 1.4), rng.uniform(2.0, 3.4))] if label else []
        for call in found:
            inside = (t >= call.start) & (t < call.stop)
            trill = 2500 + 350 * np.sin(2 * np.pi * 12 * t)
            track += 0.25 * inside * np.sin(2 * np.pi * np.cumsum(trill) / RATE)
        X.append(track / np.abs(track).max())
        calls.append(found)
    return np.array(X, dtype=np.float32), y, calls


def train(X: np.ndarray, y: np.ndarray, seed: int) -> Pipeline:
    """Train a small net on planted calls."""
    mel = MelExtractor(32, n_fft=1024, hop_length=256, sample_rate=RATE)
    # Neither blended crops nor soft targets: the class hangs on the call alone, and the net may be sure of it.
    sure = {"mixup": 0.0, "label_smoothing": 0.0, "augment": ("mask", "equalize")}
    net = CNNClassifier((8, 16, 32), max_epochs=12, segment_frames=128, random_state=seed, **sure)
    return make_pipeline(AudioLoader(RATE), mel, net).fit(X, y)


def region(explanation: Explanation, calls: list) -> np.ndarray:
    """Return which cells hold a part of a call: bands next to it and frames whose window reaches into it too."""
    bands, reach = explanation.frequencies, 512 / RATE
    width = np.gradient(bands)
    cells = np.zeros(explanation.attribution.shape, dtype=bool)
    for call in calls:
        rows = (bands + width >= call.low) & (bands - width <= call.high)
        columns = (explanation.times >= call.start - reach) & (explanation.times <= call.stop + reach)
        cells |= rows[:, None] & columns
    return cells


def measure_calls(seed: int, n_explained: int = 6) -> dict[str, dict[str, float]]:
    """Return for each method the mean mass within the calls, and the time, over tracks that the net has not seen."""
    rng = np.random.default_rng(seed)
    X, y, _ = plant(200, rng)
    net = train(X, y, seed)
    X, y, calls = plant(2 * n_explained, rng)
    results = {"accuracy": {"": float(np.mean(net.predict(X) == y))}}
    for method in METHODS:
        start = time.perf_counter()
        found = [explain(net, X[row], method, 1, random_state=0, **FINE[method]) for row in np.flatnonzero(y)]
        seconds = (time.perf_counter() - start) / len(found)
        where = [region(explanation, calls[row]) for explanation, row in zip(found, np.flatnonzero(y), strict=True)]
        pairs = list(zip(found, where, strict=True))
        masses = [attribution_mass(one.attribution, cells) for one, cells in pairs]
        smooth = [attribution_mass(one.smooth(3, 5).attribution, cells) for one, cells in pairs]
        randomized = [compare_with_random_weights(net, one, random_state=0) for one in found]
        results[method] = {
            "mass within the calls": float(np.mean(masses)),
            "mass, smoothed": float(np.mean(smooth)),
            "by chance": float(np.mean([cells.mean() for cells in where])),
            "completeness error": float(np.median([one.completeness_error for one in found])),
            "rank correlation": float(np.mean(randomized)),
            "seconds": seconds,
        }
    return results


def measure_music(folder: Path, n_explained: int, seed: int) -> dict[str, dict[str, float]]:
    """Return for each method the areas below the curves, on tracks of artists that the net has not heard."""
    music = load_tracks(folder)
    paths, y, artists = np.array(music.paths), np.asarray(music.target), np.asarray(music.groups)
    training, test = next(StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(paths, y, artists))
    classifier = CNNClassifier(max_epochs=40, random_state=seed)
    net = make_pipeline(AudioLoader(duration=10.0), MelExtractor(64), classifier)
    net.fit(paths[training], y[training])
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(test[y[test] == genre])[:n_explained] for genre in np.unique(y)])
    results = {"accuracy": {"": float(np.mean(net.predict(paths[test]) == y[test]))}}
    for method in METHODS:
        start = time.perf_counter()
        found = [explain(net, paths[row], method, random_state=0) for row in rows]
        seconds = (time.perf_counter() - start) / len(found)
        checks = [measure_faithfulness(net, one, n_random=5, random_state=0) for one in found]
        areas = {
            name: np.array([getattr(check, f"{name}_auc") for check in checks])
            for name in ("deletion", "random_deletion", "insertion", "random_insertion")
        }
        results[method] = {
            **{name: float(values.mean()) for name, values in areas.items()},
            "deletion beats chance": float(np.mean(areas["deletion"] < areas["random_deletion"])),
            "insertion beats chance": float(np.mean(areas["insertion"] > areas["random_insertion"])),
            "completeness error": float(np.median([one.completeness_error for one in found])),
            "rank correlation": float(
                np.mean([compare_with_random_weights(net, one, random_state=0) for one in found])
            ),
            "seconds": seconds,
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explain", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder or index.csv of real music, instead of planted calls")
    parser.add_argument("--tracks", type=int, default=4, help="tracks of each genre to explain, with --data")
    arguments = parser.parse_args()
    if arguments.data:
        runs = [measure_music(arguments.data, arguments.tracks, seed) for seed in range(arguments.seeds)]
    else:
        runs = [measure_calls(seed) for seed in range(arguments.seeds)]
    for method in runs[0]:
        for name in runs[0][method]:
            values = [run[method][name] for run in runs]
            spread = np.std(values, ddof=1) if len(values) > 1 else np.nan
            print(f"  {method:22} {name:24} {np.mean(values):.3f} ± {spread:.3f}", flush=True)


if __name__ == "__main__":
    main()
