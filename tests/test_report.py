"""The report: one page that holds everything, shows the numbers it was given and trusts no string."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose

from skgenre import EmbeddingMapDisplay, Waveforms
from skgenre._html import player
from skgenre.report import Evaluation, Neighbours, Results, _pictures, explain_gap, write_report

VOID = {"meta", "img", "source", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """The tags of a page, in order, and a check that they nest."""

    def __init__(self, path):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def results():
    rng = np.random.default_rng(0)
    genres = ["jazz"] * 8 + ["rock"] * 12
    predictions = np.array(genres)
    predictions[[0, 1]] = "rock"  # 2 of 8 jazz tracks are taken for rock
    times = np.arange(22050) / 22050
    tracks = Waveforms([np.sin(2 * np.pi * 220 * times).astype(np.float32)] * 20)
    return Results(
        tracks=tracks,
        titles=[f"Song {row}" for row in range(20)],
        genres=genres,
        artists=[f"Artist {row % 5}" for row in range(20)],
        by_artist=Evaluation(np.array([0.5, 0.7]), np.array([0.4, 0.6]), predictions),
        at_random=Evaluation(np.array([0.8, 0.9]), np.array([0.7, 0.9]), predictions),
        history={"train_loss": [1.0, 0.5], "train_accuracy": [0.5, 0.8], "train_f1": [0.4, 0.8]},
        best_epoch=None,
        embeddings=rng.normal(size=(20, 4)),
        neighbours=[Neighbours(0, [1, 15], [0.987, 0.512])],
        unreadable={},
        settings={"Data": "a test", "Seed": "0"},
    )


def write(results, folder):
    return Page(write_report(results, folder / "report.html"))


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return write(results, tmp_path_factory.mktemp("report"))


def test_the_page_is_well_formed_and_has_headings_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))


def test_the_page_needs_nothing_from_outside(results, tmp_path):
    page = write(results, tmp_path)
    sources = [value for _, attrs in page.tags for key, value in attrs.items() if key in {"src", "srcset", "href"}]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert not re.search(r"https?://|@import|url\(", (tmp_path / "report.html").read_text())
    for source in sources:
        if source.startswith("data:image/svg+xml"):
            svg = base64.b64decode(source.partition(",")[2]).decode()
            assert not re.search(r'(href|src)="(?!#|data:)', svg)


def test_the_scores_are_shown_as_mean_and_sample_deviation(page):
    words = page.words
    for number in ("0.60 ± 0.14", "0.85 ± 0.07", "0.50 ± 0.14", "0.80 ± 0.14"):
        assert number in words


def test_guessing_is_the_share_of_the_commonest_genre_and_one_in_the_number_of_genres(results):
    assert_allclose(results.chance, (12 / 20, 1 / 2))


def test_a_gap_is_explained_as_a_leak(results):
    text = explain_gap(results)
    assert "25 points better" in text
    assert "leak" in text


@pytest.mark.parametrize("folds", [[0.8, 0.9], [0.4, 0.7], [0.2, 1.0]])
def test_a_gap_within_the_scatter_of_the_folds_is_not_called_a_leak(results, folds):
    at_random = replace(results.at_random, accuracy=np.array(folds))
    by_artist = results.at_random if folds == [0.8, 0.9] else results.by_artist
    text = explain_gap(replace(results, by_artist=by_artist, at_random=at_random))
    assert "leak" not in text
    assert "within the scatter" in text
    assert "Believe the score by artist" in text


def test_random_folds_that_are_far_worse_are_not_called_scatter(results):
    text = explain_gap(replace(results, at_random=replace(results.at_random, accuracy=np.array([0.10, 0.12]))))
    assert text.startswith("Random folds give -49 points of accuracy, so here hearing an artist")


def test_without_artists_the_page_warns_that_the_score_may_flatter(results, tmp_path):
    page = write(replace(results, by_artist=None, artists=None), tmp_path)
    assert "expect less on new artists" in page.words
    assert "New artists" not in page.words
    assert {"class": "notice"} in page.all("p")


def test_every_string_is_escaped(results, tmp_path):
    evil = '<script>alert("x")</script>&\'"'
    page = write(
        replace(
            results,
            titles=[evil] * 20,
            artists=[evil] * 20,
            genres=[evil + genre for genre in results.genres],
            by_artist=None,
            at_random=replace(results.at_random, predictions=np.array([evil + genre for genre in results.genres])),
            settings={evil: evil},
            unreadable={evil: evil},
        ),
        tmp_path,
    )
    assert page.all("script") == []
    assert evil in page.words
    assert f"Play {evil}" in [audio["aria-label"] for audio in page.all("audio")]


@pytest.mark.filterwarnings("error")
def test_names_of_genres_that_are_long_or_look_like_formulas_do_not_break_the_pictures(results, tmp_path):
    names = {"jazz": "$x_{ and " + "a very long name of a genre " * 5, "rock": "r$ck"}
    evaluation = replace(results.at_random, predictions=[names[name] for name in results.at_random.predictions])
    genres = [names[name] for name in results.genres]
    page = write(replace(results, genres=genres, by_artist=None, at_random=evaluation), tmp_path)
    assert len(page.all("img")) == 3


def test_genres_that_begin_alike_stay_apart_on_the_map(results, tmp_path, monkeypatch):
    maps = []

    def keep_map(self, *args, **options):
        maps.append(self)
        return plot(self, *args, **options)

    plot = EmbeddingMapDisplay.plot
    monkeypatch.setattr(EmbeddingMapDisplay, "plot", keep_map)
    names = {"jazz": "music of the nineties, house", "rock": "music of the nineties, techno"}
    evaluation = replace(results.at_random, predictions=np.array([names[name] for name in results.genres]))
    write(replace(results, genres=evaluation.predictions.tolist(), by_artist=evaluation), tmp_path)
    assert [len(dots.get_offsets()) for dots in maps[0].ax_.collections] == [8, 12]


def test_thirty_genres_have_room_in_the_confusion_matrix(results, monkeypatch):
    figures = []
    turn = _pictures._turn_labels_that_overlap

    def keep_figure(figure, ax):
        figures.append((figure, ax))
        turn(figure, ax)

    monkeypatch.setattr(_pictures, "_turn_labels_that_overlap", keep_figure)
    genres = [f"genre number {row:02}" for row in range(30)]
    evaluation = replace(results.at_random, predictions=np.array(genres))
    _pictures.confusion_figure(replace(results, genres=genres, by_artist=evaluation))
    assert len(figures) == 2
    for figure, ax in figures:
        figure.draw_without_rendering()
        cell = ax.get_window_extent().width / 30
        assert max(text.get_window_extent().width for text in ax.texts) < cell
        assert ax.get_yticklabels()[0].get_window_extent().height < cell


def test_names_that_are_not_utf_8_are_written_with_a_question_mark(results, tmp_path):
    genres = [f"{name}\udce9" for name in results.genres]
    evaluation = replace(results.at_random, predictions=np.array(genres))
    odd = replace(
        results, genres=genres, by_artist=evaluation, titles=["caf\udce9"] * 20, unreadable={"\udce9": "empty"}
    )
    words = write(odd, tmp_path).words
    assert "caf?" in words
    assert "jazz?" in words


def test_pictures_and_players_have_words_for_those_who_cannot_see_them(page):
    assert len(page.all("img")) == 3
    assert all(image["alt"] for image in page.all("img"))
    assert all(audio["aria-label"] for audio in page.all("audio"))


def test_the_confusion_matrix_names_the_best_and_the_worst_genre(page):
    alts = [image["alt"] for image in page.all("img")]
    assert "Best told: rock, 100 %. Worst: jazz, 75 %." in alts[0]


def test_neighbours_are_shown_with_similarity_artist_genre_and_player(page):
    assert len(page.all("article")) == 1
    assert len(page.all("audio")) == 3
    assert "0.987 Song 1 Artist 1 jazz" in page.words
    assert "0.512 Song 15 Artist 0 rock" in page.words
    # The track itself and the first neighbour are jazz.
    assert [span["class"] for span in page.all("span") if "genre" in span.get("class", "")].count("genre same") == 2


def test_a_player_plays_the_middle_of_the_track(results, tmp_path):
    rate = 22050
    samples = np.zeros(20 * rate, dtype=np.float32)
    samples[8 * rate : 12 * rate] = np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
    page = write(replace(results, tracks=Waveforms([samples] * 20)), tmp_path)
    clip = base64.b64decode(page.all("audio")[0]["src"].partition(",")[2])
    heard, heard_rate = soundfile.read(BytesIO(clip))
    assert heard_rate == rate
    assert len(heard) / rate == pytest.approx(8, abs=0.2)
    middle = heard[3 * rate : 5 * rate]
    assert np.argmax(np.abs(np.fft.rfft(middle))) / 2 == pytest.approx(440, abs=1)
    assert np.abs(heard[: rate // 2]).max() < 0.01


@pytest.mark.parametrize(("rate", "played"), [(8000, 8000), (10000, 11025), (96000, 48000)])
def test_a_player_takes_any_sample_rate(rate, played):
    source = re.search('src="(.*)"', player(np.sin(2 * np.pi * 440 * np.arange(rate) / rate), rate, "A"))[1]
    heard, heard_rate = soundfile.read(BytesIO(base64.b64decode(source.partition(",")[2])))
    assert heard_rate == played
    assert len(heard) / heard_rate == pytest.approx(1, abs=0.2)
    assert np.argmax(np.abs(np.fft.rfft(heard))) * heard_rate / len(heard) == pytest.approx(440, abs=2)


def test_a_track_that_cannot_be_read_any_more_has_no_player(results, tmp_path):
    sources = [np.zeros(22050, dtype=np.float32)] * 20
    sources[1] = b"not audio"
    page = write(replace(results, tracks=Waveforms(sources)), tmp_path)
    assert len(page.all("audio")) == 2
    assert "no audio" in page.words


def test_a_long_genre_breaks_into_lines_and_a_negative_similarity_does_not(results, tmp_path):
    style = write_report(results, tmp_path / "report.html").read_text(encoding="utf-8")
    genre, similarity = (re.search(rf"^\.{name} {{(.*)}}", style, re.MULTILINE)[1] for name in ("genre", "similarity"))
    assert "nowrap" not in genre
    assert "white-space: nowrap" in similarity


def test_files_that_were_left_out_are_listed_with_the_reason(results, tmp_path):
    page = write(replace(results, unreadable={"rock/broken.mp3": "it is empty"}), tmp_path)
    assert "rock/broken.mp3 : it is empty" in page.words


def test_settings_are_listed(page):
    assert "Data a test Seed 0" in page.words


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_tracks", [3, 11])
def test_a_tiny_collection_is_mapped_without_a_warning(results, tmp_path, n_tracks):
    rows = np.linspace(0, 19, n_tracks).astype(int)
    evaluation = replace(results.at_random, predictions=results.at_random.predictions[rows])
    small = replace(
        results,
        genres=[results.genres[row] for row in rows],
        neighbours=[],
        by_artist=None,
        at_random=evaluation,
        embeddings=results.embeddings[rows],
    )
    assert "principal components" in write(small, tmp_path).words


def test_of_a_huge_collection_a_part_is_mapped(results, tmp_path, monkeypatch):
    monkeypatch.setattr("skgenre.report._pictures._MOST_DOTS", 15)
    page = write(results, tmp_path)
    assert "15 of the tracks, drawn by lot" in page.words
    assert "Map of 15 tracks" in page.all("img")[2]["alt"]


def test_long_names_of_genres_are_turned_so_that_they_do_not_overlap():
    from matplotlib.figure import Figure

    from skgenre.report._pictures import _turn_labels_that_overlap

    for names, angle in ((["a", "b", "c"], 0), (["a very long genre"] * 3, 45)):
        figure = Figure(figsize=(3, 3))
        ax = figure.subplots()
        ax.set(xticks=range(3), xticklabels=names)
        _turn_labels_that_overlap(figure, ax)
        assert {label.get_rotation() for label in ax.get_xticklabels()} == {angle}


def test_a_large_report_stays_under_ten_megabytes(results, tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, 30 * 22050).astype(np.float32)
    large = replace(
        results, tracks=Waveforms([noise] * 20), neighbours=[Neighbours(row, range(5), [0.5] * 5) for row in range(6)]
    )
    assert write_report(large, tmp_path / "report.html").stat().st_size < 10e6
