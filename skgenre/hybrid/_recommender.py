"""The recommender of sound and listening: what it learns."""

import warnings
from copy import copy
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, get_tags

from skgenre._labels import is_missing
from skgenre._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skgenre._warnings import users_line
from skgenre._whole import whole
from skgenre.audio import as_rows
from skgenre.hybrid._blending import Blend, Sources, choose_blend, hold_out
from skgenre.hybrid._collaborative import confidences, fit_model
from skgenre.hybrid._interactions import Names, check_interactions
from skgenre.hybrid._queries import HybridQueries
from skgenre.recommend import EmbeddingRecommender

N_NEIGHBORS = 100
"""Tracks that sound like a heard one and so are recommended for it."""


class HybridRecommender(HybridQueries, BaseEstimator):
    """Recommend tracks to users by what they have heard, what others have heard, and how tracks sound.

    Collaborative filtering knows what is heard by the same people, and nothing of a track that nobody has heard yet.
    Content knows how every track sounds, and nothing of what people make of it. Here a track that nobody has heard is
    placed among the factors of the others by its sound, and scores by listening and by sound are blended, each as much
    as held-out listening shows to be best.

    Parameters
    ----------
    content : EmbeddingRecommender, estimator with ``fit`` and ``transform``, or None, default=None
        Which tracks sound alike: a recommender, or an embedder for one. As in
        :class:`~skgenre.EmbeddingRecommender`, a fitted embedder is used as it stands, and with None, ``X`` is
        embeddings.
    collaborative : {"als", "bpr"} or a model of implicit, default="als"
        What learns factors from who has heard what; it takes the extra ``hybrid``. "als" is alternating least squares,
        "bpr" Bayesian personalized ranking. Of a model, which must learn factors of users and items, a copy with its
        own settings is fitted.
    blend : {"auto", "content", "collaborative", "popularity"} or float from 0 to 1, default="auto"
        How much of a score comes from the sound. "auto" holds out some of the listening and chooses what ranks it
        best, popular tracks counting less. A number is the share itself. "content" and "collaborative" are either
        alone, the latter with nothing placed by its sound; "popularity" gives all users what most have heard. These
        three are what a hybrid should beat.
    n_factors : int, default=32
        Factors that "als" and "bpr" learn.
    n_jobs : int, default=None
        Threads of "als". None means 1, -1 all cores; the answers are the same.
    random_state : int, RandomState instance or None, default=None
        Seeds the factors, what "auto" holds out, and the index of ``content`` where that is not a recommender. An int
        gives the same answers each time.

    Attributes
    ----------
    content_ : EmbeddingRecommender
        The fitted recommender by sound.
    collaborative_ : object or None
        The fitted model of implicit; None where there is none.
    blend_ : Blend
        How scores are blended: ``content``, the share of the sound; ``placing``, how unheard tracks are placed:
        "neighbors", "ridge" or None. With ``blend="popularity"`` None.
    blend_scores_ : dict of str to float, or None
        With ``blend="auto"``, the ``nDCG@10`` on what was held out: of the blend, of collaborative filtering and
        content alone, and of blend and content on tracks that were made unheard.
    item_factors_ : ndarray of shape (n_tracks, n_factors), float32, or None
        Factors of the tracks, those unheard placed by their sound; None where there is no ``collaborative_``.
    popularity_ : ndarray of shape (n_tracks,), int
        How many users have heard each track.
    interactions_ : csr_matrix of shape (n_users, n_tracks), float32
        How often each user has heard each track.
    track_ids_ : ndarray of shape (n_tracks,)
        Id of each track.
    user_ids_ : ndarray of shape (n_users,)
        Id of each user.
    n_features_in_ : int
        Number of columns of ``X``, where ``X`` is embeddings or the embedder has this attribute.
    feature_names_in_ : ndarray of shape (`n_features_in_`,) of str
        Names of the columns of ``X``, where they are all strings.

    See Also
    --------
    EmbeddingRecommender : By sound alone, with many more ways to ask.
    make_listening_history : Users to try it on, whose tastes are known.
    evaluate_recommender : How good the recommendations are.

    References
    ----------
    Y. Hu, Y. Koren and C. Volinsky, "Collaborative filtering for implicit feedback datasets", 2008.

    A. van den Oord, S. Dieleman and B. Schrauwen, "Deep content-based music recommendation", 2013.

    Examples
    --------
    Three users like what is loud, three what is soft; nobody has heard the last track, which is loud.

    >>> import numpy as np
    >>> from skgenre import HybridRecommender
    >>> embeddings = np.array([[1, 0], [0.9, 0.1], [1, 0.2], [0, 1], [0.1, 0.9], [0.2, 1], [0.95, 0.1]])
    >>> plays = np.array(
    ...     [
    ...         [9, 3, 0, 0, 0, 0, 0],
    ...         [5, 0, 4, 0, 0, 0, 0],
    ...         [0, 7, 2, 0, 0, 0, 0],
    ...         [0, 0, 0, 8, 2, 0, 0],
    ...         [0, 0, 0, 6, 0, 3, 0],
    ...         [0, 0, 0, 0, 5, 5, 0],
    ...     ]
    ... )
    >>> tracks = ["loud 1", "loud 2", "loud 3", "soft 1", "soft 2", "soft 3", "new and loud"]
    >>> recommender = HybridRecommender(n_factors=2, blend=0.5, random_state=0)
    >>> recommender = recommender.fit(embeddings, plays, track_ids=tracks, user_ids=list("abcdef"))
    >>> ids, scores = recommender.recommend("a", n=2)
    >>> sorted(ids)
    ['loud 3', 'new and loud']
    >>> ids, scores = recommender.recommend(seeds=["soft 1"], n=2)
    >>> sorted(ids)
    ['soft 2', 'soft 3']
    """

    _parameter_constraints: dict = {
        "content": [EmbeddingRecommender, HasMethods(["fit", "transform"]), None],
        "collaborative": [StrOptions({"als", "bpr"}), HasMethods(["fit", "recommend"])],
        "blend": [StrOptions({"auto", "content", "collaborative", "popularity"}), Interval(Real, 0, 1, closed="both")],
        "n_factors": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        content: Any = None,
        collaborative: Any = "als",
        *,
        blend: str | float = "auto",
        n_factors: int = 32,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.content = content
        self.collaborative = collaborative
        self.blend = blend
        self.n_factors = n_factors
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: Any, interactions: Any = None, y: Any = None, *, track_ids: Any = None, user_ids: Any = None
    ) -> Self:
        """Learn from tracks and who has heard them.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
            Embeddings, or with an embedder for example paths.
        interactions : sparse matrix or array-like of shape (n_users, n_tracks), default=None
            How often each user has heard each track, 0 for never; as :func:`~skgenre.load_interactions` gives it. None
            means that nobody has heard anything yet: only seeds can be answered, by sound.
        y : array-like of shape (n_tracks,), default=None
            Genres to fit an unfitted embedder with; not used otherwise.
        track_ids : array-like of shape (n_tracks,), default=None
            A hashable name for each track, no two equal. None means the paths where ``X`` is paths, else the row
            numbers.
        user_ids : array-like of shape (n_users,), default=None
            A hashable name for each user, no two equal. None means the row numbers.

        Returns
        -------
        self : HybridRecommender
            The fitted recommender.

        Raises
        ------
        ImportError
            If implicit is needed and not installed.
        TypeError
            If ``collaborative`` is a model that learns no factors, or an id is not hashable.
        ValueError
            If ``interactions`` is not a matrix of counts from 0 on with a column for each track, or ids are too many,
            too few or not unique.

        Warns
        -----
        UserWarning
            With ``blend="auto"``, if no user has heard two tracks, so that nothing can be held out. The share is then
            0.5.
        """
        with whole(self):
            self._fit(X, interactions, y, track_ids, user_ids)
        return self

    def _fit(self, X: Any, interactions: Any, y: Any, track_ids: Any, user_ids: Any) -> None:
        rows = as_rows(X)
        n_tracks = rows.shape[0] if hasattr(rows, "shape") else len(rows)
        interactions = check_interactions(interactions, n_tracks)  # before anything is trained, or built anew
        n_users = interactions.shape[0]
        users = Names(np.arange(n_users) if user_ids is None else user_ids, "user_ids", n_users)
        for user in filter(is_missing, users.array.tolist()):
            raise ValueError(f"user_ids must not be missing, got {user!r}: to recommend, None is who has no history")
        content = self.content
        if not isinstance(content, EmbeddingRecommender):
            content = EmbeddingRecommender(content, random_state=self.random_state)
        # clone would unfit a fitted embedder; fit of a copy leaves the original as it was.
        self.content_ = copy(content).fit(X, y, track_ids=track_ids)
        self._take_features()
        self.interactions_, self._users = interactions, users
        self._tracks = Names(self.content_.track_ids_, "track_ids", n_tracks)
        self.popularity_ = np.bincount(self.interactions_.indices, minlength=n_tracks)
        self._neighbors = self._find_neighbors()
        rng = check_random_state(self.random_state)
        self.blend_scores_ = self._choose_blend(rng, seed=rng.randint(np.iinfo(np.int32).max))

    @property
    def track_ids_(self) -> np.ndarray:
        return self._tracks.array

    @property
    def user_ids_(self) -> np.ndarray:
        return self._users.array

    def _choose_blend(self, rng: np.random.RandomState, seed: int) -> dict[str, float] | None:
        """Set the blend and the factors; return what was reached on what was held out."""
        heard_nothing = self.interactions_.nnz == 0
        scores = None
        if self.blend == "popularity":
            self.blend_ = None
        elif self.blend == "content" or (heard_nothing and self.blend == "auto"):
            self.blend_ = Blend(1.0, placing=None)
        elif self.blend == "collaborative":
            self.blend_ = Blend(0.0, placing=None)
        elif self.blend == "auto":
            self.blend_, scores = self._choose_by_holding_out(rng, seed)
        else:
            self.blend_ = Blend(float(self.blend))
        self.collaborative_ = self._user_factors = self.item_factors_ = None
        if self.blend_ is not None and self.blend_.content < 1 and not heard_nothing:
            self.collaborative_, sources = self._learn(self.interactions_, seed)
            self._user_factors, self.item_factors_ = sources.user_factors, sources.placed(self.blend_)
        return scores

    def _choose_by_holding_out(self, rng: np.random.RandomState, seed: int) -> tuple[Blend, dict[str, float] | None]:
        kept, held, cold = hold_out(self.interactions_, rng)
        if held[:, ~cold].nnz == 0 or kept.nnz == 0:
            message = "blend='auto' needs users who have heard two tracks or more; it is 0.5"
            warnings.warn(message, stacklevel=users_line())
            return Blend(0.5), None
        return choose_blend(self._learn(kept, seed)[1], held, cold, rng)

    def _learn(self, interactions: csr_matrix, seed: int) -> tuple[Any, Sources]:
        model = fit_model(self.collaborative, interactions, n_factors=self.n_factors, n_jobs=self.n_jobs, seed=seed)
        heard = np.bincount(interactions.indices, minlength=interactions.shape[1]) > 0
        return model, Sources(
            model.user_factors,
            # Some models leave the factors that they began with to tracks that nobody has heard.
            model.item_factors * heard[:, None],
            confidences(interactions),
            self._neighbors,
            self.content_.embeddings_,
        )

    def _find_neighbors(self) -> csr_matrix:
        """Return how similar each track is to those that sound most like it: from 0 to 1, whatever the metric."""
        n_tracks = self.content_.n_samples_fit_
        self._mean_distance = 1.0
        if n_tracks == 1:
            return csr_matrix((1, 1), dtype=np.float32)
        graph = self.content_.kneighbors_graph(n_neighbors=min(N_NEIGHBORS, n_tracks - 1), mode="distance")
        self._mean_distance = float(graph.data.mean()) or 1.0
        graph.data = np.exp(-graph.data / self._mean_distance)
        return graph.astype(np.float32)

    def _take_features(self) -> None:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.content_, name):
                setattr(self, name, getattr(self.content_, name))
            elif hasattr(self, name):
                delattr(self, name)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.content, "__sklearn_tags__"):
            tags.input_tags = get_tags(self.content).input_tags
            tags.target_tags.required = get_tags(self.content).target_tags.required
        return tags
