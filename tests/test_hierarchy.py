"""Labels that imply others: a sub-genre and its parents."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import LinearSVC

from skgenre import CNNClassifier, GroupSVC, HierarchicalClassifier, PerLabelClassifier, imply_parents
from skgenre.multilabel._parents import raise_parents, read_edges

LABELS = ["folk punk", "punk", "rock", "folk", "jazz"]
PARENTS = {"punk": "rock", "folk punk": ["punk", "folk"]}


def music(n_tracks=120, seed=0, noise=1.2):
    """Return tracks of a finest genre each, as written by somebody who writes nothing else, in five columns."""
    rng = np.random.default_rng(seed)
    finest = rng.integers(0, 5, n_tracks)
    implied = imply_parents(np.eye(5, dtype=int)[finest], PARENTS, LABELS)
    return implied @ rng.permutation(np.eye(5)) + rng.normal(0, noise, (n_tracks, 5)), np.eye(5, dtype=int)[finest]


ESTIMATORS = {
    "per_label": PerLabelClassifier(LogisticRegression()),
    "group_svc": GroupSVC(),
    "forest": RandomForestClassifier(20, max_depth=4, random_state=0),
    "net": CNNClassifier((8,), max_epochs=5, random_state=0),
}


class TestImplication:
    def test_a_sub_genre_implies_its_parents_and_theirs(self):
        implied = imply_parents(np.eye(5, dtype=int), PARENTS, LABELS)
        expected = {"folk punk": {"folk punk", "punk", "rock", "folk"}, "punk": {"punk", "rock"}}
        for row, label in enumerate(LABELS):
            assert {LABELS[j] for j in np.flatnonzero(implied[row])} == expected.get(label, {label})

    def test_what_is_not_of_the_parent_is_not_of_its_sub_genres(self):
        unknown = np.full((1, 5), np.nan)
        unknown[0, LABELS.index("rock")] = 0
        implied = imply_parents(unknown, PARENTS, LABELS)[0]
        assert implied[[0, 1, 2]].tolist() == [0, 0, 0]
        assert np.isnan(implied[[3, 4]]).all()

    def test_columns_are_named_by_a_frame_or_by_number(self):
        y = np.eye(5, dtype=int)
        expected = imply_parents(y, PARENTS, LABELS)
        np.testing.assert_array_equal(imply_parents(pd.DataFrame(y, columns=LABELS), PARENTS), expected)
        np.testing.assert_array_equal(imply_parents(y, {1: 2, 0: [1, 3]}), expected)

    def test_parents_may_be_in_any_collection(self):
        y = np.eye(5, dtype=int)
        expected = imply_parents(y, PARENTS, LABELS)
        for kind in (tuple, set, np.array):
            parents = {"punk": "rock", "folk punk": kind(["punk", "folk"])}
            np.testing.assert_array_equal(imply_parents(y, parents, LABELS), expected)

    @given(arrays(float, (6, 5), elements=st.sampled_from([0.0, 1.0, np.nan])))
    def test_it_adds_and_never_takes_away_and_doing_it_twice_changes_nothing(self, y):
        once = imply_parents(y, PARENTS, LABELS)
        assert (once[y == 1] == 1).all()
        np.testing.assert_array_equal(imply_parents(once, PARENTS, LABELS), once)
        for child, parent in read_edges(PARENTS, LABELS):
            assert (once[once[:, child] == 1, parent] == 1).all()

    @given(arrays(float, (4, 5), elements=st.floats(0, 1)))
    def test_no_parent_is_less_likely_than_its_sub_genre_and_the_roots_of_nothing_stay(self, probabilities):
        raised = raise_parents(probabilities, read_edges(PARENTS, LABELS))
        for child, parent in read_edges(PARENTS, LABELS):
            assert (raised[:, parent] >= raised[:, child]).all()
        assert (raised >= probabilities).all()
        np.testing.assert_array_equal(raised[:, [0, 4]], probabilities[:, [0, 4]])

    @pytest.mark.parametrize(
        ("parents", "message"),
        [
            ({"punk": "pop"}, r"parents must name labels, which are .*, got 'pop'"),
            ({"ska": "rock"}, "got 'ska'"),
            ({"punk": "rock", "rock": "jazz", "jazz": "punk"}, "parents must not go round in circles"),
            ({"punk": "punk"}, "parents must not go round in circles"),
        ],
    )
    def test_parents_that_make_no_hierarchy_are_named(self, parents, message):
        with pytest.raises(ValueError, match=message):
            imply_parents(np.eye(5), parents, LABELS)

    @pytest.mark.parametrize("labels", [["a", "b"], ["a", "a", "b", "c", "d"]])
    def test_labels_that_do_not_name_each_column_are_an_error(self, labels):
        with pytest.raises(ValueError, match="labels must name each of the 5 columns of y once"):
            imply_parents(np.eye(5), {}, labels)


@pytest.mark.parametrize("name", ESTIMATORS)
class TestClassifier:
    def test_probabilities_and_answers_respect_the_parents(self, name):
        X, y = music()
        model = HierarchicalClassifier(ESTIMATORS[name], PARENTS, labels=LABELS).fit(X, y)
        new, _ = music(seed=1)
        probabilities, answers = model.predict_proba(new), model.predict(new)
        assert probabilities.shape == answers.shape == (120, 5)
        for child, parent in model.edges_:
            assert (probabilities[:, parent] >= probabilities[:, child]).all()
            assert (answers[:, parent] >= answers[:, child]).all()

    def test_it_is_trained_on_what_labels_imply(self, name):
        X, y = music()
        model = HierarchicalClassifier(ESTIMATORS[name], PARENTS, labels=LABELS).fit(X, y)
        implied = imply_parents(y, PARENTS, LABELS)
        alone = clone(ESTIMATORS[name]).fit(X, implied).predict_proba(X)
        alone = alone if not isinstance(alone, list) else np.column_stack([p[:, 1] for p in alone])
        # What is implied by nothing keeps its probability.
        np.testing.assert_allclose(model.predict_proba(X)[:, [0, 4]], alone[:, [0, 4]])


def test_a_plain_classifier_contradicts_the_hierarchy_where_this_one_does_not():
    X, y = music(60)
    implied = imply_parents(y, PARENTS, LABELS)
    plain = PerLabelClassifier(LogisticRegression()).fit(X, implied).predict_proba(X)
    assert any((plain[:, parent] < plain[:, child]).any() for child, parent in read_edges(PARENTS, LABELS))


def test_a_tuned_threshold_of_a_sub_genre_brings_the_parent_along():
    X, y = music()
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS).fit(X, y)
    model.thresholds_ = np.array([0.5, 0.0, 1.0, 0.5, 0.5])
    assert model.predict(X)[:, [1, 2]].all()


def test_thresholds_are_those_of_the_net_inside():
    X, y = music()
    net = CNNClassifier((8,), max_epochs=5, validation_fraction=0.3, random_state=0)
    model = HierarchicalClassifier(net, PARENTS, labels=LABELS).fit(X, y)
    np.testing.assert_array_equal(model.thresholds_, model.estimator_.thresholds_)
    assert len(np.unique(model.thresholds_)) > 1


def test_the_score_is_by_what_labels_imply():
    X, y = music(noise=0.1)
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS).fit(X, y)
    assert model.score(X, y) == model.score(X, imply_parents(y, PARENTS, LABELS)) > 0.9


def test_a_score_on_other_columns_is_an_error():
    X, y = music()
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS).fit(X, y)
    with pytest.raises(ValueError, match="y must have a column for each label, got 2 columns"):
        model.score(X, y[:, :2])


def test_a_classifier_without_probabilities_answers_with_parents_too():
    X, y = music()
    model = HierarchicalClassifier(MultiOutputClassifier(LinearSVC()), PARENTS, labels=LABELS).fit(X, y)
    assert not hasattr(model, "predict_proba")
    answers = model.predict(X)
    assert all((answers[:, parent] >= answers[:, child]).all() for child, parent in model.edges_)


def test_without_parents_it_is_the_estimator():
    X, y = music()
    model = HierarchicalClassifier(LogisticRegression()).fit(X, y.argmax(axis=1))
    alone = LogisticRegression().fit(X, y.argmax(axis=1))
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), alone.predict(X))


def test_parents_with_one_genre_for_each_track_are_an_error():
    X, y = music()
    with pytest.raises(ValueError, match="a column for each label where labels imply others, it has one"):
        HierarchicalClassifier(LogisticRegression(), {1: 2}).fit(X, y.argmax(axis=1))


def test_labels_that_nobody_knows_are_left_out():
    X, y = music()
    y = y.astype(float)
    y[::4, 4] = np.nan
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS).fit(X, y)
    assert model.predict_proba(X).shape == (120, 5)


def test_a_fit_that_fails_leaves_what_was_fitted():
    X, y = music()
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS).fit(X, y)
    expected = model.predict(X)
    with pytest.raises(ValueError, match="sample"):
        model.set_params(parents={LABELS[0]: LABELS[1]}).fit(X, y, sample_weight=np.ones(3))
    np.testing.assert_array_equal(model.predict(X), expected)


def test_names_of_an_earlier_fit_are_forgotten():
    X, y = music()
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS)
    model.fit(pd.DataFrame(X, columns=[f"column{number}" for number in range(X.shape[1])]), y)
    assert len(model.feature_names_in_) == X.shape[1]
    assert not hasattr(model.fit(X, y), "feature_names_in_")


def test_scikit_learns_tools_work_on_it():
    X, y = music()
    model = HierarchicalClassifier(ESTIMATORS["per_label"], PARENTS, labels=LABELS)
    probabilities = cross_val_predict(model, X, imply_parents(y, PARENTS, LABELS), cv=3, method="predict_proba")
    assert (probabilities[:, 2] >= probabilities[:, 1]).all()
    grid = {"estimator__estimator__C": [1e-5, 1.0]}
    search = GridSearchCV(model, grid, cv=KFold(3)).fit(X, y)
    assert search.best_params_ == {"estimator__estimator__C": 1.0}


def test_groups_reach_the_net_inside(monkeypatch):
    seen = []
    fit = CNNClassifier.fit

    def spy(self, X, y, *, sample_weight=None, groups=None):
        seen.append(groups)
        return fit(self, X, y, sample_weight=sample_weight, groups=groups)

    monkeypatch.setattr(CNNClassifier, "fit", spy)
    X, y = music()
    model = HierarchicalClassifier(CNNClassifier((4,), max_epochs=1), PARENTS, labels=LABELS)
    with config_context(enable_metadata_routing=True):
        cross_validate(model, X, y, cv=KFold(2), params={"groups": np.arange(120) // 3}, error_score="raise")
    assert [len(groups) for groups in seen] == [60, 60]
