"""Hubs: how uneven a collection is, and distances that even it out."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm, skew
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from skgenre import EmbeddingRecommender

PICTURES = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtzan_pictures" / "train_valid.npz"
REDUCTIONS = ["mutual_proximity", "local_scaling"]
each_reduction = pytest.mark.parametrize("hubness", REDUCTIONS)
each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


@pytest.fixture(scope="module")
def hubby():
    """Return vectors with hubs: many dimensions, one centre."""
    return np.random.default_rng(0).standard_normal((300, 60))


def test_the_occurrence_counts_lists(hubby):
    recommender = EmbeddingRecommender().fit(hubby)
    lists = recommender.kneighbors(n_neighbors=5, return_distance=False)
    counts = recommender.k_occurrence(5)
    assert counts.tolist() == [np.count_nonzero(lists == row) for row in range(300)]
    assert counts.sum() == 5 * 300


def test_the_hubness_is_the_skewness_of_ten_neighbors(hubby):
    recommender = EmbeddingRecommender(metric="euclidean").fit(hubby)
    assert recommender.hubness_ == pytest.approx(skew(recommender.k_occurrence(10)))
    assert recommender.hubness_ > 1


def test_tracks_in_a_ring_have_no_hub():
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    assert EmbeddingRecommender(metric="euclidean").fit(np.c_[np.cos(turns), np.sin(turns)]).hubness_ == 0


def test_a_lone_track_and_no_track_are_no_hubs():
    recommender = EmbeddingRecommender().fit([[1.0, 2.0]])
    assert recommender.k_occurrence().tolist() == [0]
    assert recommender.hubness_ == 0
    assert recommender.remove(0).hubness_ == 0


@each_reduction
@each_metric
def test_a_reduction_lowers_it(hubby, metric, hubness):
    before = EmbeddingRecommender(metric=metric).fit(hubby + 0.3)
    after = EmbeddingRecommender(metric=metric, hubness=hubness, random_state=0).fit(hubby + 0.3)
    assert after.hubness_ < before.hubness_
    assert after.k_occurrence().max() < before.k_occurrence().max()


@each_metric
def test_mutual_proximity_is_the_product_of_both_chances(hubby, metric):
    X = hubby[:90].astype(np.float32)
    distances, indices = EmbeddingRecommender(metric=metric, hubness="mutual_proximity").fit(X).kneighbors(None, 89)
    plain = pairwise_distances(X.astype(float), metric=metric)
    mean, sd = plain.mean(axis=1), plain.std(axis=1)
    further = norm.sf(plain, mean[:, None], sd[:, None]) * norm.sf(plain, mean, sd)
    np.testing.assert_allclose(distances, np.take_along_axis(1 - further, indices, axis=1), atol=1e-6)
    assert (np.diff(distances) >= 0).all()


@each_metric
def test_local_scaling_measures_by_the_seventh_neighbors(hubby, metric):
    X = hubby[:90].astype(np.float32)
    distances, indices = EmbeddingRecommender(metric=metric, hubness="local_scaling").fit(X).kneighbors(None, 89)
    plain = pairwise_distances(X.astype(float), metric=metric)
    scale = np.sort(plain, axis=1)[:, 7]
    scaled = 1 - np.exp(-(plain**2) / (scale[:, None] * scale))
    np.testing.assert_allclose(distances, np.take_along_axis(scaled, indices, axis=1), atol=1e-6)


@each_reduction
def test_new_tracks_and_added_ones_are_rescaled_alike(hubby, hubness):
    whole = EmbeddingRecommender(hubness=hubness, random_state=0).fit(hubby)
    distances, _ = whole.kneighbors(hubby[:5] + 0.01, 5)
    assert ((distances >= 0) & (distances <= 1)).all()
    X = hubby[:, :4]
    grown = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X[:200])
    grown.partial_fit(X[200:]).remove([0, 1])
    assert grown.kneighbors(n_neighbors=5)[0].shape == (298, 5)
    again = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X[2:])
    same = grown.kneighbors(n_neighbors=5)[1] == again.kneighbors(n_neighbors=5)[1]
    assert same.mean() > 0.9


@each_reduction
@pytest.mark.parametrize("change", ["replace", "remove"])
def test_tracks_replaced_or_removed_are_kept_up_with(hubness, change):
    X = np.random.default_rng(0).standard_normal((400, 30))
    X[:200] *= np.geomspace(0.1, 30, 30)
    recommender = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X)
    if change == "replace":
        recommender.replace(X[200:], track_ids=range(200))
    else:
        recommender.remove(range(200))
    fresh = EmbeddingRecommender(hubness=hubness, random_state=0).fit(recommender.embeddings_)
    np.testing.assert_allclose(recommender.kneighbors()[0], fresh.kneighbors()[0], atol=1e-6)


@each_reduction
@pytest.mark.parametrize("later", [None, "other"])
def test_setting_it_takes_a_fit(hubness, later):
    X = np.random.default_rng(0).standard_normal((60, 30))
    recommender = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X[:40])
    other = REDUCTIONS[1 - REDUCTIONS.index(hubness)]
    recommender.set_params(hubness=later and other).partial_fit(X[40:])
    expected = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X).kneighbors()
    np.testing.assert_allclose(recommender.kneighbors()[0], expected[0], atol=1e-6)


@each_reduction
def test_equal_tracks_are_no_trouble(hubness):
    recommender = EmbeddingRecommender(hubness=hubness, metric="euclidean").fit([*np.ones((12, 3)), [5.0, 1.0, 2.0]])
    with warnings.catch_warnings(action="error"):
        recommender.kneighbors(n_neighbors=12)
    recommender.remove(12)
    distances, indices = recommender.kneighbors(n_neighbors=3)
    assert np.isfinite(distances).all()
    assert (indices != np.arange(12)[:, None]).all()
    assert np.isfinite(EmbeddingRecommender(hubness=hubness).fit([[1.0, 2.0], [2.0, 1.0]]).kneighbors(None, 1)[0]).all()


@pytest.mark.skipif(not PICTURES.exists(), reason="needs GTZAN's pictures in ../shared")
@each_reduction
def test_on_real_music_lists_are_more_even_and_no_less_of_one_genre(hubness):
    pictures = np.load(PICTURES, allow_pickle=True)
    bands, genres = pictures["X"].astype(np.float32), pictures["y"]
    X = StandardScaler().fit_transform(np.column_stack([bands.mean(axis=2), bands.std(axis=2)]))

    def measure(**options):
        recommender = EmbeddingRecommender(random_state=0, **options).fit(X)
        indices = recommender.kneighbors(return_distance=False)
        return recommender.hubness_, recommender.k_occurrence().max(), np.mean(genres[indices] == genres[:, None])

    before, after = measure(), measure(hubness=hubness)
    assert before[0] > 1.3
    assert after[0] < 0.6
    assert after[1] < 0.7 * before[1]
    assert after[2] > before[2]


@pytest.mark.parametrize("hubness", ["mutual_proximity", "local_scaling"])
def test_a_radius_of_one_holds_all_tracks_for_every_query(hubby, hubness):
    recommender = EmbeddingRecommender(hubness=hubness).fit(hubby)
    silence = np.zeros((1, hubby.shape[1]))
    assert len(recommender.radius_neighbors(silence, radius=1.0)[1][0]) == len(hubby)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@each_reduction
def test_a_track_is_its_own_first_neighbour_in_the_graph(hubness, metric):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5, 10))[rng.integers(5, size=200)] + 0.1 * rng.standard_normal((200, 10))
    recommender = EmbeddingRecommender(hubness=hubness, metric=metric, n_neighbors=5)
    graph = recommender.fit_transform(X)
    np.testing.assert_array_equal(graph.indices.reshape(200, 6)[:, 0], np.arange(200))
    np.testing.assert_array_equal(graph.indices.reshape(200, 6)[:, 1:], recommender.kneighbors(return_distance=False))


def test_where_the_origin_lies_does_not_matter(hubby):
    rounded = np.round(hubby, 2).astype(np.float32)
    far = np.column_stack([np.full(len(rounded), 1e7, dtype=np.float32), rounded])
    options = {"metric": "euclidean", "hubness": "mutual_proximity", "random_state": 0}
    one, other = (EmbeddingRecommender(**options).fit(X) for X in (rounded, far))
    np.testing.assert_array_equal(other.kneighbors(far[:50], 5)[1], one.kneighbors(rounded[:50], 5)[1])
    plain, moved = (EmbeddingRecommender(metric="euclidean").fit(X) for X in (rounded, far))
    for ask in (lambda it: it.journey(0, 1, n=5), lambda it: it.recommend(0, n=5, diversity=0.5)):
        (ids, scores), (same, alike) = ask(plain), ask(moved)
        np.testing.assert_array_equal(ids, same)
        np.testing.assert_allclose(scores, alike, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-15, 1e-20, 1e-37])
@pytest.mark.parametrize("hubness", ["mutual_proximity", "local_scaling"])
def test_cosine_neighbours_do_not_go_by_the_length_of_embeddings(hubness, scale):
    X = np.random.default_rng(0).standard_normal((200, 4)).astype(np.float32)
    expected, found = (
        EmbeddingRecommender(hubness=hubness, random_state=0).fit(some).kneighbors(n_neighbors=5)
        for some in (X, X * np.float32(scale))
    )
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5)
    assert (found[1] == expected[1]).mean() > 0.99


@pytest.mark.parametrize("hubness", ["mutual_proximity", "local_scaling"])
def test_groups_that_never_clash_change_no_answer(hubness):
    X = np.random.default_rng(0).standard_normal((3000, 100)).astype(np.float32)
    options = {"metric": "euclidean", "hubness": hubness, "random_state": 0}
    plain, grouped = (EmbeddingRecommender(**options).fit(X, groups=groups) for groups in (None, range(3000)))
    for track in range(0, 3000, 15):
        np.testing.assert_array_equal(plain.recommend(track, n=10)[0], grouped.recommend(track, n=10)[0])


@pytest.mark.filterwarnings("error")
def test_a_radius_of_zero_holds_what_is_the_same():
    recommender = EmbeddingRecommender(hubness="mutual_proximity", random_state=0).fit([[1.0, 0.0], [2, 0], [3, 0]])
    assert [rows.tolist() for rows in recommender.radius_neighbors(radius=0.0)[1]] == [[1, 2], [0, 2], [0, 1]]
