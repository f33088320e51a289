"""Support vector machines on groups of columns."""

from collections.abc import Mapping
from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted, validate_data

from skgenre._labels import LabelsMixin, forget_labels, read_genres, read_labels
from skgenre._sklearn import Interval, StrOptions, _fit_context
from skgenre._whole import whole
from skgenre.multilabel import PerLabelClassifier


class GroupSVC(LabelsMixin, ClassifierMixin, BaseEstimator):
    """Classify by a support vector machine on each group of columns, and the mean of their decisions.

    Each group has the same say, however many columns it has, and a machine is as wide as its group. For descriptors
    that describe different sides of a track this is better than one machine on all columns. Of several labels each has
    machines of its own, trained on the tracks of which it is known.

    Parameters
    ----------
    groups : mapping of str to column indices or slice, default=None
        The columns of each group, as ``TrackDescriptor.group_slices`` gives them. None means one group of all columns.
    C : float, default=10.0
        Inverse of the regularisation of each machine, above 0.
    temperature : float, default=None
        What decisions are divided by for probabilities, above 0: the lower, the surer. With machines on artists that
        are not in the training they are more honest than those calibrated by folds of the same artists. None means an
        eighth of the number of genres, and at least 0.5: a decision counts the genres that lose against one, so that
        of many genres the same lead says less. Of several labels it means 0.5.
    class_weight : "balanced", dict or None, default=None
        Weight of each class; "balanced" weighs them by the inverse of their frequency. Of several labels the classes
        are 0 and 1.

    Attributes
    ----------
    machines_ : dict of str to Pipeline
        The machine of each group, which standardises its columns.
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        Classes; of several labels ``[0, 1]`` for each.
    thresholds_ : ndarray of shape (n_labels,)
        Probability from which on ``predict`` answers with a label, one half; there where tracks have several. Assign
        others to it, such as :func:`~skgenre.tune_thresholds` gives.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,) of str
        Names of the columns, where they are all strings.

    See Also
    --------
    TrackDescriptor : Gives columns in groups.
    make_genre_classifier : Averages this with nets.

    References
    ----------
    K. Seyerlehner, G. Widmer and T. Pohle, "Fusing block-level features for music similarity estimation", 2010 (each
    feature's distances on a scale of their own, then added).

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import GroupSVC
    >>> X = np.array([[0.0, 0.1, 5.0], [0.2, 0.0, 5.1], [1.0, 0.9, 7.0], [0.8, 1.0, 7.1]])
    >>> machine = GroupSVC({"timbre": slice(0, 2), "rhythm": [2]}).fit(X, ["jazz", "jazz", "metal", "metal"])
    >>> machine.predict([[0.1, 0.1, 5.0]])
    array(['jazz'], dtype='<U5')
    >>> machine.predict_proba([[0.1, 0.1, 5.0]]).round(2)
    array([[0.98, 0.02]])
    """

    _parameter_constraints: dict = {
        "groups": [Mapping, None],
        "C": [Interval(Real, 0, None, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither"), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self, groups: Any = None, *, C: float = 10.0, temperature: float | None = None, class_weight: Any = None
    ) -> None:
        self.groups = groups
        self.C = C
        self.temperature = temperature
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train a machine on each group.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors.
        y : array-like of shape (n_tracks,), or array-like or sparse matrix of shape (n_tracks, n_labels)
            Genres, at least two; or 1, 0 or NaN for each of several labels.

        Returns
        -------
        self : GroupSVC
            The fitted classifier.

        Raises
        ------
        ValueError
            If ``groups`` is empty or names columns that ``X`` does not have.
        """
        with whole(self):
            labels = read_labels(y)
            forget_labels(self)
            if labels is None:
                X, y = validate_data(self, X, y if y is None else read_genres(y))
                if len(classes := np.unique(y)) < 2:
                    raise ValueError(f"y must hold at least two genres, got one class: {classes[0]}")
            else:
                X, y = validate_data(self, X), labels
                self.thresholds_ = np.full(labels.shape[1], 0.5)
            self._columns = {name: self._columns_of(name, columns) for name, columns in self._groups().items()}
            self.machines_ = {name: self._machine().fit(X[:, columns], y) for name, columns in self._columns.items()}
            self.classes_ = next(iter(self.machines_.values())).classes_
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the mean of the machines' decisions.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors.

        Returns
        -------
        decisions : ndarray of shape (n_tracks, n_classes), (n_tracks,) for two classes, or (n_tracks, n_labels)
            One-vs-rest decisions, as of ``sklearn.svm.SVC``; for two classes positive for the second, and of several
            labels positive for those that a track has.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        decisions = [self.machines_[name].decision_function(X[:, columns]) for name, columns in self._columns.items()]
        return np.mean(decisions, axis=0)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the genre, or the labels, of each track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors.

        Returns
        -------
        y : ndarray of shape (n_tracks,) or (n_tracks, n_labels)
            The genre with the highest decision; or 1 for each label whose probability is at least its threshold, and 0
            for the others.
        """
        check_is_fitted(self)
        if hasattr(self, "thresholds_"):
            return (self.predict_proba(X) >= self.thresholds_).astype(int)
        winners = self._decisions(X).argmax(axis=1)
        return self.classes_[winners]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each genre or label, from the decisions.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_features)
            Descriptors.

        Returns
        -------
        probabilities : ndarray of shape (n_tracks, n_classes) or (n_tracks, n_labels), float64
            Probabilities in the order of ``classes_``; or of each label by itself.
        """
        check_is_fitted(self)
        if hasattr(self, "thresholds_"):
            # What softmax makes of the two sides of a machine, strictly between 0 and 1.
            return np.clip(expit(2 * self.decision_function(X) / self._temperature), 1e-7, 1 - 1e-7)
        return softmax(self._decisions(X) / self._temperature, axis=1)

    @property
    def _temperature(self) -> float:
        if self.temperature is not None:
            return self.temperature
        return 0.5 if hasattr(self, "thresholds_") else max(len(self.classes_), 4) / 8

    def _machine(self) -> Pipeline:
        machine = SVC(C=self.C, class_weight=self.class_weight)
        scaler = StandardScaler().set_output(transform="default")  # machines know no names, whatever is set globally
        return make_pipeline(scaler, PerLabelClassifier(machine) if hasattr(self, "thresholds_") else machine)

    def _decisions(self, X: Any) -> np.ndarray:
        decisions = self.decision_function(X)
        return np.stack([-decisions, decisions], axis=1) if decisions.ndim == 1 else decisions

    def _groups(self) -> Mapping[str, Any]:
        if self.groups is None:
            return {"all": slice(None)}
        if not self.groups:
            raise ValueError("groups must name at least one group of columns, got none")
        return self.groups

    def _columns_of(self, name: str, columns: Any) -> np.ndarray:
        try:
            chosen = np.arange(self.n_features_in_)[columns]
        except (IndexError, TypeError) as error:
            raise ValueError(
                f"groups must name columns of X, which has {self.n_features_in_}: {name!r}, {error}"
            ) from None
        # Where numpy cuts a slice short, X has fewer columns than the groups were made for.
        beyond = isinstance(columns, slice) and (columns.stop or 0) > self.n_features_in_
        if chosen.ndim != 1 or not len(chosen) or beyond:
            raise ValueError(f"groups must name columns of X, which has {self.n_features_in_}: {name!r} is {columns!r}")
        return chosen
