"""Distances of pairs: what the programs work out is what numpy does, to the last digit, in the order they promise."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances

from skgenre.neighbors import AnnoyIndex, _space, load_index
from skgenre.neighbors._pairs import FEW, distances_of, ends_and_points, nearest_first

each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])
each_width = pytest.mark.parametrize("n_dims", [1, 2, 15, 16, 17, 31, 32, 128, 500])


def vectors_of(n, n_dims, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_dims)).astype(np.float32)


def placed(vectors, metric, centre=None, scale=1.0):
    centre = np.zeros(vectors.shape[1]) if centre is None else centre
    return ends_and_points(vectors, metric, centre, np.array([scale]))


def every_pair(n, m):
    return np.repeat(np.arange(n), m), np.tile(np.arange(m), n)


def summed(numbers):
    """Add numbers as the programs do: sixteen sums, their halves, the halves of these, and so on."""
    lanes = np.zeros(16)
    for start in range(0, len(numbers) // 16 * 16, 16):
        lanes = lanes + numbers[start : start + 16]
    rest = numbers[len(numbers) // 16 * 16 :]
    lanes = lanes + np.pad(rest, (0, 16 - len(rest)))
    while len(lanes) > 1:
        lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
    return lanes[0]


@each_metric
@each_width
def test_distances_are_those_of_scipy_and_sklearn(metric, n_dims):
    vectors, queries = vectors_of(30, n_dims), vectors_of(7, n_dims, seed=1)
    asked, found = every_pair(7, 30)
    distances = distances_of(placed(queries, metric)[0], asked, vectors, found, metric).reshape(7, 30)
    true = cdist if metric == "euclidean" else cosine_distances
    np.testing.assert_allclose(distances, true(queries.astype(float), vectors.astype(float)), rtol=1e-12, atol=1e-15)


@each_width
def test_the_order_of_the_sums_is_the_same_everywhere(n_dims):
    a, b = vectors_of(1, n_dims), vectors_of(1, n_dims, seed=1)
    zero = np.array([0])
    far = distances_of(placed(a, "euclidean")[0], zero, b, zero, "euclidean")
    assert far[0] == np.sqrt(summed((a[0].astype(float) - b[0]) ** 2))
    near = distances_of(placed(a, "cosine")[0], zero, b, zero, "cosine")
    one, other = (v[0].astype(float) / np.sqrt(summed(v[0].astype(float) ** 2)) for v in (a, b))
    assert near[0] == min(summed((one - other) ** 2) / 2, 2)


@each_metric
@each_width
def test_a_pair_is_as_far_apart_both_ways_and_a_vector_lies_at_itself(metric, n_dims):
    vectors = vectors_of(20, n_dims)
    distances = distances_of(
        placed(vectors, metric)[0], *every_pair(20, 20)[:1], vectors, every_pair(20, 20)[1], metric
    )
    distances = distances.reshape(20, 20)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(distances.diagonal(), 0)


@each_width
def test_points_are_centred_and_scaled_or_of_length_one(n_dims):
    vectors, centre = vectors_of(9, n_dims), np.random.default_rng(2).standard_normal(n_dims)
    vectors[4] = 0
    ends, points = placed(vectors, "euclidean", centre, 3.0)
    np.testing.assert_array_equal(ends, vectors)
    np.testing.assert_array_equal(points, ((vectors - centre) / 3).astype(np.float32))
    ends, points = placed(vectors, "cosine")
    lengths = np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    directed = np.arange(9) != 4
    np.testing.assert_allclose(ends[directed], (vectors / np.where(lengths > 0, lengths, 1))[directed], rtol=1e-14)
    assert np.isnan(ends[4]).all()
    np.testing.assert_array_equal(points[4], 0)
    np.testing.assert_array_equal(points[directed], ends[directed].astype(np.float32))


def test_zero_vectors_lie_at_distance_1_from_all_under_cosine():
    vectors = np.float32([[0, 0, 0], [1, 2, 3]])
    distances = distances_of(
        placed(vectors, "cosine")[0], *every_pair(2, 2)[:1], vectors, every_pair(2, 2)[1], "cosine"
    )
    np.testing.assert_array_equal(distances, [1, 1, 1, 0])


def test_numbers_at_both_ends_of_single_precision_keep_their_distances():
    vectors = np.float32([[3e38, 3e38], [-3e38, 3e38], [1e-45, 0], [0, 1e-45]])
    asked, found = every_pair(4, 4)
    euclidean = distances_of(placed(vectors, "euclidean")[0], asked, vectors, found, "euclidean").reshape(4, 4)
    np.testing.assert_allclose(euclidean, cdist(vectors.astype(float), vectors.astype(float)), rtol=1e-15)
    cosine = distances_of(placed(vectors, "cosine")[0], asked, vectors, found, "cosine").reshape(4, 4)
    half = 1 - np.sqrt(0.5)
    expected = [[0, 1, half, half], [1, 0, 2 - half, half], [half, 2 - half, 0, 1], [half, half, 1, 0]]
    np.testing.assert_allclose(cosine, expected, atol=1e-15)


@each_metric
@given(
    n_each=st.integers(1, FEW),
    n_queries=st.integers(1, 4),
    n_dims=st.sampled_from([1, 3, 16, 20]),
    n_none=st.integers(0, 5),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_nearest_come_first_and_of_equally_near_ones_the_lower_row(metric, n_each, n_queries, n_dims, n_none, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-1, 2, size=(80, n_dims)).astype(np.float32)  # many are equal, and some zero
    ends = placed(rng.integers(-1, 2, size=(n_queries, n_dims)).astype(np.float32), metric)[0]
    found = np.stack([rng.permutation(80)[:n_each] for _ in range(n_queries)])
    found[rng.integers(n_queries), n_each - min(n_each, n_none) :] = -1
    distances, rows = nearest_first(ends, vectors, found, metric)
    true = distances_of(ends, np.repeat(np.arange(n_queries), n_each), vectors, found.ravel(), metric)
    true = np.where(found < 0, np.inf, true.reshape(found.shape))
    order = np.lexsort((found, true), axis=1)
    np.testing.assert_array_equal(distances, np.take_along_axis(true, order, axis=1))
    np.testing.assert_array_equal(rows, np.take_along_axis(found, order, axis=1))


@pytest.mark.parametrize("n_each", [0, FEW + 1])
def test_more_than_there_is_room_for_are_not_put_in_order(n_each):
    vectors = vectors_of(100, 4)
    with pytest.raises(ValueError, match=f"found must hold from 1 to {FEW} rows for each query, got {n_each}"):
        nearest_first(placed(vectors[:2], "cosine")[0], vectors, np.zeros((2, n_each), dtype=int), "cosine")


def test_no_pair_has_no_distance():
    vectors, nobody = vectors_of(3, 4), np.empty(0, dtype=np.intp)
    ends = placed(vectors[:0], "cosine")[0]
    assert ends.shape == (0, 4)
    assert distances_of(ends, nobody, vectors, nobody, "cosine").shape == (0,)
    assert nearest_first(ends, vectors, np.empty((0, 2), dtype=int), "cosine")[1].shape == (0, 2)


@each_metric
@pytest.mark.parametrize("n_queries", [1, 9])
def test_few_and_many_are_put_in_the_same_order(metric, n_queries, monkeypatch):
    vectors = np.random.default_rng(0).integers(-1, 2, size=(200, 3)).astype(np.float32)
    index = AnnoyIndex(metric).build(vectors)
    expected = index.query(vectors[:n_queries], 20)
    monkeypatch.setattr(_space, "FEW", 0)
    for ours, other in zip(index.query(vectors[:n_queries], 20), expected, strict=True):
        np.testing.assert_array_equal(ours, other)


THREADS = """
import threading
import numpy as np
from skgenre.neighbors import ExactIndex, _pairs

def ask(index, barrier, query):
    barrier.wait()
    index.query(query, 3)

for n_dims in range(20, 40):
    vectors = np.random.default_rng(0).standard_normal((50, n_dims)).astype(np.float32)
    index = ExactIndex("cosine").build(vectors)
    for program in (_pairs._placing, _pairs._measuring, _pairs._ranking):
        program.cache_clear()
    barrier = threading.Barrier(3)
    threads = [threading.Thread(target=ask, args=(index, barrier, vectors[[k]])) for k in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print("all answered")
"""


def test_threads_may_be_the_first_to_ask_at_once():
    """In a process of its own, which would crash: each makes the same program, and only one is kept."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False)
    assert done.stdout == "all answered\n", done.stderr


@each_metric
def test_vectors_in_the_other_byte_order_have_the_same_answers(metric, tmp_path):
    vectors = vectors_of(60, 20)
    index = AnnoyIndex(metric).build(vectors)
    index.save(tmp_path)
    (path,) = tmp_path.rglob("vectors.npy")
    np.save(path, vectors.astype(">f4"))
    loaded = load_index(tmp_path, verify=False)
    for queries in (vectors[:1], vectors[:9]):
        for ours, expected in zip(loaded.query(queries, 5), index.query(queries, 5), strict=True):
            np.testing.assert_array_equal(ours, expected)
