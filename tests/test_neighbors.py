"""The indexes: the right neighbours, the right distances, always as many as asked for."""

import pickle
import tracemalloc
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances
from sklearn.neighbors import NearestNeighbors

from skgenre.neighbors import AnnoyIndex, ExactIndex, VoyagerIndex, _scan, _space, query_others
from skgenre.neighbors._gathering import gathered

METRICS = ["cosine", "euclidean"]
without_voyager = pytest.mark.skipif(find_spec("voyager") is None, reason="voyager is not installed")
KINDS = [ExactIndex, AnnoyIndex, pytest.param(VoyagerIndex, marks=without_voyager)]
each_metric = pytest.mark.parametrize("metric", METRICS)
each_kind = pytest.mark.parametrize("kind", KINDS)

any_floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
any_vectors = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=any_floats)
small_integers = arrays(np.float32, st.tuples(st.integers(1, 12), st.just(3)), elements=st.integers(-2, 2).map(float))


def true_distances(a, b, metric):
    """Compute all distances in double precision, by another road than the index: scipy, vectors scaled before."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    if metric == "euclidean":
        return cdist(a, b)
    a, b = (v / np.maximum(np.abs(v).max(axis=1, keepdims=True), 1e-50) for v in (a, b))
    return cosine_distances(a, b)


def clusters(random_state=0, n_clusters=20, n_each=11, n_dims=8):
    rng = np.random.default_rng(random_state)
    centres = rng.standard_normal((n_clusters, n_dims)) * 10
    vectors = centres[:, None] + 0.1 * rng.standard_normal((n_clusters, n_each, n_dims))
    return vectors.reshape(-1, n_dims).astype(np.float32)


@each_kind
def test_cosine_distances_of_known_angles(kind):
    index = kind("cosine").build(np.float32([[1, 0], [2, 2], [0, 5], [-3, 0]]))
    distances, rows = index.query(np.float32([[0.5, 0]]), 4)
    np.testing.assert_array_equal(rows, [[0, 1, 2, 3]])
    np.testing.assert_allclose(distances, [[0, 1 - np.sqrt(0.5), 1, 2]], atol=1e-15)


@each_kind
def test_euclidean_distances_of_a_known_triangle(kind):
    index = kind("euclidean").build(np.float32([[6, 8], [3, 4], [0, 0]]))
    distances, rows = index.query(np.float32([[0, 0], [6, 8]]), 3)
    np.testing.assert_array_equal(rows, [[2, 1, 0], [0, 1, 2]])
    np.testing.assert_array_equal(distances, [[0, 5, 10], [0, 5, 10]])


@each_kind
@each_metric
def test_a_vector_is_at_distance_zero_from_itself(kind, metric):
    vectors = clusters()
    distances, rows = kind(metric).build(vectors).query(vectors, 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(len(vectors)))
    np.testing.assert_array_equal(distances, 0)


@each_kind
def test_a_zero_vector_is_at_cosine_distance_one_from_all_and_itself(kind):
    index = kind("cosine").build(np.float32([[0, 0], [1, 0], [-1, 0]]))
    distances, rows = index.query(np.zeros((1, 2), dtype=np.float32), 3)
    np.testing.assert_array_equal(distances, [[1, 1, 1]])
    np.testing.assert_array_equal(rows, [[0, 1, 2]])
    distances, rows = index.query(np.float32([[1, 0]]), 3)
    np.testing.assert_array_equal(distances, [[0, 1, 2]])
    np.testing.assert_array_equal(rows, [[1, 0, 2]])


def test_zero_vectors_have_the_distances_that_scikit_learn_gives_them():
    a, b = np.float32([[0, 0], [3, 4]]), np.float32([[0, 0], [4, -3], [-3, -4]])
    distances, rows = ExactIndex("cosine").build(b).query(a, 3)
    np.testing.assert_allclose(distances, np.take_along_axis(cosine_distances(a, b), rows, axis=1), atol=1e-7)


@each_kind
def test_distances_keep_their_digits_far_away_from_the_origin(kind):
    vectors = np.float32(4096) + np.arange(40, dtype=np.float32)[:, None] * np.float32([0.001, 0.002, 0.004])
    distances, rows = kind("euclidean").build(vectors).query(vectors[:1], 40)
    expected = cdist(vectors[:1].astype(np.float64), vectors.astype(np.float64))
    np.testing.assert_allclose(distances, np.sort(expected), rtol=1e-14)
    np.testing.assert_array_equal(np.take_along_axis(expected, rows, axis=1), np.sort(expected))


def test_small_angles_keep_their_digits():
    angle = 1e-6
    vectors = np.array([[1, 0], [1, angle]], dtype=np.float32)
    distances, _ = ExactIndex("cosine").build(vectors).query(vectors[:1], 2)
    np.testing.assert_allclose(distances[0, 1], angle**2 / 2, rtol=1e-6)


@each_metric
def test_equal_distances_are_ordered_by_row(metric):
    vectors = np.tile(np.float32([[1, 2, 3], [3, 2, 1]]), (50, 1))
    distances, rows = ExactIndex(metric).build(vectors).query(vectors[:2], 60)
    np.testing.assert_array_equal(rows[0, :50], np.arange(0, 100, 2))
    np.testing.assert_array_equal(rows[0, 50:], np.arange(1, 20, 2))
    np.testing.assert_array_equal(distances[:, :50], 0)


@each_metric
@given(vectors=any_vectors, data=st.data())
def test_exact_distances_are_the_smallest_for_any_finite_vectors(metric, vectors, data):
    queries = data.draw(arrays(np.float32, (3, vectors.shape[1]), elements=any_floats))
    k = data.draw(st.integers(1, len(vectors)))
    distances, rows = ExactIndex(metric).build(vectors).query(queries, k)
    expected = true_distances(queries, vectors, metric)
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :k], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(distances, np.take_along_axis(expected, rows, axis=1), rtol=1e-9, atol=1e-12)
    assert all(len(set(row)) == k for row in rows.tolist())


@each_metric
def test_exact_tells_apart_what_single_precision_products_cannot(metric):
    rng = np.random.default_rng(0)
    vectors = np.sign(rng.standard_normal((2, 1, 300))) * 10 + 1e-4 * rng.standard_normal((2, 200, 300))
    vectors = vectors.reshape(400, 300).astype(np.float32)
    _, rows = ExactIndex(metric).build(vectors).query(vectors, 5)
    products = -(vectors @ vectors.T)
    # 1 - cos in double precision would lose what is told apart here: half the squared chord does not.
    ends = vectors.astype(np.longdouble)
    if metric == "cosine":
        ends /= np.sqrt((ends**2).sum(axis=1, keepdims=True))
    expected = np.argsort([((ends - end) ** 2).sum(axis=1) for end in ends], axis=1, kind="stable")[:, :5]
    assert (np.argsort(products, axis=1)[:, :5] != expected).any()
    np.testing.assert_array_equal(rows, expected)


@each_metric
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 10))
def test_exact_finds_the_neighbours_that_scikit_learn_finds(metric, seed, k):
    vectors = clusters(seed)
    queries = vectors[::7] + np.float32(0.01)
    expected = NearestNeighbors(metric=metric, algorithm="brute").fit(vectors.astype(np.float64))
    expected_distances, expected_rows = expected.kneighbors(queries.astype(np.float64), k)
    distances, rows = ExactIndex(metric).build(vectors).query(queries, k)
    np.testing.assert_array_equal(rows, expected_rows)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-6, atol=1e-12)


@each_metric
@given(vectors=small_integers, data=st.data())
def test_permuting_the_rows_permutes_the_answers(metric, vectors, data):
    order = np.array(data.draw(st.permutations(range(len(vectors)))))
    k = data.draw(st.integers(1, len(vectors)))
    distances, rows = ExactIndex(metric).build(vectors).query(vectors, k)
    permuted_distances, permuted_rows = ExactIndex(metric).build(vectors[order]).query(vectors, k)
    np.testing.assert_array_equal(permuted_distances, distances)
    # Rows at one distance are in row order, so only those strictly nearer than the last must be the same set.
    for far, row, permuted in zip(distances, rows, order[permuted_rows], strict=True):
        nearer = far < far[-1]
        assert set(row[nearer]) == set(permuted[nearer])


@each_metric
@pytest.mark.parametrize("kind", ["apart", "in heaps"])
@pytest.mark.parametrize("n_allowed", [70, 50, 20, 9])
@pytest.mark.parametrize(("batch", "n_rows", "n_queries"), [(1, 1, 1), (100, 3, 4), (2**22, 3, 4), (2**22, 16, 70)])
def test_answers_do_not_depend_on_the_size_of_the_blocks(
    metric, kind, n_allowed, batch, n_rows, n_queries, monkeypatch
):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((70, 5)).astype(np.float32)
    if kind == "in heaps":  # many are equally near
        vectors = vectors[rng.integers(5, size=70)]
    allowed = rng.permutation(70) < n_allowed
    index = ExactIndex(metric).build(vectors)
    lone = [index.query(vectors[[i]], 9, allowed=allowed) for i in range(70)]
    true = np.where(allowed, true_distances(vectors, vectors, metric).round(9), np.inf)
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in lone]), true.argsort(kind="stable")[:, :9])
    within = [index.query_radius(vectors[[i]], 0.7, allowed=allowed) for i in range(70)]
    for module in (_scan, _space):
        monkeypatch.setattr(module, "BATCH", batch)
    monkeypatch.setattr(_scan, "ROWS_AT_ONCE", (n_rows, n_rows))
    monkeypatch.setattr(_scan, "QUERIES_AT_ONCE", n_queries)
    answers = index.query(vectors, 9, allowed=allowed)
    for ours, expected in zip(answers, zip(*lone, strict=True), strict=True):
        np.testing.assert_array_equal(ours, np.concatenate(expected))
    for ours, expected in zip(
        index.query_radius(vectors, 0.7, allowed=allowed), zip(*within, strict=True), strict=True
    ):
        for one, (other,) in zip(ours, expected, strict=True):
            np.testing.assert_array_equal(one, other)


@each_metric
def test_rows_that_single_precision_cannot_tell_apart_are_in_their_true_order(metric):
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal(64) + 1e-4 * rng.standard_normal((6000, 64))).astype(np.float32)
    rows = ExactIndex(metric).build(vectors).query(vectors[:300], 10)[1]
    units = vectors.astype(np.float64)
    if metric == "cosine":
        units /= np.linalg.norm(units, axis=1, keepdims=True)
    np.testing.assert_array_equal(rows, cdist(units[:300], units).argsort(axis=1)[:, :10])


def test_many_that_are_equally_near_take_little_memory(monkeypatch):
    monkeypatch.setattr(_scan, "BATCH", 2**16)
    index = ExactIndex("euclidean").build(np.ones((20_000, 4), dtype=np.float32))
    tracemalloc.start()
    rows = index.query(np.ones((200, 4), dtype=np.float32), 5)[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(rows, np.tile(np.arange(5), (200, 1)))
    assert peak < 60e6  # all pairs at once would be 80 MB and more


@each_metric
def test_answers_do_not_depend_on_the_layout_of_the_arrays_in_memory(metric):
    vectors = np.random.default_rng(0).standard_normal((70, 35)).astype(np.float32)
    expected = ExactIndex(metric).build(vectors).query(vectors, 9)
    by_columns = np.asfortranarray(vectors)
    for given_vectors, queries in [(vectors, by_columns), (by_columns, vectors), (by_columns, by_columns)]:
        np.testing.assert_array_equal(ExactIndex(metric).build(given_vectors).query(queries, 9), expected)


@without_voyager
@each_metric
@pytest.mark.parametrize("storage", ["float32", "e4m3"])
@settings(max_examples=10)
@given(seed=st.integers(0, 2**31 - 1))
def test_voyager_finds_the_neighbours_within_clusters(metric, storage, seed):
    vectors = clusters(seed)
    expected_distances, expected_rows = ExactIndex(metric).build(vectors).query(vectors, 10)
    index = VoyagerIndex(metric, storage=storage, seed=seed).build(vectors)
    distances, rows = index.query(vectors, 10)
    same = rows == expected_rows
    assert same.mean() > 0.99
    np.testing.assert_array_equal(distances[same], expected_distances[same])


@without_voyager
@each_metric
@settings(max_examples=50)
@given(vectors=any_vectors, data=st.data())
def test_voyager_gives_k_distinct_rows_at_their_true_distances_for_any_finite_vectors(metric, vectors, data):
    vectors = np.tile(vectors, (data.draw(st.integers(1, 4)), 1))
    queries = data.draw(arrays(np.float32, (2, vectors.shape[1]), elements=any_floats))
    k = data.draw(st.integers(1, len(vectors)))
    distances, rows = VoyagerIndex(metric, n_links=2, build_effort=4, effort=0).build(vectors).query(queries, k)
    expected = true_distances(queries, vectors, metric)
    np.testing.assert_allclose(distances, np.take_along_axis(expected, rows, axis=1), rtol=1e-9, atol=1e-12)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert all(len(set(row)) == k for row in rows.tolist())


def three_clusters():
    """Return 600 vectors, each in another cluster than the one before."""
    centres = np.tile(np.float32([[0, 0], [9, 9], [0, 9]]), (200, 1))
    return centres + np.linspace(0, 1, 600, dtype=np.float32)[:, None]


def test_rows_are_gathered_around_some_of_them():
    points, rows = three_clusters(), np.setdiff1d(np.arange(600), [3, 4])
    points[7] = np.inf  # too far off for single precision
    order = gathered(points, rows, seed=0)
    assert sorted(order) == rows.tolist()
    assert np.count_nonzero(np.diff(order % 3)) <= 26  # of 24 groups one holds the row that is too far off
    np.testing.assert_array_equal(order, gathered(points, rows, seed=0))
    assert gathered(points, rows[:1], seed=0) == rows[:1]


@without_voyager
def test_a_graph_takes_in_one_cluster_after_the_other(monkeypatch):
    taken, link = [], VoyagerIndex._link

    def look(index, points, rows):
        taken.extend(rows.tolist())
        link(index, points, rows)

    monkeypatch.setattr(VoyagerIndex, "_link", look)
    VoyagerIndex("euclidean").build(three_clusters())
    assert sorted(taken) == list(range(600))
    assert np.count_nonzero(np.diff(np.array(taken) % 3)) <= 24


@without_voyager
def test_one_thread_and_seed_make_one_graph():
    vectors = np.random.default_rng(0).standard_normal((2000, 16)).astype(np.float32)

    def graph(seed):
        return VoyagerIndex(n_links=3, build_effort=8, seed=seed).build(vectors)._graph.as_bytes()

    assert graph(0) == graph(0)
    assert graph(0) != graph(1)


@each_metric
@settings(max_examples=25)
@given(seed=st.integers(0, 2**31 - 1))
def test_annoy_finds_the_neighbours_within_clusters(metric, seed):
    vectors = clusters(seed)
    expected_distances, expected_rows = ExactIndex(metric).build(vectors).query(vectors, 10)
    distances, rows = AnnoyIndex(metric, n_trees=20, seed=seed).build(vectors).query(vectors, 10)
    assert np.mean(rows == expected_rows) > 0.99
    same = rows == expected_rows
    np.testing.assert_array_equal(distances[same], expected_distances[same])


@each_metric
@given(vectors=any_vectors, data=st.data())
def test_annoy_gives_k_distinct_rows_at_their_true_distances_for_any_finite_vectors(metric, vectors, data):
    queries = data.draw(arrays(np.float32, (2, vectors.shape[1]), elements=any_floats))
    k = data.draw(st.integers(1, len(vectors)))
    distances, rows = AnnoyIndex(metric, n_trees=3).build(vectors).query(queries, k)
    expected = true_distances(queries, vectors, metric)
    np.testing.assert_allclose(distances, np.take_along_axis(expected, rows, axis=1), rtol=1e-9, atol=1e-12)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert all(len(set(row)) == k for row in rows.tolist())


@each_metric
@pytest.mark.parametrize("n_rows", [1, 2, 500])
@pytest.mark.parametrize("n_dims", [1, 2])
def test_annoy_takes_few_rows_and_one_dimension(metric, n_rows, n_dims):
    vectors = np.random.default_rng(0).standard_normal((n_rows, n_dims)).astype(np.float32)
    distances, _ = AnnoyIndex(metric).build(vectors).query(vectors, min(n_rows, 5))
    expected, _ = ExactIndex(metric).build(vectors).query(vectors, min(n_rows, 5))
    np.testing.assert_allclose(distances, expected, atol=1e-6)


@each_metric
@pytest.mark.parametrize("vector", [[0, 0, 0], [1, 2, 3]], ids=["zeros", "same"])
def test_annoy_takes_rows_that_are_all_equal(metric, vector):
    vectors = np.tile(np.float32(vector), (1000, 1))
    _, rows = AnnoyIndex(metric).build(vectors).query(vectors[:3], 1000)
    np.testing.assert_array_equal(rows, np.tile(np.arange(1000), (3, 1)))


@each_metric
@pytest.mark.parametrize("k", [1, 10, 300])
def test_annoy_searches_exactly_where_the_forest_gives_too_few(metric, k):
    vectors = np.random.default_rng(0).standard_normal((300, 2)).astype(np.float32)
    hasty = AnnoyIndex(metric, n_trees=1, effort=0).build(vectors)
    assert len(hasty._forest.get_nns_by_vector([1.0, 1.0], 10, 0)) < 10
    distances, rows = hasty.query(vectors, k)
    expected_distances, expected_rows = ExactIndex(metric).build(vectors).query(vectors, k)
    np.testing.assert_array_equal(distances, expected_distances)
    np.testing.assert_array_equal(rows, expected_rows)


@pytest.mark.parametrize("n_queries", [1, 5])
def test_annoy_searches_exactly_where_the_forest_and_the_rows_beside_it_give_too_few(n_queries):
    vectors = clusters()
    index = AnnoyIndex(effort=0).build(vectors[:200])
    index.add(vectors[200:204])
    distances, rows = index.query(vectors[:n_queries], 10)
    expected = ExactIndex().build(vectors[:204]).query(vectors[:n_queries], 10)
    np.testing.assert_array_equal(rows, expected[1])
    np.testing.assert_array_equal(distances, expected[0])


def test_annoy_answers_queries_too_far_off_for_single_precision():
    vectors = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32) * np.float32(1e-20)
    queries = np.float32([[1e30, 0, 0], [1e-20, 0, 0]])
    distances, rows = AnnoyIndex("euclidean").build(vectors).query(queries, 5)
    expected_distances, expected_rows = ExactIndex("euclidean").build(vectors).query(queries, 5)
    np.testing.assert_array_equal(distances, expected_distances)
    np.testing.assert_array_equal(rows, expected_rows)


@each_metric
def test_one_seed_grows_one_forest(metric):
    vectors = np.random.default_rng(0).standard_normal((3000, 16)).astype(np.float32)

    def hasty_rows(seed):
        return AnnoyIndex(metric, n_trees=2, effort=1, seed=seed).build(vectors).query(vectors[:200], 10)[1]

    np.testing.assert_array_equal(hasty_rows(7), hasty_rows(7))
    assert (hasty_rows(7) != hasty_rows(8)).any()


@each_metric
@each_kind
def test_a_pickled_index_gives_the_same_answers_and_so_does_the_original_after(kind, metric):
    vectors = np.random.default_rng(0).standard_normal((2000, 16)).astype(np.float32)
    hasty = {AnnoyIndex: {"n_trees": 2, "effort": 1}, VoyagerIndex: {"n_links": 4, "build_effort": 8, "effort": 2}}
    index = kind(metric, **hasty.get(kind, {})).build(vectors)
    before = index.query(vectors[:100], 10)
    loaded = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(index))))
    for after in (index.query(vectors[:100], 10), loaded.query(vectors[:100], 10)):
        np.testing.assert_array_equal(after[0], before[0])
        np.testing.assert_array_equal(after[1], before[1])


@each_metric
@each_kind
def test_others_of_a_row_among_duplicates_never_hold_the_row_itself(kind, metric):
    vectors = np.repeat(np.float32([[1, 2], [2, 1]]), 30, axis=0)
    distances, rows = query_others(kind(metric).build(vectors), np.arange(60), 5)
    assert rows.shape == (60, 5)
    assert (rows != np.arange(60)[:, None]).all()
    np.testing.assert_array_equal(distances, 0)


@each_metric
@given(vectors=small_integers.filter(lambda vectors: len(vectors) > 1))
def test_others_are_the_neighbours_in_an_index_without_the_row(metric, vectors):
    k = len(vectors) - 1
    distances, rows = query_others(ExactIndex(metric).build(vectors), np.arange(len(vectors)), k)
    for row in range(len(vectors)):
        rest = np.delete(np.arange(len(vectors)), row)
        expected_distances, expected = ExactIndex(metric).build(vectors[rest]).query(vectors[[row]], k)
        np.testing.assert_array_equal(rows[row], rest[expected[0]])
        np.testing.assert_array_equal(distances[row], expected_distances[0])
