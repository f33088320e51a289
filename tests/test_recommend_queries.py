"""Questions about neighbours: the meaning of scikit-learn, filters, and graphs that its methods take."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.cluster import SpectralClustering
from sklearn.manifold import TSNE, Isomap, trustworthiness
from sklearn.neighbors import KNeighborsTransformer, NearestNeighbors

from skgenre import EmbeddingRecommender

METRICS = ["cosine", "euclidean"]
each_metric = pytest.mark.parametrize("metric", METRICS)
QUERIES = [None, np.random.default_rng(1).standard_normal((7, 5)).astype(np.float32)]
each_query = pytest.mark.parametrize("X", QUERIES, ids=["fitted", "new"])
GENRES = np.array(["folk", "jazz", "rock"] * 20)
YEARS = np.arange(1950, 2010)


@pytest.fixture
def embeddings():
    return np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)


@pytest.fixture
def tagged(embeddings):
    metadata = {"genre": GENRES, "year": YEARS}
    return EmbeddingRecommender(metric="euclidean").fit(embeddings, metadata=metadata, groups=["a", "b"] * 30)


def theirs(metric, embeddings, **options):
    return NearestNeighbors(metric=metric, **options).fit(embeddings.astype(np.float64))


class TestLoneEmbeddings:
    """Float32 rows skip what takes scikit-learn as long as the search, and nobody notices."""

    def test_it_is_answered_as_any_other_array_is(self, embeddings):
        ours = EmbeddingRecommender().fit(embeddings)
        for asked in (embeddings[:1] + 1, embeddings[::-7], np.asfortranarray(embeddings[:9])):
            expected = ours.kneighbors(asked.tolist(), 4)
            for got, wanted in zip(ours.kneighbors(asked, 4), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)

    def test_what_is_wrong_with_it_is_said(self, embeddings):
        ours = EmbeddingRecommender().fit(embeddings)
        for wrong, said in (
            (np.float32([[1, 2, np.nan, 4, 5]]), "Input X contains NaN"),
            (np.float32([[1, 2, np.inf, 4, 5]]), "Input X contains infinity"),
            (np.float32([[1, 2]]), "X has 2 features, but EmbeddingRecommender is expecting 5 features"),
            (np.float32([1, 2, 3, 4, 5]), "Expected 2D array, got 1D array instead"),
            (np.empty((0, 5), dtype=np.float32), r"Found array with 0 sample\(s\)"),
        ):
            with pytest.raises(ValueError, match=said):
                ours.kneighbors(wrong, 2)

    def test_names_that_it_lacks_are_missed(self, embeddings):
        ours = EmbeddingRecommender().fit(pd.DataFrame(embeddings, columns=list("abcde")))
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            ours.kneighbors(embeddings[:1], 2)


class TestRadius:
    @each_metric
    @each_query
    def test_neighbors_are_those_of_scikit_learn(self, embeddings, metric, X):
        ours = EmbeddingRecommender(metric=metric).fit(embeddings)
        radius = 0.4 if metric == "cosine" else 1.7
        distances, indices = ours.radius_neighbors(X, radius)
        expected = theirs(metric, embeddings).radius_neighbors(X, radius, sort_results=True)
        assert distances.dtype == indices.dtype == object
        assert len({len(row) for row in indices}) > 1
        for near, found, their_near, their_found in zip(distances, indices, *expected, strict=True):
            np.testing.assert_array_equal(found, their_found)
            np.testing.assert_allclose(near, their_near, rtol=1e-9, atol=1e-12)
        alone = ours.radius_neighbors(X, radius, return_distance=False)
        assert [row.tolist() for row in alone] == [row.tolist() for row in indices]

    @each_metric
    @each_query
    @pytest.mark.parametrize("mode", ["connectivity", "distance"])
    def test_graph_is_that_of_scikit_learn(self, embeddings, metric, X, mode):
        graph = EmbeddingRecommender(metric=metric).fit(embeddings).radius_neighbors_graph(X, 0.9, mode)
        expected = theirs(metric, embeddings).radius_neighbors_graph(X, 0.9, mode)
        assert isinstance(graph, csr_matrix)
        assert graph.shape == expected.shape
        np.testing.assert_allclose(graph.toarray(), expected.toarray(), rtol=1e-9, atol=1e-12)

    def test_the_default_is_that_of_scikit_learn(self, embeddings):
        ours = EmbeddingRecommender(metric="euclidean").fit(embeddings).radius_neighbors()[1]
        expected = theirs("euclidean", embeddings).radius_neighbors()[1]
        assert [sorted(row) for row in ours] == [sorted(row) for row in expected]

    def test_the_arguments_are_those_of_scikit_learn(self, embeddings):
        ours, expected = EmbeddingRecommender(metric="euclidean").fit(embeddings), theirs("euclidean", embeddings)
        for ask in ("radius_neighbors", "radius_neighbors_graph"):
            mode = "distance" if ask.endswith("graph") else True
            one, other = (getattr(model, ask)(embeddings[:5], None, mode, True) for model in (ours, expected))
            if mode is True:
                assert [row.tolist() for row in one[1]] == [row.tolist() for row in other[1]]
            else:
                np.testing.assert_allclose(one.toarray(), other.toarray(), atol=1e-6)

    def test_a_negative_one_is_an_error(self, embeddings):
        with pytest.raises(ValueError, match="radius == -1, must be >= 0"):
            EmbeddingRecommender().fit(embeddings).radius_neighbors(radius=-1)

    @pytest.mark.parametrize("hubness", ["mutual_proximity", "local_scaling"])
    def test_rescaled_distances_keep_to_it_too(self, embeddings, hubness):
        recommender = EmbeddingRecommender(hubness=hubness, random_state=0).fit(embeddings)
        distances, indices = recommender.kneighbors(None, 59)
        within = recommender.radius_neighbors(None, 0.3)
        for near, found, their_near, their_found in zip(distances, indices, *within, strict=True):
            np.testing.assert_array_equal(np.sort(found[near <= 0.3]), np.sort(their_found))
            np.testing.assert_allclose(near[near <= 0.3], their_near)


class TestGraph:
    @each_metric
    def test_with_themselves_it_is_that_of_neighbors_of_the_fitted_vectors(self, embeddings, metric):
        ours = EmbeddingRecommender(metric=metric).fit(embeddings)
        graph = ours.kneighbors_graph(n_neighbors=4, mode="distance", include_self=True)
        expected = theirs(metric, embeddings).kneighbors_graph(embeddings, 4, "distance")
        np.testing.assert_allclose(graph.toarray(), expected.toarray(), rtol=1e-6, atol=1e-6)
        assert graph.nnz == 60 * 4
        np.testing.assert_array_equal(ours.kneighbors_graph(n_neighbors=1, include_self=True).toarray(), np.eye(60))

    @each_metric
    def test_of_the_transformer_is_that_of_scikit_learn(self, embeddings, metric):
        ours = EmbeddingRecommender(metric=metric, n_neighbors=4)
        graph = ours.fit_transform(embeddings)
        expected = KNeighborsTransformer(metric=metric, n_neighbors=4).fit_transform(embeddings.astype(np.float64))
        np.testing.assert_allclose(graph.toarray(), expected.toarray(), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(
            ours.transform(QUERIES[1]).toarray() > 0, ours.kneighbors_graph(QUERIES[1], 5).toarray()
        )
        assert list(ours.get_feature_names_out()[:2]) == ["embeddingrecommender0", "embeddingrecommender1"]

    def test_of_too_many_neighbors_is_an_error_that_counts_as_it_was_asked(self, embeddings):
        recommender = EmbeddingRecommender(n_neighbors=60).fit(embeddings)
        with pytest.raises(ValueError, match="n_neighbors - 1, those besides the track itself, must be <= 59, got 60"):
            recommender.kneighbors_graph(n_neighbors=61, include_self=True)
        with pytest.raises(ValueError, match=r"n_neighbors == 0, must be >= 1\."):
            recommender.kneighbors_graph(n_neighbors=0, include_self=True)
        with pytest.raises(ValueError, match=r"n_neighbors \+ 1, a track among its own .* must be <= 60, got 61"):
            recommender.transform(embeddings)

    def test_tsne_isomap_and_spectral_clustering_take_it(self):
        rng = np.random.default_rng(0)
        X = np.concatenate([rng.normal(0, 0.3, (30, 4)), rng.normal(3, 0.3, (30, 4))])
        recommender = EmbeddingRecommender(metric="euclidean").fit(X)

        graph = recommender.kneighbors_graph(n_neighbors=32, mode="distance", include_self=True)
        options = {"n_components": 2, "perplexity": 10, "init": "random", "random_state": 0, "max_iter": 500}
        places = TSNE(metric="precomputed", **options).fit_transform(graph)
        assert trustworthiness(X, places, n_neighbors=5) > 0.9

        graph = recommender.kneighbors_graph(n_neighbors=41, mode="distance", include_self=True)
        places = Isomap(n_neighbors=40, metric="precomputed").fit_transform(graph)
        expected = Isomap(n_neighbors=40, metric="euclidean").fit_transform(X.astype(np.float32).astype(float))
        np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-6)

        graph = recommender.kneighbors_graph(n_neighbors=10, mode="distance", include_self=True)
        clusters = SpectralClustering(2, affinity="precomputed_nearest_neighbors", n_neighbors=10, random_state=0)
        with pytest.warns(UserWarning, match="Graph is not fully connected"):  # nor are the two groups of tracks
            labels = clusters.fit_predict(graph)
        assert len(set(labels[:30])) == len(set(labels[30:])) == 1
        assert labels[0] != labels[-1]


CONDITIONS = {
    "mask": (lambda: GENRES == "jazz", GENRES == "jazz"),
    "value": (lambda: {"genre": "jazz"}, GENRES == "jazz"),
    "values": (lambda: {"genre": ["jazz", "rock"]}, GENRES != "folk"),
    "range": (lambda: {"year": range(1990, 2000)}, (YEARS >= 1990) & (YEARS < 2000)),
    "two columns": (
        lambda: {"genre": "jazz", "year": range(1960, 2000)},
        (GENRES == "jazz") & (YEARS >= 1960) & (YEARS < 2000),
    ),
    "callable of a column": (lambda: {"year": lambda year: year >= 1980}, YEARS >= 1980),
    "callable": (lambda: lambda tracks: (tracks["year"] > 1970) & (tracks["genre"] == "folk"), None),
    "group": (lambda: {"group": "b"}, np.arange(60) % 2 == 1),
}


class TestWhere:
    @each_query
    @pytest.mark.parametrize("condition", CONDITIONS)
    def test_the_neighbors_are_those_of_scikit_learn_among_the_tracks_that_fit(self, tagged, embeddings, condition, X):
        make, mask = CONDITIONS[condition]
        mask = (YEARS > 1970) & (GENRES == "folk") if mask is None else mask
        distances, indices = tagged.kneighbors(X, 3, where=make())
        rows = np.flatnonzero(mask)
        queries = embeddings if X is None else X
        expected = theirs("euclidean", embeddings[rows]).kneighbors(queries, 4)
        for i, (near, found) in enumerate(zip(*expected, strict=True)):
            others = [k for k in range(4) if X is not None or rows[found[k]] != i][:3]
            np.testing.assert_array_equal(indices[i], rows[found[others]])
            np.testing.assert_allclose(distances[i], near[others], rtol=1e-6, atol=1e-6)

    def test_every_question_takes_it(self, tagged):
        folk = {"genre": "folk"}
        assert set(GENRES[tagged.recommend(1, n=15, where=folk)[0]]) == {"folk"}
        assert set(GENRES[tagged.journey(0, 3, n=8, where=folk)[0]]) == {"folk"}
        assert set(GENRES[tagged.playlist(0, n=8, where=folk)[0]]) == {"folk"}
        assert set(GENRES[np.concatenate(tagged.radius_neighbors(radius=2.0, where=folk)[1])]) == {"folk"}
        assert set(GENRES[tagged.kneighbors_graph(n_neighbors=5, where=folk).indices]) == {"folk"}
        assert set(GENRES[tagged.radius_neighbors_graph(radius=2.0, where=folk).indices]) == {"folk"}

    def test_a_frame_is_metadata_by_position(self, embeddings):
        frame = pd.DataFrame({"genre": GENRES, "year": YEARS}, index=np.arange(60)[::-1])
        recommender = EmbeddingRecommender().fit(embeddings, metadata=frame)
        assert set(GENRES[recommender.recommend(0, n=10, where={"genre": "rock"})[0]]) == {"rock"}

    @pytest.mark.parametrize("unit", ["ns", "D"])
    @pytest.mark.parametrize("kind", [str, pd.Timestamp, np.datetime64, date.fromisoformat, datetime.fromisoformat])
    def test_a_date_is_found_whatever_kind_it_is_of(self, embeddings, unit, kind):
        days = (np.datetime64("1959-08-01", "D") + np.arange(60)).astype(f"datetime64[{unit}]")
        recommender = EmbeddingRecommender().fit(embeddings, metadata={"released": days})
        for wanted in (kind("1959-08-17"), [kind("1959-08-17")]):
            assert recommender.recommend(0, n=1, where={"released": wanted})[0] == [16]

    def test_a_string_that_is_no_date_is_an_error_where_dates_are(self, embeddings):
        days = np.datetime64("1959-08-01") + np.arange(60)
        recommender = EmbeddingRecommender().fit(embeddings, metadata={"released": days})
        with pytest.raises(ValueError, match=r"where\['released'\] must hold dates, got 'August': Error parsing"):
            recommender.radius_neighbors(where={"released": "August"})

    def test_a_duration_is_found_to_the_nanosecond(self, embeddings):
        recommender = EmbeddingRecommender().fit(embeddings, metadata={"length": np.arange(60).astype("m8[ns]")})
        assert recommender.recommend(0, n=1, where={"length": pd.Timedelta(7)})[0] == [7]

    @pytest.mark.parametrize("more", [np.array(["1964-12-09"], dtype="M8[D]"), [None]])
    def test_dates_stay_dates_when_others_join_them(self, embeddings, more):
        days = np.full(60, "1959-08-17", dtype="M8[ns]")
        recommender = EmbeddingRecommender().fit(embeddings, metadata={"released": days})
        recommender.partial_fit(embeddings[:1], metadata={"released": more})
        assert recommender.metadata_["released"][0] == np.datetime64("1959-08-17")
        last = recommender.metadata_["released"][-1]
        assert np.isnat(last) if more[0] is None else last == more[0]

    def test_lists_of_unequal_length_are_values_of_a_column(self, embeddings):
        tags = [["folk"], ["folk", "rock"]] * 30
        recommender = EmbeddingRecommender().fit(embeddings, metadata={"tags": tags})
        ids, _ = recommender.recommend(0, n=5, where={"tags": lambda column: np.array(["rock" in t for t in column])})
        assert all(track % 2 for track in ids)

    @pytest.mark.parametrize("kind", [list, set, np.array])
    @pytest.mark.parametrize(
        ("wanted", "expected"), [("rock", {1, 2}), (["rock", "folk"], {0, 1, 2}), (["polka", "soul"], {1}), ([], set())]
    )
    def test_a_track_with_several_tags_fits_if_one_does(self, embeddings, kind, wanted, expected):
        tags = [kind(values) for values in (["folk"], ["rock", "soul"], ["rock"], [])]
        recommender = EmbeddingRecommender().fit(embeddings[:4], metadata={"tags": tags})
        radius = recommender.radius_neighbors(embeddings[:1], radius=2.0, where={"tags": wanted})
        assert set(radius[1][0]) == expected

    @pytest.mark.parametrize("wanted", ["folk", ["folk", "rock"]])
    def test_what_is_missing_in_pandas_fits_no_value(self, embeddings, wanted):
        genres = pd.array(["folk", None, "jazz"], dtype="string")
        recommender = EmbeddingRecommender().fit(embeddings[:3], metadata=pd.DataFrame({"genre": genres}))
        assert recommender.kneighbors(embeddings[:1], 1, where={"genre": wanted}, return_distance=False) == [[0]]

    def test_a_mask_counts_the_tracks_that_are_left(self, tagged):
        tagged.remove(range(30))
        mask = np.arange(30) < 5
        assert sorted(tagged.recommend(40, n=5, where=mask)[0]) == [30, 31, 32, 33, 34]
        assert sorted(tagged.kneighbors(n_neighbors=4, where=mask)[1][0]) == [1, 2, 3, 4]
        assert set(tagged.recommend(40, n=5, where=lambda tracks: tracks["year"] < 1985)[0]) == {30, 31, 32, 33, 34}

    def test_many_threads_may_ask_at_once(self, tagged, embeddings):
        expected = tagged.kneighbors(embeddings, 5)[1]
        with ThreadPoolExecutor(4) as pool:
            answers = list(
                pool.map(lambda _: tagged.kneighbors(embeddings, 5, where={"year": range(1900, 2100)})[1], range(16))
            )
        assert all(np.array_equal(answer, expected) for answer in answers)

    def test_a_value_that_no_track_has_leaves_none(self, tagged):
        message = "where, exclude and the tracks asked about leave none of 60 tracks to find"
        with pytest.raises(ValueError, match=message):
            tagged.recommend(0, where={"genre": "polka"})

    def test_excluded_tracks_are_no_answer_and_unknown_ones_are_passed_over(self, tagged):
        first = tagged.kneighbors(None, 3, return_distance=False)[0]
        again = tagged.kneighbors(None, 2, return_distance=False, exclude=[first[0], "gone"])[0]
        np.testing.assert_array_equal(again, first[1:])
        assert first[0] not in tagged.recommend(0, n=58, exclude=first[:1])[0]
        assert tagged.recommend(0, n=1, exclude=int(first[0]))[0] == [first[1]]

    @pytest.mark.parametrize(
        ("where", "message"),
        [
            ({"gener": "folk"}, r"where must name columns of the metadata, .* got 'gener': did you mean 'genre'\?"),
            (lambda tracks: tracks["label"], r"where must name columns .* got 'label'"),
            ([True, False], r"where must be a boolean mask of the 60 tracks, got bool of shape \(2,\)"),
            (np.arange(60), "where must be a boolean mask of the 60 tracks, got int64"),
            (lambda tracks: tracks["genre"], "what the callable where returns must be a boolean mask"),
            ({"year": lambda year: year}, r"where\['year'\] must be a boolean mask"),
            ("folk", "where must be a boolean mask"),
        ],
    )
    def test_a_condition_that_is_none_is_an_error(self, tagged, where, message):
        with pytest.raises(ValueError, match=message):
            tagged.kneighbors(where=where)

    @pytest.mark.parametrize("column", ["genre", "table"])
    def test_values_that_are_not_hashable_are_an_error(self, embeddings, column):
        metadata = {"genre": GENRES, "table": np.zeros((60, 2, 2))}
        recommender = EmbeddingRecommender().fit(embeddings, metadata=metadata)
        with pytest.raises(TypeError, match=rf"where\['{column}'\] must be a value, .* got \[\['folk'\]\]: unhashable"):
            recommender.kneighbors(where={column: [["folk"]]})

    def test_a_condition_without_metadata_is_an_error(self, embeddings):
        with pytest.raises(ValueError, match="where asks for the column 'genre', but no metadata was given to fit"):
            EmbeddingRecommender().fit(embeddings).recommend(0, where={"genre": "folk"})

    @pytest.mark.parametrize(
        ("known", "error", "message"),
        [
            ({"metadata": {"year": [1, 2]}}, ValueError, "metadata 'year' must hold one value per track, got 2 for 60"),
            ({"metadata": {"year": 1959}}, ValueError, "metadata 'year' must hold one value per track, got 1959"),
            ({"metadata": {"genre": "f" * 60}}, ValueError, "metadata 'genre' must hold one value per track, got 'ff"),
            ({"metadata": [1, 2]}, TypeError, "metadata must be a DataFrame or a mapping of columns, got list"),
            ({"groups": ["a"]}, ValueError, "groups must hold one per track, got 1 for 60 tracks"),
            ({"groups": [[1]] * 60}, TypeError, r"groups must be hashable, such as str or int, got \[1\]"),
        ],
    )
    def test_what_is_not_known_of_every_track_is_an_error(self, embeddings, known, error, message):
        with pytest.raises(error, match=message):
            EmbeddingRecommender().fit(embeddings, **known)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.sampled_from(METRICS), st.integers(0, 2**32 - 1), st.data())
def test_removed_and_excluded_tracks_are_as_if_they_had_never_been_there(n_tracks, metric, seed, data):
    X = np.random.default_rng(seed).standard_normal((n_tracks, 3)).astype(np.float32)
    gone = data.draw(st.sets(st.integers(0, n_tracks - 1), max_size=n_tracks - 1))
    left = [row for row in range(n_tracks) if row not in gone]
    ids = [f"track {row}" for row in range(n_tracks)]
    whole = EmbeddingRecommender(metric=metric).fit(X, track_ids=ids)
    fewer = EmbeddingRecommender(metric=metric).fit(X[left], track_ids=[ids[row] for row in left])
    queries = np.random.default_rng(seed + 1).standard_normal((3, 3)).astype(np.float32)
    distances, indices = whole.kneighbors(queries, len(left), exclude=[ids[row] for row in gone])
    expected_distances, expected = fewer.kneighbors(queries, len(left))
    np.testing.assert_array_equal(whole.track_ids_[indices], fewer.track_ids_[expected])
    whole.remove([ids[row] for row in gone])
    assert whole.n_samples_fit_ == len(left)
    np.testing.assert_array_equal(whole.track_ids_, fewer.track_ids_)
    np.testing.assert_array_equal(whole.embeddings_, fewer.embeddings_)
    np.testing.assert_array_equal(whole.kneighbors(queries, len(left))[1], expected)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "more",
    [[None], [pd.NaT], ["1990-01-01"], [date(1990, 1, 1)], [datetime(1990, 1, 1)], np.array(["1990-01-01"], "M8[D]")],
)
@pytest.mark.parametrize("first", [pd.to_datetime, lambda dates: [date.fromisoformat(one) for one in dates]])
def test_dates_are_found_by_strings_however_they_come(embeddings, first, more):
    known = first(["1990-01-01", "1991-01-01"])
    recommender = EmbeddingRecommender().fit(embeddings[:2], metadata={"day": known})
    recommender.partial_fit(embeddings[2:3], metadata={"day": more})
    found = recommender._catalogue.mask({"day": "1990-01-01"})
    assert found.tolist() == [True, False, more[0] is not None and more[0] is not pd.NaT]
    early = recommender._catalogue.mask({"day": lambda days: days < np.datetime64("1990-06-01")})
    assert early.tolist() == found.tolist()


def test_no_date_and_no_number_becomes_another_one(embeddings):
    old = {"day": np.array(["1000-01-01", "1990-01-01"], "M8[D]"), "number": [2**53 + 1, 5]}
    new = {"day": np.array(["1991-01-01"], "M8[ns]"), "number": [np.nan]}
    recommender = EmbeddingRecommender().fit(embeddings[:2], metadata=old).partial_fit(embeddings[2:3], metadata=new)
    assert [str(day)[:10] for day in recommender.metadata_["day"]] == ["1000-01-01", "1990-01-01", "1991-01-01"]
    assert recommender._catalogue.mask({"number": [2**53]}).tolist() == [False, False, False]
    assert recommender._catalogue.mask({"number": [2**53 + 1]}).tolist() == [True, False, False]


def test_a_range_of_long_integers_is_exact(embeddings):
    column = 2**60 + np.arange(6)
    recommender = EmbeddingRecommender().fit(embeddings[:6], metadata={"time": column})
    found = recommender._catalogue.mask({"time": range(2**60 - 1, 2**61, 3)})
    assert found.tolist() == [False, False, True, False, False, True]


@pytest.mark.parametrize("wanted", [range(3, 10**12, 2), range(10, -5, -3), range(5, 5), range(-4, 4)])
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.float32])
def test_a_range_is_what_it_holds(embeddings, wanted, dtype):
    column = np.arange(12).astype(dtype)
    recommender = EmbeddingRecommender().fit(embeddings[:12], metadata={"year": column})
    found = recommender._catalogue.mask({"year": wanted})
    assert found.tolist() == [number in wanted for number in range(12)]


def test_a_range_beside_values_that_are_missing_or_lists_is_what_it_holds(embeddings):
    metadata = {"plays": [5, None, 10**6, 5.5, "5", np.inf], "years": [[1959], [], [1959, 1971], None, 1961, {1990}]}
    recommender = EmbeddingRecommender().fit(embeddings[:6], metadata=metadata)
    assert np.flatnonzero(recommender._catalogue.mask({"plays": range(1, 10**15)})).tolist() == [0, 2]
    assert np.flatnonzero(recommender._catalogue.mask({"years": range(1960, 10**15)})).tolist() == [2, 4, 5]
    with pytest.raises(TypeError, match="must be a value, a collection of values or a callable, got <generator"):
        recommender.kneighbors(embeddings[:1], 1, where={"plays": (number for number in (5, 6))})


def test_what_a_recommender_hands_out_cannot_change_it(embeddings):
    recommender = EmbeddingRecommender().fit(embeddings, metadata={"year": np.arange(float(len(embeddings)))})

    def careless(year):
        year[year < 3] = 2020
        return year > 1995

    for where in ({"year": careless}, lambda columns: careless(columns["year"])):
        with pytest.raises(ValueError, match="read-only"):
            recommender.kneighbors(embeddings[:1], 1, where=where)
    with pytest.raises(ValueError, match="read-only"):
        recommender.embeddings_[0] = 0


def test_years_that_are_text_stay_text_where_dates_join_them(embeddings):
    recommender = EmbeddingRecommender().fit(embeddings[:2], metadata={"year": ["1999", "unknown"]})
    recommender.partial_fit(embeddings[2:3], metadata={"year": np.array(["2001-01-01"], dtype="M8[D]")})
    assert recommender._catalogue.mask({"year": ["1999", "unknown"]}).tolist() == [True, True, False]


def test_what_is_no_list_of_ids_is_not_passed_over(embeddings):
    recommender = EmbeddingRecommender().fit(embeddings)
    ids, _ = recommender.neighbors_of([0, 1], 3)
    with pytest.raises(TypeError, match="exclude must be hashable"):
        recommender.recommend(0, n=3, exclude=ids)
    with pytest.raises(ValueError, match="ids must be given, got a mask of bool"):
        recommender.recommend(0, n=3, exclude=[True, False])
    with pytest.raises(ValueError, match="radius must be a number from 0 on, got nan"):
        recommender.radius_neighbors(embeddings[:1], radius=np.nan)
    np.testing.assert_array_equal(recommender.recommend(np.array(0), n=3)[0], recommender.recommend(0, n=3)[0])


@pytest.mark.parametrize(
    ("column", "wanted", "found"),
    [
        (["a", None, "b"], None, [1]),
        (["a", np.nan, "b"], float("nan"), [1]),
        (["a", None, "b"], ["b", np.nan], [1, 2]),
        ([1.0, np.nan, 2.0], np.nan, [1]),
        ([1.0, np.nan, 2.0], {2, None}, [1, 2]),
        (pd.to_datetime(["2020-01-01", None, "2021-01-01"]), pd.NaT, [1]),
        (pd.to_datetime(["2020-01-01", None, "2021-01-01"]), ["2021-01-01", None], [1, 2]),
        ([["a"], None, ["b", "c"]], ["c", None], [1, 2]),
        ([1, 2, 3], None, []),
    ],
)
def test_what_is_missing_can_be_asked_for(column, wanted, found):
    recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [2.0]], metadata={"c": column})
    rows = recommender.radius_neighbors([[0.0]], 5.0, where={"c": wanted}, return_distance=False)
    assert rows[0].tolist() == found


@pytest.mark.parametrize("algorithm", ["brute", "hnsw"])
def test_any_finite_radius_is_a_radius(algorithm):
    pytest.importorskip({"hnsw": "voyager"}.get(algorithm, "numpy"))
    recommender = EmbeddingRecommender(metric="euclidean", algorithm=algorithm, recall=None).fit([[0.0], [1.0]])
    assert recommender.radius_neighbors([[0.0]], 1e200)[1][0].tolist() == [0, 1]
