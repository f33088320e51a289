"""The ready classifier from paths to genres."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skgenre import (
    AudioError,
    AudioLoader,
    CNNClassifier,
    FrameStatistics,
    GroupSVC,
    MFCCExtractor,
    TorchEmbedder,
    TrackDescriptor,
    make_genre_classifier,
)

WEIGHTS = Path(__file__).resolve().parents[2] / "shared" / "weights" / "musicnn" / "jamendo.pth"
SMALL = {"cnn__net__max_epochs": 3, "cnn__net__segment_frames": 64, "cnn__mel__n_mels": 32}


class Loudness(torch.nn.Module):
    """Mean and largest magnitude of each window."""

    def forward(self, batch):
        return torch.stack([batch.abs().mean(dim=1), batch.abs().amax(dim=1)], dim=1)


LOUDNESS = TorchEmbedder(Loudness, sample_rate=8000, window=4000)


@pytest.fixture(scope="module")
def classifier(tracks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    made = make_genre_classifier(duration=3.0, memory=folder, random_state=0).set_params(**SMALL)
    return made.fit(tracks.paths, tracks.target)


def test_it_goes_from_paths_to_genres_with_probabilities_that_sum_to_one(classifier, tracks):
    probabilities = classifier.predict_proba(tracks.paths)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    winners = np.asarray(classifier.classes_)[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(classifier.predict(tracks.paths), winners)
    assert classifier.score(tracks.paths, tracks.target) > 0.9


def test_what_each_part_says_has_names_in_a_data_frame(classifier, tracks):
    framed = clone(classifier).set_output(transform="pandas")
    with pytest.raises(NotFittedError):
        framed.get_feature_names_out()
    frame = framed.fit(tracks.paths, tracks.target).transform(tracks.paths[:3])
    said = [dict(framed.named_estimators_)[name].predict_proba(tracks.paths[:3]) for name in ("descriptors", "cnn")]
    np.testing.assert_allclose(frame, np.hstack(said))
    assert list(frame) == [f"{part}__{genre}" for part in ("descriptors", "cnn") for genre in framed.classes_]
    assert list(framed.set_params(voting="hard").get_feature_names_out()) == ["descriptors", "cnn"]
    with pytest.raises(ValueError, match="flatten_transform must be True"):
        framed.set_params(voting="soft", flatten_transform=False).get_feature_names_out()


def test_a_lone_path_is_one_track(classifier, tracks):
    np.testing.assert_allclose(classifier.predict_proba(tracks.paths[0]), classifier.predict_proba(tracks.paths[:1]))


def test_its_answer_is_the_average_of_its_parts(classifier, tracks):
    descriptors, net = (part.predict_proba(tracks.paths) for part in classifier.named_estimators_.values())
    np.testing.assert_allclose(classifier.predict_proba(tracks.paths), (descriptors + net) / 2)


def test_the_same_seed_gives_the_same_classifier(classifier, tracks):
    again = clone(classifier).fit(tracks.paths, tracks.target)
    np.testing.assert_array_equal(again.predict_proba(tracks.paths), classifier.predict_proba(tracks.paths))


@pytest.mark.parametrize("number", [str, lambda genre: ["disco", "metal", "classical"].index(genre) + 1])
def test_parts_learn_the_genres_themselves_and_weights_by_genre(classifier, tracks, number):
    genres = np.array([number(genre) for genre in tracks.target])
    weight = {genre: 3.0**place for place, genre in enumerate(np.unique(genres).tolist())}
    params = dict.fromkeys(("descriptors__machines__class_weight", "cnn__net__class_weight"), weight)
    weighted = clone(classifier).set_params(**params, descriptors__machines__C=0.01).fit(tracks.paths, genres)
    for name, part in weighted.estimators:
        alone = clone(part).fit(tracks.paths, genres)
        said = weighted.named_estimators_[name].predict_proba(tracks.paths)
        np.testing.assert_array_equal(said, alone.predict_proba(tracks.paths))
        assert list(alone.classes_) == list(weighted.classes_)


def test_votes_that_are_counted_are_genres(classifier, tracks):
    counted = clone(classifier).set_params(voting="hard", cnn="drop").fit(tracks.paths, tracks.target)
    (machines,) = counted.estimators_
    np.testing.assert_array_equal(counted.predict(tracks.paths), machines.predict(tracks.paths))
    np.testing.assert_array_equal(
        counted.classes_[counted.transform(tracks.paths)[:, 0]], machines.predict(tracks.paths)
    )


def test_each_part_has_a_loader_of_its_own():
    made = make_genre_classifier(pretrained=LOUDNESS).set_params(cnn__load__duration=10.0)
    durations = [made.get_params()[f"{part}__load__duration"] for part, _ in made.estimators]
    assert durations == [30.0, 10.0, 30.0]


@pytest.mark.parametrize("output", ["pandas", "default"])
def test_whatever_output_is_set_globally_it_fits(tracks, output):
    with config_context(transform_output=output):
        made = make_genre_classifier(duration=1.0, pretrained=LOUDNESS, random_state=0).set_params(**SMALL)
        assert made.fit(tracks.paths, tracks.target).score(tracks.paths, tracks.target) > 0.5


def test_a_fit_that_fails_leaves_what_was_fitted(tracks):
    made = make_genre_classifier(duration=1.0).set_params(cnn="drop").fit(tracks.paths, tracks.target)
    expected = made.predict(tracks.paths)
    others = [f"other {genre}" for genre in tracks.target]
    with pytest.raises(AudioError):
        made.fit([*tracks.paths[:-1], "missing.wav"], others)
    np.testing.assert_array_equal(made.predict(tracks.paths), expected)


def test_columns_of_several_labels_are_named_by_number(tracks):
    labels = np.column_stack([tracks.target == name for name in tracks.target_names]).astype(int)
    made = make_genre_classifier(duration=1.0).set_params(cnn="drop").fit(tracks.paths, labels)
    assert made.get_feature_names_out().tolist() == [f"descriptors__{column}" for column in range(labels.shape[1])]


def test_parts_can_be_set_and_left_out_and_searched(classifier, tracks):
    without = clone(classifier).set_params(cnn="drop")
    assert len(without.fit(tracks.paths, tracks.target).estimators_) == 1
    grid = {"descriptors__describe__hop_length": [512, 1024]}
    search = GridSearchCV(without, grid, cv=2).fit(tracks.paths, tracks.target)
    assert search.best_params_["descriptors__describe__hop_length"] in (512, 1024)


@pytest.mark.parametrize(
    "steps",
    [
        [AudioLoader(duration=1), MFCCExtractor(3), FrameStatistics()],
        [AudioLoader(), MFCCExtractor(3), FrameStatistics()],
        [AudioLoader(duration=1), TrackDescriptor(("dynamics",))],
        [AudioLoader(8000), LOUDNESS],
        [AudioLoader(duration=1), MFCCExtractor(3), CNNClassifier(max_epochs=1, channels=(4,), random_state=0)],
    ],
    ids=["statistics", "unequal", "descriptor", "embedder", "net"],
)
@pytest.mark.parametrize("column", ["path", ["path"]], ids=["series", "frame"])
def test_features_of_a_column_of_paths_stand_beside_other_columns(tracks, steps, column):
    table = pd.DataFrame({"path": list(tracks.paths), "bpm": np.arange(len(tracks.paths))})
    table = table.sample(frac=1, random_state=0)
    columns = make_column_transformer((make_pipeline(*steps), column), ("passthrough", ["bpm"]))
    columns.set_output(transform="pandas")
    genres = np.asarray(tracks.target)[table.index]
    frame = columns.fit_transform(table, genres)
    assert frame.index.equals(table.index)
    assert (frame["passthrough__bpm"] == table["bpm"]).all()
    alone = clone(make_pipeline(*steps)).fit(tracks.paths, tracks.target)
    if not isinstance(steps[-1], CNNClassifier):  # which learns from the order too
        np.testing.assert_array_equal(frame.drop(columns="passthrough__bpm"), alone.transform(table["path"].tolist()))
    cross_validate(make_pipeline(columns, SVC()), table, genres, cv=2, error_score="raise")


def test_features_are_computed_once(tracks, tmp_path, monkeypatch):
    made = make_genre_classifier(duration=3.0, memory=tmp_path, random_state=0).set_params(**SMALL)
    made.fit(tracks.paths, tracks.target)
    monkeypatch.setattr("soundfile.SoundFile", None)  # nothing can be decoded any more
    assert made.score(tracks.paths, tracks.target) > 0.9


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the published weights are not there: ../shared/weights/musicnn")
def test_published_weights_make_a_third_part(tracks):
    made = make_genre_classifier(pretrained=WEIGHTS, duration=3.0, random_state=0).set_params(cnn="drop")
    made.fit(tracks.paths, tracks.target)
    assert len(made.estimators_) == 2
    assert made.score(tracks.paths, tracks.target) > 0.9


@pytest.fixture
def untrained(monkeypatch):
    """Make training a net, and describing tracks, an error."""

    def train(self, X, y):
        raise AssertionError("something was trained")

    for part in (CNNClassifier, TrackDescriptor):
        monkeypatch.setattr(part, "fit", train)


@pytest.mark.parametrize("several_labels", [False, True])
def test_weights_that_are_not_there_are_told_of_before_anything_is_trained(tracks, untrained, several_labels):
    y = np.eye(2)[np.unique(tracks.target, return_inverse=True)[1] % 2] if several_labels else tracks.target
    made = make_genre_classifier(pretrained="no such file.pth", duration=3.0)
    with pytest.raises(FileNotFoundError, match=r"no such file\.pth"):
        made.fit(tracks.paths, y)


def test_a_rate_that_is_not_the_embedders_is_told_of_before_anything_is_trained(tracks, untrained):
    made = make_genre_classifier(pretrained=LOUDNESS, duration=3.0).set_params(pretrained__load__sample_rate=16000)
    with pytest.raises(ValueError, match="TorchEmbedder needs waveforms at 8000 Hz, got 16000 Hz"):
        made.fit(tracks.paths, tracks.target)


def test_an_embedder_is_a_third_part_with_its_own_settings_and_rate(tracks):
    made = make_genre_classifier(pretrained=LOUDNESS, duration=3.0, n_jobs=2, random_state=0).set_params(cnn="drop")
    made.fit(tracks.paths, tracks.target)
    part = made.named_estimators_["pretrained"]
    assert (part["load"].sample_rate, part["embed"].window, part["embed"].n_jobs) == (8000, 4000, None)
    embeddings = LOUDNESS.fit_transform(AudioLoader(8000, duration=3.0).transform(tracks.paths))
    np.testing.assert_allclose(part["linear"].predict_proba(embeddings), part.predict_proba(tracks.paths))


def test_any_transformer_of_waveforms_is_an_embedder(tracks):
    made = make_genre_classifier(pretrained=TrackDescriptor(("dynamics",)), duration=3.0).set_params(cnn="drop")
    assert made.fit(tracks.paths, tracks.target).named_estimators_["pretrained"]["load"].sample_rate == 22050


@pytest.mark.parametrize("wrong", [3, TorchEmbedder, GroupSVC()])
def test_what_embeds_nothing_is_refused(wrong):
    with pytest.raises(TypeError, match=r"pretrained must be a name or path of weights, or a transformer .* got "):
        make_genre_classifier(pretrained=wrong)


class TestGroupSVC:
    X, Y = load_wine(return_X_y=True)
    GROUPS = {"first": slice(0, 6), "others": [6, 7, 8, 9, 10, 11, 12]}

    def test_one_group_is_a_machine_on_standardised_columns(self):
        machine = make_pipeline(StandardScaler(), SVC(C=10)).fit(self.X, self.Y)
        np.testing.assert_allclose(
            GroupSVC().fit(self.X, self.Y).decision_function(self.X), machine.decision_function(self.X)
        )

    def test_decisions_are_the_mean_of_machines_on_their_own_columns(self):
        machines = [GroupSVC().fit(self.X[:, part], self.Y) for part in self.GROUPS.values()]
        parts = [m.decision_function(self.X[:, part]) for m, part in zip(machines, self.GROUPS.values(), strict=True)]
        grouped = GroupSVC(self.GROUPS).fit(self.X, self.Y)
        np.testing.assert_allclose(grouped.decision_function(self.X), np.mean(parts, axis=0))

    def test_a_lower_temperature_is_surer_and_changes_no_answer(self):
        cold, warm = (GroupSVC(temperature=t).fit(self.X, self.Y) for t in (0.1, 1.0))
        assert (cold.predict_proba(self.X).max(axis=1) >= warm.predict_proba(self.X).max(axis=1)).all()
        np.testing.assert_array_equal(cold.predict(self.X), warm.predict(self.X))

    def test_the_same_lead_says_less_among_many_genres(self):
        def surest(n_genres):
            y = np.repeat(np.arange(n_genres), 8)
            X = np.eye(n_genres)[y] + np.random.default_rng(0).normal(0, 0.1, (len(y), n_genres))
            machine = GroupSVC().fit(X, y)
            decisions, probabilities = machine.decision_function(X), machine.predict_proba(X)
            lead = np.diff(np.sort(decisions, axis=1)[:, -2:], axis=1)[:, 0]
            odds = np.diff(np.log(np.sort(probabilities, axis=1)[:, -2:]), axis=1)[:, 0]
            return odds / lead

        np.testing.assert_allclose(surest(3), 2.0)
        np.testing.assert_allclose(surest(4), 2.0)
        np.testing.assert_allclose(surest(10), 0.8)

    def test_a_fit_that_fails_leaves_what_was_fitted(self):
        machine = GroupSVC().fit(self.X, self.Y)
        expected = machine.predict(self.X)
        with pytest.raises(ValueError, match="groups must name columns of X"):
            machine.set_params(groups={"a": [99]}).fit(self.X, np.eye(2)[np.arange(len(self.X)) % 2])
        np.testing.assert_array_equal(machine.predict(self.X), expected)

    def test_what_output_is_set_globally_changes_nothing(self):
        with warnings.catch_warnings(action="error"):
            expected = GroupSVC().fit(self.X, self.Y)
            with config_context(transform_output="pandas"):
                machine = GroupSVC().fit(self.X, self.Y)
                np.testing.assert_array_equal(expected.decision_function(self.X), machine.decision_function(self.X))
            np.testing.assert_array_equal(expected.decision_function(self.X), machine.decision_function(self.X))

    def test_groups_may_be_counted_from_the_end_or_be_masks(self):
        kinds = slice(7, None), slice(-6, None), slice(-6, 13), list(range(7, 13)), np.arange(13) >= 7
        first, *others = (GroupSVC({"last": kind}).fit(self.X, self.Y).decision_function(self.X) for kind in kinds)
        assert all(np.array_equal(first, other) for other in others)

    @pytest.mark.parametrize(
        ("groups", "message"),
        [
            ({}, "groups must name at least one group of columns, got none"),
            ({"far": [20]}, "groups must name columns of X, which has 13: 'far', index 20 is out of bounds"),
            ({"cut": slice(6, 20)}, r"groups must name columns of X, which has 13: 'cut' is slice\(6, 20, None\)"),
            ({"names": slice("a", "c")}, "groups must name columns of X, which has 13: 'names', slice indices must be"),
            ({"none": slice(5, 5)}, r"groups must name columns of X, which has 13: 'none' is slice\(5, 5, None\)"),
        ],
    )
    def test_groups_that_are_not_there_are_named(self, groups, message):
        with pytest.raises(ValueError, match=message):
            GroupSVC(groups).fit(self.X, self.Y)
