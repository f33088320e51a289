"""Rows that an index comes to know last, and queries that come alone: both are answered as all others are."""

import pickle
from importlib.util import find_spec

import numpy as np
import pytest

from skgenre.neighbors import AnnoyIndex, ExactIndex, VoyagerIndex

without_voyager = pytest.mark.skipif(find_spec("voyager") is None, reason="voyager is not installed")
each_kind = pytest.mark.parametrize("kind", [ExactIndex, AnnoyIndex, pytest.param(VoyagerIndex, marks=without_voyager)])
each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])


def spread(n_rows, n_dims=4, random_state=0):
    return np.random.default_rng(random_state).standard_normal((n_rows, n_dims)).astype(np.float32)


def share_found(index, rows, queries):
    """Return how many of the answers are those of an exact index on these rows alone."""
    expected = np.asarray(rows)[ExactIndex(index.metric).build(index.vectors[rows]).query(queries, 8)[1]]
    return (index.query(queries, 8)[1] == expected).mean()


@each_metric
@each_kind
def test_what_is_held_out_is_found_after_the_trial_and_not_in_it(kind, metric):
    vectors, held_out = spread(600), np.arange(0, 600, 6)
    others = np.setdiff1d(np.arange(600), held_out)
    index, seen = kind(metric), []

    def trial():
        seen.append(index.query(vectors[held_out], 8)[1])
        assert share_found(index, others, vectors[held_out]) > 0.97
        assert len(index) == 500

    index.build(vectors, held_out=held_out, trial=trial)
    assert len(seen) == 1
    assert not np.isin(seen[0], held_out).any()
    assert share_found(index, np.arange(600), vectors) > 0.97
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(index)).query(vectors, 8)[1], index.query(vectors, 8)[1])


@each_kind
def test_a_trial_that_fails_leaves_the_index_as_it_was(kind):
    vectors = spread(100)
    index = kind("euclidean").build(vectors[:60])

    def die():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        index.build(vectors, held_out=[3], trial=die)
    assert share_found(index, np.arange(60), vectors) > 0.97
    with pytest.raises(ValueError, match="held_out must leave some rows, got all"):
        index.build(vectors, held_out=np.arange(100))
    with pytest.raises(ValueError, match="rows must be from 0 to 99, got 100"):
        index.build(vectors, held_out=[100])


@each_metric
@each_kind
def test_a_lone_query_is_answered_as_in_a_batch(kind, metric):
    vectors = np.concatenate([spread(300), np.repeat(spread(3, random_state=1), 20, axis=0), np.zeros((2, 4))])
    queries = np.concatenate([vectors[::7], [[0, 0, 0, 0], [1e18, 0, 0, 0], [1e30, -1e30, 0, 0]]]).astype(np.float32)
    index = kind(metric, **({"effort": 300} if kind is not ExactIndex else {})).build(vectors.astype(np.float32))
    distances, rows = index.query(queries, 5)
    for number in range(len(queries)):
        alone = index.query(queries[[number]], 5)
        np.testing.assert_array_equal(alone[0][0], distances[number])
        np.testing.assert_array_equal(alone[1][0], rows[number])


@each_kind
def test_a_lone_query_has_equal_distances_in_order_of_row(kind):
    n_dims = 16
    query = np.full((1, n_dims), 3, dtype=np.float32)
    around = query + np.concatenate([np.eye(n_dims), -np.eye(n_dims)])  # the points of a search are rounded, and differ
    vectors = np.concatenate([around, 10 * spread(100, n_dims) + 40])[np.random.default_rng(0).permutation(132)]
    index = kind("euclidean").build(vectors.astype(np.float32))
    distances, rows = index.query(query, 32)
    np.testing.assert_array_equal(distances[0], 1)
    np.testing.assert_array_equal(rows[0], np.flatnonzero((np.abs(vectors - query) <= 1).all(axis=1)))
