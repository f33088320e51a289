"""The scikit-learn side of the nets: validation of input, and the flow of a fit."""

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import assert_all_finite, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from skorch.callbacks import EarlyStopping, LRScheduler

from skgenre._sklearn import Interval, StrOptions, _check_sample_weight, _fit_context
from skgenre.classifiers._answers import NetAnswers
from skgenre.classifiers._training import (
    Cosine,
    EpochScores,
    Progress,
    TrackCrops,
    TrackNet,
    as_batch,
    band_moments,
    bands_are_alike,
    prefers_bfloat16,
    track_probabilities,
    training_session,
)
from skgenre.classifiers._validation import split_validation
from skgenre.features import check_features

AUGMENTATIONS = ("mask", "equalize", "transpose", "stretch")


class NetClassifier(NetAnswers, ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator):
    """Trains a module on random crops of tracks."""

    __metadata_request__fit = {"groups": True}

    _parameter_constraints: dict = {
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [None, Interval(Real, 0, 1, closed="neither")],
        "segment_frames": [Interval(Integral, 1, None, closed="left")],
        "segment_overlap": [Interval(Real, 0, 1, closed="left")],
        "pooling": [StrOptions({"mean", "max", "vote"})],
        "augment": ["boolean", tuple, list],
        "mixup": [Interval(Real, 0, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [None, dict, StrOptions({"balanced"})],
        "warm_start": ["boolean"],
        "device": [str],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "n_threads": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [None, list, tuple],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train the net.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features; a 2-D array is read as one band per track.
        y : array-like of shape (n_tracks,)
            Genre of each track, of any type that numpy can sort.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track in the loss; a weight of 0 leaves the track out.
        groups : array-like of shape (n_tracks,), default=None
            Group of each track, such as its artist. No group has tracks both in training and in the validation split
            of early stopping.

        Returns
        -------
        self : estimator
            The fitted classifier.

        Raises
        ------
        ValueError
            If ``y`` holds fewer than two genres, lengths differ, or, with ``warm_start``, genres are new.
        """
        X, y, weights, groups = self._check_training(X, y, sample_weight, groups, reset=not self._continues)
        if not self._continues:
            self._forget()
            self.classes_ = np.unique(y)
        max_epochs = self.max_epochs - getattr(self, "n_epochs_", 0)
        if max_epochs <= 0:
            warnings.warn(
                f"warm_start trains no further: max_epochs={self.max_epochs} counts the {self.n_epochs_} epochs of "
                "earlier fits",
                stacklevel=2,
            )
            return self
        return self._train(X, y, weights, groups, max_epochs=max_epochs, fraction=self.validation_fraction)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, *, sample_weight: Any = None) -> Self:
        """Train for one more epoch, without early stopping.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.
        y : array-like of shape (n_tracks,)
            Genre of each track.
        classes : array-like of shape (n_classes,), default=None
            All genres that later calls may bring; needed in the first call only, None meaning those in ``y``.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track in the loss.

        Returns
        -------
        self : estimator
            The classifier.
        """
        first = not hasattr(self, "net_")
        X, y, weights, _ = self._check_training(X, y, sample_weight, None, reset=first)
        if first:
            self.classes_ = np.unique(y if classes is None else classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_}, got {np.unique(classes)}")
        return self._train(X, y, weights, None, max_epochs=1, fraction=None)

    @property
    def _continues(self) -> bool:
        return self.warm_start and hasattr(self, "net_")

    def _forget(self) -> None:
        for name in ("net_", "history_", "n_epochs_"):
            if hasattr(self, name):
                delattr(self, name)

    def _check_training(self, X: Any, y: Any, sample_weight: Any, groups: Any, *, reset: bool) -> tuple:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        X = check_features(self, X, reset=reset)
        y = column_or_1d(y, warn=True)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        elif y.dtype.kind == "O" and (missing := [row for row, label in enumerate(y) if _is_missing(label)]):
            raise ValueError(
                f"y must hold a genre for every track, got none in {len(missing)} rows, first {missing[0]}"
            )
        check_classification_targets(y)
        check_consistent_length(X, y, groups)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        weights = weights * compute_sample_weight(self.class_weight, y)
        return X, y, weights, None if groups is None else np.asarray(groups)

    def _train(
        self,
        X: Any,
        y: np.ndarray,
        weights: np.ndarray,
        groups: np.ndarray | None,
        *,
        max_epochs: int,
        fraction: float | None,
    ) -> Self:
        unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise ValueError(f"y must hold only the genres known so far, {self.classes_}, got also {unseen}")
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least two genres, got one class: {self.classes_[0]}")
        rows = np.flatnonzero(weights)
        if not len(rows):
            raise ValueError("sample_weight must be above 0 for at least one track")
        targets = np.searchsorted(self.classes_, y)
        rng = check_random_state(self.random_state)
        seed = [rng.randint(np.iinfo(np.int32).max), len(getattr(self, "history_", {"epoch": []})["epoch"])]
        training, validation = rows, rows[:0]
        if fraction is not None:
            parts = split_validation(targets[rows], None if groups is None else groups[rows], fraction, rng)
            training, validation = (rows[part] for part in parts)

        watched = None
        if len(validation):
            watched = (_rows(X, validation), targets[validation], weights[validation])
        with training_session(int(np.random.SeedSequence(seed).generate_state(1)[0]), self.n_threads):
            if not hasattr(self, "net_"):
                self._start(X, training, weights)
            heard = _rows(X, training)
            standardize = self.net_.module_.standardize
            moments = standardize.mean.cpu(), standardize.scale.cpu()
            crops = TrackCrops(
                heard,
                np.eye(len(self.classes_), dtype=np.float32)[targets[training]],
                (weights[training] / weights[training].mean()).astype(np.float32),
                segment_frames=self.segment_frames_,
                moments=moments,
                augment=self._augmentations(heard, *(moment.numpy() for moment in moments)),
                mixup=self.mixup,
                rng=np.random.default_rng(seed),
            )
            self._run(crops, watched, max_epochs)
        # What early stopping left over is used up too, so a second fit with the same parameters changes nothing.
        self.n_epochs_ = getattr(self, "n_epochs_", 0) + max_epochs
        return self

    def _start(self, X: Any, training: np.ndarray, weights: np.ndarray) -> None:
        self.segment_frames_ = min(self.segment_frames, max(matrix.shape[1] for matrix in X))
        mean, scale = band_moments(_rows(X, training), weights[training])
        self.net_ = TrackNet(
            self._module(),
            module__n_bands=len(mean),
            module__n_classes=len(self.classes_),
            module__dropout=self.dropout,
            module__use_bfloat16=self._bfloat16,
            **{f"module__{name}": value for name, value in self._architecture().items()},
            criterion=torch.nn.CrossEntropyLoss,
            criterion__reduction="none",
            criterion__label_smoothing=self.label_smoothing,
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

    def _run(self, crops: TrackCrops, watched: tuple | None, max_epochs: int) -> None:
        def probabilities(module: torch.nn.Module, X: Any) -> np.ndarray:
            return track_probabilities(module, X, pooling="mean", **{**self._segmentation, "overlap": 0.0})

        callbacks = [("scores", EpochScores(watched, probabilities)), *(self.callbacks or ())]
        if self.verbose:
            callbacks.append(("progress", Progress()))
        if watched is not None:
            # Last, for it interrupts the round of callbacks.
            stopping = EarlyStopping("valid_loss", patience=self.patience, threshold=0.0, load_best=True)
            callbacks.append(("early_stopping", stopping))
        n_batches = -(-len(crops) // self.batch_size)
        if watched is None and max_epochs > 1 and not any(_is_scheduler(callback) for callback in callbacks):
            callbacks.append(("cosine", Cosine(max_epochs * n_batches)))
        for group in self.net_.optimizer_.param_groups:
            group["lr"] = self.net_.lr
        # Batches of even size: what is left over for a last one may be too little to normalise.
        self.net_.set_params(callbacks=callbacks, max_epochs=max_epochs, batch_size=-(-len(crops) // n_batches))
        self.net_.initialize_callbacks()
        before = len(self.net_.history)
        self.net_.partial_fit(crops)
        if self.net_.interrupted_:
            raise KeyboardInterrupt
        kept = ("epoch", "train_loss", "train_accuracy", "train_f1", "valid_loss", "valid_accuracy", "valid_f1")
        self.history_ = {
            name: [epoch.get(name, np.nan) for epoch in self.net_.history]
            for name in (*kept, "dur")
            if name in self.net_.history[-1]
        }
        self.history_["duration"] = self.history_.pop("dur")
        losses = self.history_["valid_loss"][before:] if watched is not None else [0.0]
        self.best_epoch_ = before + int(np.argmin(losses)) + 1 if watched is not None else len(self.net_.history)

    @property
    def _device(self) -> str:
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        try:
            device = torch.device(self.device)
        except RuntimeError as error:
            raise ValueError(f'device must be "auto" or a device of torch, got {self.device!r}') from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f'device={self.device!r}, but torch finds no GPU; "auto" or "cpu" works without one')
        return self.device

    @property
    def _bfloat16(self) -> bool:
        return self.precision == "bfloat16" or (self.precision == "auto" and prefers_bfloat16(self._device))

    def _augmentations(self, X: Any, mean: np.ndarray, scale: np.ndarray) -> tuple[str, ...]:
        if isinstance(self.augment, (tuple, list)):
            if unknown := [name for name in self.augment if name not in AUGMENTATIONS]:
                raise ValueError(f"augment must be a bool or name some of {AUGMENTATIONS}, got {unknown}")
            return tuple(self.augment)
        if not self.augment:
            return ()
        return ("mask", "equalize", "transpose") if bands_are_alike(X, mean, scale) else ("mask", "equalize")

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.n_dims

    def _module(self) -> type[torch.nn.Module]:
        raise NotImplementedError

    def _architecture(self) -> dict[str, Any]:
        if not self.channels or any(n < 1 for n in self.channels):
            raise ValueError(f"channels must hold at least one number >= 1, got {self.channels!r}")
        return {"channels": tuple(self.channels)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _is_scheduler(callback: Any) -> bool:
    return isinstance(callback[1] if isinstance(callback, tuple) else callback, LRScheduler)


def _is_missing(label: Any) -> bool:
    return label is None or label != label  # NaN is the value that differs from itself


def _rows(X: Any, rows: np.ndarray) -> Any:
    """Choose tracks without copying an array: a list of views, or a shorter sequence."""
    return [X[row] for row in rows]
