"""Where the genre of a recording changes: the sections, their times, and the picture of them."""

import itertools
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.pipeline import Pipeline

from skgenre import (
    AudioLoader,
    CNNClassifier,
    MelExtractor,
    Section,
    StreamingClassifier,
    Timeline,
    TimelineDisplay,
    segment_recording,
)
from skgenre.streaming._changes import best_sections

RATE = 8000
PITCHES = {"low": 200.0, "middle": 900.0, "high": 3000.0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def tone(genre, seconds, seed):
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    pitch = PITCHES[genre] * rng.uniform(0.9, 1.1)
    y = np.sin(2 * np.pi * pitch * np.arange(n) / RATE) * rng.uniform(0.2, 0.4) + rng.normal(0, 0.05, n)
    return y.astype(np.float32)


@pytest.fixture(scope="module")
def pipeline():
    genres = [genre for genre in PITCHES for _ in range(6)]
    X = np.stack([tone(genre, 2.0, seed) for seed, genre in enumerate(genres)])
    net = CNNClassifier((4, 8), max_epochs=30, segment_frames=50, random_state=0)
    mel = MelExtractor(16, n_fft=512, hop_length=160)
    return Pipeline([("load", AudioLoader(RATE, duration=2.0)), ("mel", mel), ("net", net)]).fit(X, genres)


@pytest.fixture(scope="module")
def programme():
    return [("low", 20.0), ("high", 12.5), ("middle", 31.0), ("low", 9.0)]


@pytest.fixture(scope="module")
def recording(programme):
    return np.concatenate([tone(genre, seconds, 100 + i) for i, (genre, seconds) in enumerate(programme)])


def cost_of(costs, sections, penalty):
    return sum(costs[start:stop, k].sum() for start, stop, k in sections) + penalty * (len(sections) - 1)


def all_divisions(n_steps, min_length):
    """Return every way to cut steps into sections of that length at least, as their edges."""
    for n_cuts in range(n_steps // min_length):
        for cuts in itertools.combinations(range(1, n_steps), n_cuts):
            edges = [0, *cuts, n_steps]
            if all(stop - start >= min_length for start, stop in itertools.pairwise(edges)):
                yield edges


class TestTheBestSections:
    @given(
        costs=arrays(float, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.integers(0, 6)),
        min_length=st.integers(1, 4),
        penalty=st.sampled_from([0.0, 0.5, 2.5]),
    )
    def test_cost_as_little_as_the_best_of_all(self, costs, min_length, penalty):
        sections = best_sections(costs, min_length, penalty)
        length = min(min_length, len(costs))
        lowest = min(
            sum(costs[start:stop].sum(axis=0).min() for start, stop in itertools.pairwise(edges))
            + penalty * (len(edges) - 2)
            for edges in all_divisions(len(costs), length)
        )
        assert cost_of(costs, sections, penalty) <= lowest + 1e-9
        assert [stop for _, stop, _ in sections[:-1]] == [start for start, _, _ in sections[1:]]
        assert (sections[0][0], sections[-1][1]) == (0, len(costs))
        assert min(stop - start for start, stop, _ in sections) >= length
        assert all(one[2] != other[2] for one, other in itertools.pairwise(sections))


class TestARecording:
    def test_is_divided_where_the_genre_changes(self, pipeline, recording, programme):
        timeline = segment_recording(pipeline, [recording], min_duration=5.0, every=0.25)
        assert [section.genre for section in timeline] == [genre for genre, _ in programme]
        assert_allclose(timeline.changes, np.cumsum([seconds for _, seconds in programme])[:-1], atol=0.5)
        assert timeline[0].start == 0.0
        assert timeline[-1].stop == pytest.approx(len(recording) / RATE, abs=0.05)
        assert all(section.probability > 0.5 for section in timeline)

    def test_has_no_section_shorter_than_asked_for(self, pipeline, recording):
        timeline = segment_recording(pipeline, [recording], min_duration=15.0, every=0.5)
        assert [section.genre for section in timeline][:1] == ["low"]
        assert all(section.stop - section.start > 14.0 for section in timeline)

    def test_is_one_section_where_changes_cost_too_much_or_it_is_short(self, pipeline, recording):
        assert len(segment_recording(pipeline, [recording], penalty=1e6)) == 1
        assert len(segment_recording(pipeline, [recording], penalty=np.float32(2), min_duration=np.inf)) == 1
        for seconds in (0.01, 0.5, 3.0):
            timeline = segment_recording(pipeline, [recording[: round(seconds * RATE)]])
            assert len(timeline) == 1
            assert timeline[0].stop == pytest.approx(seconds, abs=0.05)

    def test_can_be_divided_while_it_plays(self, pipeline, recording):
        live = StreamingClassifier(pipeline)
        live.push(recording[: 28 * RATE])
        timeline = live.timeline(min_duration=5.0)
        assert [section.genre for section in timeline] == ["low", "high"]
        assert timeline.changes == pytest.approx([20.0], abs=1.0)
        live.push(recording[28 * RATE :])
        assert [section.genre for section in live.timeline(min_duration=5.0)] == ["low", "high", "middle", "low"]

    def test_of_no_samples_is_an_error(self, pipeline):
        with pytest.raises(ValueError, match="source must hold at least one sample"):
            segment_recording(pipeline, [])

    def test_no_number_is_no_duration(self, pipeline, recording):
        with pytest.raises(ValueError, match="min_duration must be a number of seconds from 0 on, got nan"):
            segment_recording(pipeline, [recording], min_duration=np.nan)

    @pytest.mark.parametrize("parameter", ["min_duration", "penalty"])
    def test_checks_its_parameters(self, pipeline, recording, parameter):
        with pytest.raises(ValueError, match=parameter):
            segment_recording(pipeline, [recording[:RATE]], **{parameter: -1})


class TestATimeline:
    @pytest.fixture
    def timeline(self):
        sections = [Section(0.0, 75.0, "jazz", 0.9), Section(75.0, 3723.0, "rock", 0.7)]
        return Timeline(sections, [30.0, 900.0], [[0.9, 0.1], [0.3, 0.7]], ["jazz", "rock"])

    def test_is_a_table_of_its_sections(self, timeline):
        frame = timeline.to_frame()
        assert list(frame.columns) == ["start", "stop", "genre", "probability"]
        assert frame["genre"].tolist() == ["jazz", "rock"]

    def test_is_printed_with_hours_minutes_and_seconds(self, timeline):
        assert repr(timeline).split("\n") == ["   0:00 to    1:15  jazz (0.90)", "   1:15 to 1:02:03  rock (0.70)"]

    def test_needs_sections_and_answers_that_fit(self):
        with pytest.raises(ValueError, match="sections must hold at least one"):
            Timeline([], [], np.empty((0, 2)), ["a", "b"])
        with pytest.raises(ValueError, match=r"posteriors must have the shape \(1, 2\)"):
            Timeline([Section(0, 1, "a", 1.0)], [0.5], [[1.0]], ["a", "b"])


class TestTheDisplay:
    def test_draws_each_section_in_the_colour_of_its_genre(self, pipeline, recording):
        display = TimelineDisplay.from_estimator(pipeline, [recording], min_duration=5.0)
        names = [text.get_text() for text in display.legend_.get_texts()]
        assert names == ["high", "low", "middle"]
        assert [len(strip.get_paths()) for strip in display.ax_.collections[-3:]] == [1, 2, 1]
        assert display.ax_.get_xlim() == (0.0, display.timeline[-1].stop)

    @pytest.mark.parametrize(
        ("seconds", "labels"),
        [(45, ["0:00", "0:05"]), (600, ["0:00", "1:00"]), (7200, ["0:00", "15:00"])],
    )
    def test_marks_the_time_in_minutes_and_seconds(self, seconds, labels):
        timeline = Timeline([Section(0.0, float(seconds), "jazz", 0.9)], [1.0], [[0.9, 0.1]], ["jazz", "rock"])
        display = TimelineDisplay.from_timeline(timeline)
        display.figure_.canvas.draw()
        shown = [text.get_text() for text in display.ax_.get_xticklabels()]
        assert shown[: len(labels)] == labels
        assert len(shown) <= 12

    def test_tells_twenty_genres_apart(self):
        names = [f"genre {i}" for i in range(20)]
        sections = [Section(10.0 * i, 10.0 * (i + 1), name, 0.9) for i, name in enumerate(names)]
        display = TimelineDisplay.from_timeline(Timeline(sections, [5.0], [np.full(20, 0.05)], names))
        looks = {(tuple(patch.get_facecolor()), patch.get_hatch()) for patch in display.legend_.get_patches()}
        assert len(looks) == 20

    def test_draws_on_given_axes_what_mathematics_would_spoil(self):
        ax = plt.figure(layout="constrained").add_subplot()
        names = ["$r$ & b_1$", "_unsorted"]
        sections = [Section(60.0 * row, 60.0 * row + 60, name, 0.9) for row, name in enumerate(names)]
        display = TimelineDisplay.from_timeline(Timeline(sections, [1.0], [[0.5, 0.5]], names), ax=ax)
        display.figure_.canvas.draw()
        assert display.ax_ is ax
        assert [text.get_text() for text in display.legend_.get_texts()] == names

    def test_names_only_sections_that_are_wide_enough(self):
        names = ["WWWWWWWW", "x" * 60, "jazz"]
        sections = [Section(60.0 * row, 60.0 * row + 60, names[row % 3], 0.9) for row in range(9)]
        display = TimelineDisplay.from_timeline(Timeline(sections, [1.0], [[0.4, 0.3, 0.3]], names))
        display.figure_.canvas.draw()
        section = display.ax_.get_window_extent().width / 9
        assert section > 0.3 * display.figure_.dpi
        assert all(text.get_window_extent().width <= section + 1 for text in display.ax_.texts)
        assert {text.get_text() for text in display.ax_.texts} >= {"jazz"}

    @pytest.mark.parametrize("seconds", [3600.0, 86400.0])
    @pytest.mark.parametrize("size", [(9, 2.6), (3, 1.5)])
    def test_marks_of_time_do_not_run_into_each_other(self, seconds, size):
        ax = plt.figure(figsize=size).add_subplot()
        timeline = Timeline([Section(0.0, seconds, "jazz", 0.9)], [1.0], [[0.9, 0.1]], ["jazz", "rock"])
        TimelineDisplay.from_timeline(timeline, ax=ax).figure_.canvas.draw()
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))

    def test_tells_the_answers_of_a_ninth_genre_apart_from_the_first(self):
        names = [f"genre {i}" for i in range(9)]
        sections = [Section(10.0 * i, 10.0 * (i + 1), name, 0.9) for i, name in enumerate(names)]
        display = TimelineDisplay.from_timeline(Timeline(sections, [5.0], [np.full(9, 1 / 9)], names))
        looks = {(tuple(area.get_facecolor()[0]), area.get_hatch()) for area in display.ax_.collections[:9]}
        assert len(looks) == 9
