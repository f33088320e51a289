"""Segments of tracks and the pooling of their scores: properties and known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from skgenre.segments import cut_segments, pool_scores, segment_starts

tracks = given(n_frames=st.integers(1, 400), segment_frames=st.integers(1, 100), overlap=st.floats(0, 0.99))
# Scores of a track as a softmax gives them: positive, each segment summing to one.
scores = (
    npst.arrays(float, st.tuples(st.integers(1, 8), st.integers(2, 6)), elements=st.floats(0.01, 1))
    .map(lambda raw: raw / raw.sum(axis=1, keepdims=True))
)  # fmt: skip


@tracks
def test_every_frame_lies_in_a_segment(n_frames, segment_frames, overlap):
    covered = np.zeros(n_frames, dtype=bool)
    for start in segment_starts(n_frames, segment_frames, overlap):
        covered[start : start + segment_frames] = True
    assert covered.all()


@tracks
def test_the_first_segment_begins_and_the_last_ends_with_the_track(n_frames, segment_frames, overlap):
    starts = segment_starts(n_frames, segment_frames, overlap)
    assert starts[0] == 0
    assert starts[-1] == max(0, n_frames - segment_frames)


@tracks
def test_segments_follow_each_other_and_none_comes_twice(n_frames, segment_frames, overlap):
    assert (np.diff(segment_starts(n_frames, segment_frames, overlap)) > 0).all()


@given(n_segments=st.integers(1, 20), segment_frames=st.integers(1, 50))
def test_without_overlap_a_track_of_whole_segments_is_cut_without_repeating_a_frame(n_segments, segment_frames):
    starts = segment_starts(n_segments * segment_frames, segment_frames, 0.0)
    np.testing.assert_array_equal(starts, segment_frames * np.arange(n_segments))


@given(n_frames=st.integers(1, 200), segment_frames=st.integers(1, 60), overlap=st.floats(0, 0.9))
def test_a_segment_is_the_part_of_the_track_that_its_start_says(n_frames, segment_frames, overlap):
    track = np.arange(2 * n_frames, dtype=np.float32).reshape(2, n_frames)
    starts = segment_starts(n_frames, segment_frames, overlap)
    segments = cut_segments(track, starts, segment_frames)
    assert segments.shape == (len(starts), 2, segment_frames)
    columns = (starts[:, None] + np.arange(segment_frames)) % n_frames
    np.testing.assert_array_equal(segments, track[:, columns].transpose(1, 0, 2))


def test_a_short_track_is_repeated_until_it_fills_a_segment():
    segments = cut_segments(np.array([[1, 2, 3]]), [0], 8)
    np.testing.assert_array_equal(segments, [[[1, 2, 3, 1, 2, 3, 1, 2]]])


def test_segments_are_copies():
    track = np.zeros((2, 10), dtype=np.float32)
    cut_segments(track, [0, 5], 5)[:] = 1
    assert not track.any()


@given(scores=scores, pooling=st.sampled_from(["mean", "max", "vote"]))
def test_pooled_scores_are_probabilities(scores, pooling):
    pooled = pool_scores(scores, pooling)
    assert pooled.shape == (scores.shape[1],)
    assert (pooled >= 0).all()
    assert pooled.sum() == pytest.approx(1)


@given(scores=scores, pooling=st.sampled_from(["mean", "max", "vote"]), seed=st.integers(0, 9))
def test_the_order_of_segments_does_not_matter(scores, pooling, seed):
    shuffled = np.random.default_rng(seed).permutation(scores)
    np.testing.assert_allclose(pool_scores(shuffled, pooling), pool_scores(scores, pooling))


@given(scores=scores, pooling=st.sampled_from(["mean", "max"]))
def test_segments_that_agree_are_answered_as_one(scores, pooling):
    np.testing.assert_allclose(pool_scores(np.repeat(scores[:1], 5, axis=0), pooling), scores[0])


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("mean", [0.5, 0.4, 0.1]), ("max", [0.9 / 1.8, 0.7 / 1.8, 0.2 / 1.8]), ("vote", [1 / 3, 2 / 3, 0])],
)
def test_each_pooling_gives_the_known_answer(pooling, expected):
    scores = np.array([[0.9, 0.0, 0.1], [0.3, 0.7, 0.0], [0.3, 0.5, 0.2]])
    np.testing.assert_allclose(pool_scores(scores, pooling), expected)
