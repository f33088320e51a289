"""What goes on beside the training: scores after each epoch, the size of the steps, and a progress bar."""

import math
import operator
from typing import Any

import numpy as np
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from skgenre.classifiers._targets import Targets


class Onlooker(Callback):
    """A callback that never wishes to stop the training: an interrupt inside it is the user's."""


class EpochScores(Onlooker):
    """Record accuracy and macro F1 of the crops trained on, and loss, accuracy and macro F1 of validation tracks.

    ``kind`` says what targets mean; ``validation`` is the features, targets and weights of the validation tracks, or
    None; ``predict_proba`` gives the probabilities of features.
    """

    def __init__(
        self, kind: Targets, validation: tuple[Any, np.ndarray, np.ndarray] | None, predict_proba: Any
    ) -> None:
        self.kind = kind
        self.validation = validation
        self.predict_proba = predict_proba

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        """Forget the last epoch's answers."""
        self.answers_: list[tuple[np.ndarray, np.ndarray]] = []

    def on_batch_end(
        self, net: Any, batch: Any = None, training: bool = False, y_pred: Any = None, **kwargs: Any
    ) -> None:
        """Keep the answers to a batch."""
        expected, logits = batch[1][0].numpy(), y_pred.detach().cpu().numpy()
        self.answers_.append((self.kind.choose(expected, 0.5), self.kind.choose(logits, 0.0)))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the scores."""
        self._record(net, "train", *(np.concatenate(part) for part in zip(*self.answers_, strict=True)))
        if self.validation is not None:
            X, targets, weights = self.validation
            probabilities = self.predict_proba(X)
            loss = self.kind.loss(targets, probabilities, weights)
            self._note(net, "valid_loss", loss, is_better=operator.lt)
            self._record(net, "valid", self.kind.choose(targets, 0.5), self.kind.choose(probabilities, 0.5))

    def forget(self) -> None:
        """Let go of the data, so that it is not pickled with the net."""
        self.validation, self.predict_proba, self.answers_ = None, None, []

    def _record(self, net: Any, part: str, expected: np.ndarray, answered: np.ndarray) -> None:
        for name, score in self.kind.judge(expected, answered).items():
            self._note(net, f"{part}_{name}", score, is_better=operator.gt)

    def _note(self, net: Any, name: str, value: float, *, is_better: Any) -> None:
        """Record a score, and whether it is the best so far, by which skorch's Checkpoint goes."""
        earlier = [epoch[name] for epoch in net.history if name in epoch]
        net.history.record(f"{name}_best", all(is_better(value, other) for other in earlier))
        net.history.record(name, value)


class Cosine(Onlooker):
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


class Progress(Onlooker):
    """A progress bar over epochs."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.max_epochs, desc="training", unit="epoch")

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Advance it."""
        shown = ("train_loss", "valid_loss", "valid_accuracy")
        self.bar_.set_postfix({name: f"{net.history[-1][name]:.3f}" for name in shown if name in net.history[-1]})
        self.bar_.update()

    def close(self) -> None:
        """Close it."""
        if hasattr(self, "bar_"):
            self.bar_.close()
            del self.bar_
