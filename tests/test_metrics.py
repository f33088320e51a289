"""The metrics, on cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skgenre import expected_calibration_error


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
        (["a", "b"], [[0.9, 0.9], [0.5, 0.5]], {}, "sum to one"),
        (["a", "b"], [[1.5, -0.5], [0.5, 0.5]], {}, "sum to one"),
        (["a", "b"], [[0.5, 0.5], [0.5, 0.5]], {"n_bins": 0}, "n_bins must be"),
    ],
)
def test_what_cannot_be_probabilities_is_refused(y_true, y_prob, options, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(y_true, y_prob, **options)
