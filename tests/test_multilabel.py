"""Several labels of a track: the nets, the pipelines, and one classifier for each label."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, hamming_loss, log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_predict, cross_val_score
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from skgenre import (
    CNNClassifier,
    EmbeddingRecommender,
    GroupSVC,
    PerLabelClassifier,
    RNNClassifier,
    make_genre_classifier,
    make_multilabel_scorer,
    tune_thresholds,
)
from skgenre.augmentation import mixup
from skgenre.classifiers._losses import LabelLoss

NETS = {"cnn": (CNNClassifier, {"channels": (8, 16)}), "rnn": (RNNClassifier, {"channels": (8,), "n_hidden": 8})}
SCORER = make_multilabel_scorer("average_precision_macro")


def music(n_tracks=48, n_labels=3, n_frames=60, seed=0, rate=0.4):
    """Return tracks each of whose labels is the level of a band, and those labels."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n_tracks, n_labels)) < rate).astype(int)
    X = rng.standard_normal((n_tracks, n_labels + 1, n_frames)).astype(np.float32)
    X[:, :n_labels] += 2.0 * y[:, :, None]
    return X, y


def forget(y, share, seed=0):
    """Return labels of which a share is not known."""
    return np.where(np.random.default_rng(seed).random(y.shape) < share, np.nan, y)


@pytest.fixture(params=NETS)
def make(request):
    """Return a function that makes a small net with these parameters."""
    net, small = NETS[request.param]
    return lambda **params: net(**{**small, "max_epochs": 15, "lr": 1e-2, "batch_size": 8, "random_state": 0, **params})


class TestNets:
    def test_each_label_is_heard_on_new_tracks(self, make):
        net = make(max_epochs=30).fit(*music())
        X, y = music(seed=1)
        assert f1_score(y, net.predict(X), average="macro") > 0.9

    def test_probabilities_are_of_each_label_by_itself(self, make):
        X, y = music()
        net = make().fit(X, y)
        probabilities = net.predict_proba(X)
        assert probabilities.shape == y.shape
        assert probabilities.dtype == np.float64
        assert np.ptp(probabilities.sum(axis=1)) > 0.5
        np.testing.assert_array_equal(net.predict(X), probabilities >= 0.5)

    @pytest.mark.parametrize("pooling", ["mean", "max", "vote"])
    def test_probabilities_are_pooled_over_segments(self, make, pooling):
        X, y = music()
        net = make(segment_frames=20, pooling=pooling, max_epochs=3).fit(X, y)
        segments = net.predict_segments(X)
        assert segments[0].shape == (5, 3)
        pool = {
            "mean": lambda s: s.mean(axis=0),
            "max": lambda s: s.max(axis=0),
            "vote": lambda s: (s >= 0.5).mean(axis=0),
        }
        np.testing.assert_allclose(net.predict_proba(X), [pool[pooling](s) for s in segments], atol=1e-6)

    def test_the_kinds_of_indicator_give_the_same_net(self, make):
        X, y = music()
        names = [[name for name, there in zip("abc", row, strict=True) if there] for row in y]
        expected = make(max_epochs=2).fit(X, y).predict_proba(X)
        kinds = {
            "binarizer": MultiLabelBinarizer().fit_transform(names),
            "sparse": MultiLabelBinarizer(sparse_output=True).fit_transform(names),
            "sparse array": sparse.coo_array(y),
            "bool": y.astype(bool),
            "lists": y.tolist(),
            "frame": pd.DataFrame(y, columns=list("abc")),
            "nullable frame": pd.DataFrame(y).astype("Int64"),
            "sparse frame": pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(y)),
        }
        for name, kind in kinds.items():
            np.testing.assert_array_equal(make(max_epochs=2).fit(X, kind).predict_proba(X), expected, err_msg=name)

    def test_one_column_of_several_kinds_stays_one_genre(self, make):
        X, y = music()
        with pytest.warns(UserWarning, match="column-vector y"):
            net = make(max_epochs=1).fit(X, y[:, :1])
        assert net.classes_.tolist() == [0, 1]
        assert not hasattr(net, "thresholds_")

    def test_classes_are_those_of_each_label_as_scikit_learn_has_them(self, make):
        X, y = music()
        forest = RandomForestClassifier(n_estimators=2).fit(X.mean(axis=2), y)
        net = make(max_epochs=1).fit(X, y)
        assert [c.tolist() for c in net.classes_] == [c.tolist() for c in forest.classes_]

    def test_a_fit_on_one_genre_after_one_on_labels_leaves_nothing_of_it(self, make):
        X, y = music()
        genre = np.array(["blues", "jazz"])[y[:, 0]]
        net = make(max_epochs=2).fit(X, y).fit(X, genre)
        np.testing.assert_array_equal(net.predict_proba(X), make(max_epochs=2).fit(X, genre).predict_proba(X))
        assert not hasattr(net, "thresholds_")
        assert set(net.predict(X)) <= {"blues", "jazz"}

    def test_it_is_pickled_whole(self, make):
        X, y = music()
        net = make(max_epochs=2, validation_fraction=0.3).fit(X, y)
        again = pickle.loads(pickle.dumps(net))
        np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))
        np.testing.assert_array_equal(again.thresholds_, net.thresholds_)

    def test_the_same_seed_gives_the_same_net(self, make):
        X, y = music()
        y = forget(y, 0.2)
        one, other = (make(max_epochs=3, validation_fraction=0.3).fit(X, y) for _ in range(2))
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
        np.testing.assert_array_equal(one.thresholds_, other.thresholds_)

    def test_it_embeds_tracks_for_a_recommender(self, make):
        X, y = music()
        recommender = EmbeddingRecommender(make(max_epochs=15)).fit(X, y)
        _, found = recommender.kneighbors(n_neighbors=3)
        alike = (y[found] == y[:, None]).mean()
        assert alike > (y[:, None] == y[None]).mean() + 0.15

    def test_scikit_learns_tags_say_so(self, make):
        for estimator in (make(), GroupSVC(), PerLabelClassifier(LogisticRegression())):
            assert estimator.__sklearn_tags__().classifier_tags.multi_label


class TestMissingLabels:
    EXACT = {"augment": False, "mixup": 0.0, "dropout": 0.0, "batch_size": 200, "max_epochs": 5, "precision": "float32"}

    def test_labels_that_nobody_knows_are_left_out_of_the_loss(self):
        rng = np.random.default_rng(0)
        logits, y, weights = rng.normal(size=(20, 4)), rng.integers(0, 2, (20, 4)), rng.uniform(1, 2, 20)
        known = rng.random((20, 4)) < 0.6
        loss = LabelLoss([2.0, 1.0, 1.0, 3.0], np.full(4, 0.5), 0.0)
        args = [torch.tensor(a, dtype=torch.float32) for a in (logits, np.where(known, y, np.nan), weights)]
        pairs = np.where(y == 1, np.log1p(np.exp(-logits)) * [2.0, 1.0, 1.0, 3.0], np.log1p(np.exp(logits)))
        expected = np.average(pairs[known], weights=(weights[:, None] * known)[known])
        assert float(loss(*args)) == pytest.approx(expected, rel=1e-5)

    def test_a_batch_of_which_nothing_is_known_has_no_loss_and_no_gradient(self):
        logits = torch.zeros(3, 2, requires_grad=True)
        loss = LabelLoss(np.ones(2), np.full(2, 0.5), 0.1)(logits, torch.full((3, 2), torch.nan), torch.ones(3))
        loss.backward()
        assert float(loss.detach()) == 0
        assert not logits.grad.any()

    def test_a_label_learns_nothing_from_tracks_where_it_is_not_known(self):
        """Were NaN taken for 0, half of the tracks would teach that the label is not there."""
        X, y = music(96)
        half = y.astype(float)
        half[48:, 0] = np.nan
        new, expected = music(96, seed=1)
        there = expected[:, 0] == 1
        net = CNNClassifier((8, 16), max_epochs=20, lr=1e-2, batch_size=8, label_smoothing=0.0, random_state=0)
        left_out, taken_for_0 = (
            clone(net).fit(X, labels).predict_proba(new)[there, 0].mean() for labels in (half, np.nan_to_num(half))
        )
        assert left_out > 0.7
        assert left_out > taken_for_0 + 0.1

    def test_a_blended_label_is_that_of_the_larger_part_where_the_other_is_not_known(self):
        known, nan = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.nan
        for seed in range(20):
            rng = np.random.default_rng(seed)
            shares, _ = mixup(torch.eye(2), known, np.random.default_rng(seed), alpha=1.0)
            targets = torch.tensor([[1.0, nan], [0.0, 1.0]])
            _, blended = mixup(torch.eye(2), targets, rng, alpha=1.0)
            for row in range(2):
                assert blended[row, 0] == pytest.approx(float(shares[row, 0]))
                if shares[row, 0] == 1:  # blended with itself
                    assert blended[row, 1].isnan()
                elif shares[row, 1] < 1:
                    assert blended[row, 1].isnan() if shares[row, 0] > 0.5 else blended[row, 1] == 1

    def test_a_track_of_which_nothing_is_known_is_left_out(self, make):
        X, y = music()
        y = y.astype(float)
        y[40:] = np.nan
        known = make(**self.EXACT).fit(X[:40], y[:40])
        np.testing.assert_allclose(make(**self.EXACT).fit(X, y).predict_proba(X), known.predict_proba(X), atol=1e-6)

    def test_what_is_missing_in_pandas_is_not_known(self, make):
        X, y = music()
        y = forget(y, 0.3)
        expected = make(max_epochs=1).fit(X, y).predict_proba(X)
        table = pd.DataFrame(y)
        for kind in (table.astype("Int64"), table.astype(object).mask(table.isna(), pd.NA)):
            np.testing.assert_array_equal(make(max_epochs=1).fit(X, kind).predict_proba(X), expected)

    def test_the_score_is_of_the_labels_that_are_known(self, make):
        X, y = music()
        net = make().fit(X, y)
        answers = net.predict(X)
        assert net.score(X, y) == accuracy_score(y, answers)
        weights = np.arange(len(y))
        assert net.score(X, y, sample_weight=weights) == pytest.approx(
            accuracy_score(y, answers, sample_weight=weights)
        )
        # Where only what is answered rightly is known, all is right.
        assert net.score(X, np.where(answers == y, y, np.nan)) == 1
        wrong = np.full(y.shape, np.nan)
        wrong[0], wrong[1, 1] = answers[0], 1 - answers[1, 1]
        assert net.score(X, wrong) == 0.5

    @pytest.mark.filterwarnings("ignore:.* classes have one")
    def test_early_stopping_and_history_cope(self, make):
        X, y = music()
        net = make(max_epochs=3, validation_fraction=0.3).fit(X, forget(y, 0.5))
        assert np.isfinite(list(net.history_.values())).all()
        assert np.isfinite(net.thresholds_).all()

    def test_nothing_known_at_all_is_an_error(self, make):
        X, y = music()
        with pytest.raises(ValueError, match="at least one label that is known, got only NaN"):
            make().fit(X, np.full(y.shape, np.nan))


class TestWeights:
    EXACT = TestMissingLabels.EXACT

    def test_a_weight_of_two_is_the_track_twice_and_of_zero_the_track_left_out(self, make):
        X, y = music()
        y = forget(y, 0.2)
        weights = np.random.default_rng(0).integers(0, 3, len(y))
        for class_weight in (None, "balanced"):
            net = make(**self.EXACT, class_weight=class_weight)
            weighted = clone(net).fit(X, y, sample_weight=weights)
            repeated = clone(net).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights, axis=0))
            np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)

    def test_balanced_weighs_presence_and_absence_of_each_label_the_same(self, make):
        X, y = music(rate=0.25)
        net = make(max_epochs=1, class_weight="balanced").fit(X, y)
        np.testing.assert_allclose(net.pos_weight_, (y == 0).sum(axis=0) / (y == 1).sum(axis=0))

    def test_a_higher_weight_of_presence_makes_a_rare_label_likelier(self, make):
        X, y = music(rate=0.15)
        params = {"max_epochs": 10, "mixup": 0.0}
        plain, heavy = (make(class_weight=weight, **params).fit(X, y).predict_proba(X) for weight in (None, {1: 9.0}))
        assert heavy[:, 1].mean() > 1.5 * plain[:, 1].mean()

    def test_weights_by_column_and_as_an_array_are_the_same(self, make):
        X, y = music()
        one, other = (make(max_epochs=2, class_weight=w).fit(X, y) for w in ({0: 2.0}, [2.0, 1.0, 1.0]))
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
        assert one.pos_weight_.tolist() == [2.0, 1.0, 1.0]
        assert make(max_epochs=1, class_weight={1.0: 2.0}).fit(X, y).pos_weight_.tolist() == [1.0, 2.0, 1.0]

    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({"jazz": 2.0}, "class_weight must name columns of y by numbers from 0 to 2 .* got 'jazz'"),
            ([1.0, 2.0], r"class_weight must hold a number above 0 for each of the 3 labels, got \[1.0, 2.0\]"),
            ({0: 0.0}, "class_weight must hold a number above 0"),
            ({0: "much"}, "class_weight must hold a number above 0 .* got {0: 'much'}"),
            (["much", 1, 1], "class_weight must hold a number above 0 .*'much'"),
        ],
    )
    def test_weights_that_fit_no_label_are_named(self, make, class_weight, message):
        with pytest.raises(ValueError, match=message):
            make(class_weight=class_weight).fit(*music())

    def test_smoothing_leaves_the_mean_of_the_answers(self):
        """Were targets drawn towards one half, a label that 15 % of tracks have would come to 33 %."""
        X, y = music(96, rate=0.15)
        for share in (0.0, 0.5):
            net = CNNClassifier((8, 16), lr=1e-2, label_smoothing=share, **{**self.EXACT, "max_epochs": 40}).fit(X, y)
            np.testing.assert_allclose(net.predict_proba(X).mean(axis=0), y.mean(axis=0), atol=0.06)


class TestThresholds:
    def test_without_a_validation_split_they_are_one_half(self, make):
        assert make(max_epochs=1).fit(*music()).thresholds_.tolist() == [0.5] * 3

    def test_with_one_they_are_those_with_the_highest_f1_on_its_tracks(self, make, monkeypatch):
        X, y = music(96, rate=0.3)
        held = np.arange(0, 96, 3)
        split = np.setdiff1d(np.arange(96), held), held
        monkeypatch.setattr("skgenre.classifiers._base.split_validation", lambda *args: split)
        net = make(max_epochs=4, validation_fraction=0.3).fit(X, y)
        np.testing.assert_array_equal(net.thresholds_, tune_thresholds(y[held], net.predict_proba(X[held])))

        def score(labels):
            return f1_score(y[held], labels, average="macro")

        assert score(net.predict(X[held])) >= score(net.predict_proba(X[held]) >= 0.5)

    def test_they_may_be_set(self, make):
        X, y = music()
        net = make(max_epochs=1).fit(X, y)
        net.thresholds_ = np.array([0.0, 1.0, 0.5])
        assert net.predict(X)[:, 0].all()
        assert not net.predict(X)[:, 1].any()

    @given(
        st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=30),
    )
    def test_no_other_cut_has_a_higher_f1(self, rows):
        label, score = np.array([r[0] for r in rows], dtype=int), np.array([r[1] for r in rows]) / 20
        threshold = tune_thresholds(np.column_stack([label, label]), np.column_stack([score, score]))[0]
        if 0 < label.sum() < len(label):
            cuts = np.unique(np.append(score, 0.5))
            best = max(f1_score(label, score >= cut, zero_division=0) for cut in cuts)
            assert f1_score(label, score >= threshold, zero_division=0) == pytest.approx(best)
        else:
            assert threshold == 0.5

    def test_labels_that_nobody_knows_do_not_count(self):
        y = np.array([[1, 1], [np.nan, 0], [0, 1], [0, 0]])
        score = np.array([[0.3, 0.9], [0.4, 0.8], [0.2, 0.7], [0.1, 0.1]])
        assert tune_thresholds(y, score)[0] == pytest.approx(0.25)


class TestHistory:
    def test_valid_scores_are_those_of_scikit_learn(self, make, monkeypatch):
        X, y = music()
        held = np.arange(0, 48, 4)
        split = np.setdiff1d(np.arange(48), held), held
        monkeypatch.setattr("skgenre.classifiers._base.split_validation", lambda *args: split)
        params = {"segment_frames": 30, "segment_overlap": 0.0, "validation_fraction": 0.2, "max_epochs": 3}
        net = make(**params).fit(X, y)
        probabilities, best = net.predict_proba(X[held]), net.best_epoch_ - 1
        answers = probabilities >= 0.5
        loss = np.mean([log_loss(y[held, j], probabilities[:, j], labels=[0, 1]) for j in range(3)])
        assert net.history_["valid_loss"][best] == pytest.approx(loss, rel=1e-5)
        assert net.history_["valid_accuracy"][best] == pytest.approx(1 - hamming_loss(y[held], answers))
        f1 = f1_score(y[held], answers, average="macro", zero_division=0)
        assert net.history_["valid_f1"][best] == pytest.approx(f1)

    def test_the_net_learns(self, make):
        net = make().fit(*music())
        assert net.history_["train_loss"][-1] < net.history_["train_loss"][0]
        assert net.history_["train_accuracy"][-1] > net.history_["train_accuracy"][0]


class TestGoingOn:
    def test_partial_fit_learns_an_epoch_at_a_time(self, make):
        X, y = music()
        net = make(lr=0.02)
        for _ in range(15):
            net.partial_fit(X[:24], y[:24])
            net.partial_fit(X[24:], y[24:])
        assert len(net.history_["epoch"]) == 30
        assert f1_score(y, net.predict(X), average="macro") > 0.9

    def test_warm_start_goes_on(self, make):
        X, y = music()
        net = make(max_epochs=2, warm_start=True).fit(X, y)
        first = net.history_["train_loss"]
        assert net.set_params(max_epochs=4).fit(X, y).history_["train_loss"][:2] == first

    @pytest.mark.parametrize("again", ["warm_start", "partial_fit"])
    def test_other_labels_are_an_error(self, make, again):
        X, y = music()
        net = make(max_epochs=1, warm_start=True).fit(X, y)
        fit = net.partial_fit if again == "partial_fit" else net.set_params(max_epochs=2).fit
        with pytest.raises(ValueError, match=r"the 3 columns known so far, got the shape \(48, 2\)"):
            fit(X, y[:, :2])
        with pytest.raises(
            ValueError, match="y must be several labels of each track as in earlier calls, got one genre"
        ):
            fit(X, y[:, 0])

    def test_classes_that_are_not_the_columns_are_an_error(self, make):
        X, y = music()
        with pytest.raises(ValueError, match="classes must name the 3 columns of y, or be left out, got 2"):
            make().partial_fit(X, y, classes=[0, 1])


class TestBadInput:
    @pytest.mark.parametrize("estimator", [CNNClassifier(max_epochs=1), GroupSVC(), PerLabelClassifier(LinearSVC())])
    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([["rock", "pop"], ["jazz", "folk"]] * 24, "MultiLabelBinarizer makes it of lists of names"),
            ([["rock"], ["jazz", "folk"]] * 24, "MultiLabelBinarizer makes it of lists of names"),
            ([[0, 3], [1, 0]] * 24, "a column of 0, 1 or NaN .* got 3"),
            ([[0, 2], [1, 0]] * 24, "got 2, as cross_val_predict writes for NaN"),
            (np.zeros((48, 2, 2)), "dim 3"),
            (np.zeros((47, 2)), "inconsistent numbers of samples"),
        ],
    )
    def test_targets_that_are_no_labels_are_told(self, estimator, y, message):
        with pytest.raises(ValueError, match=message):
            estimator.fit(music()[0].mean(axis=2), y)

    def test_a_score_on_other_labels_is_an_error(self, make):
        X, y = music()
        with pytest.raises(ValueError, match="a column for each label, got 2"):
            make(max_epochs=1).fit(X, y).score(X, y[:, :2])


def descriptors(seed=0, n_tracks=90):
    """Return columns each label lies in, and labels."""
    X, y = music(n_tracks, seed=seed)
    return X.mean(axis=2) + np.random.default_rng(seed).normal(0, 0.4, (n_tracks, 4)), y


TABULAR = {
    "group_svc": GroupSVC({"first": [0, 1], "second": [2, 3], "all": slice(None)}),
    "logistic": PerLabelClassifier(LogisticRegression()),
    "pipeline": make_pipeline(StandardScaler(), PerLabelClassifier(LogisticRegression())),
    "net": CNNClassifier((8,), max_epochs=30, lr=1e-2, batch_size=8, random_state=0),
}


@pytest.mark.parametrize("name", TABULAR)
class TestTools:
    """scikit-learn's tools on everything that takes several labels."""

    def test_cross_validation_scores_it(self, name):
        X, y = descriptors()
        assert cross_val_score(TABULAR[name], X, y, cv=KFold(3), scoring=SCORER).mean() > 0.75
        scores = cross_val_score(TABULAR[name], X, y, cv=3, scoring="average_precision")
        np.testing.assert_allclose(scores, cross_val_score(TABULAR[name], X, y, cv=3, scoring=SCORER))

    def test_missing_labels_are_no_obstacle(self, name):
        X, y = descriptors()
        scores = cross_val_score(TABULAR[name], X, forget(y, 0.3), cv=KFold(3), scoring=SCORER)
        assert scores.mean() > 0.6

    def test_cross_val_predict_gives_probabilities(self, name):
        X, y = descriptors()
        groups = np.arange(90) // 5
        probabilities = cross_val_predict(TABULAR[name], X, y, cv=GroupKFold(3), groups=groups, method="predict_proba")
        assert probabilities.shape == y.shape
        train, test = next(GroupKFold(3).split(X, y, groups))
        fitted = clone(TABULAR[name]).fit(X[train], y[train])
        np.testing.assert_allclose(probabilities[test], fitted.predict_proba(X[test]))

    def test_two_labels_are_scored_as_two(self, name):
        """They are not taken for the two classes of one."""
        X, y = descriptors()
        scores = cross_val_score(TABULAR[name], X, y[:, :2], cv=3, scoring="roc_auc")
        expected = cross_val_score(TABULAR[name], X, y[:, :2], cv=3, scoring=make_multilabel_scorer("roc_auc_macro"))
        np.testing.assert_allclose(scores, expected)


def test_a_grid_search_tunes_by_a_multi_label_scorer():
    X, y = descriptors()
    grid = {"C": [1e-4, 10.0]}
    search = GridSearchCV(GroupSVC(), grid, cv=KFold(3), scoring=make_multilabel_scorer("neg_hamming_loss"))
    assert search.fit(X, y).best_params_ == {"C": 10.0}


def test_chains_and_multi_output_wrap_it():
    X, y = descriptors()
    for wrapped in (
        ClassifierChain(GroupSVC(), cv=3),
        ClassifierChain(TABULAR["net"]),
        MultiOutputClassifier(GroupSVC()),
    ):
        assert f1_score(y, wrapped.fit(X, y).predict(X), average="macro") > 0.7


class TestGroupSVC:
    def test_each_label_is_a_machine_of_two_classes(self):
        X, y = descriptors()
        labels = GroupSVC(TABULAR["group_svc"].groups).fit(X, y)
        for column in range(3):
            alone = GroupSVC(TABULAR["group_svc"].groups).fit(X, y[:, column])
            np.testing.assert_allclose(labels.decision_function(X)[:, column], alone.decision_function(X))
            np.testing.assert_allclose(labels.predict_proba(X)[:, column], alone.predict_proba(X)[:, 1])

    def test_decisions_rank_as_probabilities_and_are_positive_where_it_answers(self):
        X, y = descriptors()
        machine = GroupSVC().fit(X, y)
        np.testing.assert_array_equal(machine.decision_function(X) > 0, machine.predict(X) == 1)


class TestPerLabel:
    def test_one_genre_is_the_classifier_itself(self):
        X, y = descriptors()
        wrapped, alone = (e.fit(X, y[:, 0]) for e in (PerLabelClassifier(LogisticRegression()), LogisticRegression()))
        np.testing.assert_array_equal(wrapped.predict_proba(X), alone.predict_proba(X))
        np.testing.assert_array_equal(wrapped.decision_function(X), alone.decision_function(X))
        assert wrapped.classes_.tolist() == [0, 1]

    def test_each_label_is_trained_on_the_tracks_where_it_is_known(self):
        X, y = descriptors()
        y = forget(y, 0.3)
        wrapped = PerLabelClassifier(LogisticRegression()).fit(X, y)
        known = ~np.isnan(y[:, 1])
        alone = LogisticRegression().fit(X[known], y[known, 1])
        np.testing.assert_allclose(wrapped.predict_proba(X)[:, 1], alone.predict_proba(X)[:, 1])

    def test_weights_reach_each_label(self):
        X, y = descriptors()
        weights = np.random.default_rng(0).integers(0, 3, len(y))
        weighted = PerLabelClassifier(LogisticRegression()).fit(X, y, sample_weight=weights)
        repeated = PerLabelClassifier(LogisticRegression()).fit(
            np.repeat(X, weights, axis=0), np.repeat(y, weights, axis=0)
        )
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-3)

    def test_a_weight_of_zero_leaves_a_track_out_of_what_is_known(self):
        X, y = descriptors()
        weights = 1.0 - y[:, 1]
        with pytest.warns(UserWarning, match="y has 1 labels that no track has"):
            wrapped = PerLabelClassifier(SVC()).fit(X, y, sample_weight=weights)
        assert not wrapped.predict(X)[:, 1].any()

    def test_a_label_of_all_tracks_or_none_is_answered_so_with_a_warning(self):
        X, y = descriptors()
        y = np.column_stack([y[:, 0], np.zeros(90), np.ones(90), np.full(90, np.nan)])
        with pytest.warns(UserWarning, match="y has 3 labels that no track has, or every track"):
            wrapped = PerLabelClassifier(LogisticRegression()).fit(X, y)
        np.testing.assert_allclose(wrapped.predict_proba(X)[0, 1:], [0, 1, 0.5], atol=1e-6)
        assert wrapped.predict(X)[0, 1:].tolist() == [0, 1, 0]

    def test_without_probabilities_its_own_answers_count(self):
        X, y = descriptors()
        wrapped = PerLabelClassifier(LinearSVC()).fit(X, y)
        assert not hasattr(wrapped, "predict_proba")
        np.testing.assert_array_equal(wrapped.predict(X)[:, 2], LinearSVC().fit(X, y[:, 2]).predict(X))


SMALL = {"cnn__net__max_epochs": 3, "cnn__net__segment_frames": 64, "cnn__mel__n_mels": 32}


@pytest.fixture(scope="module")
def labels(tracks):
    """Return the genres as columns, with one that two of them share."""
    names = [[name, "loud"] if name in ("disco", "metal") else [name] for name in tracks.target]
    return MultiLabelBinarizer().fit_transform(names)


@pytest.fixture(scope="module")
def classifier(tracks, labels, tmp_path_factory):
    """Return the recommended classifier, small and fitted on labels."""
    folder = tmp_path_factory.mktemp("features")
    made = make_genre_classifier(duration=3.0, memory=folder, random_state=0).set_params(**SMALL)
    return made.fit(tracks.paths, labels)


class TestRecommendedPipeline:
    def test_it_goes_from_paths_to_labels(self, classifier, tracks, labels):
        assert classifier.score(tracks.paths, labels) > 0.9
        assert classifier.predict(tracks.paths[0]).shape == (1, 4)

    def test_its_answer_is_the_average_of_its_parts(self, classifier, tracks):
        parts = [part.predict_proba(tracks.paths) for part in classifier.named_estimators_.values()]
        expected = np.average(parts, axis=0, weights=classifier.weights)
        np.testing.assert_allclose(classifier.predict_proba(tracks.paths), expected)

    def test_labels_that_nobody_knows_are_left_out(self, classifier, tracks, labels):
        y = labels.astype(float)
        y[::5, 1] = np.nan
        again = clone(classifier).fit(tracks.paths, y)
        assert again.score(tracks.paths, labels) > 0.9

    def test_thresholds_are_averaged_too(self, classifier, tracks, labels):
        tuned = clone(classifier).set_params(cnn__net__validation_fraction=0.3).fit(tracks.paths, labels)
        parts = [np.full(4, 0.5), tuned.named_estimators_["cnn"][-1].thresholds_]
        expected = np.average(parts, axis=0, weights=tuned.weights)
        np.testing.assert_allclose(tuned.thresholds_, expected)

    def test_one_genre_after_several_labels_is_one_genre(self, classifier, tracks, labels):
        again = clone(classifier).fit(tracks.paths, labels).fit(tracks.paths, tracks.target)
        assert again.score(tracks.paths, tracks.target) > 0.9

    def test_hard_votes_on_labels_are_an_error(self, classifier, tracks, labels):
        with pytest.raises(ValueError, match="voting must be \"soft\" where tracks have several labels, got 'hard'"):
            clone(classifier).set_params(voting="hard").fit(tracks.paths, labels)
