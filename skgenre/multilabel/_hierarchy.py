"""A classifier whose labels imply others."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgenre._labels import LabelsMixin, forget_labels, label_probabilities, read_labels, thresholds_of
from skgenre._sklearn import HasMethods, _fit_context
from skgenre.multilabel._parents import imply, label_names, raise_parents, read_edges


def _estimator_has(name: str) -> Any:
    def check(self: Any) -> bool:
        return hasattr(getattr(self, "estimator_", self.estimator), name)

    return check


class HierarchicalClassifier(LabelsMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Let sub-genres imply their parents, in training, in probabilities and in answers.

    Wraps a classifier of several labels, from a net to a whole pipeline from paths. Training labels are completed by
    those that they imply. The probability of a parent is raised to the highest among its sub-genres, for a track cannot
    be more likely punk than rock; and what is answered with a sub-genre is answered with its parents too.

    Parameters
    ----------
    estimator : estimator
        Classifier of several labels, such as ``CNNClassifier``, ``make_genre_classifier()`` or
        ``PerLabelClassifier(...)``.
    parents : mapping of label to label or to collection of label, default=None
        The parent, or the parents, of each sub-genre: ``{"punk": "rock", "ska punk": ["punk", "ska"]}``. None means
        that no label implies another; the estimator is used as it is then, and may be one of single genres.
    labels : sequence of shape (n_labels,), default=None
        What the columns of ``y`` are called in ``parents``, such as the ``classes_`` of a ``MultiLabelBinarizer`` or
        the ``target_names`` of ``load_tracks``. None means the names of the columns where ``y`` is a DataFrame, else
        their numbers.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    edges_ : list of (int, int)
        The columns of each sub-genre and its parent.
    thresholds_ : ndarray of shape (n_labels,)
        Probability from which on ``predict`` answers with a label: those of ``estimator_``, or one half.
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        Those of ``estimator_``.
    n_features_in_ : int
        Those of ``estimator_``, where it counts them.

    See Also
    --------
    imply_parents : Completes labels, such as those that answers are compared with.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgenre import HierarchicalClassifier, PerLabelClassifier
    >>> X = np.array([[0.0], [1.0], [5.0], [6.0], [7.0]])
    >>> y = np.array([[0, 0], [0, 0], [0, 1], [1, 0], [1, 1]])
    >>> linear = PerLabelClassifier(LogisticRegression())
    >>> rock = HierarchicalClassifier(linear, {"punk": "rock"}, labels=["punk", "rock"]).fit(X, y)
    >>> rock.predict([[0.0], [7.0]])
    array([[0, 0],
           [1, 1]])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "parents": [Mapping, None],
        "labels": ["array-like", None],
    }

    def __init__(self, estimator: Any, parents: Any = None, *, labels: Any = None) -> None:
        self.estimator = estimator
        self.parents = parents
        self.labels = labels

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Train the classifier on labels completed by those that they imply.

        Parameters
        ----------
        X : array-like
            Tracks, as the estimator takes them.
        y : array-like or sparse matrix of shape (n_tracks, n_labels)
            1, 0 or NaN for each label; the estimator must take NaN where there is any.
        **fit_params : dict
            Passed on to the estimator, such as ``sample_weight`` and ``groups``.

        Returns
        -------
        self : HierarchicalClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If ``parents`` names what is no label, or goes round in circles, or tracks have one genre each.
        """
        labels = read_labels(y)
        edges: list[tuple[int, int]] = []
        if labels is not None:
            edges = read_edges(self.parents or {}, label_names(y, labels.shape[1], self.labels))
            y = imply(labels, edges)
        elif self.parents:
            raise ValueError(
                "y must have a column for each label where labels imply others, it has one; MultiLabelBinarizer makes "
                "them of lists of names"
            )
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self.edges_, self.classes_ = edges, self.estimator_.classes_
        if labels is None:
            forget_labels(self)
        else:
            self.thresholds_ = thresholds_of(self.estimator_, labels.shape[1])
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.estimator_.feature_names_in_
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the labels of each track.

        Parameters
        ----------
        X : array-like
            Tracks, as the estimator takes them.

        Returns
        -------
        y : ndarray of shape (n_tracks, n_labels)
            1 for each label whose probability is at least its threshold, and for those that it implies, 0 for the
            others.
        """
        check_is_fitted(self)
        if not hasattr(self, "thresholds_"):
            return self.estimator_.predict(X)
        if not hasattr(self, "predict_proba"):
            return imply(self.estimator_.predict(X), self.edges_)
        return imply(self.predict_proba(X) >= self.thresholds_, self.edges_).astype(int)

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each label, that of a parent at least that of its sub-genres.

        Parameters
        ----------
        X : array-like
            Tracks, as the estimator takes them.

        Returns
        -------
        probabilities : ndarray of shape (n_tracks, n_labels)
            Probabilities in the order of the columns of ``y``.
        """
        check_is_fitted(self)
        if not hasattr(self, "thresholds_"):
            return self.estimator_.predict_proba(X)
        return raise_parents(label_probabilities(self.estimator_, X), self.edges_)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of tracks that are answered rightly, by labels completed by those that they imply.

        Parameters
        ----------
        X : array-like
            Tracks, as the estimator takes them.
        y : array-like or sparse matrix of shape (n_tracks, n_labels)
            True labels. A track is right where all labels that are known are.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track.

        Returns
        -------
        score : float
            Accuracy.
        """
        check_is_fitted(self)
        labels = read_labels(y)
        if self.edges_ and labels is not None and labels.shape[1] == len(self.thresholds_):
            y = imply(labels, self.edges_)
        return super().score(X, y, sample_weight)

    @property
    def n_features_in_(self) -> int:
        """Columns of ``X`` in ``fit``, where the estimator counts them."""
        try:
            check_is_fitted(self)
        except NotFittedError as error:
            raise AttributeError(f"{type(self).__name__} has no n_features_in_ before fit") from error
        return self.estimator_.n_features_in_

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what is passed on to the estimator's ``fit``.

        Returns
        -------
        routing : MetadataRouter
            As scikit-learn's searches and cross-validation ask for it.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add_self_request(self).add(estimator=self.estimator, method_mapping=to_fit)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
            tags.classifier_tags.poor_score = inner.classifier_tags.poor_score
        return tags
