"""Indexes that change while they serve: rows come, go and are filtered, and the answers are those of what is left."""

import pickle
import re
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors

from skgenre.neighbors import INDEXES, AnnoyIndex, ExactIndex, VoyagerIndex, make_index, query_others
from skgenre.neighbors._growing import GrowingArray

without_voyager = pytest.mark.skipif(find_spec("voyager") is None, reason="voyager is not installed")
each_kind = pytest.mark.parametrize("kind", [ExactIndex, AnnoyIndex, pytest.param(VoyagerIndex, marks=without_voyager)])
each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


def spread(n_rows, n_dims=4, random_state=0):
    return np.random.default_rng(random_state).standard_normal((n_rows, n_dims)).astype(np.float32)


def assert_answers_are_those_of(index, rows, queries, n_neighbors, **how):
    """Check that an index gives, nearly everywhere, what an exact one built on these rows alone gives."""
    alone = ExactIndex(index.metric).build(index.vectors[rows])
    expected_distances, expected = alone.query(queries, n_neighbors)
    distances, found = index.query(queries, n_neighbors, **how)
    same = found == np.asarray(rows)[expected]
    assert same.mean() > (0.97 if index.effort is not None else 0.9999)
    np.testing.assert_allclose(distances[same], expected_distances[same], rtol=1e-12)


@each_metric
@each_kind
def test_what_is_added_is_found_and_what_is_removed_is_not(kind, metric):
    vectors = spread(600)
    index = kind(metric).build(vectors[:300])
    np.testing.assert_array_equal(index.add(vectors[300:350]), np.arange(300, 350))
    np.testing.assert_array_equal(index.add(vectors[350:]), np.arange(350, 600))
    index.remove(np.arange(0, 600, 3))
    np.testing.assert_array_equal(index.vectors, vectors)
    np.testing.assert_array_equal(index.alive, np.arange(600) % 3 > 0)
    assert (len(index), index.n_rows) == (400, 600)
    assert_answers_are_those_of(index, np.flatnonzero(index.alive), vectors, 8)


@each_metric
@settings(max_examples=40)
@given(data=st.data())
def test_any_changes_leave_the_exact_answers_of_what_is_left(metric, data):
    left = dict(enumerate(spread(5)))
    index = ExactIndex(metric).build(np.array(list(left.values())))
    for seed in range(1, data.draw(st.integers(1, 6))):
        if data.draw(st.booleans()):
            block = spread(data.draw(st.integers(0, 9)), random_state=seed)
            left |= dict(zip(index.add(block).tolist(), block, strict=True))
        else:
            gone = data.draw(st.lists(st.sampled_from(sorted(left)), unique=True, max_size=len(left) - 1))
            index.remove(gone)
            left = {row: vector for row, vector in left.items() if row not in gone}
    if data.draw(st.booleans()):
        kept = index.compact()
        np.testing.assert_array_equal(kept, sorted(left))
        left = {number: left[row] for number, row in enumerate(kept.tolist())}
    rows, queries = np.array(sorted(left)), spread(3, random_state=99)
    distances, found = index.query(queries, len(left))
    expected_distances, expected = (
        ExactIndex(metric).build(np.array([left[row] for row in rows])).query(queries, len(left))
    )
    np.testing.assert_array_equal(found, rows[expected])
    np.testing.assert_array_equal(distances, expected_distances)


@each_metric
@each_kind
@pytest.mark.parametrize("share", [0.9, 0.3, 0.02])
def test_only_the_allowed_are_answers(kind, metric, share):
    vectors = spread(1000)
    index = kind(metric).build(vectors)
    index.remove([1, 2, 3])
    allowed = np.random.default_rng(1).random(1000) < share
    allowed[1] = True
    rows = np.setdiff1d(np.flatnonzero(allowed), [1, 2, 3])
    assert_answers_are_those_of(index, rows, vectors[:200], 7, allowed=allowed)


@each_kind
def test_a_filter_far_from_the_query_is_answered_in_full(kind):
    vectors = np.concatenate([spread(1000), spread(400) + 100])
    index = kind("euclidean").build(vectors)
    allowed = np.arange(1400) >= 1000
    assert_answers_are_those_of(index, np.flatnonzero(allowed), vectors[:50], 20, allowed=allowed)


@each_kind
def test_a_filter_passes_over_nothing_that_was_added_later(kind):
    places = np.r_[np.arange(10, 110), np.arange(1, 21) / 10]
    index = kind("euclidean").build(np.c_[places, places][:100])
    index.add(np.c_[places, places][100:])
    allowed = np.arange(120) < 40
    allowed[119] = True
    assert index.query([[0, 0]], 1, allowed=allowed)[1].tolist() == [[119]]


@each_metric
@each_kind
def test_compact_closes_the_gaps_and_tells_the_old_numbers(kind, metric):
    vectors = spread(300)
    index = kind(metric).build(vectors)
    index.remove(np.arange(100))
    np.testing.assert_array_equal(index.compact(), np.arange(100, 300))
    assert index.n_rows == len(index) == 200
    np.testing.assert_array_equal(index.vectors, vectors[100:])
    np.testing.assert_array_equal(index.query(vectors[100:], 1)[1][:, 0], np.arange(200))


@each_kind
def test_what_lies_much_farther_than_the_first_vectors_is_told_apart(kind):
    index = kind("euclidean").build(spread(200))
    index.remove([7])
    far = np.float32(1e12) * (1 + np.arange(100, dtype=np.float32)[:, None] / 64) * np.ones((1, 4), dtype=np.float32)
    rows = index.add(far)
    np.testing.assert_array_equal(index.query(far, 1)[1][:, 0], rows)
    assert 7 not in index.query(index.vectors[[7]], 199)[1]


@each_metric
@each_kind
def test_all_within_a_radius_are_those_that_scikit_learn_finds(kind, metric):
    vectors, queries = spread(800), spread(60, random_state=1)
    index = kind(metric).build(vectors)
    radius = float(np.median(index.query(queries, 20)[0][:, -1]))
    truth = NearestNeighbors(metric=metric, algorithm="brute").fit(vectors.astype(np.float64))
    expected = truth.radius_neighbors(queries.astype(np.float64), radius, sort_results=True)
    distances, rows = index.query_radius(queries, radius)
    assert [len(far) for far in distances] == [len(near) for near in rows]
    shared = sum(len(np.intersect1d(*pair)) for pair in zip(rows, expected[1], strict=True))
    assert shared / sum(map(len, expected[1])) > (0.97 if index.effort is not None else 0.9999)
    assert sum(map(len, rows)) <= sum(map(len, expected[1]))
    assert all((np.diff(far) >= 0).all() for far in distances)


def test_a_radius_includes_what_lies_on_it_and_may_be_zero_or_infinite():
    index = ExactIndex("euclidean").build([[0.0], [3.0], [3.0], [-4.0]])
    distances, rows = index.query_radius([[0.0], [100.0]], 3.0)
    np.testing.assert_array_equal(rows[0], [0, 1, 2])
    np.testing.assert_array_equal(distances[0], [0, 3, 3])
    assert rows[1].size == distances[1].size == 0
    np.testing.assert_array_equal(index.query_radius([[3.0]], 0)[1][0], [1, 2])
    np.testing.assert_array_equal(index.query_radius([[3.0]], np.inf)[1][0], [1, 2, 0, 3])
    index.remove([0, 1, 2, 3])
    assert index.query_radius([[3.0]], 1)[1][0].size == 0


@each_kind
def test_a_radius_and_a_filter_go_together(kind):
    vectors = spread(500)
    index = kind("euclidean").build(vectors)
    allowed = np.arange(500) % 2 == 0
    _, rows = index.query_radius(vectors[:5], 1.0, allowed=allowed)
    assert all(allowed[near].all() for near in rows)
    assert sum(map(len, rows)) > 5


def test_others_of_rows_respect_a_filter_that_leaves_some_of_them_out():
    index = ExactIndex("euclidean").build([[0.0], [1.0], [3.0], [7.0]])
    allowed = np.array([True, False, True, True])
    _, rows = query_others(index, np.array([0, 1]), 2, allowed=allowed)
    np.testing.assert_array_equal(rows, [[2, 3], [0, 2]])
    _, rows = query_others(index, np.array([1]), 3, allowed=allowed)
    np.testing.assert_array_equal(rows, [[0, 2, 3]])
    with pytest.raises(ValueError, match="n_neighbors must be from 1 to 2, the other rows allowed, got 3"):
        query_others(index, np.array([0, 1]), 3, allowed=allowed)


@each_kind
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda index: index.query([[1, 2]], 1), "queries must have 4 dimensions as the index has, got 2"),
        (lambda index: index.query([1, 2, 3, 4], 1), r"queries must be of shape \(n, n_dims\), got shape \(4,\)"),
        (lambda index: index.query([[1, 2, 3, np.nan]], 1), "queries must be finite and fit in float32, row 0 is not"),
        (lambda index: index.query([[0, 0, 0, 1], [1e300, 0, 0, 0]], 1), "row 1 is not"),
        (lambda index: index.query([[1, 2, 3, 4]], 0), "n_neighbors must be from 1 to 19, the rows alive, got 0"),
        (lambda index: index.query([[1, 2, 3, 4]], 2.5), "n_neighbors must be from 1 to 19, the rows alive, got 2.5"),
        (lambda index: index.query([[1, 2, 3, 4]], "2"), "n_neighbors must be from 1 to 19, the rows alive, got '2'"),
        (lambda index: query_others(index, [1], 2.5), "n_neighbors must be from 1 to 18, the other rows .* got 2.5"),
        (lambda index: index.query([[1, 2, 3, 4]], 20), "n_neighbors must be from 1 to 19, the rows alive, got 20"),
        (
            lambda index: index.query([[1, 2, 3, 4]], 3, allowed=np.arange(20) < 3),
            "n_neighbors must be from 1 to 2, the rows allowed and alive, got 3",
        ),
        (lambda index: index.query([[1, 2, 3, 4]], 1, allowed=[True]), "allowed must hold a bool for each of 20 rows"),
        (lambda index: index.query([[1, 2, 3, 4]], 1, allowed=np.arange(20)), "allowed must hold a bool .* got int64"),
        (lambda index: index.query_radius([[1, 2, 3, 4]], -1), "radius must be a number >= 0, got -1"),
        (lambda index: index.query_radius([[1, 2, 3, 4]], np.nan), "radius must be a number >= 0, got nan"),
        (lambda index: index.add([[1, 2]]), "vectors must have 4 dimensions as the index has, got 2"),
        (lambda index: index.add([[1, 2, 3, np.inf]]), "vectors must be finite and fit in float32, row 0 is not"),
        (lambda index: index.remove([20]), "rows must be from 0 to 19, got 20"),
        (lambda index: index.remove([-1]), "rows must be from 0 to 19, got -1"),
        (lambda index: index.remove([1, 1]), r"rows must be different, got \[1 1\]"),
        (lambda index: index.remove([1, 0]), "row 0 was removed"),
        (lambda index: index.remove([0.5]), "rows must be a list of integers, got float64"),
        (lambda index: index.take([0]), "row 0 was removed"),
        (lambda index: index.build(np.empty((0, 4))), r"vectors must hold at least one row .* got shape \(0, 4\)"),
        (lambda index: index.build([[1.0, np.nan]]), "vectors must be finite and fit in float32, row 0 is not"),
    ],
)
def test_bad_input_is_a_clear_error_and_leaves_the_index_as_it_was(kind, call, message):
    vectors = spread(20)
    index = kind("euclidean").build(vectors)
    index.remove([0])
    before = index.query(vectors, 19)
    with pytest.raises(ValueError, match=message):
        call(index)
    for was, is_ in zip(before, index.query(vectors, 19), strict=True):
        np.testing.assert_array_equal(is_, was)


@each_kind
def test_an_index_may_run_empty_and_fill_again(kind):
    index = kind("euclidean").build(spread(10))
    index.remove(np.arange(10))
    assert len(index) == 0
    with pytest.raises(ValueError, match="n_neighbors must be from 1 to 0"):
        index.query(spread(1), 1)
    with pytest.raises(ValueError, match="at least one row, and all were removed"):
        index.compact()
    assert index.query_radius(spread(1), np.inf)[1][0].size == 0
    rows = index.add(spread(10))
    np.testing.assert_array_equal(index.query(spread(10), 1)[1][:, 0], rows)


@each_kind
def test_an_index_that_was_not_built_says_so(kind):
    empty = pickle.loads(pickle.dumps(kind()))
    assert len(empty) == 0
    for call in (
        lambda: empty.query(spread(1), 1),
        lambda: empty.query_radius(spread(1), 1),
        lambda: empty.add(spread(1)),
        lambda: empty.remove([0]),
        lambda: empty.take([0]),
        lambda: empty.compact(),
    ):
        with pytest.raises(NotFittedError, match=f"this {kind.__name__} holds no vectors yet: build it first"):
            call()
    assert empty.build(spread(3)).query(spread(1), 1)[1] == [[0]]


@each_kind
def test_no_queries_get_no_answers(kind):
    index = kind().build(spread(10))
    distances, rows = index.query(np.empty((0, 4)), 3)
    assert distances.shape == rows.shape == (0, 3)
    assert index.query_radius(np.empty((0, 4)), 3) == ([], [])


@each_kind
def test_what_was_handed_out_before_a_change_stays_as_it_was(kind):
    index = kind().build(spread(10))
    vectors, alive = index.vectors, index.alive
    index.remove([1])
    index.add(spread(50))
    np.testing.assert_array_equal(vectors, spread(10))
    assert alive.all()


@pytest.mark.parametrize("step", ["append", "_add_points", "_append_alive"])
@pytest.mark.parametrize("n_more", [10, 90])
@each_kind
def test_an_addition_that_fails_at_any_step_leaves_the_index_as_it_was(kind, n_more, step, monkeypatch):
    vectors, queries = spread(300), spread(20, random_state=1)
    index = kind("euclidean").build(vectors[:200])
    before = index.query(queries, 5)

    def fail_after(method):
        def failing(*args):
            method(*args)
            raise MemoryError

        return failing

    with monkeypatch.context() as patch:
        owner = GrowingArray if step == "append" else kind
        patch.setattr(owner, step, fail_after(getattr(owner, step)))
        with pytest.raises(MemoryError):
            index.add(spread(n_more, random_state=2))
    assert (len(index), index.n_rows, len(index.vectors)) == (200, 200, 200)
    for found, expected in zip(index.query(queries, 5), before, strict=True):
        np.testing.assert_array_equal(found, expected)
    index.add(vectors[200:])
    assert_answers_are_those_of(index, np.arange(300), queries, 5)


def test_an_index_is_made_by_the_name_of_its_algorithm():
    assert isinstance(make_index("auto", n_rows=100_000), ExactIndex)
    big = make_index("auto", "euclidean", n_rows=100_001, seed=5)
    assert (big.name, big.metric, big.seed) == ("voyager" if find_spec("voyager") else "annoy", "euclidean", 5)
    assert make_index("annoy", n_trees=7).n_trees == 7
    with pytest.raises(ValueError, match=r"algorithm must be one of \['auto', 'exact', .*, got 'flann'"):
        make_index("flann")
    with pytest.raises(ValueError, match='metric must be "cosine" or "euclidean", got \'manhattan\''):
        make_index("exact", "manhattan")


@pytest.mark.parametrize(
    ("algorithm", "name", "value", "least"),
    [
        ("annoy", "n_trees", 0, 1),
        ("annoy", "n_trees", 2.5, 1),
        ("annoy", "effort", -1, 0),
        ("annoy", "effort", "much", 0),
        ("annoy", "seed", 2**40, 0),
        ("voyager", "n_links", 0, 2),  # the library would crash
        ("voyager", "n_links", 1, 2),
        ("voyager", "build_effort", 0, 1),
        ("voyager", "effort", 1.5, 0),
        ("voyager", "n_threads", -2, -1),
        ("milvus", "n_links", 1, 2),
        ("milvus", "effort", None, 0),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(algorithm, name, value, least):
    with pytest.raises(ValueError, match=re.escape(f"{name} must be an integer from {least} to {2**31 - 1}, got")):
        INDEXES[algorithm](**{name: value})


def test_a_time_that_is_none_is_named():
    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0, got 0"):
        INDEXES["milvus"](timeout=0)


def test_voyager_says_how_to_install_it_where_it_is_absent(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "voyager", None)
    with pytest.raises(ImportError, match=r'pip install "skgenre\[voyager\]"'):
        make_index("voyager")
