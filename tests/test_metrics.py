"""The metrics, on cases whose answer is known."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skgenre import (
    EmbeddingRecommender,
    HybridRecommender,
    artist_filtered_precision,
    average_precision_at_k,
    catalogue_coverage,
    expected_calibration_error,
    genre_purity,
    hit_rate_at_k,
    intra_list_diversity,
    make_recommendation_scorer,
    ndcg_at_k,
    novelty,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)


def sure(confidence, n_right, n_wrong):
    """Return genres and probabilities of tracks predicted as ``a`` with one confidence."""
    y_true = np.array(["a"] * n_right + ["b"] * n_wrong)
    return y_true, np.tile([confidence, 1 - confidence], (len(y_true), 1))


@pytest.mark.parametrize(
    ("confidence", "n_right", "n_wrong", "error"),
    [(0.75, 75, 25, 0.0), (0.95, 75, 25, 0.2), (0.6, 9, 1, 0.3), (1.0, 0, 4, 1.0), (1.0, 4, 0, 0.0)],
)
def test_of_one_confidence_it_is_the_distance_to_the_accuracy(confidence, n_right, n_wrong, error):
    y_true, y_prob = sure(confidence, n_right, n_wrong)
    assert expected_calibration_error(y_true, y_prob, labels=["a", "b"]) == pytest.approx(error)


def test_bins_are_weighted_by_their_tracks_and_do_not_make_up_for_each_other():
    parts = [sure(0.95, 15, 15), sure(0.65, 10, 0)]  # 0.45 too sure in 30 tracks, 0.35 too unsure in 10
    y_true, y_prob = (np.concatenate(part) for part in zip(*parts, strict=True))
    assert expected_calibration_error(y_true, y_prob) == pytest.approx((30 * 0.45 + 10 * 0.35) / 40)


def test_within_a_bin_they_do():
    y_true, y_prob = np.array(["a", "b"]), np.array([[0.56, 0.44], [0.54, 0.46]])
    assert expected_calibration_error(y_true, y_prob, n_bins=10) == pytest.approx(0.05)
    assert expected_calibration_error(y_true, y_prob, n_bins=100) == pytest.approx((0.44 + 0.54) / 2)


def test_a_bin_holds_its_upper_edge():
    y_true, y_prob = np.array(["a", "b"]), np.array([[0.5, 0.5], [0.6, 0.4]])
    assert expected_calibration_error(y_true, y_prob, n_bins=2) == pytest.approx((0.5 + 0.6) / 2)


def test_a_genre_without_tracks_has_its_column():
    y_prob = [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]
    assert expected_calibration_error(["a", "c"], y_prob, labels=["a", "b", "c"]) == pytest.approx(0.3)


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.floats(0, 1)), min_size=1), st.integers(1, 30))
def test_it_lies_between_the_overall_gap_and_one(rows, n_bins):
    y_true = np.array([genre for genre, _, _ in rows])
    y_prob = np.array([[a, (1 - a) * b, (1 - a) * (1 - b)] for _, a, b in rows])
    error = expected_calibration_error(y_true, y_prob, labels=[0, 1, 2], n_bins=n_bins)
    gap = abs(np.mean(y_prob.max(axis=1)) - np.mean(y_prob.argmax(axis=1) == y_true))
    assert gap - 1e-9 <= error <= 1 + 1e-9


@pytest.mark.parametrize(
    ("y_true", "y_prob", "options", "message"),
    [
        (["a", "b"], [[0.5, 0.5]], {}, "inconsistent"),
        (["a", "a"], [[0.5, 0.5], [0.5, 0.5]], {}, "2 columns for the 1 genres"),
        (["a", "b"], [[0.5, 0.5], [0.5, 0.5]], {"labels": ["b", "c"]}, r"\['a'\] are missing"),
        (["a", "a"], [[0.5, 0.5], [0.5, 0.5]], {"labels": ["a", "a"]}, r"each genre once, got \['a', 'a'\]"),
        (["a", "b"], [[0.9, 0.9], [0.5, 0.5]], {}, "sum to one"),
        (["a", "b"], [[1.5, -0.5], [0.5, 0.5]], {}, "sum to one"),
        (["a", "b"], [[0.5, 0.5], [0.5, 0.5]], {"n_bins": 0}, "n_bins must be"),
    ],
)
def test_what_cannot_be_probabilities_is_refused(y_true, y_prob, options, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(y_true, y_prob, **options)


RANKINGS = [
    precision_at_k,
    recall_at_k,
    hit_rate_at_k,
    ndcg_at_k,
    average_precision_at_k,
    reciprocal_rank_at_k,
]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (precision_at_k, 2 / 5),
        (recall_at_k, 2 / 3),
        (hit_rate_at_k, 1.0),
        (ndcg_at_k, (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3) + 1 / np.log2(4))),
        (average_precision_at_k, (1 / 2 + 2 / 4) / 3),
        (reciprocal_rank_at_k, 1 / 2),
    ],
)
def test_a_ranking_with_hits_in_places_two_and_four_has_the_value_worked_out_by_hand(metric, expected):
    assert metric({"a", "b", "c"}, ["x", "a", "y", "b", "z", "c"], k=5) == pytest.approx(expected)


@st.composite
def rankings(draw):
    """Draw what is relevant to some queries, lists without repetition, and k."""
    n_tracks = draw(st.integers(1, 8))
    tracks = st.integers(0, n_tracks - 1)
    n_queries = draw(st.integers(1, 4))
    relevant = [draw(st.sets(tracks, min_size=1)) for _ in range(n_queries)]
    recommended = [draw(st.lists(tracks, unique=True)) for _ in range(n_queries)]
    recommended[0] = recommended[0] or [0]
    return n_tracks, relevant, recommended, draw(st.integers(1, 10))


@pytest.mark.parametrize("metric", RANKINGS)
@given(rankings())
def test_a_ranking_metric_lies_between_none_found_and_the_best_list(metric, case):
    n_tracks, relevant, recommended, k = case
    values = metric(relevant, recommended, k, average=None)
    none = [[track for track in range(n_tracks) if track not in answer] for answer in relevant]
    best = metric(relevant, [[*answer, *rest] for answer, rest in zip(relevant, none, strict=True)], k, average=None)
    assert (values >= -1e-12).all()
    assert (values <= best + 1e-12).all()
    np.testing.assert_array_equal(metric(relevant, [[n_tracks, *rest] for rest in none], k, average=None), 0)


@pytest.mark.parametrize("metric", RANKINGS)
@given(rankings())
def test_a_ranking_metric_does_not_fall_when_a_miss_becomes_a_hit_or_a_hit_moves_up(metric, case):
    _, relevant, recommended, k = case
    before = metric(relevant, recommended, k, average=None)[0]
    items, answer = list(recommended[0]), relevant[0]
    for place in range(1, len(items)):
        if items[place] in answer and items[place - 1] not in answer:
            items[place - 1], items[place] = items[place], items[place - 1]
            assert metric([answer], [items], k) >= before - 1e-12
            return
    missing = sorted(answer - set(items))
    misses = [place for place, item in enumerate(items) if item not in answer]
    if missing and misses:
        items[misses[0]] = missing[0]
        assert metric([answer], [items], k) >= before - 1e-12


@pytest.mark.parametrize("metric", RANKINGS)
@given(rankings())
def test_a_ranking_metric_is_the_same_for_sets_lists_arrays_and_a_sparse_matrix(metric, case):
    n_tracks, relevant, recommended, k = case
    expected = metric(relevant, recommended, k, average=None)
    matrix = np.zeros((len(relevant), n_tracks))
    for row, answer in enumerate(relevant):
        matrix[row, list(answer)] = 3
    for same in (csr_matrix(matrix), [list(answer) for answer in relevant], [np.array([*a]) for a in relevant]):
        np.testing.assert_array_equal(metric(same, recommended, k, average=None), expected)
    assert metric(relevant, recommended, k) == pytest.approx(expected.mean())
    named = [[f"track {track}" for track in items] for items in recommended]
    names = [{f"track {track}" for track in answer} for answer in relevant]
    np.testing.assert_array_equal(metric(names, named, k, average=None), expected)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=9), st.integers(1, 12), st.randoms())
def test_ndcg_is_that_of_scikit_learn(gains, k, random):
    scores = random.sample(range(100), len(gains))
    order = np.argsort(-np.array(scores))
    relevant = {track: gain for track, gain in enumerate(gains) if gain}
    if relevant:
        expected = ndcg_score([gains], [scores], k=k)
        assert ndcg_at_k(relevant, order.tolist(), k=k) == pytest.approx(expected)


def test_average_precision_of_whole_lists_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 2, (20, 12)), rng.random((20, 12))
    truth[:, 0] = 1
    ours = average_precision_at_k(csr_matrix(truth), np.argsort(-scores, axis=1), k=12)
    assert ours == pytest.approx(label_ranking_average_precision_score(truth, scores))


def test_map_and_ndcg_are_those_of_implicit():
    evaluation = pytest.importorskip("implicit.evaluation")
    als = pytest.importorskip("implicit.cpu.als")
    rng = np.random.default_rng(0)
    heard = csr_matrix((rng.random((40, 30)) < 0.3).astype(np.float32))
    held = csr_matrix(((rng.random((40, 30)) < 0.2) & (heard.toarray() == 0)).astype(np.float32))
    model = als.AlternatingLeastSquares(factors=4, num_threads=1, random_state=0)
    model.fit(heard, show_progress=False)
    theirs = evaluation.ranking_metrics_at_k(model, heard, held, K=5, show_progress=False, num_threads=1)
    recommended, _ = model.recommend(np.arange(40), heard, N=5)
    assert average_precision_at_k(held, recommended, k=5) == pytest.approx(theirs["map"])
    assert ndcg_at_k(held, recommended, k=5) == pytest.approx(theirs["ndcg"])


def test_lists_may_be_the_rows_of_a_data_frame():
    recommended = [[1, 3], [2, 4]]
    for same in (recommended, np.array(recommended), pd.DataFrame(recommended, index=[7, 7])):
        np.testing.assert_array_equal(precision_at_k([{1}, {2, 4}], same, k=2, average=None), [0.5, 1])


def test_a_query_with_nothing_relevant_is_left_out_of_the_mean():
    relevant, recommended = [{"a"}, set()], [["a"], ["b"]]
    np.testing.assert_array_equal(precision_at_k(relevant, recommended, k=1, average=None), [1, np.nan])
    assert precision_at_k(relevant, recommended, k=1) == 1


@pytest.mark.parametrize(
    ("relevant", "recommended", "options", "message"),
    [
        ([{"a"}], [["a"]], {"k": 0}, "k must be an integer from 1 on, got 0"),
        ([{"a"}], [["a"]], {"k": 2.5}, r"k must be an integer from 1 on, got 2.5"),
        ([{"a"}], [["a"]], {"average": "median"}, "average must be"),
        ([{"a"}, {"b"}], [["a"]], {}, "as many queries, got 2 and 1"),
        ([{"a"}], [["a", "b", "a"]], {}, "name each track once in a list"),
        ([{1}], np.array([[1, 2, 1]]), {}, r"name each track once in a list, got \[1, 2, 1\]"),
        (
            [{"a"}, {"b"}],
            ["a", "b"],
            {},
            r"as many collections of ids as recommended has lists, got \[\{'a'\}, \{'b'\}\]",
        ),
        ([set()], [["a"]], {}, "at least one track of at least one query"),
        (["a"], [["a"]], {}, "a collection of ids for each query, got 'a'"),
        ([{"a": 0.0}], [["a"]], {}, "gains greater than zero, got 0.0 of 'a'"),
        ([{"a": np.inf}], [["a"]], {}, "finite gains greater than zero, got inf of 'a'"),
        (np.eye(2, dtype=bool), [[0], [1]], {}, "must hold ids, got a mask of bool: make it a scipy.sparse.csr_matrix"),
    ],
)
def test_a_ranking_that_makes_no_sense_is_refused(relevant, recommended, options, message):
    with pytest.raises(ValueError, match=message):
        ndcg_at_k(relevant, recommended, **options)


@given(st.lists(st.lists(st.integers(0, 9), unique=True), min_size=1, max_size=5), st.integers(1, 10))
def test_coverage_is_the_share_of_the_catalogue_in_some_list_and_grows_with_k(lists, k):
    coverage = catalogue_coverage(lists, range(10), k) if any(lists) else 0
    assert coverage == pytest.approx(len({track for items in lists for track in items[:k]}) / 10)


def test_what_is_recommended_from_outside_the_catalogue_is_named():
    with pytest.raises(ValueError, match="'x' is missing"):
        catalogue_coverage([["a", "x"]], ["a", "b"])


def test_diversity_is_the_mean_distance_of_pairs():
    corners = {"right": [1, 0], "up": [0, 1], "left": [-1, 0]}
    assert intra_list_diversity(["right", "up", "left"], corners, k=3) == pytest.approx((1 + 2 + 1) / 3)
    assert intra_list_diversity(["right", "up", "left"], corners, k=2) == pytest.approx(1)


@given(st.permutations(range(6)), st.integers(2, 6))
def test_diversity_does_not_depend_on_the_order_of_a_list(order, k):
    places = np.random.default_rng(0).standard_normal((6, 3))
    items = order[:k]
    forwards, backwards = (intra_list_diversity([part], places, k) for part in (items, items[::-1]))
    assert forwards == pytest.approx(backwards)
    assert 0 <= forwards <= 2


def test_a_list_of_one_has_no_diversity():
    np.testing.assert_array_equal(intra_list_diversity([[0], [0, 1]], np.eye(2), average=None), [np.nan, 1])
    with pytest.raises(ValueError, match="k must be at least 2"):
        intra_list_diversity([[0, 1]], np.eye(2), k=1)
    with pytest.raises(ValueError, match="embeddings must hold what is recommended, 7 is missing"):
        intra_list_diversity([[0, 7]], np.eye(2))


@given(st.lists(st.integers(0, 64), min_size=1, max_size=8))
def test_novelty_lies_between_what_all_know_and_what_one_knows(popularity):
    value = novelty([list(range(len(popularity)))], popularity, n_users=64)
    assert 0 <= value <= 6
    assert value == pytest.approx(np.mean([6 - np.log2(max(heard, 1)) for heard in popularity]))


def test_nobody_has_heard_anything_where_there_are_no_users():
    with pytest.raises(ValueError, match="n_users must be at least 1, got 0"):
        novelty([[0]], [0], 0)


def test_more_listeners_than_users_are_refused():
    with pytest.raises(ValueError, match="between 0 and n_users=3"):
        novelty([[0]], [5], n_users=3)


@given(st.data())
def test_the_artist_filter_judges_what_is_left_when_the_artist_is_gone(data):
    letters = st.sampled_from("abc")
    n_found = data.draw(st.integers(1, 8))
    genres, artists = (data.draw(st.lists(letters, min_size=n_found, max_size=n_found)) for _ in range(2))
    k = data.draw(st.integers(1, 8))
    value = artist_filtered_precision(["a"], [genres], ["a"], [artists], k, average=None)[0]
    left = [genre for genre, artist in zip(genres, artists, strict=True) if artist != "a"][:k]
    assert value == pytest.approx(left.count("a") / len(left)) if left else np.isnan(value)
    assert genre_purity(["a"], [genres], k) == pytest.approx(genres[:k].count("a") / min(k, n_found))


@pytest.mark.parametrize("nobody", ["", None, np.nan, pd.NA])
def test_tracks_of_unknown_artists_are_by_others(nobody):
    assert artist_filtered_precision(["a"], [["a", "b", "a"]], [nobody], [[nobody, "x", nobody]], k=3) == 2 / 3
    assert artist_filtered_precision(["a"], [["a", "b", "a"]], ["x"], [[nobody, "x", nobody]], k=3) == 1


def test_a_nan_in_a_list_of_genres_is_no_genre():
    assert genre_purity(["rock", np.nan], [["rock"], ["nan"]]) == 1
    y = [["rock", "jazz", np.nan, np.nan][row % 4] for row in range(80)]
    recommender = EmbeddingRecommender().fit(np.random.default_rng(0).standard_normal((80, 3)), y)
    assert recommender.y_[-1] is np.nan
    X, scorer = np.random.default_rng(1).standard_normal((80, 3)), make_recommendation_scorer("genre_purity", k=5)
    assert scorer(recommender, X, y) == scorer(recommender, X, np.array(y, dtype=object))


@pytest.mark.parametrize("unknown", ["", None, np.nan, pd.NA])
def test_an_unknown_genre_is_the_genre_of_no_other_track(unknown):
    values = genre_purity(np.array(["a", unknown], dtype=object), [["a", unknown], [unknown, "a"]], average=None)
    np.testing.assert_array_equal(values, [0.5, np.nan])


@pytest.mark.parametrize("genres", [["rock", "jazz"], [1, 2]])
def test_one_genre_for_each_query_is_no_list_of_what_was_recommended(genres):
    with pytest.raises(ValueError, match=r"recommended_genres must hold a list for each query, got ('rock'|1) for one"):
        genre_purity(genres, genres)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("genres", lambda table: genre_purity(table, [["a"], ["b"]])),
        ("genres", lambda table: artist_filtered_precision(table, [["a"], ["b"]], ["x", "y"], [["y"], ["x"]])),
        ("popularity", lambda table: novelty([[0], [1]], table, n_users=3)),
        ("y_true", lambda table: expected_calibration_error(table, [[0.5, 0.5], [0.5, 0.5]])),
        ("labels", lambda table: expected_calibration_error([1, 2], [[0.5, 0.5], [0.5, 0.5]], labels=table)),
    ],
)
def test_a_table_in_place_of_a_column_is_refused_by_name(name, call):
    with pytest.raises(ValueError, match=rf"^{name} should be a 1d array, got an array of shape \(2, 2\)"):
        call(np.array([[1, 2], [3, 4]]))


def test_genres_and_artists_may_be_the_rows_of_a_frame():
    genres, artists = pd.DataFrame([["a", "b"], ["b", "b"]]), pd.DataFrame([["x", "y"], ["x", "x"]])
    assert genre_purity(["a", "b"], genres, k=2) == 0.75
    assert artist_filtered_precision(["a", "b"], genres, ["x", "z"], artists, k=2) == 0.5


def test_genres_and_artists_of_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="must be as long, got 2 and 1"):
        artist_filtered_precision(["a"], [["a", "b"]], ["x"], [["y"]])
    with pytest.raises(ValueError, match="inconsistent"):
        genre_purity(["a", "b"], [["a"]])


class TestScorers:
    """Metrics of genres in scikit-learn's searches."""

    @pytest.fixture
    def collection(self):
        """Return directions that tell genres apart, their genres, and artists; lengths are noise."""
        rng = np.random.default_rng(0)
        genres = np.repeat(["blues", "disco", "metal"], 24)
        angles = np.repeat([0.0, 2.0, 4.0], 24) + rng.normal(0, 0.5, 72)
        X = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(0.05, 5, (72, 1))
        return X, genres, np.repeat(np.arange(18), 4)

    @pytest.mark.parametrize(
        "metric",
        ["genre_purity", "precision", "recall", "ndcg", "average_precision", "reciprocal_rank", "hit_rate"],
    )
    def test_a_search_finds_the_metric_that_keeps_genres_together(self, collection, metric):
        X, genres, artists = collection
        search = GridSearchCV(
            EmbeddingRecommender(),
            {"metric": ["euclidean", "cosine"]},
            scoring=make_recommendation_scorer(metric, k=3),
            cv=GroupKFold(3),
            error_score="raise",
        )
        search.fit(X, genres, groups=artists)
        scores = search.cv_results_["mean_test_score"]
        assert search.best_params_ == {"metric": "cosine"} or scores[0] == scores[1]
        assert (scores > (0.6 * 3 / 16 if metric == "recall" else 0.6)).all()  # three of sixteen at most
        assert (scores <= 1).all()

    @pytest.mark.parametrize("metric", ["catalogue_coverage", "intra_list_diversity"])
    def test_what_lists_are_like_is_scored_without_genres(self, collection, metric):
        X, _, artists = collection
        recommender = EmbeddingRecommender(n_neighbors=4).fit(X[:60])
        found = recommender.kneighbors(X[60:], 4, return_distance=False)
        expected = {
            "catalogue_coverage": len(np.unique(found)) / 60,
            "intra_list_diversity": intra_list_diversity(found, X[:60], 4),
        }[metric]
        scorer = make_recommendation_scorer(metric, k=4)
        assert scorer(recommender, X[60:]) == pytest.approx(expected, rel=1e-6)
        options = {"groups": artists, "cv": GroupKFold(3), "scoring": scorer, "error_score": "raise"}
        assert (cross_val_score(recommender, X, **options) > 0).all()

    def test_a_pipeline_is_scored_as_its_recommender(self, collection):
        X, genres, artists = collection
        options = {"groups": artists, "cv": GroupKFold(3), "scoring": make_recommendation_scorer(k=5)}
        alone = cross_val_score(EmbeddingRecommender(), X, genres, **options)
        for steps in ([FunctionTransformer()], []):
            pipeline = make_pipeline(*steps, EmbeddingRecommender())
            np.testing.assert_array_equal(cross_val_score(pipeline, X, genres, **options), alone)

    def test_the_score_is_that_of_the_neighbours_of_held_out_tracks_among_the_others(self, collection):
        X, genres, artists = collection
        scores = cross_val_score(
            EmbeddingRecommender(), X, genres, groups=artists, cv=GroupKFold(3), scoring=make_recommendation_scorer(k=5)
        )
        theirs = cross_val_score(
            KNeighborsClassifier(5, metric="cosine"),
            X,
            genres,
            groups=artists,
            cv=GroupKFold(3),
            scoring=share_of_votes,
        )
        np.testing.assert_allclose(scores, theirs)

    def test_a_recommender_fitted_without_genres_cannot_be_scored(self, collection):
        X, genres, _ = collection
        with pytest.raises(ValueError, match=r"genre_purity goes by the genres of all tracks, .* pass y to fit"):
            make_recommendation_scorer()(EmbeddingRecommender().fit(X), X, genres)

    @pytest.mark.parametrize("metric", ["genre_purity", "precision", "ndcg"])
    def test_several_labels_for_each_track_are_refused(self, collection, metric):
        X, genres, _ = collection
        labels = (genres[:, None] == np.unique(genres)).astype(int)
        with pytest.raises(ValueError, match=r"^y_? should be a 1d array, got an array of shape \(72, 3\)"):
            make_recommendation_scorer(metric)(EmbeddingRecommender().fit(X, labels), X, labels)

    @pytest.mark.parametrize("metric", ["genre_purity", "precision"])
    @pytest.mark.parametrize("unknown", ["", None, np.nan, pd.NA])
    def test_tracks_of_unknown_genre_are_not_asked_for(self, collection, metric, unknown):
        X, genres, _ = collection
        some = genres.astype(object)
        some[::2] = unknown
        found = EmbeddingRecommender().fit(X).kneighbors(X, 3, return_distance=False)
        right = (genres[found] == genres[:, None]) & (found % 2 == 1)
        score = make_recommendation_scorer(metric, k=3)(EmbeddingRecommender().fit(X, some), X, some)
        assert score == pytest.approx(right[1::2].mean())

    def test_a_recommender_to_users_is_scored_elsewhere(self, collection):
        X, genres, _ = collection
        with pytest.raises(TypeError, match="got HybridRecommender: evaluate_recommender asks for its users"):
            make_recommendation_scorer()(HybridRecommender(), X, genres)

    def test_an_unknown_metric_is_refused(self):
        with pytest.raises(ValueError, match="got 'accuracy'"):
            make_recommendation_scorer("accuracy")
        with pytest.raises(ValueError, match="k must be at least 2 for intra_list_diversity"):
            make_recommendation_scorer("intra_list_diversity", k=1)

    def test_a_scorer_says_what_it_is_and_can_be_pickled(self):
        scorer = pickle.loads(pickle.dumps(make_recommendation_scorer("ndcg", k=7)))
        assert repr(scorer) == "make_recommendation_scorer('ndcg', k=7)"


def share_of_votes(classifier, X, y):
    """Return the mean share of the neighbours that vote for the right genre."""
    return classifier.predict_proba(X)[np.arange(len(y)), np.searchsorted(classifier.classes_, y)].mean()


def test_tuples_are_ids_where_relevant_tracks_are_tuples():
    ids = np.fromiter([("a", 1), ("b", 2)], dtype=object, count=2)
    for recommended in (ids, list(ids)):
        assert precision_at_k({("a", 1), ("c", 3)}, recommended, k=2) == 0.5
        assert precision_at_k({("a", 1): 2.0}, recommended, k=1) == 1.0
    assert precision_at_k([{1, 2}], [(1, 3)], k=2) == 0.5


@pytest.mark.parametrize(
    ("relevant", "message"),
    [
        (csr_matrix([[np.nan, 2.0]]), "relevant must hold numbers, .* got NaN"),
        ([[True, False]], "relevant must hold ids, got a mask of bool"),
        ([{"a": "1"}], "relevant must give finite gains greater than zero, got '1' of 'a'"),
    ],
    ids=["nan", "mask", "text"],
)
def test_what_is_no_relevance_is_refused(relevant, message):
    with pytest.raises(ValueError, match=message):
        ndcg_at_k(relevant, [[0]], 1)
