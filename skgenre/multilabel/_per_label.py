"""A classifier of one genre, trained once for each label."""

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_consistent_length, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skgenre._labels import LabelsMixin, classes_of, forget_labels, read_genres, read_labels
from skgenre._sklearn import HasMethods, _fit_context
from skgenre._warnings import users_line

_EDGE = 1e-7
"""How near to 0 and 1 the probability of a label comes that no track has, or every track."""


def _estimator_has(name: str) -> Callable[[Any], bool]:
    """Tell whether the classifier of a label can answer a question."""
    return lambda self: hasattr(self.estimator, name)


class PerLabelClassifier(LabelsMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Train a classifier once for each label, on the tracks of which the label is known.

    With one genre for each track it is the classifier itself. So one pipeline takes both, and labels that nobody knows
    (NaN) are left out, which scikit-learn's own multi-label wrappers do not allow.

    Parameters
    ----------
    estimator : estimator
        Classifier of two classes.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted classifier of each label, None for a label that no track has or every track. Of one genre for each
        track it holds one.
    thresholds_ : ndarray of shape (n_labels,)
        Probability from which on ``predict`` answers with a label, one half; there where tracks have several. Assign
        others to it, such as :func:`~skgenre.tune_thresholds` gives.
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The genres; of several labels ``[0, 1]`` for each.
    n_features_in_ : int
        Number of columns of ``X``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,) of str
        Names of the columns of ``X``, where they are all strings.

    See Also
    --------
    sklearn.multioutput.ClassifierChain : Lets a label's classifier see the answers for other labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgenre import PerLabelClassifier
    >>> X = np.array([[0.0, 0.0], [0.0, 5.0], [5.0, 0.0], [5.0, 5.0]])
    >>> y = np.array([[0, 0], [0, 1], [1, 0], [1, np.nan]])
    >>> PerLabelClassifier(LogisticRegression()).fit(X, y).predict([[5.0, 5.0]])
    array([[1, 1]])
    """

    _parameter_constraints: dict = {"estimator": [HasMethods(["fit", "predict"])]}

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a classifier for each label.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors or embeddings.
        y : array-like of shape (n_tracks,), or array-like or sparse matrix of shape (n_tracks, n_labels)
            Genre of each track; or 1, 0 or NaN for each of several labels.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track; of several labels, a weight of 0 leaves the track out.

        Returns
        -------
        self : PerLabelClassifier
            The fitted classifier.

        Warns
        -----
        UserWarning
            If all tracks of which a label is known have it, or none has.
        """
        labels = read_labels(y)
        if labels is None:
            X, y = validate_data(self, X, y if y is None else read_genres(y), **self._input)
            self.estimators_ = [_fit(self.estimator, X, y, sample_weight)]
            self.classes_ = self.estimators_[0].classes_
            forget_labels(self)
            return self
        X = validate_data(self, X, **self._input)
        check_consistent_length(X, labels, sample_weight)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        self.constants_ = np.full(labels.shape[1], np.nan)
        self.estimators_ = []
        counts = np.ones(len(labels), bool) if weights is None else weights != 0
        for column, label in enumerate(labels.T):
            rows = np.flatnonzero(~np.isnan(label) & counts)
            found = np.unique(label[rows])
            if len(found) < 2:
                # Nobody knows: then it is as likely as not, and no answer.
                self.constants_[column] = np.clip(found[0], _EDGE, 1 - _EDGE) if len(found) else np.nextafter(0.5, 0)
                self.estimators_.append(None)
                continue
            weight = None if weights is None else weights[rows]
            self.estimators_.append(_fit(self.estimator, X[rows], label[rows].astype(int), weight))
        if n_constant := sum(estimator is None for estimator in self.estimators_):
            warnings.warn(f"y has {n_constant} labels that no track has, or every track", stacklevel=users_line())
        self.classes_ = classes_of(labels.shape[1])
        self.thresholds_ = np.full(labels.shape[1], 0.5)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the genre, or the labels, of each track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors or embeddings.

        Returns
        -------
        y : ndarray of shape (n_tracks,) or (n_tracks, n_labels)
            The genre; or 1 for each label whose probability is at least its threshold, 0 for the others. Where the
            classifier gives no probabilities its own answers count.
        """
        X = self._check(X)
        if not self._several:
            return self.estimators_[0].predict(X)
        if hasattr(self, "predict_proba"):
            return (self.predict_proba(X) >= self.thresholds_).astype(int)
        return self._ask(X, lambda estimator: estimator.predict(X), self.constants_ >= 0.5).astype(int)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each genre or label.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors or embeddings.

        Returns
        -------
        probabilities : ndarray of shape (n_tracks, n_classes) or (n_tracks, n_labels)
            Probabilities in the order of ``classes_``; or of each label by itself, in the order of the columns of
            ``y``.
        """
        X = self._check(X)
        if not self._several:
            return self.estimators_[0].predict_proba(X)
        return self._ask(X, lambda estimator: estimator.predict_proba(X)[:, 1], self.constants_)

    @available_if(_estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return how far each track is on the side of each genre or label.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors or embeddings.

        Returns
        -------
        decisions : ndarray of shape (n_tracks,), (n_tracks, n_classes) or (n_tracks, n_labels)
            As of the classifier; of several labels positive for those that a track has.
        """
        X = self._check(X)
        if not self._several:
            return self.estimators_[0].decision_function(X)
        return self._ask(X, lambda estimator: estimator.decision_function(X), logit(self.constants_))

    @property
    def _several(self) -> bool:
        return hasattr(self, "thresholds_")

    @property
    def _input(self) -> dict[str, Any]:
        tags = get_tags(self.estimator).input_tags
        finite: Any = "allow-nan" if tags.allow_nan else True
        return {"dtype": None, "accept_sparse": "csr" if tags.sparse else False, "ensure_all_finite": finite}

    def _check(self, X: Any) -> Any:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, **self._input)

    def _ask(self, X: Any, question: Callable[[Any], np.ndarray], constants: np.ndarray) -> np.ndarray:
        """Return the answers for all labels; ``constants`` stand where a label has no classifier."""
        n_tracks = X.shape[0]
        answers = [
            np.full(n_tracks, constant) if estimator is None else question(estimator)
            for estimator, constant in zip(self.estimators_, constants, strict=True)
        ]
        return np.column_stack(answers)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        if inner.classifier_tags is not None:
            tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
            tags.classifier_tags.poor_score = inner.classifier_tags.poor_score
        return tags


def _fit(estimator: Any, X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Any:
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    return clone(estimator).fit(X, y, **weights)
