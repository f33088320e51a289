"""The nets: steps of training beside a bare torch loop, and from a file to its genre."""

import copy
import ctypes
import sys
import time
from collections.abc import Callable

import librosa
import numpy as np
import torch
from sklearn.pipeline import Pipeline
from skorch.callbacks import Callback

from benchmarks.measuring import Comparison, Figure, Music, Size, take_turns
from skgenre import AudioLoader, CNNClassifier, MFCCExtractor, RNNClassifier
from skgenre.augmentation import equalize, mixup, spec_augment

TITLE = "Training and prediction"
TEXT = """\
The default nets on MFCC of 320 tracks of 30 s: ten steps of 32 random crops in an epoch. The bare loop trains the same
module with the same optimiser and the same augmentation, one thread each; it keeps no scores, while skgenre's time
holds all that happens in an epoch, its accuracy and F1 among it; by format, all are bare loops. A ratio of 0.9 and more
means at least 90 % of the bare loop's steps per second. The allocator is told to keep what is freed, which evens out
chance, and every other round is in reverse order. Prediction is of one 44,100 Hz stereo mp3 of 30 s at a time, by a
fitted pipeline, and by librosa.load, librosa.feature.mfcc and the same net by hand; the median is p50. At its defaults
the pipeline decodes such a lone track in two threads; with ``n_jobs=1`` it does all in one."""

N_CLASSES, N_BANDS, N_FRAMES = 10, 20, 1292


def measure(size: Size, music: Music) -> list[Comparison]:
    torch.set_num_threads(1)
    keep_freed_memory()
    n_tracks, n_epochs, n_rounds = size.pick((320, 4, 5), (320, 2, 3), (32, 1, 1))
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_tracks, N_BANDS, N_FRAMES)).astype(np.float32)
    y = np.arange(n_tracks) % N_CLASSES
    nets = (CNNClassifier, RNNClassifier)
    compared = [
        comparison
        for kind in nets
        for comparison in (steps(kind, X, y, n_epochs, 3 * n_rounds), formats(kind, X, y, n_rounds))
    ]
    return [*compared, prediction(size, music)]


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed.

    It is chance which of two loops gives its memory back to the system and asks for it again at every step, and that
    takes up to a fifth of the time.
    """
    allocator = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(allocator, "mallopt"):
        trim_threshold, mmap_threshold = -1, -3
        allocator.mallopt(trim_threshold, 2**29)
        allocator.mallopt(mmap_threshold, 2**28)


class Clock(Callback):
    """Measures a training without what comes before and after its epochs."""

    def on_train_begin(self, net, **kwargs) -> None:
        self.start = time.perf_counter()

    def on_train_end(self, net, **kwargs) -> None:
        self.seconds = time.perf_counter() - self.start


def steps(kind: type, X: np.ndarray, y: np.ndarray, n_epochs: int, n_rounds: int) -> Comparison:
    net = kind(max_epochs=n_epochs, validation_fraction=None, random_state=0)
    fitted = kind(max_epochs=1, validation_fraction=None, random_state=0).fit(X, y)

    def skgenre() -> float:
        clock = Clock()
        net.set_params(callbacks=[clock]).fit(X, y)
        return clock.seconds

    contenders: dict[str, Callable[[], float]] = {
        "skgenre": skgenre,
        "bare torch loop": lambda: bare_loop(fitted, X, y, n_epochs, augment=True),
        "bare torch loop without augmentation": lambda: bare_loop(fitted, X, y, n_epochs, augment=False),
    }
    n_steps = n_epochs * -(-len(X) // net.batch_size)
    values: dict[str, list[float]] = {who: [] for who in contenders}
    for round_ in range(-1, n_rounds):
        for who, run in list(contenders.items())[:: 1 if round_ % 2 else -1]:
            seconds = run()
            if round_ >= 0:  # the first one warms up
                values[who].append(1e3 * seconds / n_steps)
    figures = [Figure(who, numbers) for who, numbers in values.items()]
    for figure in figures:
        figure.note = f"{1e3 / figure.median:.0f} steps per second"
    return Comparison(f"a training step of {kind.__name__}", "ms", figures, at_least=0.9)


def formats(kind: type, X: np.ndarray, y: np.ndarray, n_rounds: int) -> Comparison:
    """Compare how a net may compute: what ``precision`` chooses from, and where in memory the channels lie."""
    fitted = {
        precision: kind(max_epochs=1, precision=precision, random_state=0).fit(X, y)
        for precision in ("float32", "bfloat16")
    }
    channels_first = copy.deepcopy(fitted["float32"])
    channels_first.net_.module_.to(memory_format=torch.contiguous_format)
    contenders = {
        "float32, channels last": fitted["float32"],
        "float32, channels first": channels_first,
        "bfloat16, channels last": fitted["bfloat16"],
    }
    runs = {who: lambda net=net: bare_loop(net, X, y, 1, augment=False) for who, net in contenders.items()}
    n_steps = -(-len(X) // channels_first.batch_size)
    figures = take_turns(runs, n_rounds, scale=1e3 / n_steps)
    return Comparison(f"a training step of {kind.__name__}'s module, by format", "ms", figures)


def bare_loop(like: CNNClassifier, X: np.ndarray, y: np.ndarray, n_epochs: int, *, augment: bool) -> float:
    """Train a module as a script would, and return the seconds."""
    module = copy.deepcopy(like.net_.module_)
    optimizer = torch.optim.AdamW(module.parameters(), lr=like.lr, weight_decay=like.weight_decay, fused=True)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=like.label_smoothing)
    targets = torch.eye(len(like.classes_))[torch.from_numpy(y)]
    mean, scale = module.standardize.mean, module.standardize.scale
    rng, width = np.random.default_rng(0), like.segment_frames
    module.train()
    start = time.perf_counter()
    for _ in range(n_epochs):
        order = rng.permutation(len(X))
        for first in range(0, len(X), like.batch_size):
            rows = order[first : first + like.batch_size]
            starts = rng.integers(0, X.shape[2] - width + 1, len(rows))
            crops = [X[row, :, begin : begin + width] for row, begin in zip(rows, starts, strict=True)]
            batch, wanted = torch.from_numpy(np.stack(crops)), targets[rows]
            if augment:
                batch = spec_augment(equalize(batch, scale, rng), mean, rng)
                batch, wanted = mixup(batch, wanted, rng, alpha=like.mixup)
            optimizer.zero_grad()
            loss = loss_of(module(batch), wanted)
            loss.backward()
            optimizer.step()
            loss.item()
    return time.perf_counter() - start


def prediction(size: Size, music: Music) -> Comparison:
    net = CNNClassifier(max_epochs=1, validation_fraction=None, random_state=0)
    genre = Pipeline([("load", AudioLoader(duration=30.0)), ("mfcc", MFCCExtractor()), ("cnn", net)])
    genre.fit(music.mp3, np.arange(len(music.mp3)) % 2)
    path, module, width = music.mp3[0], net.net_.module_.eval(), net.segment_frames_

    def by_hand() -> int:
        y, sample_rate = librosa.load(path, duration=30.0)
        mfcc = librosa.feature.mfcc(y=y, sr=sample_rate)
        starts = range(0, mfcc.shape[1] - width + 1, width // 2)
        segments = torch.from_numpy(np.stack([mfcc[:, start : start + width] for start in starts]))
        with torch.inference_mode():
            return int(net.classes_[module(segments).softmax(dim=1).mean(dim=0).argmax()])

    one_thread = Pipeline([("load", AudioLoader(duration=30.0, n_jobs=1)), *genre.steps[1:]])
    contenders = {
        "skgenre": lambda: genre.predict(path),
        "librosa and the net by hand": by_hand,
        "skgenre, n_jobs=1": lambda: one_thread.predict(path),
    }
    figures = take_turns(contenders, size.pick(200, 15, 2))
    return Comparison("from an mp3 to its genre", "ms", figures, at_least=2.0, latency=True)
