"""How good a recommender is, by the genres of what it finds or by what users went on to hear."""

from copy import copy
from numbers import Real
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.utils import check_consistent_length, check_random_state

from skgenre.audio import as_rows
from skgenre.hybrid import HybridRecommender, check_interactions
from skgenre.metrics import (
    artist_filtered_precision,
    average_precision_at_k,
    catalogue_coverage,
    check_k,
    genre_purity,
    hit_rate_at_k,
    intra_list_diversity,
    ndcg_at_k,
    novelty,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)
from skgenre.model_selection._one_genre import one_artist_each, one_genre_each
from skgenre.model_selection._recommendation_results import RecommenderEvaluation
from skgenre.recommend import EmbeddingRecommender, skewness

_RANKINGS = {
    "ndcg": ndcg_at_k,
    "recall": recall_at_k,
    "precision": precision_at_k,
    "hit_rate": hit_rate_at_k,
    "average_precision": average_precision_at_k,
    "reciprocal_rank": reciprocal_rank_at_k,
}


def evaluate_recommender(
    recommender: EmbeddingRecommender | HybridRecommender,
    X: Any,
    interactions: Any = None,
    y: Any = None,
    groups: Any = None,
    *,
    k: int = 10,
    times: Any = None,
    test_size: float = 0.2,
    random_state: int | np.random.RandomState | None = None,
) -> RecommenderEvaluation:
    """Measure how good the recommendations of a recommender are.

    Without ``interactions``, by content: each track is asked for its neighbours among the others, and those of its
    genre are right. ``genre_purity`` counts all neighbours; where ``groups`` are known, ``artist_filtered_precision``
    leaves those by its own artist out, as diversity, coverage and hubness do. With ``interactions``, by history: part
    of what each user has heard is held out, a copy of the recommender is fitted on the rest, and what it recommends is
    right where it was held out.

    Parameters
    ----------
    recommender : EmbeddingRecommender or HybridRecommender
        The recommender; it stays as it is, and a copy is fitted, which searches exactly in memory where this one asks
        Milvus. By content, an embedder that needs genres must be
        fitted already, on other tracks: on its own it looks better than it is. By history, an
        ``EmbeddingRecommender`` recommends to users what sounds like the tracks that they have heard.
    X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
        Embeddings or tracks.
    interactions : sparse matrix or array-like of shape (n_users, n_tracks), default=None
        How often each user has heard each track. Who has not ``k`` left to hear is not asked.
    y : array-like of shape (n_tracks,), default=None
        Genres. By history they are only passed on to ``fit``.
    groups : array-like of shape (n_tracks,), default=None
        The artist of each track, ``""`` where not known. By history they are not asked for.
    k : int, default=10
        Length of the lists.
    times : sparse matrix of shape (n_users, n_tracks), default=None
        When each user came to each track, in any unit, greater than zero. The last track of each user is then held
        out. None means that a random share of each user's tracks is.
    test_size : float, default=0.2
        This share, between 0 and 1, and at least one track; a user of one track keeps it.
    random_state : int, RandomState instance or None, default=None
        Seeds what is held out.

    Returns
    -------
    evaluation : RecommenderEvaluation
        ``frame`` is a table with mean and 95 % confidence interval of each metric. By content: ``genre_purity``,
        ``artist_filtered_precision``, ``diversity``, ``coverage`` and ``hubness``, the skewness of how often tracks
        are recommended. By history: ``ndcg``, ``recall``, ``precision``, ``hit_rate``, ``average_precision``,
        ``reciprocal_rank``, ``diversity``, ``novelty`` and ``coverage``.

    Raises
    ------
    TypeError
        If the recommender is of another kind.
    ValueError
        If ``k`` is too large, lengths or shapes differ, or nothing can be held out.

    See Also
    --------
    make_recommendation_scorer : A metric of genres for scikit-learn's searches.

    References
    ----------
    A. Flexer and D. Schnitzer, "Effects of album and artist filters in audio similarity computed for very large music
    databases", 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import EmbeddingRecommender, evaluate_recommender
    >>> rng = np.random.default_rng(0)
    >>> genres = np.repeat(["folk", "jazz", "rock"], 20)
    >>> embeddings = np.repeat(np.eye(3), 20, axis=0) + rng.normal(0, 0.5, (60, 3))
    >>> evaluation = evaluate_recommender(EmbeddingRecommender(), embeddings, y=genres, k=5)
    >>> round(evaluation.summary()["genre_purity"]["mean"], 2)
    0.83
    """
    if not isinstance(recommender, EmbeddingRecommender | HybridRecommender):
        raise TypeError(
            f"recommender must be an EmbeddingRecommender or a HybridRecommender, got {type(recommender).__name__}"
        )
    check_k(k)
    if interactions is None:
        if isinstance(recommender, HybridRecommender):
            raise ValueError("interactions must be given with a HybridRecommender, whose users are asked for")
        return _by_content(recommender, X, y, groups, k)
    if isinstance(recommender, EmbeddingRecommender):
        recommender = HybridRecommender(recommender, blend="content")
    return _by_history(recommender, X, interactions, y, k, times, test_size, check_random_state(random_state))


def _copy(recommender: Any) -> Any:
    """Return a copy to fit; of a collection that Milvus keeps in memory, for it would take the place of that one."""
    copied = copy(recommender)
    if isinstance(copied, HybridRecommender):
        if isinstance(copied.content, EmbeddingRecommender):
            copied.content = _copy(copied.content)
    elif copied.algorithm == "milvus":
        copied.algorithm, copied.index_params = "brute", None
    return copied


def _by_content(recommender: EmbeddingRecommender, X: Any, genres: Any, artists: Any, k: int) -> RecommenderEvaluation:
    fitted = _copy(recommender).fit(X)
    n_tracks = fitted.n_samples_fit_
    everyone = np.arange(n_tracks)
    genres = None if genres is None else one_genre_each(genres, "Purity is asked of one label at a time.")
    artists = everyone if artists is None else one_artist_each(artists)
    check_consistent_length(everyone, artists, genres)
    if k >= n_tracks:
        raise ValueError(f"k must be less than the number of tracks, {n_tracks}, got {k}")
    _, members, sizes = np.unique(artists, return_inverse=True, return_counts=True)
    # As many more as there can be by the same artist.
    n_asked = min(k + int(sizes.max()) - 1, n_tracks - 1)
    found = fitted.kneighbors(None, n_asked, return_distance=False)
    lists = [row[members[row] != members[query]][:k] for query, row in enumerate(found)]
    values = {"diversity": intra_list_diversity(lists, fitted.embeddings_, k, average=None)} if k > 1 else {}
    if genres is not None:
        purity = {"genre_purity": genre_purity(genres, genres[found], k, average=None)}
        if sizes.max() > 1:
            others = artist_filtered_precision(genres, genres[found], members, members[found], k, average=None)
            purity["artist_filtered_precision"] = others
        values = purity | values
    occurrence = np.bincount(np.concatenate(lists), minlength=n_tracks)
    totals = {"coverage": catalogue_coverage(lists, everyone, k), "hubness": skewness(occurrence)}
    return RecommenderEvaluation("content", k, values, totals, members)


def _by_history(
    recommender: HybridRecommender,
    X: Any,
    interactions: Any,
    genres: Any,
    k: int,
    times: Any,
    test_size: float,
    rng: np.random.RandomState,
) -> RecommenderEvaluation:
    X = as_rows(X)
    plays = check_interactions(interactions, X.shape[0] if hasattr(X, "shape") else len(X))
    held = _hold_out(plays, times, test_size, rng)
    kept = plays - held
    kept.eliminate_zeros()
    fitted = _copy(recommender).fit(X, kept, genres)
    n_left = plays.shape[1] - np.diff(kept.indptr)
    users = np.flatnonzero((np.diff(held.indptr) > 0) & (n_left >= k))
    if not len(users):
        raise ValueError(f"k must leave a user who has not heard so much, got {k} of {plays.shape[1]} tracks")
    ids, _ = fitted.recommend(fitted.user_ids_[users], k)
    row_of = {track: row for row, track in enumerate(fitted.track_ids_.tolist())}
    lists = np.array([[row_of[track] for track in items] for items in ids.tolist()])
    values = {name: metric(held[users], lists, k, average=None) for name, metric in _RANKINGS.items()}
    if k > 1:
        values["diversity"] = intra_list_diversity(lists, fitted.content_.embeddings_, k, average=None)
    values["novelty"] = novelty(lists, fitted.popularity_, plays.shape[0], k, average=None)
    totals = {"coverage": catalogue_coverage(lists, range(len(row_of)), k)}
    return RecommenderEvaluation("history", k, values, totals, users)


def _hold_out(plays: csr_matrix, times: Any, test_size: float, rng: np.random.RandomState) -> csr_matrix:
    """Return the part of the plays to hold out: the last track of each user, or a random share of the tracks."""
    if not isinstance(test_size, Real) or not 0 < test_size < 1:
        raise ValueError(f"test_size must lie between 0 and 1, got {test_size!r}")
    users = np.repeat(np.arange(plays.shape[0]), np.diff(plays.indptr))
    n_heard = np.diff(plays.indptr)[users]
    if not (n_heard > 1).any():
        raise ValueError("interactions must hold a user who has heard two tracks or more, or nothing can be held out")
    if times is None:
        keys, n_held = rng.uniform(size=plays.nnz), np.ceil(n_heard * test_size).clip(max=n_heard - 1)
    else:
        ranks = np.unique(_times_of(plays, times, users), return_inverse=True)[1]
        keys, n_held = -ranks, (n_heard > 1).astype(int)
    order = np.lexsort([keys, users])
    place_in_user = np.arange(plays.nnz) - plays.indptr[users]
    chosen = np.zeros(plays.nnz, dtype=bool)
    chosen[order] = place_in_user < n_held
    return csr_matrix((plays.data[chosen], (users[chosen], plays.indices[chosen])), shape=plays.shape)


def _times_of(plays: csr_matrix, times: Any, users: np.ndarray) -> np.ndarray:
    times = csr_matrix(times) if issparse(times) else np.asarray(times)
    if times.shape != plays.shape:
        raise ValueError(f"times must have the shape of interactions, {plays.shape}, got {times.shape}")
    when = np.asarray(times[users, plays.indices]).ravel()
    when = when if when.dtype.kind in "iu" else when.astype(float)  # which would lose digits of nanoseconds
    if not (when > 0).all():
        raise ValueError("times must be greater than zero wherever interactions are")
    return when
