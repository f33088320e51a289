"""Similar tracks: ``EmbeddingRecommender``, nearest neighbours of tracks by their embeddings."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skgenre._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skgenre.audio import as_rows, is_paths
from skgenre.neighbors import AnnoyIndex, ExactIndex, Index, query_others
from skgenre.recommend._embedders import embed, fit_embedder, is_fitted, requires_y
from skgenre.recommend._ids import RowsOfIds, check_ids
from skgenre.recommend._queries import NeighborQueries

BRUTE_UP_TO = 100_000
"""Tracks up to which ``algorithm="auto"`` compares with every one: a query then takes a few milliseconds at most."""


class EmbeddingRecommender(NeighborQueries, BaseEstimator):
    """Find similar tracks: the nearest neighbours of a track by its embedding.

    Given a trained genre pipeline as ``embedder``, it takes paths; given none, it takes embeddings from anywhere.

    Parameters
    ----------
    embedder : estimator with ``fit`` and ``transform``, default=None
        Turns tracks into embeddings: a net, or a Pipeline that ends in one or in any transformer with a 2-D output.
        A fitted one is used as it stands; of an unfitted one a clone is fitted in ``fit``. ``clone`` of the recommender
        unfits it too, so in a search wrap a fitted one in ``sklearn.frozen.FrozenEstimator``. With an embedder, ``X``
        always goes through it; with None, ``X`` is embeddings.
    n_neighbors : int, default=10
        Neighbours to find where a call does not say how many.
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between embeddings. The cosine distance is ``1 - cos``, in [0, 2]; to a zero embedding it is 1.
    algorithm : {"auto", "brute", "annoy"}, default="auto"
        "brute" compares with every track and is exact. "annoy" looks in a forest of random projection trees: quicker
        on very many tracks, slow to build, and it may miss some neighbours. "auto" is "brute" up to 100,000 tracks.
    random_state : int, RandomState instance or None, default=None
        Seeds Annoy's trees. An int gives the same answers each time.

    Attributes
    ----------
    embedder_ : estimator or None
        The fitted embedder.
    embeddings_ : ndarray of shape (n_tracks, n_dims), float32
        Embeddings of the fitted tracks.
    track_ids_ : ndarray of shape (n_tracks,)
        Id of each fitted track: int where all ids are, else object.
    algorithm_ : {"brute", "annoy"}
        The algorithm in use.
    index_ : ExactIndex or AnnoyIndex
        The index of the embeddings.
    n_samples_fit_ : int
        Number of fitted tracks.
    n_features_in_ : int
        Number of columns of ``X``, where ``X`` is embeddings or the embedder has this attribute.
    feature_names_in_ : ndarray of shape (`n_features_in_`,) of str
        Names of the columns of ``X``, where they are all strings.

    See Also
    --------
    sklearn.neighbors.NearestNeighbors : Neighbours of any vectors, by row number.

    References
    ----------
    E. Bernhardsson, Annoy: Approximate Nearest Neighbors in C++/Python, https://github.com/spotify/annoy.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import EmbeddingRecommender
    >>> embeddings = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> recommender = EmbeddingRecommender(n_neighbors=2)
    >>> recommender = recommender.fit(embeddings, track_ids=["a", "b", "c", "d"])
    >>> ids, scores = recommender.recommend("a", n=2)
    >>> ids, scores.round(3)
    (array(['b', 'd'], dtype=object), array([0.994, 0.11 ]))
    >>> distances, indices = recommender.kneighbors([[0.2, 0.8]])
    >>> indices
    array([[3, 2]])

    With a trained net, or any other step that gives embeddings, it takes tracks:

    >>> import soundfile, tempfile
    >>> from sklearn.pipeline import make_pipeline
    >>> from skgenre import AudioLoader, FrameStatistics, MFCCExtractor
    >>> folder = tempfile.TemporaryDirectory()
    >>> paths = [f"{folder.name}/{pitch}.wav" for pitch in (220, 225, 3000)]
    >>> for path, pitch in zip(paths, (220, 225, 3000)):
    ...     soundfile.write(path, np.sin(2 * np.pi * pitch * np.arange(22050) / 22050), 22050)
    >>> embedder = make_pipeline(AudioLoader(), MFCCExtractor(), FrameStatistics())
    >>> similar = EmbeddingRecommender(embedder).fit(paths)
    >>> ids, scores = similar.recommend(paths[0], n=1)
    >>> ids[0] == paths[1]
    True
    """

    _parameter_constraints: dict = {
        "embedder": [HasMethods(["fit", "transform"]), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions({"cosine", "euclidean"})],
        "algorithm": [StrOptions({"auto", "brute", "annoy"})],
        "random_state": ["random_state"],
    }
    # With metadata routing on, ids given to a Pipeline or a search come through to here.
    __metadata_request__fit = {"track_ids": True}

    def __init__(
        self,
        embedder: Any = None,
        *,
        n_neighbors: int = 10,
        metric: str = "cosine",
        algorithm: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.embedder = embedder
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.algorithm = algorithm
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, track_ids: Any = None) -> Self:
        """Embed tracks and index their embeddings.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
            Embeddings, or with an embedder for example paths: a lone path is one track.
        y : array-like of shape (n_tracks,), default=None
            Genres to fit an unfitted embedder with; not used otherwise.
        track_ids : array-like of shape (n_tracks,), default=None
            A hashable name for each track, no two equal; a ``Path`` is kept as str. None means the paths where ``X``
            is paths, else the row numbers.

        Returns
        -------
        self : EmbeddingRecommender
            The fitted recommender.

        Raises
        ------
        TypeError
            If the embedder cannot transform, as a classifier without embeddings, or an id is not hashable.
        ValueError
            If the embedder needs ``y`` to be fitted and got none, its output is not one finite row per track, or ids
            are too many, too few or not unique.
        """
        X = as_rows(X)
        if self.embedder is None:
            if is_paths(X):
                raise ValueError(f"X must hold embeddings where embedder is None, got the path {str(X[0])!r}")
            embeddings = validate_data(self, X, dtype=np.float32)
            self.embedder_ = None
        else:
            self.embedder_ = fit_embedder(self.embedder, X, y)
            self._take_features_of_embedder()
            embeddings = embed(self.embedder_, X)
        self.n_samples_fit_ = len(embeddings)
        self.track_ids_ = check_ids(track_ids, X, self.n_samples_fit_)
        self._rows = RowsOfIds(self.track_ids_)
        self.algorithm_ = self.algorithm
        if self.algorithm == "auto":
            self.algorithm_ = "brute" if self.n_samples_fit_ <= BRUTE_UP_TO else "annoy"
        # A copy, so that the caller's array can change.
        self.index_ = self._make_index().build(np.array(embeddings, order="C"))
        return self

    @property
    def embeddings_(self) -> np.ndarray:  # noqa: D102
        # Held by the index alone: joblib writes an array twice that two attributes share.
        return self.index_.vectors

    def recommend(self, tracks: Any, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Recommend the fitted tracks most similar to a track, or to each of several.

        Each track is answered on its own. A fitted track, known by its id, is never recommended for itself.

        Parameters
        ----------
        tracks : an id or path, or array-like of shape (n_queries,) of them
            Tracks, looked up as ids first; what is no id is a path, or open binary file, and goes through the
            embedder. A tuple that is an id is one track.
        n : int, default=10
            How many tracks to recommend.

        Returns
        -------
        ids : ndarray of shape (n,) for a lone track, else (n_queries, n)
            Ids of the recommended tracks, the most similar first.
        scores : ndarray of the same shape, float64
            Similarity, higher is better: the cosine, in [-1, 1], or ``1 / (1 + distance)``, in (0, 1], if ``metric``
            is "euclidean".

        Raises
        ------
        ValueError
            If a track is neither an id nor a path for an embedder (``kneighbors`` takes embeddings and waveforms), or
            there are too few tracks to recommend ``n``.

        Examples
        --------
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [4.0]])
        >>> recommender.recommend([0, 2], n=1)
        (array([[1], [1]]), array([[0.5 ], [0.25]]))
        """
        check_is_fitted(self)
        lone = is_paths([tracks]) or not isinstance(tracks, Iterable) or tracks in self._rows
        asked = [tracks] if lone else list(as_rows(tracks))
        if not asked:
            raise ValueError("tracks must hold at least one track, got none")
        rows = self._rows[asked]
        fitted = rows >= 0
        self._check_count("n", n, leaves_itself_out=bool(fitted.any()))

        distances, indices = np.empty((len(asked), n)), np.empty((len(asked), n), dtype=np.intp)
        if fitted.any():
            distances[fitted], indices[fitted] = query_others(self.index_, rows[fitted], n)
        if not fitted.all():
            embeddings = self._embeddings_of_strangers([asked[i] for i in np.flatnonzero(~fitted)])
            distances[~fitted], indices[~fitted] = self.index_.query(embeddings, n)
        scores = 1 - distances if self.metric == "cosine" else 1 / (1 + distances)
        ids = self.track_ids_[indices]
        return (ids[0], scores[0]) if lone else (ids, scores)

    def _take_features_of_embedder(self) -> None:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.embedder_, name):
                setattr(self, name, getattr(self.embedder_, name))
            elif hasattr(self, name):
                delattr(self, name)

    def _make_index(self) -> Index:
        if self.algorithm_ == "brute":
            return ExactIndex(self.metric)
        return AnnoyIndex(self.metric, seed=check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _embeddings_of(self, X: Any) -> np.ndarray:
        if self.embedder_ is None:
            return validate_data(self, X, dtype=np.float32, reset=False)
        return embed(self.embedder_, X, n_dims=self.embeddings_.shape[1])

    def _embeddings_of_strangers(self, tracks: list) -> np.ndarray:
        """Embed tracks that are no ids: paths or open files."""
        for track in tracks:
            if self.embedder_ is None:
                raise ValueError(f"tracks must be among the track_ids where embedder is None, got {track!r}")
            if not is_paths([track]):
                raise ValueError(f"tracks must be track_ids or paths, got {track!r}; kneighbors takes other tracks")
        try:
            return self._embeddings_of(tracks)
        except Exception as error:
            error.add_note(f"{tracks[0]!r} is not one of the track_ids, so it was taken for a path")
            raise

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.embedder, "__sklearn_tags__"):
            tags.input_tags = get_tags(self.embedder).input_tags
            tags.input_tags.allow_nan = False  # embeddings must be finite, and most embedders let NaN through
            tags.target_tags.required = requires_y(self.embedder) and not is_fitted(self.embedder)
        return tags
