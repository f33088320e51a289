"""The scikit-learn side of the nets: validation of input, and the flow of a fit."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_consistent_length, check_random_state

from skgenre._labels import LabelsMixin
from skgenre._sklearn import Interval, StrOptions, _check_sample_weight, _fit_context
from skgenre._warnings import users_line
from skgenre._whole import whole
from skgenre.classifiers._building import NetBuilding
from skgenre.classifiers._crops import TrackCrops
from skgenre.classifiers._targets import Targets, read_targets
from skgenre.classifiers._training import training_session
from skgenre.classifiers._validation import split_validation
from skgenre.features import check_features
from skgenre.metrics import tune_thresholds


class NetClassifier(NetBuilding, LabelsMixin, ClassNamePrefixFeaturesOutMixin, ClassifierMixin, BaseEstimator):
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
        "class_weight": [None, dict, StrOptions({"balanced"}), "array-like"],
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
        y : array-like of shape (n_tracks,), or array-like or sparse matrix of shape (n_tracks, n_labels)
            Genre of each track, of any type that numpy can sort; or a column for each of several labels: 1 where a
            track has it, 0 where it has not, NaN where nobody knows, which is left out of the loss.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track in the loss; a weight of 0 leaves the track out.
        groups : array-like of shape (n_tracks,), default=None
            Group of each track, such as its artist. No group has tracks both in training and in the validation split
            of early stopping, so there each must be known; tracks without an artist can share the group ``""``, as
            :func:`load_tracks` has it.

        Returns
        -------
        self : estimator
            The fitted classifier.

        Raises
        ------
        ValueError
            If ``y`` holds fewer than two genres, lengths differ, training diverges, or, with ``warm_start``, genres or
            labels are new.
        """
        with self._as_it_was_after_errors():
            kind, X, y, weights, groups = self._check_training(X, y, sample_weight, groups, reset=not self._continues)
            if not self._continues:
                self._forget()
                self._targets = kind(y)
            self._expect(kind, y)
            max_epochs = self.max_epochs - getattr(self, "n_epochs_", 0)
            if max_epochs <= 0:
                warnings.warn(
                    f"warm_start trains no further: max_epochs={self.max_epochs} counts the {self.n_epochs_} epochs of "
                    "earlier fits",
                    stacklevel=users_line(),
                )
                return self
            return self._train(X, y, weights, groups, max_epochs=max_epochs, fraction=self.validation_fraction)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, *, sample_weight: Any = None) -> Self:
        """Train for one more epoch, without early stopping.

        ``class_weight="balanced"`` goes by how rare genres are among these tracks.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.
        y : array-like of shape (n_tracks,), or array-like or sparse matrix of shape (n_tracks, n_labels)
            Genre, or labels, of each track. The weights of labels are those of the first call.
        classes : array-like of shape (n_classes,), default=None
            All genres that later calls may bring; needed in the first call only, None meaning those in ``y``. With
            several labels they are the columns of ``y``, and this is not needed.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track in the loss.

        Returns
        -------
        self : estimator
            The classifier.
        """
        first = not hasattr(self, "net_")
        with self._as_it_was_after_errors():
            kind, X, y, weights, _ = self._check_training(X, y, sample_weight, None, reset=first)
            if first:
                self._targets = kind(y, classes)
            self._expect(kind, y, classes)
            return self._train(X, y, weights, None, max_epochs=1, fraction=None)

    @property
    def _continues(self) -> bool:
        return self.warm_start and hasattr(self, "net_")

    def _forget(self) -> None:
        for name in ("net_", "history_", "best_epoch_", "n_epochs_", "thresholds_", "pos_weight_", "_chance"):
            if hasattr(self, name):
                delattr(self, name)

    def _check_training(self, X: Any, y: Any, sample_weight: Any, groups: Any, *, reset: bool) -> tuple:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        X = check_features(self, X, reset=reset)
        kind, y = read_targets(y)
        check_consistent_length(X, y, groups)
        if groups is not None:
            groups = np.asarray(groups, dtype=object)  # else numpy spells a NaN among names "nan"
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        return kind, X, y, weights, groups

    def _expect(self, kind: type[Targets], y: np.ndarray, classes: Any = None) -> None:
        if not isinstance(self._targets, kind):
            raise ValueError(f"y must be {self._targets.meaning} as in earlier calls, got {kind.meaning}")
        self._targets.expect(y, classes)

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
        weights = self._targets.weigh(y, weights, self.class_weight)
        rows = np.flatnonzero(weights)
        if not len(rows):
            raise ValueError("sample_weight must be above 0 for at least one track")
        targets = self._targets.encode(y)
        rng = check_random_state(self.random_state)
        seed = [rng.randint(np.iinfo(np.int32).max), len(getattr(self, "history_", {"epoch": []})["epoch"])]
        training, validation = rows, rows[:0]
        if fraction is not None:
            strata = self._targets.strata(targets[rows])
            # A fit that goes on watches the tracks that it watched before: all others it has heard.
            chance = np.random.RandomState()
            if not hasattr(self, "_chance"):
                self._chance = rng.get_state()
            chance.set_state(self._chance)
            parts = split_validation(strata, None if groups is None else groups[rows], fraction, chance)
            training, validation = (rows[part] for part in parts)

        heard, watched = _rows(X, training), None
        if len(validation):
            watched = (_rows(X, validation), targets[validation], weights[validation])
        session = training_session(int(np.random.SeedSequence(seed).generate_state(1)[0]), self.n_threads)
        with session:
            if not hasattr(self, "net_"):
                self._start(_rows(X, rows), heard, targets[training], weights[training])
            standardize = self.net_.module_.standardize
            moments = standardize.mean.cpu(), standardize.scale.cpu()
            crops = TrackCrops(
                heard,
                targets[training],
                (weights[training] / weights[training].mean()).astype(np.float32),
                segment_frames=self.segment_frames_,
                moments=moments,
                augment=self._augmentations(heard, *(moment.numpy() for moment in moments)),
                mixup=self.mixup,
                rng=np.random.default_rng(seed),
            )
            self._run(crops, watched, max_epochs)
            self._check_weights()
            if watched is not None and hasattr(self, "thresholds_"):
                tracks, expected, _ = watched
                probabilities = self._probabilities(tracks, self.pooling, self.segment_overlap)
                self.thresholds_ = tune_thresholds(expected, probabilities)
        # What early stopping left over is used up too, so a second fit with the same parameters changes nothing.
        self.n_epochs_ = getattr(self, "n_epochs_", 0) + max_epochs
        return self

    @contextmanager
    def _as_it_was_after_errors(self) -> Iterator[None]:
        """Have the net that was there, or none, where an error ends the training: half trained it would answer too."""
        net = getattr(self, "net_", None)
        before = None if net is None else deepcopy((net.module_.state_dict(), net.optimizer_.state_dict()))
        n_epochs = 0 if net is None else len(net.history)
        try:
            with whole(self), nullcontext() if net is None else whole(net):
                yield
        except BaseException:
            if net is not None and before is not None:
                net.module_.load_state_dict(before[0])
                net.optimizer_.load_state_dict(before[1])
                del net.history[n_epochs:]
            raise

    def _check_weights(self) -> None:
        if all(tensor.isfinite().all() for tensor in self.net_.module_.state_dict().values()):
            return
        raise ValueError(
            f"training diverged: after {len(self.net_.history)} epochs weights are infinite or NaN; lr must be lower, "
            f"got {self.lr}"
        )

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.n_dims

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _rows(X: Any, rows: np.ndarray) -> Any:
    """Choose tracks without copying an array: a list of views, or a shorter sequence."""
    return [X[row] for row in rows]
