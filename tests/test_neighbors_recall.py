"""The promised recall: measured as anybody would, and held or warned of."""

import pickle
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from skgenre.neighbors import (
    AnnoyIndex,
    ExactIndex,
    RecallSample,
    RecallWarning,
    VoyagerIndex,
    load_index,
    tune_effort,
)

without_voyager = pytest.mark.skipif(find_spec("voyager") is None, reason="voyager is not installed")
HASTY = [
    pytest.param(lambda metric: AnnoyIndex(metric, n_trees=5, effort=1), id="annoy"),
    pytest.param(
        lambda metric: VoyagerIndex(metric, n_links=6, build_effort=30, effort=0), marks=without_voyager, id="voyager"
    ),
]
each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


def vectors_and_queries(n_rows=3000, n_queries=400, n_dims=24):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((n_rows + n_queries, n_dims)) * np.arange(1, n_dims + 1) ** -0.5
    return np.split(vectors.astype(np.float32), [n_rows])


def recall_of(index, queries, n_neighbors=10):
    """Compute the recall by counting shared rows, on queries of our own."""
    exact = ExactIndex(index.metric).build(index.vectors)
    expected, found = (one.query(queries, n_neighbors)[1] for one in (exact, index))
    return np.mean([len(np.intersect1d(*pair)) / n_neighbors for pair in zip(expected, found, strict=True)])


@each_metric
@pytest.mark.parametrize("hasty", HASTY)
@pytest.mark.parametrize("recall", [0.8, 0.98])
def test_the_promised_recall_holds_on_queries_that_were_not_in_the_sample(hasty, metric, recall):
    vectors, queries = vectors_and_queries()
    index = hasty(metric).build(vectors)
    reached = tune_effort(index, recall=recall, random_state=0)
    assert reached >= recall
    assert recall_of(index, queries) >= recall - 0.02
    assert abs(recall_of(index, queries) - reached) < 0.05


def of_each_shape(n_rows):
    """Draw vectors with no clusters, tight ones, few dimensions, and copies."""
    rng = np.random.default_rng(1)
    centres = 3 * rng.standard_normal((20, 32))
    yield rng.standard_normal((n_rows, 32))
    yield centres[rng.integers(20, size=n_rows)] + rng.standard_normal((n_rows, 32))
    yield np.sin(rng.standard_normal((n_rows, 4)) @ rng.standard_normal((4, 32)))
    yield np.repeat(rng.standard_normal((n_rows // 4, 32)), 4, axis=0)[rng.permutation(n_rows)]


@each_metric
@pytest.mark.parametrize("hasty", HASTY)
def test_an_index_that_is_built_to_a_recall_finds_as_much_for_vectors_it_has_never_seen(hasty, metric):
    for vectors in of_each_shape(3500):
        known, strangers = np.split(vectors.astype(np.float32), [3000])
        index = hasty(metric)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reached = tune_effort(index, known, recall=0.9, random_state=0)
        expected = ExactIndex(metric).build(known).query(strangers, 10)[0][:, -1:]
        found = index.query(strangers, 10)[0] <= expected
        assert reached >= 0.9
        assert found.mean() > 0.885  # where 500 queries are drawn and 150 were
        np.testing.assert_array_equal(index.vectors, known)
        assert len(index) == 3000


def test_building_to_a_recall_leaves_nothing_out():
    vectors, _ = vectors_and_queries()
    index = AnnoyIndex(n_trees=5)
    tune_effort(index, vectors, recall=0.9, random_state=0)
    index.effort = 1000
    np.testing.assert_array_equal(index.query(vectors[::20], 1)[1][:, 0], np.arange(len(vectors))[::20])


def test_too_few_to_hold_some_out_are_built_and_asked_as_they_are():
    index = AnnoyIndex(effort=7)
    assert tune_effort(index, np.eye(4), recall=0.9, random_state=0) == 1
    assert len(index) == 4
    alone = AnnoyIndex(effort=7)
    assert tune_effort(alone, np.eye(4)[:1]) == 1
    assert (len(alone), alone.effort) == (1, 7)
    exact = ExactIndex()
    assert tune_effort(exact, np.eye(100)) == 1
    assert len(exact) == 100


@each_metric
@pytest.mark.parametrize("hasty", HASTY)
def test_the_recall_holds_for_fewer_neighbours_too(hasty, metric, tmp_path):
    vectors, queries = vectors_and_queries()
    index = hasty(metric).build(vectors)
    tune_effort(index, recall=0.9, n_neighbors=20, random_state=0)
    index.save(tmp_path)
    for one in (index, pickle.loads(pickle.dumps(index)), load_index(tmp_path)):
        assert one.n_tuned == 20
        assert min(recall_of(one, queries, k) for k in (1, 3, 20)) >= 0.88


@pytest.mark.parametrize("hasty", HASTY)
def test_no_more_effort_is_spent_than_needed(hasty):
    vectors, queries = vectors_and_queries()
    index = hasty("cosine").build(vectors)
    efforts = []
    for recall in (0.5, 0.9, 0.99):
        tune_effort(index, recall=recall, random_state=0)
        efforts.append(index.effort)
    assert efforts == sorted(set(efforts))
    index.effort //= 2
    assert recall_of(index, queries) < 0.99


def test_one_seed_gives_one_effort():
    index = AnnoyIndex(n_trees=5).build(vectors_and_queries()[0])
    efforts = set()
    for _ in range(2):
        tune_effort(index, recall=0.9, random_state=3)
        efforts.add(index.effort)
    assert len(efforts) == 1


@without_voyager
def test_a_recall_out_of_reach_is_warned_of_and_the_best_effort_stays():
    vectors, queries = vectors_and_queries()
    index = VoyagerIndex(n_links=2, build_effort=2, effort=0).build(vectors)
    with pytest.warns(RecallWarning, match=r"VoyagerIndex reaches a recall of 0\.\d+ and no more, 0.999 was asked"):
        reached = tune_effort(index, recall=0.999, random_state=0)
    assert abs(recall_of(index, queries) - reached) < 0.1
    assert index.effort > 1


@each_metric
def test_duplicates_and_zeros_count_as_found_at_their_distance(metric):
    vectors = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    vectors[:50] = 0
    index = AnnoyIndex(metric, n_trees=5).build(vectors)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tune_effort(index, recall=1.0, random_state=0) == 1


def test_removed_rows_are_neither_asked_nor_missed():
    vectors, _ = vectors_and_queries(n_rows=1000)
    index = AnnoyIndex(n_trees=5).build(vectors)
    index.remove(np.arange(0, 1000, 2))
    assert tune_effort(index, recall=0.9, random_state=0) >= 0.9


def test_an_exact_index_and_a_lone_row_are_left_alone():
    exact, alone = ExactIndex().build(np.eye(3)), AnnoyIndex(effort=7).build(np.eye(3)[:1])
    assert tune_effort(exact) == tune_effort(alone) == 1.0
    assert (exact.effort, alone.effort) == (None, 7)
    with pytest.raises(ValueError, match="a recall can be measured from two rows on, the index holds 1"):
        RecallSample(alone)


@pytest.mark.parametrize("recall", [0, -1, 1.1, np.nan, "much"])
def test_a_recall_that_is_none_is_an_error(recall):
    with pytest.raises(ValueError, match="recall must be above 0 and at most 1, got"):
        tune_effort(ExactIndex().build(np.eye(3)), recall=recall)


def test_a_sample_of_nothing_is_an_error():
    index = AnnoyIndex().build(np.eye(5))
    with pytest.raises(ValueError, match=r"n_neighbors must be an integer from 1 to .*, got 0"):
        tune_effort(index, n_neighbors=0)
    with pytest.raises(ValueError, match=r"n_queries must be an integer from 1 to .*, got 0"):
        tune_effort(index, n_queries=0)


def test_a_sample_measures_what_is_found():
    vectors, _ = vectors_and_queries(n_rows=500)
    index = AnnoyIndex(n_trees=1, effort=1).build(vectors)
    sample = RecallSample(index, n_queries=101, random_state=0)
    of_rows, of_strangers = sample.measure(ExactIndex().build(vectors))
    assert of_rows.tolist() == [1.0] * 51
    assert of_strangers.tolist() == [1.0] * 50
    assert all(0 < half.mean() < 0.9 for half in sample.measure(index))
