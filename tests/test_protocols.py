"""One model under several protocols: what leaks is shown, what does not leak is not, and the scores are right."""

import builtins
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, ShuffleSplit, StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skgenre import (
    AudioLoader,
    CNNClassifier,
    FrameStatistics,
    MelExtractor,
    MFCCExtractor,
    compare_protocols,
    expected_calibration_error,
)
from skgenre.features import FeatureSequence

N_ARTISTS, N_TRACKS = 20, 6


@pytest.fixture(scope="module")
def sounds():
    """Return features of artists who have a sound each, of tracks that have one too, and of genres that have none."""
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(N_ARTISTS), N_TRACKS)
    tracks = 3 * rng.normal(size=(N_ARTISTS, 4))[artists] + rng.normal(size=(len(artists), 4))
    X = tracks[:, :, None] + 0.1 * rng.normal(size=(*tracks.shape, 20))
    return X.astype(np.float32), np.where(artists % 2, "folk", "rock"), artists


def nearest():
    return make_pipeline(FrameStatistics(("mean",), differences=()), KNeighborsClassifier(1))


def accuracies(comparison):
    return {name: scores.accuracy.mean() for name, scores in comparison.items()}


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier that notes what its fits were given."""

    __metadata_request__fit = {"groups": True}
    seen = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        self.seen.append((X[:, 0].astype(int), groups, self.random_state))
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def recorded():
    Recorder.seen.clear()
    return Recorder.seen


# --- what leaks


def test_an_artist_in_two_spellings_is_one():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, 2)), np.tile(["jazz", "rock"], 8)
    spellings = ["Bj\u00f6rk", "Bjo\u0308rk", "Bj\u00f6rk ", "Bj\u00f6rk"] * 2
    groups = [*spellings, *(["x", "x ", " y", "y"] * 2)]
    for known in (groups, [*groups[:-1], None]):
        scores = compare_protocols(GaussianNB(), X, y, known, protocols="grouped", n_splits=2, seeds=2)["grouped"]
        assert len(set(scores.clusters[:8])) == 1
        assert len(set(scores.clusters)) == (3 if known is groups else 4)
        if known is groups:
            assert set(scores.clusters.tolist()) == {"Bj\u00f6rk", "x", "y"}


def test_each_protocol_that_leaks_flatters_a_model_that_knows_artists_and_not_genres(sounds):
    found = accuracies(compare_protocols(nearest(), *sounds, seeds=2))
    assert found["grouped"] < 0.65
    assert found["random"] > 0.85
    assert found["segment"] > 0.99


def test_where_each_track_has_its_own_sound_only_segments_leak(sounds):
    X, y, _ = sounds
    X = X[::N_TRACKS].repeat(2, axis=0) + 9 * np.random.default_rng(1).normal(size=(2 * N_ARTISTS, 4, 1))
    y = y[::N_TRACKS].repeat(2)
    found = accuracies(compare_protocols(nearest(), X, y, protocols=("random", "segment"), seeds=3))
    assert found["random"] < 0.7
    assert found["segment"] > 0.99


def test_without_anything_to_know_no_protocol_finds_anything(sounds):
    _, y, groups = sounds
    noise = np.random.default_rng(0).normal(size=(len(y), 4, 20))
    found = accuracies(compare_protocols(nearest(), noise, y, groups, seeds=3))
    assert all(0.35 < accuracy < 0.65 for accuracy in found.values())


# --- folds, groups and seeds


def test_artists_are_kept_apart_and_reach_the_fit_where_they_are_asked_for(recorded):
    groups = np.repeat(np.arange(12), 3)
    X, y = np.arange(36)[:, None], np.arange(12).repeat(3) % 2
    compare_protocols(make_pipeline(Recorder()), X, y, groups, protocols=("grouped",), seeds=1)
    assert len(recorded) == 5
    for rows, given, _ in recorded:
        assert_array_equal(given, groups[rows])
        assert not set(given) & set(np.delete(groups, rows))


def test_a_random_split_keeps_no_artists_apart_and_passes_them_on_all_the_same(recorded):
    groups = np.arange(36) // 3
    X, y = np.arange(36)[:, None], np.arange(36) % 2
    compare_protocols(Recorder(), X, y, groups, protocols=("random",), seeds=1)
    for rows, given, _ in recorded:
        assert_array_equal(given, groups[rows])
        assert set(given) & set(np.delete(groups, rows))


def test_each_segment_is_passed_on_with_the_artist_of_its_track(recorded):
    groups = np.arange(12) // 3
    X = np.arange(12, dtype=np.float32).repeat(20).reshape(12, 1, 20)
    model = make_pipeline(FrameStatistics(("mean",), differences=()), Recorder())
    compare_protocols(model, X, np.arange(12) % 2, groups, protocols=("segment",), seeds=1)
    for rows, given, _ in recorded:
        assert_array_equal(given, groups[rows])


def test_without_artists_nothing_is_passed_on(recorded):
    X, y = np.arange(36)[:, None], np.arange(36) % 2
    compare_protocols(Recorder(), X, y, protocols=("random",), seeds=1)
    assert [groups for _, groups, _ in recorded] == [None] * 5


def test_groups_reach_the_early_stopping_of_a_net(sounds, monkeypatch):
    import skgenre.classifiers._base as base

    split, watched = base.split_validation, []
    monkeypatch.setattr(
        base, "split_validation", lambda y, groups, *rest: watched.append(groups) or split(y, None, *rest)
    )
    net = Pipeline([("net", CNNClassifier((4,), max_epochs=1, validation_fraction=0.2))])
    compare_protocols(net, *sounds, protocols=("grouped", "random"), n_splits=2, seeds=1)
    assert [groups is None for groups in watched] == [False] * 4


@pytest.mark.parametrize("protocol", ["grouped", "random", "segment"])
def test_groups_reach_the_folds_of_a_search_inside(sounds, protocol):
    # Without groups this inner splitter raises.
    grid = {"kneighborsclassifier__n_neighbors": [1, 3]}
    search = GridSearchCV(nearest(), grid, cv=StratifiedGroupKFold(2))
    found = compare_protocols(search, *sounds, protocols=(protocol,), seeds=1)
    assert found[protocol].accuracy.shape == (1,)


def test_each_seed_is_that_of_the_folds_of_a_search_inside(recorded):
    X, y = np.arange(36)[:, None], np.arange(36) % 2
    cv = StratifiedKFold(2, shuffle=True)
    for _ in range(2):
        search = Pipeline([("search", GridSearchCV(Recorder(), {"random_state": [7]}, cv=cv))])
        compare_protocols(search, X, y, protocols=("random",), seeds=(3,))
    trained = [rows.tolist() for rows, _, _ in recorded]
    assert trained[: len(trained) // 2] == trained[len(trained) // 2 :]
    assert cv.random_state is None


def test_each_seed_is_the_random_state_of_everything_that_has_one(recorded):
    X, y = np.arange(36)[:, None], np.arange(36) % 2
    compare_protocols(Pipeline([("it", Recorder(random_state=7))]), X, y, protocols=("random",), seeds=(3, 8))
    assert [seed for _, _, seed in recorded] == [3] * 5 + [8] * 5


def test_the_answers_are_those_of_scikit_learn(sounds):
    X, y, groups = sounds
    X = X[:, :, 0]
    tree = DecisionTreeClassifier(max_depth=3, random_state=4)
    found = compare_protocols(tree, X, y, groups, protocols=("random", "grouped"), n_splits=3, seeds=[4])
    splitters = {"random": StratifiedKFold, "grouped": StratifiedGroupKFold}
    for name, splitter in splitters.items():
        folds = splitter(3, shuffle=True, random_state=4)
        given = groups if name == "grouped" else None
        expected = cross_val_predict(tree, X, y, groups=given, cv=folds, method="predict_proba")
        assert_allclose(found[name].probabilities[0], expected)
        assert_array_equal(found[name].predictions[0], np.array(["folk", "rock"])[expected.argmax(axis=1)])


def test_more_jobs_give_the_same_answers(sounds):
    options = {"protocols": ("grouped", "segment"), "n_splits": 2, "seeds": 2}
    one, two = (compare_protocols(nearest(), *sounds, n_jobs=n_jobs, **options) for n_jobs in (1, 2))
    for name in one:
        assert_array_equal(one[name].predictions, two[name].predictions)


def test_a_splitter_of_ones_own_is_a_protocol(sounds):
    X, y, groups = sounds
    train, test = np.flatnonzero(groups >= 5), np.flatnonzero(groups < 5)
    found = compare_protocols(nearest(), X, y, groups, protocols={"the official split": [(train, test)]}, seeds=2)
    scores = found["the official split"]
    assert_array_equal(scores.tracks, test)
    assert_array_equal(scores.predictions[1], nearest().fit(X[train], y[train]).predict(X[test]))


@pytest.mark.parametrize("kind", [np.asarray, list])
def test_folds_may_be_boolean_masks(sounds, kind):
    X, y, _ = sounds
    rows = np.arange(len(y))
    halves = [(rows[rows % 2 == side], rows[rows % 2 != side]) for side in (0, 1)]
    masks = [(rows % 2 == side, rows % 2 != side) for side in (0, 1)]
    found = compare_protocols(nearest(), kind(X), y, protocols={"rows": halves, "masks": masks}, seeds=1)
    assert_array_equal(found["masks"].predictions, found["rows"].predictions)


def test_folds_that_cannot_be_pooled_are_refused_before_anything_is_trained(recorded):
    X, y = np.arange(40).reshape(20, 2), ["folk", "rock"] * 10
    with pytest.raises(ValueError, match="'halves' must test the same rows"):
        compare_protocols(Recorder(), X, y, protocols={"random": "random", "halves": ShuffleSplit(3)}, n_splits=2)
    assert not recorded


def test_features_of_unequal_length_in_a_list_are_cut_as_a_sequence_of_them_is(sounds):
    X, y, _ = sounds
    ragged = [matrix[:, : 10 + row % 11] for row, matrix in enumerate(X)]
    of_list, of_sequence = (
        compare_protocols(nearest(), tracks, y, protocols=("segment",), seeds=1)["segment"]
        for tracks in (ragged, FeatureSequence(ragged))
    )
    assert_array_equal(of_list.predictions, of_sequence.predictions)


def test_the_estimator_is_left_as_it_was(sounds):
    tree = DecisionTreeClassifier(random_state=7)
    compare_protocols(tree, sounds[0][:, :, 0], *sounds[1:], protocols=("random",), seeds=1)
    assert tree.random_state == 7
    assert not hasattr(tree, "tree_")


# --- segments


def test_segments_are_equal_parts_of_the_features_in_order(recorded):
    X = np.arange(24, dtype=np.float32).reshape(2, 1, 12)
    seen = make_pipeline(FrameStatistics(("min", "max"), differences=()), Recorder())
    compare_protocols(seen, X, ["a", "b"], protocols=("segment",), n_splits=3, seeds=1, n_segments=3)
    assert sorted({row for rows, *_ in recorded for row in rows}) == [0, 4, 8, 12, 16, 20]


@pytest.fixture(scope="module")
def heard(tracks):
    """Return what is found of real pipelines on files under all protocols, by the extractor."""
    models = {
        extractor: make_pipeline(
            AudioLoader(duration=3), extractor(), FrameStatistics(), StandardScaler(), GaussianNB()
        )
        for extractor in (MFCCExtractor, MelExtractor)
    }
    options = {"n_splits": 2, "seeds": 1, "n_segments": 6}
    return {
        extractor: compare_protocols(model, tracks.paths, tracks.target, tracks.groups, **options)
        for extractor, model in models.items()
    }


def test_files_are_cut_into_segments(heard, tracks):
    scores = heard[MFCCExtractor]["segment"]
    assert_array_equal(scores.tracks, np.arange(len(tracks.paths)).repeat(6))
    assert_array_equal(scores.y_true, tracks.target.repeat(6))
    assert scores.predictions.shape == (1, 6 * len(tracks.paths))
    assert all(scores.accuracy.mean() > 0.5 for found in heard.values() for scores in found.values())


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_a_segment_is_that_part_of_its_track(tracks, offset):
    from skgenre.model_selection._protocols_segments import cut_tracks

    loader = AudioLoader(duration=2.0, offset=offset)
    cutter, segments, numbers = cut_tracks(make_pipeline(loader), tracks.paths[:2], 4)
    waveforms = cutter.transform(segments)
    whole = loader.transform(tracks.paths[:2])
    assert_array_equal(numbers, [0] * 4 + [1] * 4)
    for row in (0, 3, 6):
        part = whole[numbers[row]].reshape(4, -1)[row % 4]
        assert_allclose(waveforms[row], part, atol=2e-3)
        assert_allclose(waveforms[[2, row]][1], part, atol=2e-3)


def test_what_is_shorter_than_its_loader_asks_for_has_fewer_segments(recorded):
    samples = [np.full(n, number, dtype=np.float32) / 8 for number, n in enumerate([8000, 8000, 4100, 4100, 500, 500])]
    steps = [AudioLoader(8000, duration=1.0), MelExtractor(8), FrameStatistics(), Recorder()]
    found = compare_protocols(
        make_pipeline(*steps), samples, ["a", "b"] * 3, protocols=("segment",), n_splits=2, seeds=1
    )
    assert_array_equal(np.bincount(found["segment"].tracks), [10, 10, 5, 5, 1, 1])


# --- scores


@pytest.fixture(scope="module")
def bayes(sounds):
    """Return a comparison of a model that gives probabilities."""
    X, y, groups = sounds
    return compare_protocols(GaussianNB(), X[:, :, 0], y, groups, protocols=("random", "grouped"), seeds=3)


def test_the_scores_are_those_of_the_pooled_answers(bayes):
    for scores in bayes.values():
        for seed in range(3):
            answers, proba = scores.predictions[seed], scores.probabilities[seed]
            assert scores.accuracy[seed] == accuracy_score(scores.y_true, answers)
            assert scores.macro_f1[seed] == f1_score(scores.y_true, answers, average="macro")
            assert scores.log_loss[seed] == pytest.approx(log_loss(scores.y_true, proba))
            assert scores.calibration_error[seed] == expected_calibration_error(scores.y_true, proba)


def test_the_table_has_the_means_and_the_deviation_over_seeds(bayes):
    frame = bayes.frame
    assert list(frame.index) == ["random", "grouped"]
    accuracy = bayes["grouped"].accuracy
    assert frame.loc["grouped", "accuracy"] == pytest.approx(accuracy.mean())
    assert frame.loc["grouped", "sd"] == pytest.approx(accuracy.std(ddof=1))
    assert frame.loc["grouped", ["low", "high"]].tolist() == list(bayes["grouped"].interval)
    assert frame.loc["grouped", "macro_f1"] == pytest.approx(bayes["grouped"].macro_f1.mean())


def test_the_printed_form_says_what_the_table_says(bayes):
    row = bayes.frame.loc["random"]
    assert f"random   accuracy {row['accuracy']:.3f} ± {row['sd']:.3f}, 95 % from {row['low']:.3f}" in repr(bayes)


def without(package):
    """Return an import statement that does not find a package."""

    def find(name, *args, **kwargs):
        if name == package:
            raise ModuleNotFoundError(name)
        return importer(name, *args, **kwargs)

    importer = builtins.__import__
    return find


def test_a_notebook_shows_the_table(bayes):
    assert f"<td>{bayes['grouped'].accuracy.mean():.3f}</td>" in bayes._repr_html_()


def test_without_pandas_there_is_no_table_and_the_rest_works(bayes, monkeypatch):
    # Not by a None among the modules: scikit-learn looks there whether a user has pandas.
    monkeypatch.delitem(sys.modules, "pandas")
    monkeypatch.setattr("builtins.__import__", without("pandas"))
    assert bayes.frame is None
    assert bayes._repr_html_() is None
    assert "grouped" in repr(bayes)


def test_a_model_without_probabilities_has_no_log_loss(sounds):
    X, y, groups = sounds
    scores = compare_protocols(Recorder(), X[:, :, 0], y, groups, protocols=("random",), seeds=2)["random"]
    assert scores.probabilities is None
    assert np.isnan([*scores.log_loss, *scores.calibration_error]).all()


def test_a_genre_that_a_fold_did_not_train_on_has_a_probability_of_zero():
    folds = [(np.arange(4, 8), np.arange(4)), (np.arange(4), np.arange(4, 8))]
    y = np.array(["a", "a", "b", "b", "b", "b", "c", "c"])
    found = compare_protocols(
        DummyClassifier(strategy="prior"), np.zeros((8, 1)), y, protocols={"halves": folds}, seeds=1
    )
    assert_allclose(found["halves"].probabilities[0], [[0, 0.5, 0.5]] * 4 + [[0.5, 0.5, 0]] * 4)


def test_the_interval_draws_artists_and_not_tracks():
    from skgenre.model_selection._protocols_results import bootstrap_interval

    # Forty artists of whom all ten tracks are right, or all wrong: as sure as forty tracks, not as four hundred.
    right = np.repeat([0.0, 1.0], 200)
    low, high = bootstrap_interval(right, np.repeat(np.arange(40), 10))
    expected = 1.96 * 0.5 / np.sqrt(40)
    assert_allclose([low, high], [0.5 - expected, 0.5 + expected], atol=0.03)
    low, high = bootstrap_interval(right, np.arange(400))
    assert_allclose([low, high], [0.5 - expected / np.sqrt(10), 0.5 + expected / np.sqrt(10)], atol=0.01)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    from skgenre.model_selection._protocols_results import bootstrap_interval

    rng, covered = np.random.default_rng(0), 0
    artists = np.repeat(np.arange(50), 4)
    for _ in range(200):
        skill = rng.beta(3.5, 1.5, 50)[artists]  # of mean 0.7
        low, high = bootstrap_interval(rng.random(200) < skill, artists)
        covered += low <= 0.7 <= high
    assert 0.90 <= covered / 200 <= 0.98


def test_without_artists_the_interval_draws_tracks(sounds):
    X, y, groups = sounds
    with_artists, without = (
        compare_protocols(nearest(), X, y, given, protocols=("segment",), seeds=1)["segment"]
        for given in (groups, None)
    )
    assert_array_equal(with_artists.clusters, groups.repeat(10))
    assert_array_equal(without.clusters, np.arange(len(y)).repeat(10))


# --- what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocols": ("grouped", "by album")}, r"must be of grouped, random, segment.*got \['by album'\]"),
        ({"protocols": ()}, "protocols must be"),
        ({"protocols": ("grouped",), "groups": None}, "needs groups"),
        ({"protocols": ("segment",)}, "takes an AudioLoader"),
        ({"protocols": {"twice": [([0, 1], [2]), ([0, 1], [2])]}}, "'twice' must test the same rows"),
        ({"protocols": {"none": []}}, "folds of 'none' must be one at least, got none"),
        (
            {"protocols": {"far": [([0, 1], [900])]}},
            r"folds of 'far' must be of the \d+ rows: index 900 is out of bounds",
        ),
        ({"seeds": 0}, "seeds must be .*, got 0"),
        ({"seeds": (1, 1)}, "seeds must be"),
        ({"seeds": 2.0}, "seeds must be a number from 1 on, or different integers .*, got 2.0"),
        ({"seeds": [-1]}, r"seeds must be .* integers from 0 to 2\*\*32 - 1, got \[-1\]"),
        ({"protocols": {1: "random"}}, r"protocols must be of .* mapping of names to splitters, got \[1\]"),
        (
            {"protocols": {"leaky": [(np.arange(15), np.arange(14, 20))]}},
            r"folds of 'leaky' must not test rows that they train on, got 1: \[14\]",
        ),
        (
            {"protocols": {"empty": [(np.arange(20), np.arange(0))]}},
            "folds of 'empty' must train and test on some rows, got 20 and 0",
        ),
        ({"protocols": ("segment",), "n_segments": 0}, "n_segments must be an integer from 1 on, got 0"),
        ({"groups": ["x"]}, "inconsistent"),
        ({"groups": ["x", 1] * 10}, "groups must be of one kind, such as str with ''"),
        ({"groups": np.eye(20, 2)}, "groups should be a 1d array"),
        ({"y": np.eye(20, 3)}, r"y must have shape \(n_tracks,\).* got shape \(20, 3\).*make_multilabel_scorer"),
        ({"y": csr_matrix(np.eye(20, 3))}, r"got shape \(20, 3\)"),
        ({"y": [["rock"], ["rock", "pop"]] * 10}, "got lists of unequal length"),
        ({"y": pd.Series([["rock"], ["rock", "pop"]] * 10)}, r"got \['rock'\] for a track"),
        ({"y": None}, "got None"),
        ({"y": ["rock"] * 20}, "y must hold at least two genres, got one class: rock"),
        ({"y": ["rock", None] * 10}, "y must hold the genre of each track, got None for row 1"),
        ({"y": [0, 1, np.nan, 1] * 5}, "got nan for row 2"),
        ({"X": [], "y": [], "groups": []}, "Found array with 0 sample"),
    ],
)
def test_what_makes_no_comparison_is_refused(options, message):
    y = ["a", "b", "b", "a"] * 5
    options = {"y": y, "groups": list(range(20)), "protocols": ("random",), "seeds": 1, **options}
    with pytest.raises(ValueError, match=message):
        compare_protocols(GaussianNB(), options.pop("X", np.arange(40).reshape(20, 2)), **options)


def test_a_loader_without_a_duration_cannot_be_cut(tracks):
    model = make_pipeline(AudioLoader(), MelExtractor(), FrameStatistics(), GaussianNB())
    with pytest.raises(ValueError, match=r"set AudioLoader\(duration=...\)"):
        compare_protocols(model, tracks.paths, tracks.target, protocols="segment")


def test_features_shorter_than_the_number_of_segments_are_refused(sounds):
    with pytest.raises(ValueError, match="n_segments must not exceed"):
        compare_protocols(nearest(), *sounds, protocols=("segment",), n_segments=21)


@pytest.mark.parametrize("unknown", ["", None, np.nan])
def test_an_unknown_artist_is_an_artist_of_its_own(unknown):
    y = np.tile(["folk", "jazz"], 20)
    groups = np.array([f"artist {row // 4}" for row in range(40)], dtype=object)
    groups[:20] = unknown
    scores = compare_protocols(DummyClassifier(), np.zeros((40, 1)), y, groups, protocols=("grouped",), seeds=1)
    assert len(np.unique(scores["grouped"].clusters)) == 25
