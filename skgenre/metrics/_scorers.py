"""Metrics of recommenders as scorers, for ``GridSearchCV`` and ``cross_val_score``."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from skgenre._labels import as_labels
from skgenre._sklearn import column_or_1d
from skgenre.metrics._gains import check_k
from skgenre.metrics._lists import catalogue_coverage, genre_purity, intra_list_diversity, is_unknown
from skgenre.metrics._ranking import (
    average_precision_at_k,
    hit_rate_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)

_RANKINGS = {
    "precision": precision_at_k,
    "recall": recall_at_k,
    "ndcg": ndcg_at_k,
    "average_precision": average_precision_at_k,
    "reciprocal_rank": reciprocal_rank_at_k,
    "hit_rate": hit_rate_at_k,
}
_NAMES = ("genre_purity", *_RANKINGS, "catalogue_coverage", "intra_list_diversity")


class RecommendationScorer:
    """Scores a fitted recommender on tracks that it has not seen, by what it finds for them.

    Parameters
    ----------
    metric : str
        As :func:`make_recommendation_scorer` takes it.
    k : int
        Length of the lists.
    """

    def __init__(self, metric: str, k: int) -> None:
        self.metric = metric
        self.k = k

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the score: the neighbours of tracks ``X`` of genres ``y`` among the tracks that it was fitted on."""
        if isinstance(estimator, Pipeline):
            X = estimator[:-1].transform(X) if len(estimator) > 1 else X
            estimator = estimator[-1]
        if not hasattr(estimator, "kneighbors"):
            raise TypeError(
                f"a recommender of neighbours must be scored, got {type(estimator).__name__}: "
                "evaluate_recommender asks for its users"
            )
        found = estimator.kneighbors(X, n_neighbors=min(self.k, estimator.n_samples_fit_), return_distance=False)
        if self.metric == "catalogue_coverage":
            return catalogue_coverage(found, range(estimator.n_samples_fit_), self.k)
        if self.metric == "intra_list_diversity":
            return intra_list_diversity(found, estimator.embeddings_, self.k)
        if estimator.y_ is None or y is None:
            raise ValueError(
                f"{self.metric} goes by the genres of all tracks, and those of {type(estimator).__name__} are not "
                "known: pass y to fit and to the scorer"
            )
        y, fitted = column_or_1d(as_labels(y), "y"), column_or_1d(estimator.y_, "y_")
        if self.metric == "genre_purity":
            return genre_purity(y, fitted[found], self.k)
        fitted = np.array([None if is_unknown(genre) else genre for genre in fitted], dtype=object)
        relevant = [np.flatnonzero(fitted == genre) if not is_unknown(genre) else np.empty(0) for genre in y]
        return _RANKINGS[self.metric](relevant, found, self.k)

    def __repr__(self) -> str:
        return f"make_recommendation_scorer({self.metric!r}, k={self.k})"


def make_recommendation_scorer(metric: str = "genre_purity", k: int = 10) -> RecommendationScorer:
    """Make a scorer of recommenders for scikit-learn's searches and cross-validation.

    In each fold the tracks held out are asked for their neighbours among the others, and those of the same genre are
    right. With a splitter for groups no neighbour is by the artist of the query.

    Parameters
    ----------
    metric : {"genre_purity", "precision", "recall", "ndcg", "average_precision", "reciprocal_rank", "hit_rate", \
            "catalogue_coverage", "intra_list_diversity"}, default="genre_purity"
        The metric: the function of this name, or of this name and ``_at_k``. Those that end so leave out a genre with
        no track to be found. The last two ask for no genres; the catalogue is the tracks of the fold that it was
        fitted on.
    k : int, default=10
        Neighbours of a track.

    Returns
    -------
    scorer : callable
        Takes a fitted recommender, or a Pipeline that ends in one, tracks and their genres; higher is better. The
        recommender must keep the genres that it was fitted with as ``y_``, as :class:`~skgenre.EmbeddingRecommender`
        does.

    Raises
    ------
    ValueError
        If the metric is unknown or ``k`` is less than one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skgenre import EmbeddingRecommender, make_recommendation_scorer
    >>> rng = np.random.default_rng(0)
    >>> angles = np.repeat([0.0, 2.0, 4.0], 20) + rng.normal(0, 0.2, 60)
    >>> X = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(0.1, 5, (60, 1))
    >>> genres = np.repeat(["blues", "disco", "metal"], 20)
    >>> search = GridSearchCV(
    ...     EmbeddingRecommender(), {"metric": ["cosine", "euclidean"]}, scoring=make_recommendation_scorer(k=5)
    ... )
    >>> search.fit(X, genres).best_params_
    {'metric': 'cosine'}
    """
    if metric not in _NAMES:
        raise ValueError(f"metric must be one of {list(_NAMES)}, got {metric!r}")
    check_k(k)
    if metric == "intra_list_diversity" and k < 2:
        raise ValueError(f"k must be at least 2 for intra_list_diversity, where there are pairs, got {k!r}")
    return RecommendationScorer(metric, k)
