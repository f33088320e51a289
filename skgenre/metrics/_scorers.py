"""Metrics of recommenders as scorers, for ``GridSearchCV`` and ``cross_val_score``."""

from typing import Any

import numpy as np

from skgenre.metrics._gains import check_k
from skgenre.metrics._lists import genre_purity
from skgenre.metrics._ranking import average_precision_at_k, hit_rate_at_k, ndcg_at_k, reciprocal_rank_at_k

_RANKINGS = {
    "ndcg": ndcg_at_k,
    "average_precision": average_precision_at_k,
    "reciprocal_rank": reciprocal_rank_at_k,
    "hit_rate": hit_rate_at_k,
}


class RecommendationScorer:
    """Scores a fitted recommender on tracks that it has not seen, by the genres of what it finds for them.

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

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Return the score: the neighbours of tracks ``X`` of genres ``y`` among the tracks that it was fitted on."""
        fitted = getattr(estimator, "y_", None)
        if fitted is None:
            raise ValueError(
                f"estimator must know the genres of its tracks, {type(estimator).__name__} has no y_: fit it with y"
            )
        y, fitted = np.asarray(y), np.asarray(fitted)
        found = estimator.kneighbors(X, n_neighbors=min(self.k, len(fitted)), return_distance=False)
        if self.metric == "genre_purity":
            return genre_purity(y, fitted[found], self.k)
        relevant = [np.flatnonzero(fitted == genre) for genre in y]
        return _RANKINGS[self.metric](relevant, found, self.k)

    def __repr__(self) -> str:
        return f"make_recommendation_scorer({self.metric!r}, k={self.k})"


def make_recommendation_scorer(metric: str = "genre_purity", k: int = 10) -> RecommendationScorer:
    """Make a scorer of recommenders for scikit-learn's searches and cross-validation.

    In each fold the tracks held out are asked for their neighbours among the others, and those of the same genre are
    right. With a splitter for groups no neighbour is by the artist of the query.

    Parameters
    ----------
    metric : {"genre_purity", "ndcg", "average_precision", "reciprocal_rank", "hit_rate"}, default="genre_purity"
        The metric. The others are those of the same name that end in ``_at_k``; a genre with no track to be found is
        left out.
    k : int, default=10
        Neighbours of a track.

    Returns
    -------
    scorer : callable
        Takes a fitted recommender, tracks and their genres; higher is better. The recommender must keep the genres
        that it was fitted with as ``y_``, as :class:`~skgenre.EmbeddingRecommender` does.

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
    if metric not in ("genre_purity", *_RANKINGS):
        raise ValueError(f"metric must be one of {['genre_purity', *_RANKINGS]}, got {metric!r}")
    check_k(k)
    return RecommendationScorer(metric, k)
