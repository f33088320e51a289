"""Sequences and arrays with one row per track: every index that scikit-learn uses."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_array, indexable, resample, shuffle

from skgenre._rows import RowArray, RowSequence


class Letters(RowSequence):
    """Rows that are letters."""

    def __init__(self, letters):
        self.letters = tuple(letters)

    def __len__(self):
        return len(self.letters)

    def _row(self, position):
        return np.array(self.letters[position])

    def _take(self, positions):
        return Letters(self.letters[position] for position in positions)


@pytest.fixture
def letters():
    return Letters("abcde")


@pytest.mark.parametrize("key", [0, 4, -1, -5, np.int64(2), np.int8(-2), np.array(3)])
def test_an_integer_gives_the_row(letters, key):
    assert letters[key] == "abcde"[int(key)]


@pytest.mark.parametrize(
    ("key", "chosen"),
    [
        (slice(1, 3), "bc"),
        (slice(None, None, -2), "eca"),
        (slice(7, 9), ""),
        ([4, 0, 0], "eaa"),
        ([-1, 1], "eb"),
        (np.array([2, 3], dtype=np.uint8), "cd"),
        (range(2), "ab"),
        ([], ""),
        (np.array([], dtype=np.intp), ""),
        ([True, False, False, True, False], "ad"),
        (np.array([False, True, True, False, False]), "bc"),
        (pd.Series([True, False, True, False, False]), "ac"),
        (([3, 1], ...), "db"),
        ((slice(2), ...), "ab"),
        ((np.array([True, False, False, False, True]), ...), "ae"),
    ],
    ids=repr,
)
def test_any_other_index_gives_a_sequence_of_the_same_kind(letters, key, chosen):
    taken = letters[key]
    assert isinstance(taken, Letters)
    assert "".join(str(row) for row in taken) == chosen
    assert taken.shape == (len(chosen),)


def test_an_integer_with_an_ellipsis_gives_the_row(letters):
    assert letters[1, ...] == "b"


@pytest.mark.parametrize("key", [5, -6, np.int64(99)])
def test_an_integer_out_of_range_is_named_with_the_number_of_tracks(letters, key):
    with pytest.raises(IndexError, match=f"row {key} is out of range for 5 tracks"):
        letters[key]


@pytest.mark.parametrize("key", [(0, 1), (slice(None), 0), (..., 0), (0, ..., 0)], ids=repr)
def test_a_second_axis_is_refused(letters, key):
    with pytest.raises(IndexError, match="Letters has one axis, got the index"):
        letters[key]


def test_an_index_of_two_dimensions_is_refused(letters):
    with pytest.raises(IndexError, match=r"Letters has one axis, got an index of shape \(1, 2\)"):
        letters[[[0, 1]]]


@pytest.mark.parametrize("key", [[5], [0.5], "a", [True, False], None], ids=repr)
def test_an_index_that_numpy_refuses_is_refused(letters, key):
    with pytest.raises(IndexError):
        letters[key]


def test_it_is_a_sequence_like_any_other(letters):
    assert len(letters) == 5
    assert [str(row) for row in letters] == list("abcde")
    assert [str(row) for row in reversed(letters)] == list("edcba")
    assert repr(letters) == "Letters(5 tracks)"


def test_a_row_cannot_be_assigned_or_deleted(letters):
    with pytest.raises(TypeError, match="does not support item assignment"):
        letters[0] = "x"
    with pytest.raises(TypeError, match="doesn't support item deletion"):
        del letters[0]


def test_sklearns_splitters_and_samplers_take_it(letters):
    train, test = next(KFold(5).split(letters))
    assert ("".join(map(str, letters[train])), "".join(map(str, letters[test]))) == ("bcde", "a")
    parts = train_test_split(letters, list("vwxyz"), test_size=2, random_state=0)
    assert [type(part) for part in parts] == [Letters, Letters, list, list]
    assert {str(a): b for part in (0, 1) for a, b in zip(parts[part], parts[part + 2], strict=True)} == dict(
        zip("abcde", "vwxyz", strict=True)
    )
    assert sorted(map(str, shuffle(letters, random_state=0))) == list("abcde")
    assert len(resample(letters, n_samples=3, random_state=0)) == 3
    assert indexable(letters, [1] * 5)[0] is letters


BANDS = np.array(["low", "high"], dtype=object)


@pytest.fixture
def array():
    values = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    return RowArray(values, band_names=BANDS)


@pytest.mark.parametrize(
    "key", [slice(1, 4), [0, 2], np.array([True] * 3 + [False] * 3), ([1, 0], ...), slice(0, 0)], ids=repr
)
def test_choosing_rows_of_an_array_keeps_the_names_of_the_bands(array, key):
    assert list(array[key].band_names) == ["low", "high"]
    np.testing.assert_array_equal(array[key], np.asarray(array)[key])


@pytest.mark.parametrize(
    "chosen",
    [
        lambda a: a[0],
        lambda a: a[:, ::-1],
        lambda a: a[:, :1],
        lambda a: a[a > 0],
        lambda a: a[:, np.array([1, 0])],
        lambda a: a[:, np.array([True, False])],
        lambda a: a[:, pd.Series([1, 0])],
    ],
)
def test_choosing_anything_else_gives_a_plain_array(array, chosen):
    assert type(chosen(array)) is np.ndarray
    np.testing.assert_array_equal(chosen(array), chosen(np.array(array)))


@pytest.mark.parametrize("computed", [lambda a: a + 1, np.exp, lambda a: a.mean(axis=0), np.asarray, np.abs])
def test_what_is_computed_is_a_plain_array(array, computed):
    assert type(computed(array)) is np.ndarray
    np.testing.assert_array_equal(computed(array), computed(np.array(array)))


@pytest.mark.parametrize("total", [np.sum, np.max, lambda a: a.mean(), lambda a: a[0, 0, 0]])
def test_a_single_number_is_a_plain_scalar(array, total):
    assert type(total(array)) is np.float32


@pytest.mark.parametrize("key", [slice(1, 4), [0, 2], np.array([True] * 3 + [False] * 3), ([1, 0], ...)], ids=repr)
def test_rows_keep_their_labels_where_some_are_chosen(array, letters, key):
    labels = pd.Index(list("uvwxyz"))
    array.row_labels, letters.row_labels = labels, labels[:5]
    some = key[:5] if isinstance(key, np.ndarray) else key
    assert list(array[key].row_labels) == list(labels[key[0] if isinstance(key, tuple) else key])
    assert list(letters[some].row_labels) == list(labels[:5][some[0] if isinstance(some, tuple) else some])
    assert list(pickle.loads(pickle.dumps(array)).row_labels) == list(labels)


def test_a_transposed_or_reshaped_array_has_no_names(array):
    assert array.T.band_names is None
    assert array.reshape(6, 6).band_names is None


def test_an_array_of_waveforms_keeps_its_sample_rate_through_a_split():
    part, _ = train_test_split(RowArray(np.zeros((4, 100)), sample_rate=8000), random_state=0)
    assert part.sample_rate == 8000


@pytest.mark.parametrize("through", ["pickle", "joblib"])
def test_a_pickle_keeps_values_and_names(array, tmp_path, through):
    if through == "pickle":
        loaded = pickle.loads(pickle.dumps(array))
    else:
        joblib.dump(array, tmp_path / "array.joblib")
        loaded = joblib.load(tmp_path / "array.joblib")
    np.testing.assert_array_equal(loaded, array)
    assert list(loaded.band_names) == ["low", "high"]


def test_sklearn_takes_an_array_of_rows_as_any_other():
    X = RowArray(np.repeat(np.eye(2), 6, axis=0), sample_rate=8000)
    y = np.repeat([0, 1], 6)
    assert type(check_array(X)) is np.ndarray
    np.testing.assert_array_equal(cross_val_predict(KNeighborsClassifier(1), X, y), y)
