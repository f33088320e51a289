"""What goes on inside a fit: seeding, crops, the skorch net, scores after each epoch, and inference over segments."""

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from typing import Any

import numpy as np
import skorch
import torch
from sklearn.metrics import accuracy_score, f1_score
from skorch.callbacks import Callback
from skorch.utils import to_tensor
from tqdm.auto import tqdm

from skgenre.augmentation import equalize, mixup, spec_augment, stretched_crop, transpose
from skgenre.modules import BatchNorm
from skgenre.segments import cut_segments, pool_scores, segment_starts

_TRAINING = threading.Lock()

SEGMENTS_SHARED = 8
"""Segments in a batch of inference that short tracks share: more gain little, and cost a lone track of one segment."""

SEGMENTS_AT_ONCE = 64
"""Segments at most in a batch of inference, so that a long track needs no more memory than this."""


@contextmanager
def training_session(seed: int, n_threads: int) -> Iterator[None]:
    """Seed torch and set its threads, and put both back afterwards.

    One session at a time: ``torch.random.fork_rng`` and the thread count belong to the whole process.
    """
    with _TRAINING, torch.random.fork_rng():
        threads = torch.get_num_threads()
        torch.manual_seed(seed)
        torch.set_num_threads(n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def prefers_bfloat16(device: str) -> bool:
    """Tell whether a device multiplies matrices faster in bfloat16: a GPU that knows it, a CPU with AMX."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: Any = getattr(torch.cpu, "get_capabilities", dict)()  # older torch does not tell
    return bool(capabilities.get("amx_bf16"))


class TrackCrops(torch.utils.data.Dataset):
    """One random crop of each track per epoch, with its target and weight, made a batch at a time.

    ``moments`` are the mean and the standard deviation of each band; ``augment`` names what is done to crops.
    """

    def __init__(
        self,
        X: Any,
        targets: np.ndarray,
        weights: np.ndarray,
        *,
        segment_frames: int,
        moments: Sequence[torch.Tensor],
        augment: tuple[str, ...],
        mixup: float,
        rng: np.random.Generator,
    ) -> None:
        self.X = X
        self.targets = targets
        self.weights = weights
        self.segment_frames = segment_frames
        self.moments = moments
        self.augment = augment
        self.mixup = mixup
        self.rng = rng

    def __len__(self) -> int:
        return len(self.X)

    def __getitems__(self, rows: list[int]) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return crops (n, n_bands, segment_frames), and targets (n, n_classes) with weights (n,)."""
        batch = torch.from_numpy(np.stack([self._crop(self.X[row]) for row in rows]))
        targets, weights = torch.from_numpy(self.targets[rows]), torch.from_numpy(self.weights[rows])
        mean, scale = self.moments
        if "transpose" in self.augment:
            batch = transpose(batch, self.rng)
        if "equalize" in self.augment:
            batch = equalize(batch, scale, self.rng)
        if "mask" in self.augment:
            batch = spec_augment(batch, mean, self.rng)
        if self.mixup:
            batch, targets = mixup(batch, targets, self.rng, alpha=self.mixup)
        return batch, (targets, weights)

    def _crop(self, matrix: np.ndarray) -> np.ndarray:
        if matrix.shape[1] <= self.segment_frames:
            return cut_segments(matrix, [0], self.segment_frames)[0]
        stretch = 0.25 if "stretch" in self.augment else 0.0
        return stretched_crop(matrix, self.segment_frames, self.rng, max_stretch=stretch)


def as_batch(items: Any) -> Any:
    """Pass on what ``TrackCrops.__getitems__`` made: it is a batch already."""
    return items


class TrackNet(skorch.NeuralNet):
    """A skorch net whose targets are pairs of class probabilities and track weights.

    skorch takes any ``KeyboardInterrupt`` for a callback's wish to stop; ``interrupted_`` tells a user's own.
    """

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Notify the callbacks, and note where one stops the training."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt:
            self.stopped_ = True
            raise

    def fit_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Train, and note where the user interrupts it."""
        self.stopped_ = self.interrupted_ = False
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.interrupted_ = not self.stopped_
            raise

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        """Take a step, in which the tracks' weights count in the normalisation too."""
        weights = batch[1][1]
        uneven = weights.to(self.device) if torch.any(weights != weights[0]) else None
        layers = [layer for layer in self.module_.modules() if isinstance(layer, BatchNorm)]
        for layer in layers:
            layer.weights = uneven
        try:
            return super().train_step_single(batch, **fit_params)
        finally:
            for layer in layers:
                layer.weights = None

    def get_loss(self, y_pred: Any, y_true: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Return the weighted mean of the tracks' losses."""
        targets, weights = to_tensor(y_true, device=self.device)
        losses = self.criterion_(y_pred, targets)
        return (losses * weights).sum() / weights.sum()


class EpochScores(Callback):
    """Record accuracy and macro F1 of the crops trained on, and loss, accuracy and macro F1 of validation tracks.

    ``validation`` is the features, targets and weights of the validation tracks, or None.
    """

    def __init__(self, validation: tuple[Any, np.ndarray, np.ndarray] | None, predict_proba: Any) -> None:
        self.validation = validation
        self.predict_proba = predict_proba

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Forget the last epoch's answers."""
        self.answers_: list[tuple[np.ndarray, np.ndarray]] = []

    def on_batch_end(
        self, net: Any, batch: Any = None, training: bool = False, y_pred: Any = None, **kwargs: Any
    ) -> None:
        """Keep the answers to a batch."""
        self.answers_.append((batch[1][0].argmax(dim=1).numpy(), y_pred.argmax(dim=1).cpu().numpy()))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the scores."""
        self._record(net, "train", *(np.concatenate(part) for part in zip(*self.answers_, strict=True)))
        if self.validation is not None:
            X, targets, weights = self.validation
            probabilities = self.predict_proba(net.module_, X)
            losses = -np.log(np.maximum(probabilities[np.arange(len(targets)), targets], 1e-7))
            net.history.record("valid_loss", float(np.average(losses, weights=weights)))
            self._record(net, "valid", targets, probabilities.argmax(axis=1))

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Let go of the data, so that it is not pickled with the net."""
        self.validation, self.predict_proba, self.answers_ = None, None, []

    @staticmethod
    def _record(net: Any, part: str, expected: np.ndarray, answered: np.ndarray) -> None:
        net.history.record(f"{part}_accuracy", float(accuracy_score(expected, answered)))
        net.history.record(f"{part}_f1", float(f1_score(expected, answered, average="macro", zero_division=0)))


class Cosine(Callback):
    """Let the step size rise over the first tenth of the training, and fall to zero along a cosine over the rest."""

    def __init__(self, n_batches: int) -> None:
        self.n_batches = n_batches

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Begin to count batches."""
        self.n_done_ = 0

    def on_batch_begin(self, net: Any, **kwargs: Any) -> None:
        """Set the step size."""
        place = (self.n_done_ + 0.5) / self.n_batches
        share = min(place / 0.1, 0.5 + 0.5 * math.cos(math.pi * (place - 0.1) / 0.9))
        for group in net.optimizer_.param_groups:
            group["lr"] = net.lr * share
        self.n_done_ += 1


class Progress(Callback):
    """A progress bar over epochs."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.max_epochs, desc="training", unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance it."""
        shown = ("train_loss", "valid_loss", "valid_accuracy")
        self.bar_.set_postfix({name: f"{net.history[-1][name]:.3f}" for name in shown if name in net.history[-1]})
        self.bar_.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        """Close it."""
        self.bar_.close()
        del self.bar_


def score_segments(module: Any, X: Any, *, segment_frames: int, overlap: float, output: str) -> Iterator[np.ndarray]:
    """Run a module over all segments of each track.

    A float32 answer depends, in its last digits, on the size of its batch. So a track's batches depend on its length
    alone: those of several segments are its own, and short tracks share one, filled up with zeros.

    Parameters
    ----------
    module : torch.nn.Module
        One of ``skgenre.modules``.
    X : sequence of ndarray of shape (n_bands, n_frames)
        Tracks.
    segment_frames : int
        Frames of a segment.
    overlap : float
        Share of a segment that the next one repeats.
    output : {"probabilities", "embeddings"}
        What to compute.

    Yields
    ------
    scores : ndarray of shape (n_segments, n_classes) or (n_segments, n_dims), float32
        One array for each track.
    """
    device = next(module.parameters()).device
    module.eval()

    def run(segments: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            inputs = torch.from_numpy(segments).to(device)
            scores = module.embed(inputs) if output == "embeddings" else module(inputs).softmax(dim=1)
        return scores.cpu().numpy()

    def starts(matrix: np.ndarray) -> tuple[int, ...]:
        return tuple(segment_starts(matrix.shape[1], segment_frames, overlap))

    for places, tracks in groupby(X, starts):
        n_segments = len(places)
        n_shared = max(1, SEGMENTS_SHARED // n_segments)
        while group := list(islice(tracks, n_shared)):
            segments = np.concatenate([cut_segments(matrix, places, segment_frames) for matrix in group])
            missing = n_shared * n_segments - len(segments)
            segments = np.pad(segments, ((0, missing), (0, 0), (0, 0))) if missing else segments
            batches = range(0, len(segments), SEGMENTS_AT_ONCE)
            scores = np.concatenate([run(segments[start : start + SEGMENTS_AT_ONCE]) for start in batches])
            yield from scores.reshape(n_shared, n_segments, -1)[: len(group)]


def track_probabilities(module: torch.nn.Module, X: Any, *, pooling: str, **segmentation: Any) -> np.ndarray:
    """Return the pooled class probabilities of each track, of shape (n_tracks, n_classes), float64."""
    scores = score_segments(module, X, output="probabilities", **segmentation)
    return np.stack([pool_scores(track.astype(np.float64), pooling) for track in scores])


def band_moments(X: Any, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and standard deviation of each band over tracks and frames, float32."""
    total, first, second = 0.0, np.zeros(len(X[0])), np.zeros(len(X[0]))
    for matrix, weight in zip(X, weights, strict=True):
        matrix = matrix.astype(np.float64)
        total += weight * matrix.shape[1]
        first += weight * matrix.sum(axis=1)
        second += weight * (matrix**2).sum(axis=1)
    mean = first / total
    deviation = np.sqrt(np.maximum(second / total - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 1e-6 * (1 + np.abs(mean)), deviation, 1).astype(np.float32)


def bands_are_alike(X: Any, mean: np.ndarray, scale: np.ndarray) -> bool:
    """Tell whether neighbouring bands move together: those of a spectrogram do, those of MFCC do not."""
    if len(mean) == 1:
        return False
    levels = ((matrix - mean[:, None]) / scale[:, None] for matrix in X)
    return float(np.mean([np.mean(level[1:] * level[:-1]) for level in levels])) > 0.5
