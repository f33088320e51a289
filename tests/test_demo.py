"""The demo: from a folder of music to an honest score, a model that loads, and a report, all on one small run."""

import shutil
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
import soundfile
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_validate
from sklearn.utils import Bunch

from skgenre import AudioError, AudioLoader, CNNClassifier, MFCCExtractor
from skgenre.demo import run_demo
from skgenre.demo._collection import Collection, extract, seconds_to_hear
from skgenre.demo._evaluation import evaluate, fit, plan_folds
from skgenre.demo._progress import bar_by_time


def small_net(**parameters):
    parameters = {"max_epochs": 3, "segment_frames": 64, "n_threads": 1, "random_state": 0, **parameters}
    return CNNClassifier((8, 8), **parameters)


@pytest.fixture(scope="module")
def collection(tracks):
    """Return the folder of the small synthetic collection."""
    return Path(tracks.paths[0]).parent.parent


@pytest.fixture(scope="module")
def demo(collection, tmp_path_factory):
    """Run the demo once; ``printed`` and ``progress`` are what it wrote to stdout and stderr."""
    printed, progress = StringIO(), StringIO()
    with redirect_stdout(printed), redirect_stderr(progress):
        out = tmp_path_factory.mktemp("demo")
        demo = run_demo(collection / "index.csv", out, classifier=small_net(), n_splits=2)
    return Bunch(**demo, printed=printed.getvalue(), progress=progress.getvalue())


def copy_of(collection, folder, *, index=True):
    """Copy some of a collection: two genres, of each one track by each of four artists."""
    music = shutil.copytree(collection, folder / "music")
    shutil.rmtree(music / "metal")
    lines = (music / "index.csv").read_text().splitlines()
    artist = lines[0].split(",").index("artist")
    first = {line.split(",")[artist]: line for line in reversed(lines[1:]) if "metal" not in line}
    kept = [line for line in lines[1:] if line in first.values()]
    for line in lines[1:]:
        if line not in kept:
            (music / line.split(",")[0]).unlink(missing_ok=True)
    (music / "index.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    if not index:
        (music / "index.csv").unlink()
    return music


# --- the whole


def test_the_scores_are_those_of_cross_validation_in_scikit_learn(demo, tracks):
    features = MFCCExtractor().transform(AudioLoader(duration=3.0).transform(tracks.paths))
    grouped = StratifiedGroupKFold(2, shuffle=True, random_state=0)
    dealt = StratifiedKFold(2, shuffle=True, random_state=0)
    scoring = ["accuracy", "f1_macro"]
    with sklearn.config_context(enable_metadata_routing=True):
        by_artist = cross_validate(
            small_net(), features, tracks.target, cv=grouped, scoring=scoring, params={"groups": tracks.groups}
        )
    at_random = cross_validate(small_net(), features, tracks.target, cv=dealt, scoring=scoring)
    for mine, theirs in ((demo.results.by_artist, by_artist), (demo.results.at_random, at_random)):
        assert_array_equal(mine.accuracy, theirs["test_accuracy"])
        assert_array_equal(mine.macro_f1, theirs["test_f1_macro"])


def test_the_model_is_the_pipeline_that_fit_on_the_paths_gives(demo, tracks):
    model = sklearn.base.clone(demo.model).fit(tracks.paths, tracks.target, cnn__groups=tracks.groups)
    assert_array_equal(model.predict_proba(tracks.paths), demo.model.predict_proba(tracks.paths))


def test_the_saved_model_answers_like_the_one_returned(demo, tracks):
    assert_array_equal(joblib.load(demo.model_path).predict(tracks.paths[:5]), demo.model.predict(tracks.paths[:5]))


def test_the_saved_recommender_takes_a_path_of_its_own_and_a_new_one(demo, tracks, tmp_path):
    recommender = joblib.load(demo.recommender_path)
    ids, scores = recommender.recommend(tracks.paths[0], n=3)
    assert len(set(ids) & set(tracks.paths)) == 3
    assert tracks.paths[0] not in ids
    new = shutil.copy(tracks.paths[0], tmp_path / "new.wav")
    assert recommender.recommend(new, n=1)[0][0] == tracks.paths[0]
    assert scores[0] >= scores[-1]


def test_the_neighbours_are_those_of_the_recommender_one_track_of_each_genre(demo, tracks):
    distances, indices = demo.recommender.kneighbors()
    assert [tracks.target[found.track] for found in demo.results.neighbours] == ["classical", "disco", "metal"]
    for found in demo.results.neighbours:
        assert found.rows == indices[found.track].tolist()
        assert found.similarities == pytest.approx(1 - distances[found.track])


def test_both_scores_stand_beside_each_other_in_print(demo):
    results = demo.results
    line = next(line for line in demo.printed.splitlines() if line.startswith("Accuracy"))
    for evaluation in (results.by_artist, results.at_random):
        assert f"{evaluation.accuracy.mean():.3f} ± {evaluation.accuracy.std(ddof=1):.3f}" in line
    assert line.split()[-1] == "0.333"


def test_the_last_lines_printed_load_and_use_the_model(demo, tracks):
    load, use = (line.strip() for line in demo.printed.splitlines()[-2:])
    names = {"joblib": joblib}
    exec(load, names)
    assert eval(use.replace("song.mp3", tracks.paths[0]), names) in tracks.target_names


def test_the_report_holds_the_scores_and_the_neighbours(demo):
    page = demo.report_path.read_text(encoding="utf-8")
    assert f"{demo.results.by_artist.accuracy.mean():.2f}" in page
    assert all(demo.results.titles[row] in page for found in demo.results.neighbours for row in found.rows)
    assert "CNNClassifier" in page


def test_every_long_step_has_a_bar_that_reaches_its_end(demo):
    for step in ("Reading tracks", "Cross-validating", "Embedding tracks", "Writing the report"):
        lines = [line for line in demo.progress.replace("\r", "\n").splitlines() if line.startswith(step)]
        assert "100%" in lines[-1]
    assert "%|" not in demo.printed


def test_a_quiet_demo_without_artists_warns_and_leaves_out_the_score_by_artist(collection, tmp_path, capsys):
    music = copy_of(collection, tmp_path, index=False)
    (music / "disco" / "broken.wav").write_text("this is no audio")
    with pytest.warns(UserWarning, match="no artists") as caught:
        demo = run_demo(music, tmp_path / "out", classifier=small_net(), n_splits=2, verbose=False)
    messages = " ".join(str(warning.message) for warning in caught)
    assert "broken.wav" in messages
    assert capsys.readouterr() == ("", "")
    assert demo.results.by_artist is None
    # The broken file is left out of all, and listed.
    assert len(demo.results.genres) == 8
    assert [Path(path).name for path in demo.results.unreadable] == ["broken.wav"]
    assert "broken.wav" in demo.report_path.read_text(encoding="utf-8")


def test_without_data_music_is_made_in_the_out_folder(collection, tmp_path, monkeypatch):
    def make_tracks(folder, *, random_state, **options):
        from skgenre import load_tracks

        copy_of(collection, folder.parent)
        make_tracks.random_state = random_state
        return load_tracks(folder / "index.csv")

    monkeypatch.setattr("skgenre.demo._collection.make_tracks", make_tracks)
    tracks = Collection.open(None, tmp_path / "music", 3, verbose=False)
    assert make_tracks.random_state == 3
    assert tracks.size == "8 tracks in 2 genres by 8 artists"
    assert Path(tracks.paths[0]).is_relative_to(tmp_path / "music")


# --- evaluation


class Spy(ClassifierMixin, BaseEstimator):
    """Answers the first genre, and notes the artists that it was told."""

    told: list = []

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        Spy.told.append((X[:, 0], groups))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_early_stopping_is_told_the_artists_of_its_training_tracks_in_the_folds_by_artist_alone():
    Spy.told.clear()
    genres = np.repeat(["a", "b"], 12)
    artists = np.arange(24) // 3
    rows = np.arange(24.0)[:, None]
    evaluate(Spy(), rows, genres, artists, 3, n_jobs=None, random_state=0, verbose=False)
    assert [groups is None for _, groups in Spy.told] == [True] * 3 + [False] * 3
    for train, groups in Spy.told[3:]:
        assert_array_equal(groups, artists[train.astype(int)])
        assert not set(artists[np.setdiff1d(np.arange(24), train.astype(int))]) & set(groups)


def test_a_classifier_that_takes_no_artists_is_fitted_without():
    class Plain(Spy):
        def fit(self, X, y):
            return super().fit(X, y)

    assert fit(Plain(), np.zeros((4, 1)), np.array(["a", "b"] * 2), np.arange(4)).predict(np.zeros((1, 1))) == ["a"]


def test_every_track_is_predicted_by_a_net_that_did_not_see_it():
    class Memory(Spy):
        def fit(self, X, y, groups=None):
            self.seen_ = set(X[:, 0])
            return self

        def predict(self, X):
            assert not self.seen_ & set(X[:, 0])
            return np.full(len(X), "b")

    genres = np.repeat(["a", "b"], 10)
    by_artist, at_random = evaluate(
        Memory(), np.arange(20.0)[:, None], genres, np.arange(20) // 2, 5, n_jobs=None, random_state=0, verbose=False
    )
    for evaluation in (by_artist, at_random):
        assert_array_equal(evaluation.predictions, np.full(20, "b"))
        assert evaluation.accuracy.mean() == pytest.approx(0.5)


def test_processes_do_not_change_the_scores(demo, tracks):
    features = MFCCExtractor().transform(AudioLoader(duration=3.0).transform(tracks.paths))
    by_artist, at_random = evaluate(
        small_net(), features, tracks.target, tracks.groups, 2, n_jobs=2, random_state=0, verbose=False
    )
    assert_array_equal(by_artist.predictions, demo.results.by_artist.predictions)
    assert_array_equal(at_random.accuracy, demo.results.at_random.accuracy)


@pytest.mark.parametrize(
    ("n_artists", "n_tracks", "n_folds"),
    [((7, 9), (20, 20), 5), ((3, 9), (20, 20), 3), ((9, 9), (20, 4), 4)],
)
def test_there_are_as_many_folds_as_every_genre_has_artists_and_tracks(n_artists, n_tracks, n_folds):
    genres = np.repeat(["a", "b"], n_tracks)
    artists = np.concatenate([np.arange(n_tracks[0]) % n_artists[0], 100 + np.arange(n_tracks[1]) % n_artists[1]])
    assert plan_folds(genres, artists, 5)[0] == n_folds


def test_a_genre_by_one_artist_leaves_the_random_folds_with_a_warning():
    genres, artists = np.repeat(["jazz", "rock"], 6), np.repeat([0, 1, 2, 3], [6, 2, 2, 2])
    with pytest.warns(UserWarning, match="only random folds are scored.*by one artist: jazz"):
        assert plan_folds(genres, artists, 5) == (5, None)


@pytest.mark.parametrize(
    ("genres", "message"),
    [
        (["jazz", "rock", "rock"], "at least two tracks that can be read, got one of: jazz"),
        (["rock", "rock"], "at least two genres, got 1: rock"),
    ],
)
def test_a_collection_that_cannot_be_split_is_refused(genres, message):
    with pytest.raises(ValueError, match=message):
        plan_folds(np.array(genres), None, 5)


def test_a_collection_with_several_genres_for_a_track_is_refused(tmp_path):
    (tmp_path / "index.csv").write_text("path,genre\na.wav,rock|pop\nb.wav,rock\n")
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(100), 22050)
    with pytest.raises(ValueError, match=r"one genre of each track, but .*index\.csv names several"):
        run_demo(tmp_path / "index.csv", tmp_path / "out", verbose=False)


def test_a_file_is_no_folder_to_write_to(tmp_path):
    (tmp_path / "report.html").write_text("what was there")
    with pytest.raises(ValueError, match=r"out must be a folder to write to, .*report\.html' is a file"):
        run_demo(tmp_path, tmp_path / "report.html", verbose=False)
    assert (tmp_path / "report.html").read_text() == "what was there"


# --- reading


def test_features_extracted_in_chunks_are_those_of_the_whole(tracks, monkeypatch):
    monkeypatch.setattr("skgenre.demo._collection._CHUNK", 5)
    waveforms = AudioLoader(duration=2.0).transform(tracks.paths)
    features, errors = extract(MFCCExtractor(), waveforms, verbose=False)
    assert_array_equal(features, MFCCExtractor().transform(waveforms))
    assert errors == {}


def test_rows_that_cannot_be_read_are_found_in_any_chunk(tracks, tmp_path, monkeypatch):
    monkeypatch.setattr("skgenre.demo._collection._CHUNK", 3)
    paths = [*tracks.paths[:7], tmp_path / "missing.wav"]
    (tmp_path / "text.wav").write_text("this is no audio")
    paths[2] = tmp_path / "text.wav"
    with pytest.warns(UserWarning, match="silence"):
        features, errors = extract(
            MFCCExtractor(), AudioLoader(duration=1.0, on_error="warn").transform(paths), verbose=False
        )
    assert sorted(errors) == [2, 7]
    assert all(isinstance(error, AudioError) for error in errors.values())
    assert len(features) == 8


@pytest.mark.parametrize(("lengths", "seconds"), [((4.0, 5.0, 60.0), 5.0), ((40.0, 50.0), 30.0), ((0.1, 0.1), 1.0)])
def test_half_a_minute_is_heard_or_the_median_length(tmp_path, lengths, seconds):
    paths = [tmp_path / f"{row}.wav" for row in range(len(lengths))]
    for path, length in zip(paths, lengths, strict=True):
        soundfile.write(path, np.zeros(int(1000 * length)), 1000)
    assert seconds_to_hear([str(path) for path in paths]) == pytest.approx(seconds)


def test_files_that_cannot_be_read_do_not_decide_how_long_to_listen(tmp_path):
    (tmp_path / "text.wav").write_text("this is no audio")
    soundfile.write(tmp_path / "short.wav", np.zeros(5000), 1000)
    (tmp_path / "samples.raw").write_bytes(bytes(1000))
    paths = [str(tmp_path / name) for name in ("text.wav", "short.wav", "missing.wav", "samples.raw")]
    assert seconds_to_hear(paths) == 5.0
    assert seconds_to_hear(paths[:1]) == 30.0


def test_a_track_without_a_title_goes_by_the_name_of_its_file_and_an_unknown_artist_by_none(tmp_path):
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / name, np.zeros(1000), 1000)
    index = tmp_path / "index.csv"
    index.write_text("path,genre,artist,title\none.wav,jazz,Ann,\ntwo.wav,rock,,A song\n")
    tracks = Collection.open(index, tmp_path, 0, verbose=False)
    assert [tracks.name(row) for row in (0, 1)] == ["one – Ann (jazz)", "A song (rock)"]


# --- progress


def test_a_bar_by_time_advances_and_ends_full(capsys):
    with bar_by_time("Working", 1.0, verbose=True):
        time.sleep(0.7)
    shown = [line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if line]
    percents = [int(line.split("%")[0].split()[-1]) for line in shown]
    assert percents == sorted(percents)
    assert any(20 <= percent <= 99 for percent in percents)
    assert percents[-1] == 100


def test_a_bar_by_time_lets_errors_through(capsys):
    with pytest.raises(OSError, match="disk full"), bar_by_time("Working", 0.0, verbose=True):
        raise OSError("disk full")


def test_a_silent_bar_shows_nothing(capsys):
    with bar_by_time("Working", 0.1, verbose=False):
        pass
    assert capsys.readouterr().err == ""
