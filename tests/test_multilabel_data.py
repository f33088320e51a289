"""Tracks of several genres: read from a CSV, composed, scored by metrics and drawn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skgenre import (
    LabelPrecisionRecallDisplay,
    PerLabelClassifier,
    TrackDescriptor,
    load_tracks,
    make_multilabel_scorer,
    make_tracks,
    tune_thresholds,
)
from skgenre.audio import AudioLoader
from skgenre.datasets import GENRES
from skgenre.datasets._fusion import fuse, style_of
from skgenre.datasets._styles import STYLES
from skgenre.metrics import MULTILABEL_METRICS, average_precisions


def collection(folder, *genres):
    """Write a CSV of tracks with these genres."""
    names = [f"{row}.wav" for row in range(len(genres))]
    for name in names:
        (folder / name).touch()
    lines = [f"{name},{genre}" for name, genre in zip(names, genres, strict=True)]
    (folder / "index.csv").write_text("\n".join(["path,genre", *lines]))
    return folder


class TestLoadTracks:
    def test_several_genres_become_columns(self, tmp_path):
        tracks = load_tracks(collection(tmp_path, "rock|pop", "jazz", "pop | jazz|rock"))
        assert tracks.target_names == ["jazz", "pop", "rock"]
        assert tracks.target.tolist() == [[0, 1, 1], [1, 0, 0], [1, 1, 1]]
        assert tracks.frame["genre"].tolist() == ["rock|pop", "jazz", "pop | jazz|rock"]

    def test_one_genre_for_each_stays_one(self, tmp_path):
        assert load_tracks(collection(tmp_path, "rock", "jazz")).target.tolist() == ["rock", "jazz"]

    def test_the_separator_may_be_another_or_none(self, tmp_path):
        folder = collection(tmp_path, "rock;pop", "rock|jazz")
        assert load_tracks(folder, separator=";").target_names == ["pop", "rock", "rock|jazz"]
        assert load_tracks(folder, separator=None).target.tolist() == ["rock;pop", "rock|jazz"]

    @pytest.mark.parametrize("separator", ["", "  ", 3])
    def test_a_separator_that_separates_nothing_is_an_error(self, tmp_path, separator):
        with pytest.raises(ValueError, match="separator must be None or text"):
            load_tracks(collection(tmp_path, "rock"), separator=separator)

    def test_a_row_of_separators_alone_has_no_genre(self, tmp_path):
        with pytest.raises(ValueError, match=r"at least one genre beside '\|', got '\|'"):
            load_tracks(collection(tmp_path, "rock", " | "))


class TestMakeTracks:
    def test_a_mixed_genre_has_both_labels(self, tmp_path):
        tracks = make_tracks(tmp_path, 2, 1, ["metal", "hiphop|jazz"], duration=0.5, random_state=0)
        assert tracks.target_names == ["hiphop", "jazz", "metal"]
        assert tracks.target.tolist() == [[0, 0, 1]] * 2 + [[1, 1, 0]] * 2
        assert tracks.groups[-1] == "Hiphop-jazz artist 1"
        assert tracks.paths[-1].endswith("hiphop-jazz_01_02.wav")

    def test_the_tunes_of_a_genre_are_the_same_beside_mixed_ones(self, tmp_path):
        alone = make_tracks(tmp_path / "alone", 2, 2, ["jazz"], duration=1.0, random_state=0)
        beside = make_tracks(tmp_path / "beside", 2, 2, ["jazz", "jazz|metal"], duration=1.0, random_state=0)
        for one, other in zip(alone.paths, beside.paths[:2], strict=True):
            np.testing.assert_array_equal(*(AudioLoader().transform([path])[0] for path in (one, other)))

    def test_drums_and_bass_are_of_the_first_and_chords_and_melody_of_the_second(self):
        mixed = style_of("disco|classical")
        below, above = STYLES["disco"], STYLES["classical"]
        assert (mixed.drums, mixed.bass, mixed.tempo) == (below.drums, below.bass, below.tempo)
        assert (mixed.progressions, mixed.lead_by) == (above.progressions, above.lead_by)
        assert mixed.balance == (*below.balance[:2], *above.balance[2:])
        np.testing.assert_allclose(mixed.tone, np.mean([below.tone, above.tone], axis=0))

    def test_every_pair_can_be_played(self, tmp_path):
        pairs = [f"{one}|{other}" for one in GENRES for other in GENRES if one != other]
        for pair in pairs:
            assert fuse(*(STYLES[name] for name in pair.split("|"))) == style_of(pair)
        tracks = make_tracks(tmp_path, 1, 1, pairs[::7], duration=0.3, sample_rate=8000, random_state=0)
        assert np.isfinite(np.stack(list(AudioLoader(8000).transform(tracks.paths)))).all()
        assert (tracks.target.sum(axis=1) == 2).all()

    @pytest.mark.parametrize("genre", ["jazz|jazz", "jazz|polka", "jazz|rock|pop", "|jazz"])
    def test_what_is_no_mixture_of_two_is_an_error(self, tmp_path, genre):
        with pytest.raises(ValueError, match=r"genres must be among blues, .*; got .* no mixture of two"):
            make_tracks(tmp_path, genres=[genre])

    def test_both_genres_of_a_mixture_are_heard_on_new_artists(self, tmp_path):
        genres = ["classical", "disco", "metal", "disco|classical", "metal|disco"]
        tracks = make_tracks(tmp_path, 8, 4, genres, duration=3.0, random_state=0)
        features = TrackDescriptor(("timbre", "rhythm")).fit_transform(AudioLoader().transform(tracks.paths))
        model = make_pipeline(StandardScaler(), PerLabelClassifier(LogisticRegression(C=0.01)))
        folds = {"cv": GroupKFold(4), "groups": tracks.groups}
        scores = cross_validate(model, features, tracks.target, **folds, scoring=make_multilabel_scorer())
        assert scores["test_score"].mean() > 0.85


labels_and_scores = st.integers(0, 10**6).map(
    lambda seed: (
        (np.random.default_rng(seed).random((30, 4)) < 0.4).astype(int),
        np.random.default_rng(seed + 1).integers(0, 12, (30, 4)) / 12,
    )
)


class Answers:
    """A fitted classifier that says what it was given."""

    def __init__(self, probabilities):
        self.probabilities = probabilities

    def predict_proba(self, X):
        return self.probabilities[X]

    def predict(self, X):
        return self.probabilities[X] >= 0.5


class TestScorers:
    THEIRS = {
        "roc_auc_macro": lambda y, p: metrics.roc_auc_score(y, p, average="macro"),
        "roc_auc_micro": lambda y, p: metrics.roc_auc_score(y, p, average="micro"),
        "average_precision_macro": lambda y, p: metrics.average_precision_score(y, p, average="macro"),
        "average_precision_micro": lambda y, p: metrics.average_precision_score(y, p, average="micro"),
        "label_ranking_average_precision": metrics.label_ranking_average_precision_score,
        "neg_hamming_loss": lambda y, p: -metrics.hamming_loss(y, p >= 0.5),
    }

    @pytest.mark.parametrize("name", MULTILABEL_METRICS)
    @given(data=labels_and_scores)
    def test_where_all_is_known_they_are_those_of_scikit_learn(self, name, data):
        y, scores = data
        if ((y.sum(axis=0) > 0) & (y.sum(axis=0) < 30)).all():
            ours = make_multilabel_scorer(name)(Answers(scores), np.arange(30), y)
            assert ours == pytest.approx(self.THEIRS[name](y, scores))

    @pytest.mark.parametrize("name", MULTILABEL_METRICS)
    @given(data=labels_and_scores)
    def test_what_nobody_knows_has_no_say(self, name, data):
        y, scores = data
        hidden = np.random.default_rng(0).random(y.shape) < 0.3
        missing = np.where(hidden, np.nan, y)
        scorer = make_multilabel_scorer(name)
        one, other = (scorer(Answers(np.where(hidden, fill, scores)), np.arange(30), missing) for fill in (0.0, 1.0))
        assert one == other

    def test_a_label_that_no_track_of_a_fold_has_is_left_out_of_the_mean(self):
        y = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1], [0, 0, 1]])
        scores = np.array([[0.9, 0.1, 0.1], [0.2, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.1]])
        assert make_multilabel_scorer("roc_auc_macro")(Answers(scores), np.arange(4), y) == 1
        assert np.isnan(average_precisions(y.astype(float), scores)[1:]).all()

    def test_where_there_is_nothing_to_score_it_says_so(self):
        with pytest.warns(UndefinedMetricWarning, match="nothing to score"):
            score = make_multilabel_scorer()(Answers(np.full((3, 2), 0.5)), np.arange(3), np.ones((3, 2)))
        assert np.isnan(score)

    @pytest.mark.parametrize(
        "model",
        [RandomForestClassifier(5), KNeighborsClassifier(3), PerLabelClassifier(LinearSVC())],
        ids=lambda model: type(model).__name__,
    )
    def test_every_kind_of_answer_is_taken(self, model):
        X = np.random.default_rng(0).normal(size=(60, 3))
        y = (X > 0).astype(int)
        scoring = {name: make_multilabel_scorer(name) for name in MULTILABEL_METRICS}
        scores = cross_validate(model, X, y, cv=KFold(3), scoring=scoring, error_score="raise")
        assert all(scores[f"test_{name}"].mean() > (-0.3 if name.startswith("neg") else 0.7) for name in scoring)

    def test_a_metric_that_is_none_is_named(self):
        with pytest.raises(ValueError, match=r"metric must be one of \['roc_auc_macro'.*got 'accuracy'"):
            make_multilabel_scorer("accuracy")

    def test_one_column_is_an_error(self):
        with pytest.raises(ValueError, match="y must have a column for each of several labels"):
            make_multilabel_scorer()(Answers(np.zeros((4, 2))), np.arange(4), [0, 1, 0, 1])

    def test_it_says_what_it_is(self):
        assert repr(make_multilabel_scorer("roc_auc_micro")) == "make_multilabel_scorer('roc_auc_micro')"


class TestDisplay:
    Y = np.array([[1, 0, 1], [1, 1, np.nan], [0, 1, 0], [0, 0, 1], [1, 1, 0]])
    SCORES = np.array([[0.9, 0.2, 0.6], [0.8, 0.3, 0.9], [0.4, 0.8, 0.5], [0.1, 0.6, 0.7], [0.3, 0.7, 0.1]])

    @pytest.fixture(autouse=True)
    def _close(self):
        yield
        import matplotlib.pyplot as plt

        plt.close("all")

    def test_the_curves_are_those_of_scikit_learn_best_first(self):
        display = LabelPrecisionRecallDisplay.from_predictions(self.Y, self.SCORES, labels=["a", "b", "c"])
        order = np.argsort(-display.average_precision, kind="stable")
        for line, column in zip(display.lines_, order, strict=True):
            known = ~np.isnan(self.Y[:, column])
            precision, recall, _ = metrics.precision_recall_curve(self.Y[known, column], self.SCORES[known, column])
            np.testing.assert_allclose(line.get_xdata(), recall)
            np.testing.assert_allclose(line.get_ydata(), precision)
        legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert legend == [f"{'abc'[j]}  {display.average_precision[j]:.2f}" for j in order]

    def test_a_point_is_where_the_answers_stand(self):
        display = LabelPrecisionRecallDisplay.from_predictions(self.Y, self.SCORES, thresholds=[0.5, 0.65, 0.99])
        answered = self.SCORES[:, 1] >= 0.65
        expected = metrics.recall_score(self.Y[:, 1], answered), metrics.precision_score(self.Y[:, 1], answered)
        np.testing.assert_allclose(display.points[1], expected)
        assert np.isnan(display.points[2][1])  # nothing is answered with it

    def test_an_estimator_is_asked_and_its_thresholds_marked(self):
        X = np.random.default_rng(0).normal(size=(80, 3))
        y = pd.DataFrame((X + np.random.default_rng(1).normal(size=X.shape) > 0.3).astype(int), columns=["x", "y", "z"])
        model = make_pipeline(StandardScaler(), PerLabelClassifier(LogisticRegression())).fit(X, y)
        model[-1].thresholds_ = tune_thresholds(y, model.predict_proba(X))
        display = LabelPrecisionRecallDisplay.from_estimator(model, X, y)
        assert sorted(display.labels) == ["x", "y", "z"]
        answers = model.predict(X)
        expected = [metrics.recall_score(y[name], answers[:, j]) for j, name in enumerate(y)]
        np.testing.assert_allclose(display.points[:, 0], expected)

    def test_a_label_without_a_curve_is_left_out(self):
        y = self.Y.copy()
        y[:, 1] = 0
        display = LabelPrecisionRecallDisplay.from_predictions(y, self.SCORES, labels=["a", "b", "c"])
        assert display.labels == ["a", "c"]

    def test_names_of_labels_are_drawn_as_they_are(self):
        names = ["_unsorted", "$2 and $3", r"\$x_{"]
        display = LabelPrecisionRecallDisplay.from_predictions(self.Y, self.SCORES, labels=names)
        display.figure_.canvas.draw()
        drawn = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert {text.rsplit("  ", 1)[0] for text in drawn} == set(names)

    @pytest.mark.parametrize("names", [[f"mood/theme---label {j}" for j in range(45)], ["x" * 60, "y"]])
    def test_many_labels_and_long_names_leave_room_and_look_different(self, names):
        rng = np.random.default_rng(0)
        y, scores = rng.integers(0, 2, (30, len(names))), rng.random((30, len(names)))
        display = LabelPrecisionRecallDisplay.from_predictions(y, scores, labels=names)
        display.figure_.canvas.draw()
        assert display.ax_.get_window_extent().width > 3.5 * display.figure_.dpi
        assert display.ax_.get_legend().get_window_extent().x1 <= display.figure_.bbox.x1 + 1
        looks = {(line.get_color(), str(line._dash_pattern)) for line in display.lines_}
        assert len(looks) == len(names)

    def test_it_draws_on_axes_that_are_there(self):
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1]
        assert LabelPrecisionRecallDisplay.from_predictions(self.Y, self.SCORES, ax=ax).ax_ is ax

    @pytest.mark.parametrize(
        ("y", "scores", "params", "message"),
        [
            (Y, SCORES[:, :2], {}, "y_score must be of the shape of y_true"),
            (Y, SCORES, {"labels": ["a"]}, "labels must name the 3 columns of y_true, got 1 names"),
            (Y, SCORES, {"thresholds": 0.5}, r"thresholds must hold one for each of 3 labels, got shape \(\)"),
            (Y, SCORES, {"thresholds": [0.5] * 4}, r"thresholds must hold one for each of 3 labels, got shape \(4,\)"),
            (np.ones((5, 3)), SCORES, {}, "y_true must hold a label that some tracks have and others have not"),
            (Y[:, 0], SCORES[:, 0], {}, "y_true must have a column for each of several labels"),
        ],
    )
    def test_bad_input_is_named(self, y, scores, params, message):
        with pytest.raises(ValueError, match=message):
            LabelPrecisionRecallDisplay.from_predictions(y, scores, **params)
