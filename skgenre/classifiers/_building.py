"""The skorch net inside a classifier: how it is made of the parameters, and run."""

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch.callbacks import BatchScoring, EarlyStopping, EpochScoring, LRScheduler

from skgenre._devices import find_device
from skgenre.classifiers._answers import NetAnswers
from skgenre.classifiers._callbacks import Cosine, EpochScores, Progress
from skgenre.classifiers._crops import TrackCrops, as_batch, band_moments, bands_are_alike
from skgenre.classifiers._training import TrackNet, prefers_bfloat16

VALIDATION_SCORES = ["valid_loss", "valid_accuracy", "valid_f1"]
AUGMENTATIONS = ("mask", "equalize", "transpose", "mixstyle", "stretch")


class NetBuilding(NetAnswers, BaseEstimator):
    """Makes a net of the parameters of a classifier and trains it; the classifier says on what."""

    def _start(self, X: Any, heard: Any, targets: np.ndarray, weights: np.ndarray) -> None:
        """Make the net; ``heard`` are those of the tracks ``X`` that it is trained on, with targets and weights."""
        self.segment_frames_ = min(self.segment_frames, max(matrix.shape[1] for matrix in X))
        mean, scale = band_moments(heard, weights)
        self.net_ = TrackNet(
            self._module(),
            module__n_bands=len(mean),
            module__n_classes=self._targets.n_outputs,
            module__dropout=self.dropout,
            module__use_bfloat16=self._bfloat16,
            **{f"module__{name}": value for name, value in self._architecture().items()},
            **self._targets.criterion(targets, weights, self.label_smoothing, self.class_weight),
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=self.weight_decay,
            lr=self.lr,
            iterator_train__shuffle=True,
            iterator_train__collate_fn=as_batch,
            train_split=None,
            optimizer__fused=True,
            callbacks__print_log=None,
            callbacks__valid_loss=None,
            device=self._device,
            verbose=0,
        ).initialize()
        self.net_.module_.standardize.mean.copy_(torch.from_numpy(mean))
        self.net_.module_.standardize.scale.copy_(torch.from_numpy(scale))
        for name, value in self._targets.fitted().items():
            setattr(self, name, value)

    def _run(self, crops: TrackCrops, watched: tuple | None, max_epochs: int) -> None:
        def probabilities(X: Any) -> np.ndarray:
            return self._probabilities(X, "mean", overlap=0.0)

        scores = EpochScores(self._targets, watched, probabilities)
        callbacks = [("skgenre_scores", scores), *(self.callbacks or ())]
        _check_callbacks(callbacks, watched is not None)
        progress = Progress()
        if self.verbose:
            callbacks.append(("skgenre_progress", progress))
        if watched is not None:
            decided = any(_loads_best(callback) for callback in callbacks)  # which weights to keep
            stopping = EarlyStopping("valid_loss", patience=self.patience, threshold=0.0, load_best=not decided)
            callbacks.append(("skgenre_early_stopping", stopping))
        batch_size = _even_size(len(crops), self.batch_size)
        if watched is None and max_epochs > 1 and not any(_is_scheduler(callback) for callback in callbacks):
            callbacks.append(("skgenre_cosine", Cosine(max_epochs * -(-len(crops) // batch_size))))
        self.net_.lr = self.lr
        for group in self.net_.optimizer_.param_groups:
            group["lr"], group["weight_decay"] = self.lr, self.weight_decay
        self.net_.set_params(callbacks=callbacks, max_epochs=max_epochs, batch_size=batch_size)
        self.net_.initialize_callbacks()
        try:
            self.net_.partial_fit(crops)
        finally:
            scores.forget()
            progress.close()
        if self.net_.interrupted_:
            raise KeyboardInterrupt
        epochs = self.net_.history  # a callback may have stopped the last one in its midst
        kept = ["epoch", "train_loss", "train_accuracy", "train_f1"]
        if any("valid_loss" in epoch for epoch in epochs):
            kept += VALIDATION_SCORES
        self.history_ = {name: [epoch.get(name, np.nan) for epoch in epochs] for name in kept}
        self.history_["duration"] = [epoch.get("dur", np.nan) for epoch in epochs]
        keeping = [callback for _, callback in self.net_.callbacks_ if _loads_best(callback)]
        self.best_epoch_ = (keeping[-1].best_epoch_ if keeping else 0) or len(epochs)

    @property
    def _device(self) -> str:
        return find_device(self.device)

    @property
    def _bfloat16(self) -> bool:
        return self.precision == "bfloat16" or (self.precision == "auto" and prefers_bfloat16(self._device))

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self.precision == "auto" and hasattr(self, "net_"):  # chosen anew: it may have been fitted elsewhere
            module = self.net_.module_
            module.use_bfloat16 = prefers_bfloat16(next(module.parameters()).device.type)

    def _augmentations(self, X: Any, mean: np.ndarray, scale: np.ndarray) -> tuple[str, ...]:
        if isinstance(self.augment, (tuple, list)):
            if unknown := [name for name in self.augment if name not in AUGMENTATIONS]:
                raise ValueError(f"augment must be a bool or name some of {AUGMENTATIONS}, got {unknown}")
            return tuple(self.augment)
        if not self.augment:
            return ()
        return ("mask", "equalize", "transpose") if bands_are_alike(X, mean, scale) else ("mask", "equalize")

    def _module(self) -> type[torch.nn.Module]:
        raise NotImplementedError

    def _architecture(self) -> dict[str, Any]:
        if not self.channels or not all(isinstance(n, int | np.integer) and n >= 1 for n in self.channels):
            raise ValueError(f"channels must hold at least one number >= 1, and whole numbers, got {self.channels!r}")
        return {"channels": tuple(self.channels)}


def _even_size(n_crops: int, largest: int) -> int:
    """Return the size of batches that are as even as one size allows, and leave no single crop if a size can.

    What is left over for a last batch may be too little to normalise.
    """
    n_batches = -(-n_crops // largest)
    even = -(-n_crops // n_batches)
    return next((size for size in range(even, 1, -1) if n_crops % size != 1), even)


def _is_scheduler(callback: Any) -> bool:
    return isinstance(_bare(callback), LRScheduler)


def _check_callbacks(callbacks: list, validates: bool) -> None:
    for callback in map(_bare, callbacks):
        name, monitor = type(callback).__name__, getattr(callback, "monitor", None)
        if isinstance(callback, BatchScoring | EpochScoring):
            raise ValueError(
                f"callbacks must not score batches, as {name} does, for these are crops and mixtures of tracks: "
                "history_ has accuracy and F1 of the tracks kept for validation_fraction"
            )
        if not validates and isinstance(monitor, str) and monitor.removesuffix("_best") in VALIDATION_SCORES:
            raise ValueError(
                f"{name} among callbacks watches {monitor!r}, and no tracks are kept for "
                "validation: set validation_fraction, or have it watch 'train_loss'"
            )


def _loads_best(callback: Any) -> bool:
    callback = _bare(callback)
    return isinstance(callback, EarlyStopping) and callback.load_best


def _bare(callback: Any) -> Any:
    callback = callback[1] if isinstance(callback, tuple) else callback
    return callback() if isinstance(callback, type) else callback  # as skorch takes it
