"""The Displays of a recommender: neighbours to listen to, hubs, and what a recall costs."""

import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import skew
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer

from skgenre import EmbeddingRecommender, HubnessDisplay, NeighborsDisplay, RecallDisplay

RATE = 22050


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def similar():
    embeddings = [[3.0, 0.0], [2.0, 1.0], [1.0, 1.0], [0.0, 3.0]]
    metadata = {"genre": ["folk", "folk", "jazz", "<jazz>"], "year": [1, 2, 3, 4]}
    return EmbeddingRecommender().fit(embeddings, track_ids=list("abcd"), metadata=metadata, groups=list("xyxz"))


class Table(HTMLParser):
    """The rows of a table: the text of each cell, and its class."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.sounds, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append(["", dict(attributes).get("class")])
            self.inside = True
        if tag == "audio":
            self.sounds.append(dict(attributes))

    def handle_endtag(self, tag):
        if tag in ("th", "td"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1][0] += data

    @property
    def texts(self):
        return [[text for text, _ in row] for row in self.rows]


def names_of_rows(ax):
    """Return the labels of the ticks that are in sight."""
    low, high = sorted(ax.get_ylim())
    return [label for tick, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True) if low <= tick <= high]


def texts_inside(figure):
    """Return whether no text of a figure is cut off."""
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [
        text.get_window_extent()
        for ax in figure.axes
        for text in (*ax.texts, *names_of_rows(ax), *(ax.get_legend().get_texts() if ax.get_legend() else ()))
        if text.get_text()
    ]
    return all(box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1 for box in boxes)


# --- neighbours


def test_the_table_lists_each_query_with_its_neighbors(similar):
    display = NeighborsDisplay.from_estimator(similar, ["a", "d"], n_neighbors=2, columns=["genre"])
    assert Table(display.to_html()).texts == [
        ["Track", "Distance", "Genre"],
        ["a", "", "folk"],
        ["b", "0.106", "folk"],
        ["c", "0.293", "jazz"],
        ["d", "", "<jazz>"],
        ["c", "0.293", "jazz"],
        ["b", "0.553", "folk"],
    ]
    assert display._repr_html_() == display.to_html()


def test_names_of_columns_keep_their_capitals():
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1]], metadata={"BPM": [90, 120], "R&B": [0, 1]})
    table = Table(NeighborsDisplay.from_estimator(similar, 0, n_neighbors=1).to_html())
    assert table.texts[0] == ["Track", "Distance", "BPM", "R&B"]


def test_columns_named_as_what_is_shown_besides_are_shown_too():
    metadata = {"track": [7, 8], "audio": ["mono", "stereo"], "distance": [1, 2]}
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1]], track_ids=["a", "b"], metadata=metadata)
    table = Table(NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1).to_html())
    assert table.texts == [
        ["Track", "Distance", "Track (metadata)", "Audio (metadata)", "Distance (metadata)"],
        ["a", "", "7", "mono", "1"],
        ["b", "0.106", "8", "stereo", "2"],
    ]
    display = NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1, columns=["audio"])
    assert display.columns == ["audio (metadata)"]


def test_columns_of_arrays_and_of_missing_values_are_shown():
    metadata = {"tempi": [np.array([60, 120]), np.array([60, 120]), np.array([90])], "year": [1, pd.NA, pd.NA]}
    metadata["table"] = np.zeros((3, 2), dtype=int)
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1], [0, 3]], metadata=metadata)
    rows = Table(NeighborsDisplay.from_estimator(similar, [0, 1], n_neighbors=2).to_html()).rows
    assert rows[1][2:] == [["[ 60 120]", None], ["1", None], ["[0 0]", None]]
    assert rows[2][2:] == [["[ 60 120]", "same"], ["<NA>", None], ["[0 0]", "same"]]
    assert rows[3][2:] == [["[90]", None], ["<NA>", None], ["[0 0]", "same"]]
    assert rows[6][2:] == [["[90]", None], ["<NA>", None], ["[0 0]", "same"]]


def test_what_a_neighbor_has_in_common_with_its_query_is_marked(similar):
    rows = Table(NeighborsDisplay.from_estimator(similar, "a", n_neighbors=2).to_html()).rows
    assert [text for text, _ in rows[0]] == ["Track", "Distance", "Genre", "Year", "Group"]
    assert [style for _, style in rows[1][2:]] == [None] * 3
    assert [style for _, style in rows[2][2:]] == ["same", None, None]
    assert [style for _, style in rows[3][2:]] == [None, None, "same"]


@pytest.mark.parametrize(
    "tracks", ["a", ["a"], np.array(["a"], dtype=object), pd.Series(["a"], index=[7]), {"a": 1}.keys()]
)
def test_a_lone_track_is_one_query(similar, tracks):
    display = NeighborsDisplay.from_estimator(similar, tracks, n_neighbors=1)
    assert [query["track"] for query in display.queries] == ["a"]
    assert [track["track"] for track in display.neighbors[0]] == ["b"]


def test_an_id_that_is_a_tuple_is_one_query():
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1], [0, 3]], track_ids=[("a",), ("b",), ("c",)])
    display = NeighborsDisplay.from_estimator(similar, ("a",), n_neighbors=1)
    assert [query["track"] for query in display.queries] == [("a",)]


def test_filters_reach_the_recommender(similar):
    display = NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1, where={"genre": "jazz"})
    assert display.neighbors[0][0]["track"] == "c"
    assert NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1, exclude="b").neighbors[0][0]["track"] == "c"


@pytest.fixture
def tones(tmp_path):
    paths = [str(tmp_path / f"{pitch}.wav") for pitch in (220, 230, 3000)]
    for path, pitch in zip(paths, (220, 230, 3000), strict=True):
        soundfile.write(path, 0.5 * np.sin(2 * np.pi * pitch * np.arange(2 * RATE) / RATE), RATE)
    return paths


def pitch(sound):
    """Return the pitch of a clip, in hertz, and its length in seconds."""
    content = base64.b64decode(re.fullmatch(r"data:audio/mpeg;base64,(.*)", sound["src"])[1])
    samples, rate = soundfile.read(io.BytesIO(content))
    return np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples), len(samples) / rate


def test_tracks_can_be_heard(tones):
    def listen(paths):
        return np.array([[float(re.search(r"(\d+).wav", str(path))[1])] for path in paths])

    similar = EmbeddingRecommender(FunctionTransformer(listen), metric="euclidean").fit(tones)
    display = NeighborsDisplay.from_estimator(similar, tones[0], n_neighbors=2, seconds=0.5)
    sounds = Table(display.to_html()).sounds
    assert [sound["aria-label"] for sound in sounds] == tones
    for sound, expected in zip(sounds, (220, 230, 3000), strict=True):
        assert_allclose(pitch(sound), (expected, 0.5), rtol=0.02, atol=0.1)
    assert not Table(NeighborsDisplay.from_estimator(similar, tones[0], n_neighbors=2, audio=False).to_html()).sounds


def test_sounds_may_be_named_apart_from_ids(similar, tones, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    audio = {"a": tones[0], "b": tmp_path / "broken.wav"}
    table = Table(NeighborsDisplay.from_estimator(similar, "a", n_neighbors=2, audio=audio).to_html())
    assert len(table.sounds) == 1
    assert [row[-1] for row in table.texts] == ["Audio", "", "cannot be read", ""]


def test_an_id_too_long_for_the_name_of_a_file_is_none():
    recommender = EmbeddingRecommender().fit(np.eye(2), track_ids=["a" * 300, "b\0"])
    assert NeighborsDisplay.from_estimator(recommender, "a" * 300, n_neighbors=1).queries[0]["audio"] is None


def test_an_open_file_is_played_each_time(similar, tones):
    with open(tones[0], "rb") as file:
        display = NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1, audio={"a": file, "b": "missing.wav"})
        for _ in range(2):
            table = Table(display.to_html())
            assert_allclose(pitch(table.sounds[0])[0], 220, rtol=0.02)
            assert table.texts[2][-1] == "cannot be read"


def test_the_bars_are_the_distances(similar):
    display = NeighborsDisplay.from_estimator(similar, ["a", "d"], n_neighbors=2, columns=["genre"]).plot()
    distances = [track["distance"] for near in display.neighbors for track in near]
    assert_allclose([bar.get_width() for bar in display.ax_.patches], distances)
    assert [text.get_text().strip() for text in display.ax_.get_yticklabels()] == list("abcdcb")
    assert display.ax_.texts[0].get_text() == "0.106  folk"
    assert texts_inside(display.figure_)


def test_it_draws_on_given_axes_and_with_any_names():
    names = ["$x_1$ " * 20, "a_b$", "Ωμέγα"]
    similar = EmbeddingRecommender(metric="euclidean").fit([[0.0], [0.0], [5.0]], track_ids=names)
    _, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    display = NeighborsDisplay.from_estimator(similar, names[0], n_neighbors=2).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert texts_inside(ax.figure)


def test_long_notes_leave_room_for_the_bars():
    metadata = {"comment": ["c" * 200] * 3}
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1], [0, 3]], metadata=metadata)
    display = NeighborsDisplay.from_estimator(similar, 0, n_neighbors=2).plot()
    assert texts_inside(display.figure_)
    assert display.ax_.texts[0].get_text().count("c") < 100


def test_bars_are_drawn_in_a_part_of_a_figure(similar):
    ax = plt.figure(layout="constrained").subfigures(1, 2)[0].subplots()
    display = NeighborsDisplay.from_estimator(similar, "a", n_neighbors=2).plot(ax)
    assert len(display.ax_.patches) == 2


def test_distances_of_zero_have_an_axis_that_can_be_read():
    display = NeighborsDisplay.from_estimator(EmbeddingRecommender().fit(np.ones((3, 2))), 0, n_neighbors=2).plot()
    assert display.ax_.get_xlim() == (0, 1)


def test_what_is_missing_in_both_is_not_in_common():
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1]], metadata={"year": [None, None]})
    rows = Table(NeighborsDisplay.from_estimator(similar, 0, n_neighbors=1).to_html()).rows
    assert rows[2][2] == ["None", None]


def test_ids_that_are_not_utf_8_are_shown_with_a_question_mark():
    similar = EmbeddingRecommender().fit([[3, 0], [2, 1]], track_ids=["caf\udce9", "b\tc"])
    display = NeighborsDisplay.from_estimator(similar, "caf\udce9", n_neighbors=1).plot()
    assert [text.get_text().strip() for text in display.ax_.get_yticklabels()] == ["caf?", "b c"]
    assert "caf?" in display.to_html().encode().decode()
    HubnessDisplay.from_estimator(similar).figure_.canvas.draw()


def test_what_cannot_be_shown_is_an_error(similar):
    with pytest.raises(ValueError, match=r"columns must be among \['genre', 'group', 'year'\], got 'artist'"):
        NeighborsDisplay.from_estimator(similar, "a", n_neighbors=1, columns=["artist"])
    with pytest.raises(ValueError, match="neighbors must hold a list for each query, got 0 for 1"):
        NeighborsDisplay([{"track": "a"}], [])
    with pytest.raises(ValueError, match="seconds must be above 0, got 0"):
        NeighborsDisplay([], [], seconds=0)
    for display in (HubnessDisplay, RecallDisplay):
        with pytest.raises(NotFittedError):
            display.from_estimator(EmbeddingRecommender())
    with pytest.raises(NotFittedError):
        NeighborsDisplay.from_estimator(EmbeddingRecommender(), "a")


# --- hubs


@pytest.fixture(scope="module")
def crowd():
    return EmbeddingRecommender(metric="euclidean").fit(
        np.random.default_rng(0).standard_normal((200, 50)), track_ids=[f"${row}_" for row in range(200)]
    )


def test_the_histogram_counts_the_tracks(crowd):
    display = HubnessDisplay.from_estimator(crowd)
    assert_array_equal(display.occurrence, crowd.k_occurrence())
    assert display.skewness_ == pytest.approx(skew(display.occurrence)) == pytest.approx(crowd.hubness_)
    _, outline = HubnessDisplay.from_occurrence([0, 0, 1, 3]).ax_.patches
    corners = [(-0.5, 0), (-0.5, 2), (0.5, 2), (0.5, 1), (1.5, 1), (1.5, 0), (2.5, 0), (2.5, 1), (3.5, 1), (3.5, 0)]
    assert_array_equal(outline.get_xy(), corners)


def test_the_greatest_hubs_are_named(crowd):
    display = HubnessDisplay.from_estimator(crowd, n_named=2)
    (text,) = display.ax_.get_legend().get_texts()
    first, second = np.argsort(-display.occurrence, kind="stable")[:2]
    assert text.get_text().splitlines() == [
        f"Skewness {display.skewness_:.2f}",
        f"   {display.occurrence[first]} lists: ${first}_",
        f"   {display.occurrence[second]} lists: ${second}_",
    ]
    assert texts_inside(display.figure_)


def test_few_tracks_are_counted_one_by_one():
    ax = HubnessDisplay.from_occurrence([0, 1, 1, 2, 2, 2, 4]).ax_
    assert list(ax.get_yticks())[:4] == [0, 1, 2, 3]
    ax = HubnessDisplay.from_occurrence(np.repeat([0, 1, 2], 400), ax=ax).ax_
    assert {1, 10, 100} <= set(ax.get_yticks())
    assert 2 not in ax.get_yticks()


def test_two_collections_share_axes_in_two_colours(crowd):
    first = HubnessDisplay.from_estimator(crowd, n_neighbors=5, name="five")
    second = HubnessDisplay.from_estimator(crowd, name="ten", ax=first.ax_)
    assert second.ax_ is first.ax_
    assert len({patch.get_edgecolor()[:3] for patch in first.ax_.patches[1::2]}) == 2
    assert [text.get_text().split(":")[0] for text in first.ax_.get_legend().get_texts()] == ["five", "ten"]
    assert texts_inside(first.figure_)


def test_a_name_is_shown_as_it_is(crowd):
    for name in ("_mine", "$x_{", "$1 and $2"):
        (text,) = HubnessDisplay.from_estimator(crowd, name=name).ax_.get_legend().get_texts()
        assert text.get_text().startswith(f"{name}: skewness")
        display = RecallDisplay.from_measurements([0.5, 0.9], [2, 1], name=name)
        assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [name]
        display.figure_.canvas.draw()


def test_a_long_name_leaves_room_for_the_picture(crowd):
    name = "annoy with a hundred trees on embeddings of MusiCNN\nby MagnaTagATune, Euclidean, as built in 2026"
    for display in (
        HubnessDisplay.from_estimator(crowd, name=name),
        RecallDisplay.from_measurements([0.8, 0.99], [900, 100], efforts=[1, 2], chosen=2, name=name),
    ):
        display.figure_.canvas.draw()
        assert display.ax_.get_window_extent().width > 0.4 * display.figure_.bbox.width
        (text,) = display.ax_.get_legend().get_texts()
        assert text.get_text().startswith("annoy with a")
        assert "\nby" not in text.get_text()


def test_lists_are_counted_in_whole_numbers():
    ax = HubnessDisplay.from_occurrence([0, 0]).ax_
    assert all(float(tick).is_integer() for tick in ax.get_xticks())


def test_nothing_is_cut_off_on_plain_axes(crowd):
    assert texts_inside(HubnessDisplay.from_estimator(crowd, ax=plt.subplots()[1]).figure_)


def test_even_lists_have_no_skewness():
    assert HubnessDisplay.from_occurrence([4, 4, 4]).skewness_ == 0
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        HubnessDisplay([1, 2], track_ids=["a"])
    with pytest.raises(ValueError, match="occurrence must hold at least one track"):
        HubnessDisplay([])


# --- recall


def test_recall_and_speed_are_measured_for_each_effort():
    X = np.random.default_rng(0).standard_normal((400, 16))
    recommender = EmbeddingRecommender(algorithm="annoy", index_params={"n_trees": 3}, random_state=0).fit(X)
    chosen = recommender.effort_
    display = RecallDisplay.from_estimator(recommender, efforts=[1, 64], n_queries=40, random_state=0)
    assert recommender.effort_ == chosen
    assert display.recall[0] < display.recall[1] == 1
    assert (display.queries_per_second > 0).all()
    assert_allclose(display.line_.get_xdata(), display.recall)
    display = RecallDisplay.from_estimator(recommender, n_queries=20, random_state=0, ax=display.ax_, name="annoy")
    assert chosen in display.efforts
    assert display.recall[-1] == 1
    assert display.ax_.texts[-1].get_text() == f"effort {chosen}"
    assert texts_inside(display.figure_)


def test_an_effort_of_zero_is_measured_too():
    X = np.random.default_rng(0).standard_normal((100, 16))
    recommender = EmbeddingRecommender(algorithm="annoy", random_state=0).fit(X)
    display = RecallDisplay.from_estimator(recommender, efforts=[0, 4], n_queries=20, random_state=0)
    assert display.efforts.tolist() == [0, 4]


def test_no_effort_is_nothing_to_draw():
    recommender = EmbeddingRecommender(algorithm="annoy", random_state=0).fit(np.eye(30))
    with pytest.raises(ValueError, match="efforts must hold at least one, got none"):
        RecallDisplay.from_estimator(recommender, efforts=[])


def test_an_exact_search_is_one_point(crowd):
    display = RecallDisplay.from_estimator(crowd, n_queries=10, random_state=0)
    assert display.recall.tolist() == [1]
    assert display.efforts is None


def test_measurements_are_drawn_as_they_are():
    display = RecallDisplay.from_measurements([1.0, 0.5], [10, 100], efforts=[8, 1], chosen=8, name="mine")
    assert_allclose(display.line_.get_xydata(), [[0.5, 100], [1.0, 10]])
    assert display.ax_.get_legend().get_texts()[0].get_text() == "mine"
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        RecallDisplay([1, 2], [1])


@pytest.mark.parametrize("recall", [[1.0], [1.0, 1.0], [0.99, 1.0], [0.2, 1.0]])
def test_the_axis_of_recall_has_no_mark_above_one(recall):
    ax = RecallDisplay.from_measurements(recall, [10, 1][: len(recall)]).ax_
    low, high = ax.get_xlim()
    assert max(tick for tick in ax.get_xticks() if low <= tick <= high) == pytest.approx(1)


@pytest.mark.parametrize("chosen", [1, 4, 16])
def test_the_effort_in_use_is_written_beside_the_curve(chosen):
    recall, speed, efforts = [0.5, 0.7, 0.9, 0.97, 1.0], [9000, 5000, 2500, 900, 300], [1, 2, 4, 8, 16]
    display = RecallDisplay.from_measurements(recall, speed, efforts=efforts, chosen=chosen)
    assert texts_inside(display.figure_)
    box = display.ax_.texts[0].get_window_extent()
    drawn = display.ax_.transData.transform(display.line_.get_xydata())
    line = np.concatenate([np.linspace(*ends, 200) for ends in pairwise(drawn)])
    assert not any(box.contains(*point) for point in line)
    assert box.y0 > display.ax_.get_window_extent().y0


def test_ids_of_hubs_may_be_tuples():
    display = HubnessDisplay([1, 2], track_ids=[("a", 1), ("b", 2)])
    assert display.track_ids.tolist() == [("a", 1), ("b", 2)]
    display.plot()


@pytest.mark.parametrize("effort", [-5, 1.5, "x"])
def test_an_effort_that_is_none_is_refused(effort):
    recommender = EmbeddingRecommender(algorithm="annoy").fit(np.random.default_rng(0).standard_normal((40, 4)))
    with pytest.raises(ValueError, match="efforts must be whole numbers from 0 on, got"):
        RecallDisplay.from_estimator(recommender, efforts=[2, effort])
