"""The mean of several classifiers' probabilities, of one genre or of several labels."""

from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skgenre._labels import (
    LabelsMixin,
    classes_of,
    forget_labels,
    label_probabilities,
    read_genres,
    read_labels,
    thresholds_of,
)
from skgenre._sklearn import _raise_for_params
from skgenre._whole import whole
from skgenre.pretrained import ModuleEmbedder


class GenreVoting(LabelsMixin, VotingClassifier):
    """Vote as scikit-learn's ``VotingClassifier`` does, on several labels of a track too.

    Each classifier learns the genres themselves, where ``VotingClassifier`` gives them numbers, so that weights by
    genre mean what they say. Of several labels, those of which nothing is known (NaN) included, it averages
    probabilities and thresholds; ``voting`` must be "soft" then.
    """

    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit the classifiers.

        Parameters
        ----------
        X : array-like
            Tracks, as the classifiers take them.
        y : array-like of shape (n_tracks,), or array-like or sparse matrix of shape (n_tracks, n_labels)
            Genre of each track; or 1, 0 or NaN for each of several labels.
        **fit_params : dict
            Passed on, as scikit-learn does.

        Returns
        -------
        self : GenreVoting
            The fitted classifier.
        """
        labels = read_labels(y)
        _raise_for_params({name: value for name, value in fit_params.items() if name != "sample_weight"}, self, "fit")
        with whole(self):
            forget_labels(self)
            if labels is None:
                return self._fit_genres(X, y, fit_params)
            return self._fit_labels(X, labels, fit_params)

    def _fit_genres(self, X: Any, y: Any, fit_params: dict[str, Any]) -> Self:
        """Do what VotingClassifier.fit does, but for turning genres into numbers."""
        if y is None:
            raise ValueError("GenreVoting requires y to be passed, but the target y is None")
        y = read_genres(y)
        check_classification_targets(y)
        self._try_embedders(X)
        self.le_ = LabelEncoder().fit(y)
        self.classes_ = self.le_.classes_
        return super(VotingClassifier, self).fit(X, y, **fit_params)

    def _fit_labels(self, X: Any, labels: np.ndarray, fit_params: dict[str, Any]) -> Self:
        if self.voting != "soft":
            raise ValueError(f'voting must be "soft" where tracks have several labels, got {self.voting!r}')
        self._try_embedders(X)
        super(VotingClassifier, self).fit(X, labels, **fit_params)
        self.classes_ = classes_of(labels.shape[1])
        thresholds = [thresholds_of(estimator, labels.shape[1]) for estimator in self.estimators_]
        self.thresholds_ = np.average(thresholds, axis=0, weights=self._weights_not_none)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the genre, or the labels, of each track.

        Parameters
        ----------
        X : array-like
            Tracks, as the classifiers take them.

        Returns
        -------
        y : ndarray of shape (n_tracks,) or (n_tracks, n_labels)
            The genre; or 1 for each label whose probability is at least its threshold, and 0 for the others.
        """
        check_is_fitted(self)
        if not hasattr(self, "thresholds_"):
            return super().predict(X)
        return (self.predict_proba(X) >= self.thresholds_).astype(int)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns of ``transform``, which VotingClassifier does for tables alone.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        names : ndarray of shape (n_columns,) of object
            ``cnn__rock`` and so on, one for each classifier and genre, or ``cnn__0`` for each label by its column; with
            ``voting="hard"`` one for each classifier.

        Raises
        ------
        ValueError
            If ``flatten_transform`` is False, for there are no columns then.
        """
        check_is_fitted(self)
        parts = [name for name, part in self.estimators if part != "drop"]
        if self.voting == "hard":
            return np.array(parts, dtype=object)
        if not self.flatten_transform:
            raise ValueError("flatten_transform must be True for the columns to have names")
        columns = range(len(self.classes_)) if hasattr(self, "thresholds_") else self.classes_
        return np.array([f"{part}__{column}" for part in parts for column in columns], dtype=object)

    def _try_embedders(self, X: Any) -> None:
        """Read the weights of embedders, which decodes nothing: faults in them would show after others were trained."""
        for _, part in self.estimators:
            for number, (_, step) in enumerate(getattr(part, "steps", ())):
                if isinstance(step, ModuleEmbedder):
                    clone(part)[: number + 1].fit(X)

    def _predict(self, X: Any) -> np.ndarray:
        return np.stack([self.le_.transform(estimator.predict(X)) for estimator in self.estimators_], axis=1)

    def _collect_probas(self, X: Any) -> np.ndarray:
        if not hasattr(self, "thresholds_"):
            return super()._collect_probas(X)
        return np.asarray([label_probabilities(estimator, X) for estimator in self.estimators_])
