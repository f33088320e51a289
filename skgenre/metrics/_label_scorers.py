"""Metrics of several labels as scorers, for ``GridSearchCV`` and ``cross_validate``."""

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from skgenre._labels import label_probabilities, read_labels
from skgenre.metrics._label_metrics import RANKING_METRICS, hamming_loss

MULTILABEL_METRICS = (*RANKING_METRICS, "neg_hamming_loss")
"""What :func:`make_multilabel_scorer` takes."""


class MultilabelScorer:
    """Scores a fitted classifier of several labels on those that are known.

    Parameters
    ----------
    metric : str
        As :func:`make_multilabel_scorer` takes it.
    """

    def __init__(self, metric: str) -> None:
        self.metric = metric

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Return the score of the answers to tracks ``X`` with the labels ``y``; higher is better."""
        labels = read_labels(y)
        if labels is None:
            raise ValueError("y must have a column for each of several labels, it has one")
        answers = self._answers(estimator, X)
        check_consistent_length(labels, answers)
        if answers.shape != labels.shape:
            raise ValueError(f"y must have the {answers.shape[1]} labels of the estimator, got {labels.shape[1]}")
        if self.metric == "neg_hamming_loss":
            return -hamming_loss(labels, answers)
        return RANKING_METRICS[self.metric](labels, answers)

    def _answers(self, estimator: Any, X: Any) -> np.ndarray:
        if self.metric == "neg_hamming_loss":
            answers = estimator.predict(X)
        elif hasattr(estimator, "predict_proba"):
            answers = label_probabilities(estimator, X)
        else:
            answers = estimator.decision_function(X)
        return np.asarray(answers.todense() if hasattr(answers, "todense") else answers)

    def __repr__(self) -> str:
        return f"make_multilabel_scorer({self.metric!r})"


def make_multilabel_scorer(metric: str = "average_precision_macro") -> MultilabelScorer:
    """Make a scorer of several labels for each track, for scikit-learn's searches and cross-validation.

    Labels that nobody knows (NaN) are left out, as scikit-learn's own metrics cannot; where all are known the score is
    theirs. A macro score is the mean over labels, of which those that no track of a fold has, or every track, are left
    out, where scikit-learn counts 0 or NaN.

    Parameters
    ----------
    metric : str, default="average_precision_macro"
        One of

        - ``"average_precision_macro"``, ``"average_precision_micro"``: area under the curve of precision over recall,
          as the mean over labels or of all answers together;
        - ``"roc_auc_macro"``, ``"roc_auc_micro"``: area under the curve of true over false positives, likewise;
        - ``"label_ranking_average_precision"``: how far up among the labels of a track the true ones are;
        - ``"neg_hamming_loss"``: share of labels that ``predict`` has wrong, negative.

    Returns
    -------
    scorer : callable
        Takes a fitted classifier, tracks and their labels; higher is better.

    Raises
    ------
    ValueError
        If the metric is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import KFold, cross_validate
    >>> from skgenre import PerLabelClassifier, make_multilabel_scorer
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> y = (X > 0).astype(float)
    >>> y[::5, 0] = np.nan
    >>> scoring = {name: make_multilabel_scorer(name) for name in ["roc_auc_macro", "average_precision_macro"]}
    >>> scores = cross_validate(PerLabelClassifier(LogisticRegression()), X, y, cv=KFold(3), scoring=scoring)
    >>> bool(scores["test_roc_auc_macro"].mean() > 0.9)
    True
    """
    if metric not in MULTILABEL_METRICS:
        raise ValueError(f"metric must be one of {list(MULTILABEL_METRICS)}, got {metric!r}")
    return MultilabelScorer(metric)
