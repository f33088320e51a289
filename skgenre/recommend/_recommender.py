"""The recommender: what it learns of a collection."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state, get_tags
from sklearn.utils.validation import validate_data

from skgenre._labels import as_labels
from skgenre._sklearn import HasMethods, Interval, StrOptions, _fit_context
from skgenre._whole import whole
from skgenre.audio import as_rows, is_paths
from skgenre.neighbors import Index, make_index
from skgenre.recommend._attributes import Attributes
from skgenre.recommend._catalogue import Catalogue
from skgenre.recommend._changes import Changes
from skgenre.recommend._embedders import embed, fit_embedder, is_fitted, requires_y
from skgenre.recommend._hubness import REDUCTIONS
from skgenre.recommend._playlists import Playlists
from skgenre.recommend._saving import Saving
from skgenre.recommend._turns import Turns

_INDEXES = {"auto": "auto", "brute": "exact", "annoy": "annoy", "hnsw": "voyager", "milvus": "milvus"}


class EmbeddingRecommender(Playlists, Attributes, Changes, Saving, BaseEstimator):
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
    algorithm : {"auto", "brute", "annoy", "hnsw", "milvus"}, default="auto"
        "brute" compares with every track and is exact. The others are quicker on very many tracks and may miss some
        neighbours: "annoy" looks in a forest of random projection trees; "hnsw" in a graph of small worlds, which takes
        the extra ``voyager``; "milvus" asks a Milvus server or file, which takes the extra ``milvus``. "auto" is
        "brute" up to 100,000 tracks, then "hnsw" where that is installed, else "annoy".
    recall : float or None, default=0.95
        Share of the true neighbours that searches must find on average, above 0 and up to 1. ``fit`` measures it on a
        sample of the tracks, before the index knows them, and sets how hard it searches. None leaves that as
        ``index_params`` say, unmeasured.
    index_params : dict, default=None
        Further parameters of the index, by name: those of :class:`~skgenre.AnnoyIndex`, as ``n_trees``, of
        :class:`~skgenre.VoyagerIndex`, as ``n_links``, or of :class:`~skgenre.MilvusIndex`, as ``uri``. A ``token`` is
        neither saved nor pickled, but shown where the recommender is printed; the environment variable
        ``MILVUS_TOKEN`` is not.
    hubness : {"mutual_proximity", "local_scaling"} or None, default=None
        How to keep hubs, tracks that are near to very many others, out of most lists. Distances are then rescaled, to
        lie in [0, 1], and choose among the 100 (or ten times as many as asked for) nearest. "mutual_proximity" is the
        chance that a track at random is nearer to one of the two than they are to each other; "local_scaling" measures
        distances by those of both tracks to their seventh neighbours. None leaves distances as they are.
    random_state : int, RandomState instance or None, default=None
        Seeds the index, the sample of queries that the recall is measured on, and that of mutual proximity. An int
        gives the same answers each time.

    Attributes
    ----------
    embedder_ : estimator or None
        The fitted embedder.
    embeddings_ : ndarray of shape (n_tracks, n_dims), float32
        Embeddings of the fitted tracks.
    track_ids_ : ndarray of shape (n_tracks,)
        Id of each fitted track: int where all ids are, else object.
    groups_ : ndarray of shape (n_tracks,) or None
        Group of each track.
    metadata_ : dict of str to ndarray of shape (n_tracks,)
        Columns of the metadata.
    algorithm_ : {"brute", "annoy", "hnsw", "milvus"}
        The algorithm in use.
    y_ : ndarray of shape (n_tracks,) or None
        The genres that ``fit`` got, which scorers go by; None without, and when tracks have come or gone since.
    index_ : Index
        The index of the embeddings: an ``ExactIndex``, ``AnnoyIndex``, ``VoyagerIndex`` or ``MilvusIndex``.
    recall_ : float
        The recall that ``fit`` measured, or a change by which as many tracks had been added or replaced as there were
        then; 1 if the search is exact, NaN if ``recall`` is None.
    effort_ : int or None
        How hard the index searches to reach it, in its own unit; None if the search is exact.
    hubness_ : float
        Skewness of ``k_occurrence()``, computed when it is asked for: 0 where all tracks are in as many lists, above 1
        where hubs crowd others out.
    n_samples_fit_ : int
        Number of tracks.
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

    M. Radovanović, A. Nanopoulos and M. Ivanović, "Hubs in space: popular nearest neighbors in high-dimensional data",
    2010.

    D. Schnitzer, A. Flexer, M. Schedl and G. Widmer, "Local and global scaling reduce hubs in space", 2012.

    L. Zelnik-Manor and P. Perona, "Self-tuning spectral clustering", 2005.

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
        "algorithm": [StrOptions(set(_INDEXES))],
        "recall": [Interval(Real, 0, 1, closed="right"), None],
        "index_params": [dict, None],
        "hubness": [StrOptions(set(REDUCTIONS)), None],
        "random_state": ["random_state"],
    }
    # With metadata routing on, ids given to a Pipeline or a search come through to here.
    __metadata_request__fit = {"track_ids": True, "groups": True, "metadata": True}
    __metadata_request__partial_fit = {"track_ids": True, "groups": True, "metadata": True}

    def __init__(
        self,
        embedder: Any = None,
        *,
        n_neighbors: int = 10,
        metric: str = "cosine",
        algorithm: str = "auto",
        recall: float | None = 0.95,
        index_params: dict[str, Any] | None = None,
        hubness: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.embedder = embedder
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.algorithm = algorithm
        self.recall = recall
        self.index_params = index_params
        self.hubness = hubness
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, track_ids: Any = None, groups: Any = None, metadata: Any = None) -> Self:
        """Embed tracks and index their embeddings.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_dims), or tracks that the embedder takes
            Embeddings, or with an embedder for example paths: a lone path is one track.
        y : array-like of shape (n_tracks,), default=None
            Genres to fit an unfitted embedder with, and for scorers.
        track_ids : array-like of shape (n_tracks,), default=None
            A hashable name for each track, no two equal; a ``Path`` is kept as str. None means the paths where ``X``
            is paths, else the row numbers.
        groups : array-like of shape (n_tracks,), default=None
            Group of each track, for example its artist; ``""``, None or NaN where it is not known. ``recommend``,
            ``journey`` and ``playlist`` give no two tracks of one group in a row.
        metadata : DataFrame, or mapping of str to array-like of shape (n_tracks,), default=None
            Columns, for example genre and year, that ``where`` asks for. Rows count by position.

        Returns
        -------
        self : EmbeddingRecommender
            The fitted recommender.

        Raises
        ------
        TypeError
            If the embedder cannot transform, as a classifier without embeddings, or an id is not hashable.
        ValueError
            If the embedder needs ``y`` to be fitted and got none, its output is not one finite row per track, or ids,
            groups or metadata are too many or too few, or ids are not unique.

        Warns
        -----
        RecallWarning
            If the index cannot reach the recall.
        UserWarning
            If an embedding is zero, as of silence, and so has no direction under cosine.
        """
        with whole(self):
            self._fit(as_rows(X), y, track_ids, groups, metadata)
        return self

    def _fit(self, X: Any, y: Any, track_ids: Any, groups: Any, metadata: Any) -> None:
        if self.embedder is None:
            if is_paths(X):
                raise ValueError(f"X must hold embeddings where embedder is None, got the path {str(X[0])!r}")
            embeddings = validate_data(self, X, dtype=np.float32)
            self.embedder_ = None
        else:
            self.embedder_ = fit_embedder(self.embedder, X, y)
            self._take_features_of_embedder()
            embeddings = embed(self.embedder_, X)
        self._catalogue = Catalogue.of(X, len(embeddings), track_ids, groups, metadata)
        check_consistent_length(embeddings, y)
        self.y_ = None if y is None else as_labels(y)
        rng = check_random_state(self.random_state)
        self.index_ = self._make_index(len(embeddings), rng)
        self.algorithm_ = next(name for name, index in _INDEXES.items() if index == self.index_.name)
        self._warn_of_zeros(embeddings, self._catalogue.ids)
        # Of a copy, so that the caller's array can change; what it replaces on a server stays until hubs are learned.
        self._build(np.array(embeddings, order="C"), lambda: self._learn_hubs(REDUCTIONS.get(self.hubness)))
        self._turns = Turns()

    def _take_features_of_embedder(self) -> None:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.embedder_, name):
                setattr(self, name, getattr(self.embedder_, name))
            elif hasattr(self, name):
                delattr(self, name)

    def _make_index(self, n_tracks: int, rng: np.random.RandomState) -> Index:
        seed = rng.randint(np.iinfo(np.int32).max)
        params = self.index_params or {}
        for name, instead in (("seed", "random_state"), ("metric", "metric"), ("n_rows", "X")):
            if name in params:
                raise ValueError(f"index_params must not hold {name!r}, which {instead} sets, got {params[name]!r}")
        try:
            return make_index(_INDEXES[self.algorithm], self.metric, n_rows=n_tracks, seed=seed, **params)
        except TypeError as error:
            raise TypeError(f"index_params must fit algorithm={self.algorithm!r}: {error}") from error

    def _embeddings_of(self, X: Any) -> np.ndarray:
        if self.embedder_ is None:
            return X if self._are_embeddings(X) else validate_data(self, X, dtype=np.float32, reset=False)
        return embed(self.embedder_, X, n_dims=self.index_.vectors.shape[1])

    def _are_embeddings(self, X: Any) -> bool:
        """Tell whether X is what validation would return: of a lone embedding it takes as long as the search does."""
        return (
            type(X) is np.ndarray
            and X.dtype == np.float32
            and X.ndim == 2
            and len(X) > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")  # which X lacks: validation warns
            and bool(np.isfinite(X).all())
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.embedder, "__sklearn_tags__"):
            tags.input_tags = get_tags(self.embedder).input_tags
            tags.input_tags.allow_nan = False  # embeddings must be finite, and most embedders let NaN through
            tags.target_tags.required = requires_y(self.embedder) and not is_fitted(self.embedder)
        return tags
