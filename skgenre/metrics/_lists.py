"""What lists of recommendations are like, whatever is relevant: how varied, how new, how true to genre and artist.

Conventions: ``recommended`` holds for each query a list of ids, the best first, as in the metrics of ranking.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import pairwise_distances
from sklearn.utils import check_array, check_consistent_length

from skgenre._labels import as_labels, is_missing
from skgenre._sklearn import column_or_1d
from skgenre.metrics._gains import as_lists, check_k


def catalogue_coverage(recommended: Any, catalogue: Any, k: int = 10) -> float:
    """Measure which share of a catalogue is recommended to anybody at all.

    Parameters
    ----------
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Ids recommended for each query, the best first.
    catalogue : array-like of shape (n_tracks,)
        Ids of all tracks that could be recommended.
    k : int, default=10
        Length of the lists.

    Returns
    -------
    coverage : float
        From 0 to 1: everything stands in some list.

    Raises
    ------
    ValueError
        If ``k`` is less than one, the catalogue is empty, or something is recommended that is not in it.

    Examples
    --------
    >>> from skgenre import catalogue_coverage
    >>> catalogue_coverage([["a", "b"], ["b", "c"]], ["a", "b", "c", "d"], k=2)
    0.75
    """
    known = set(np.asarray(catalogue, dtype=object).tolist() if isinstance(catalogue, np.ndarray) else catalogue)
    if not known:
        raise ValueError("catalogue must hold at least one track, got none")
    found = {track for items in _first(recommended, k) for track in items}
    if not found <= known:
        raise ValueError(f"catalogue must hold all that is recommended, {min(map(repr, found - known))} is missing")
    return len(found) / len(known)


def intra_list_diversity(
    recommended: Any, embeddings: Any, k: int = 10, *, metric: str = "cosine", average: str | None = "mean"
) -> Any:
    """Measure how far apart the tracks within a list are: the mean distance between any two.

    Parameters
    ----------
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Rows of ``embeddings`` recommended for each query, or keys, the best first.
    embeddings : array-like of shape (n_tracks, n_dims), or mapping of ids to vectors
        What the tracks are like, for example what they sound like.
    k : int, default=10
        Length of the lists.
    metric : str, default="cosine"
        Distance between embeddings, any of :func:`sklearn.metrics.pairwise_distances`.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    diversity : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0, where all tracks of a list are alike; NaN for a list of less than two, which the mean leaves out.

    Raises
    ------
    ValueError
        If ``k`` is less than two, or a track has no embedding.

    References
    ----------
    C.-N. Ziegler, S. McNee, J. Konstan and G. Lausen, "Improving recommendation lists through topic diversification",
    2005.

    Examples
    --------
    >>> from skgenre import intra_list_diversity
    >>> intra_list_diversity([[0, 1], [0, 2]], [[1, 0], [1, 0], [0, 1]], k=2, average=None)
    array([0., 1.])
    """
    lists = _first(recommended, k)
    if k < 2:
        raise ValueError(f"k must be at least 2, where there are pairs, got {k!r}")
    vectors = embeddings if isinstance(embeddings, Mapping) else check_array(embeddings, input_name="embeddings")
    values = np.full(len(lists), np.nan)
    for query, items in enumerate(lists):
        if len(items) > 1:
            rows = np.array([_look_up(vectors, item, "embeddings") for item in items])
            values[query] = pairwise_distances(rows, metric=metric)[np.triu_indices(len(items), 1)].mean()
    return _averaged(values, average, "recommended must hold a list of two tracks or more")


def novelty(recommended: Any, popularity: Any, n_users: int, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure how unlikely it is that somebody knows what is recommended, in bits.

    A track that a share p of the users has heard is worth ``-log2(p)``; half of them, one bit. What nobody has heard
    counts as heard by one.

    Parameters
    ----------
    recommended : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Rows of ``popularity`` recommended for each query, or keys, the best first.
    popularity : array-like of shape (n_tracks,), or mapping of ids to numbers
        How many users have heard each track.
    n_users : int
        How many users there are.
    k : int, default=10
        Length of the lists.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    novelty : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0, where everybody has heard all of it, to ``log2(n_users)``; NaN for an empty list, which the mean leaves
        out.

    Raises
    ------
    ValueError
        If ``k`` or ``n_users`` is less than one, a track has no popularity, or one has more listeners than there are
        users.

    References
    ----------
    T. Zhou, Z. Kuscsik, J.-G. Liu, M. Medo, J. Wakeling and Y.-C. Zhang, "Solving the apparent diversity-accuracy
    dilemma of recommender systems", 2010.

    Examples
    --------
    >>> from skgenre import novelty
    >>> novelty([["hit", "rare"]], {"hit": 8, "rare": 2}, n_users=8)
    1.0
    """
    heard = popularity if isinstance(popularity, Mapping) else column_or_1d(popularity, "popularity")
    if not n_users >= 1:
        raise ValueError(f"n_users must be at least 1, got {n_users!r}")
    values = []
    for items in _first(recommended, k):
        counts = np.array([_look_up(heard, item, "popularity") for item in items], dtype=float)
        if len(counts) and not (counts.min() >= 0 and counts.max() <= n_users):
            raise ValueError(f"popularity must lie between 0 and n_users={n_users}, got {counts.tolist()}")
        values.append(-np.log2(np.maximum(counts, 1) / n_users).mean() if len(counts) else np.nan)
    return _averaged(np.array(values), average, "recommended must hold a list that is not empty")


def genre_purity(genres: Any, recommended_genres: Any, k: int = 10, *, average: str | None = "mean") -> Any:
    """Measure which share of what is recommended for a track is of its genre.

    Parameters
    ----------
    genres : array-like of shape (n_queries,)
        Genre of each query; ``""``, None or NaN where it is not known.
    recommended_genres : array-like of shape (n_queries, n_recommended) or lists of unequal lengths
        Genres of what is recommended, the best first.
    k : int, default=10
        Length of the lists. A shorter one is judged by what it holds.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    purity : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best; NaN for an empty list or a genre that is not known, which the mean leaves out.

    Raises
    ------
    ValueError
        If ``k`` is less than one, or there are not as many queries as lists.

    Examples
    --------
    >>> from skgenre import genre_purity
    >>> genre_purity(["rock", "jazz"], [["rock", "jazz"], ["jazz", "jazz"]], k=2)
    0.75
    """
    nobody = [None] * len(column_or_1d(genres, "genres"))
    recommended_genres = _rows(recommended_genres, "recommended_genres")
    others = [list(range(len(items))) for items in recommended_genres]
    return artist_filtered_precision(genres, recommended_genres, nobody, others, k, average=average)


def artist_filtered_precision(
    genres: Any,
    recommended_genres: Any,
    artists: Any,
    recommended_artists: Any,
    k: int = 10,
    *,
    average: str | None = "mean",
) -> Any:
    """Measure which share of what is recommended for a track is of its genre, tracks by its own artist left out.

    Tracks by one artist sound alike, and are of one genre: with them in the lists, recognizing a voice or a studio
    passes for knowing about genres.

    Parameters
    ----------
    genres, artists : array-like of shape (n_queries,)
        Genre and artist of each query; ``""``, None or NaN where not known: such an artist is nobody's own.
    recommended_genres, recommended_artists : array-like of shape (n_queries, n_recommended) or lists
        Genres and artists of what is recommended, the best first: enough of them that ``k`` are by others.
    k : int, default=10
        How many of those by other artists are judged. A shorter list is judged by what it holds.
    average : {"mean", None}, default="mean"
        Whether to give the mean over queries or the value of each.

    Returns
    -------
    precision : float, or ndarray of shape (n_queries,) with ``average=None``
        From 0 to 1, the best; NaN where nothing by others is recommended or the genre is not known, which the mean
        leaves out.

    Raises
    ------
    ValueError
        If ``k`` is less than one, or there are not as many queries as lists, or genres as artists.

    References
    ----------
    A. Flexer and D. Schnitzer, "Effects of album and artist filters in audio similarity computed for very large music
    databases", 2010.

    Examples
    --------
    >>> from skgenre import artist_filtered_precision
    >>> artist_filtered_precision(["rock"], [["rock", "rock", "jazz"]], ["Ann"], [["Ann", "Bo", "Cy"]], k=2)
    0.5
    """
    check_k(k)
    genres = column_or_1d(as_labels(genres), "genres")
    recommended_genres = _rows(recommended_genres, "recommended_genres")
    recommended_artists = _rows(recommended_artists, "recommended_artists")
    check_consistent_length(genres, recommended_genres, artists, recommended_artists)
    values = np.full(len(genres), np.nan)
    rows = zip(genres, recommended_genres, artists, recommended_artists, strict=True)
    for query, (genre, found, artist, found_artists) in enumerate(rows):
        if len(found) != len(found_artists):
            raise ValueError(
                f"recommended_genres and recommended_artists must be as long, got {len(found)} and {len(found_artists)}"
            )
        unknown = is_unknown(artist)
        pairs = zip(found, found_artists, strict=True)
        others = [other for other, by in pairs if unknown or is_missing(by) or by != artist][:k]
        if others and not is_unknown(genre):
            values[query] = np.mean([not is_missing(other) and other == genre for other in others])
    else_wise = "recommended must hold a list with tracks by others than the query's artist, for a genre that is known"
    return _averaged(values, average, else_wise)


def is_unknown(name: Any) -> bool:
    """Tell whether a genre or an artist is not known: ``""``, None or NaN."""
    return is_missing(name) or name == ""


def _first(recommended: Any, k: int) -> list:
    check_k(k)
    lists, _ = as_lists(recommended)
    return [items[:k].tolist() if isinstance(items, np.ndarray) else list(items[:k]) for items in lists]


def _rows(lists: Any, name: str) -> list:
    rows = list(lists.to_numpy() if hasattr(lists, "to_numpy") else lists)  # a DataFrame gives its columns
    for row in rows:
        if isinstance(row, str | bytes) or not isinstance(row, Iterable):
            raise ValueError(f"{name} must hold a list for each query, got {row!r} for one")
    return rows


def _look_up(values: Any, item: Any, name: str) -> Any:
    try:
        if not isinstance(values, Mapping) and not 0 <= item < len(values):
            raise IndexError(item)
        return values[item]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{name} must hold what is recommended, {item!r} is missing") from error


def _averaged(values: np.ndarray, average: str | None, else_wise: str) -> Any:
    if average not in ("mean", None):
        raise ValueError(f'average must be "mean" or None, got {average!r}')
    if average is None:
        return values
    if np.isnan(values).all():
        raise ValueError(else_wise)
    return float(np.nanmean(values))
