"""explain: attributions over time and frequency, over segments and over descriptors, to look at and to listen to."""

import copy
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skgenre import (
    AudioError,
    AudioLoader,
    CNNClassifier,
    Explanation,
    FrameStatistics,
    GroupSVC,
    MelExtractor,
    MFCCExtractor,
    RNNClassifier,
    TrackDescriptor,
    explain,
)
from skgenre._labels import label_probabilities

pytest.importorskip("captum", reason="captum is not installed: the extra explain")

METHODS = ("occlusion", "integrated_gradients", "grad_cam", "shap")
SMALL = {"max_epochs": 2, "segment_frames": 64, "channels": (4, 8, 16), "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pipeline(tracks):
    return make_pipeline(AudioLoader(duration=3.0), MelExtractor(32), CNNClassifier(**SMALL)).fit(
        tracks.paths, tracks.target
    )


@pytest.fixture(scope="module")
def matrices():
    """Return 24 tracks of 12 bands: those of the second half are loud in bands 8 to 11 of frames 30 to 39."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 12, 90)).astype(np.float32)
    X[12:, 8:, 30:40] += 4
    return X, np.repeat(["calm", "loud"], 12)


@pytest.fixture(scope="module")
def net(matrices):
    params = {"max_epochs": 20, "segment_frames": 40, "augment": False, "precision": "float32", "random_state": 0}
    return CNNClassifier((4, 8, 16), **params).fit(*matrices)


# Over time and frequency


@pytest.mark.parametrize("method", METHODS)
def test_each_cell_of_the_whole_track_gets_a_finite_attribution(pipeline, tracks, method):
    explanation = explain(pipeline, tracks.paths[0], method, n_samples=2)
    assert explanation.attribution.shape == explanation.features.shape == (32, 130)
    assert np.isfinite(explanation.attribution).all()
    assert np.abs(explanation.attribution).max() > 0


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "shap"])
@pytest.mark.parametrize("kind", [CNNClassifier, RNNClassifier])
def test_every_fine_method_finds_the_loud_patch(matrices, method, kind):
    X, y = matrices
    net = kind((4, 8, 16), max_epochs=20, segment_frames=40, augment=False, random_state=0).fit(X, y)
    explanation = explain(net, X[20], method, patch=(4, 5), n_samples=16, random_state=0)
    (found,) = explanation.top_segments(1, duration=10)
    assert 26 <= found.start <= 34
    bands = explanation.attribution[:, 30:40].mean(axis=1)
    assert bands[8:].min() > bands[:6].max()


def test_grad_cam_weighs_the_channels_of_the_last_image_by_their_mean_gradients(net, matrices):
    matrix = matrices[0][20][:, :40]
    explanation = explain(net, matrix, "grad_cam")
    module = copy.deepcopy(net.net_.module_).eval()
    image = module.front(module.standardize(torch.from_numpy(matrix[None]))[:, None])
    row = image.flatten(1, 2)[:, :, None]
    logits = module.head(module._pool(module.last(row).squeeze(2)))[0]
    (gradients,) = torch.autograd.grad(logits[1] - logits[0], image)
    cam = (gradients.mean(dim=(2, 3), keepdim=True) * image).sum(dim=1, keepdim=True)
    expected = torch.nn.functional.interpolate(cam, (12, 40), mode="bilinear")[0, 0]
    assert_allclose(explanation.attribution, expected.detach(), atol=1e-5)


def test_the_target_is_the_predicted_genre_or_the_one_asked_for(net, matrices):
    predicted = explain(net, matrices[0][20])
    assert predicted.target == "loud"
    assert predicted.probability == net.predict_proba(matrices[0][20:21])[0, 1]
    other = explain(net, matrices[0][20], target="calm")
    assert_allclose(other.attribution, -predicted.attribution, atol=1e-6)  # of two classes one has what the other lacks


def test_attributions_of_complete_methods_add_up_to_what_the_score_gains(net, matrices):
    for method, tolerance in (("integrated_gradients", 0.05), ("shap", 1e-4)):
        explanation = explain(net, matrices[0][20], method, n_samples=64 if method != "shap" else 2, patch=(4, 10))
        gain = explanation.score - explanation.base_score
        assert_allclose(explanation.attribution.sum(), gain, rtol=tolerance)
        assert explanation.completeness_error <= tolerance


def test_the_completeness_error_is_the_convergence_delta_of_captum(net, matrices):
    from captum.attr import IntegratedGradients

    matrix = matrices[0][20][:, :40]
    explanation = explain(net, matrix, "integrated_gradients", n_samples=8)
    module = copy.deepcopy(net.net_.module_).eval()
    baseline = module.standardize.mean[None, :, None].expand(1, 12, 40)
    inputs = torch.from_numpy(matrix[None])
    _, delta = IntegratedGradients(lambda x: module(x)[:, 1] - module(x)[:, 0]).attribute(
        inputs, baseline, n_steps=8, return_convergence_delta=True
    )
    gap = explanation.completeness_error * abs(explanation.score - explanation.base_score)
    assert_allclose(gap, abs(float(delta)), rtol=1e-2, atol=1e-4)


def test_the_score_is_the_mean_log_odds_of_the_segments(net, matrices):
    explanation = explain(net, matrices[0][20])
    (probabilities,) = net.predict_segments(matrices[0][20:21])
    assert_allclose(explanation.score, np.mean(np.log(probabilities[:, 1] / probabilities[:, 0])), rtol=1e-3)


@pytest.mark.parametrize("pooling", ["mean", "max", "vote"])
def test_segments_count_as_they_do_in_the_pooled_answer(matrices, pooling):
    X, y = matrices
    net = CNNClassifier((4, 8), max_epochs=8, segment_frames=30, segment_overlap=0, pooling=pooling, random_state=0)
    explanation = explain(net.fit(X, y), X[20], "integrated_gradients")
    (scores,) = net.predict_segments(X[20:21])
    counted = {
        "mean": np.ones(3, dtype=bool),
        "max": np.arange(3) == scores[:, 1].argmax(),
        "vote": scores[:, 1] > 0.5,
    }[pooling]
    heard = np.abs(explanation.attribution).reshape(12, 3, 30).sum(axis=(0, 2)) > 0
    assert_array_equal(heard, counted)


def test_a_track_shorter_than_a_segment_is_explained_at_its_own_length(net, matrices):
    explanation = explain(net, matrices[0][20][:, 25:50])
    assert explanation.attribution.shape == (12, 25)
    assert_allclose([segment[:2] for segment in explanation.segments], [(0.0, 25.0)])


def test_log_odds_of_a_net_with_several_labels_are_its_logits():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 8, 40)).astype(np.float32)
    y = rng.integers(0, 2, size=(30, 3))
    X[y[:, 1] == 1, 4:6, 10:20] += 4
    net = CNNClassifier((4, 8), max_epochs=10, segment_frames=40, precision="float32", random_state=0).fit(X, y)
    explanation = explain(net, X[np.flatnonzero(y[:, 1])[0]], target=1, patch=(2, 5))
    probability = explanation.probability
    assert_allclose(explanation.score, np.log(probability / (1 - probability)), rtol=1e-3)
    (segment,) = explanation.top_segments(1, duration=10)
    assert 7 <= segment.start <= 13


def test_a_background_of_tracks_takes_the_place_of_what_is_hidden(net, matrices):
    X, _ = matrices
    explanation = explain(net, X[20], background=X[:12])
    assert_allclose(explanation.settings.baseline, X[:12].mean(axis=(0, 2)), atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_left_as_it_was(matrices, net, method):
    module = net.net_.module_
    module.train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in module.parameters()]
    state = torch.random.get_rng_state()
    explain(net, matrices[0][20], method, n_samples=2)
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert all(torch.equal(*pair) for pair in zip(gradients, (p.grad for p in module.parameters()), strict=True))
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())
    assert not any(layer._forward_hooks for layer in module.modules())


def test_a_patch_may_be_of_whole_numbers_of_any_type(net, matrices):
    given = [explain(net, matrices[0][20], "shap", patch=p, random_state=0) for p in ((4, 5), np.array([4.0, 5.0]))]
    assert_array_equal(given[0].attribution, given[1].attribution)


def test_smoothing_keeps_the_sum_and_takes_odd_numbers(net, matrices):
    explanation = explain(net, matrices[0][20], "integrated_gradients")
    for sizes in ((3, 5), (1, 1), (5, 21)):
        assert_allclose(explanation.smooth(*sizes).attribution.sum(), explanation.attribution.sum(), rtol=1e-6)
    with pytest.raises(ValueError, match="bands and frames must be odd numbers from 1 on, got 3 and 4"):
        explanation.smooth(3, 4)


def test_the_same_seed_gives_the_same_shapley_values(net, matrices):
    once, again, other = (explain(net, matrices[0][20], "shap", random_state=seed).attribution for seed in (0, 0, 1))
    assert_array_equal(once, again)
    assert not np.allclose(once, other)


# Times, frequencies, segments


def test_times_are_seconds_and_frequencies_are_hertz(pipeline, tracks):
    explanation = explain(pipeline, tracks.paths[0])
    assert_allclose(explanation.times[:3], [0, 512 / 22050, 1024 / 22050])
    assert len(explanation.frequencies) == 32
    assert np.all(np.diff(explanation.frequencies) > 0)
    assert explanation.frequencies[-1] < 11025


def test_the_frequency_of_a_band_is_that_of_the_tone_that_it_hears_loudest(pipeline):
    tone = np.sin(2 * np.pi * 1000 * np.arange(66150) / 22050).astype(np.float32)
    explanation = explain(pipeline, tone)
    loudest = explanation.frequencies[explanation.features.mean(axis=1).argmax()]
    assert abs(loudest - 1000) < 120


def test_coefficients_have_names_and_no_frequencies(tracks):
    pipeline = make_pipeline(AudioLoader(duration=3.0), MFCCExtractor(13), CNNClassifier(**SMALL))
    explanation = explain(pipeline.fit(tracks.paths, tracks.target), tracks.paths[0])
    assert explanation.frequencies is None
    assert explanation.names[0] == "mfcc1"
    assert explanation.plot().ax_.get_ylabel() == "Coefficient"


def test_segments_are_those_of_the_net_with_the_sums_of_their_attributions(pipeline, tracks):
    explanation = explain(pipeline, tracks.paths[0])
    first = explanation.segments[0]
    assert_allclose(first.stop, 64 * 512 / 22050)
    assert_allclose(first.score, explanation.attribution[:, :64].sum())
    assert_allclose(explanation.segments[-1].stop, 130 * 512 / 22050)


def test_top_segments_do_not_overlap_and_come_in_order_of_weight():
    attribution = np.zeros((2, 60))
    attribution[0, 10:14], attribution[1, 40:44], attribution[:, 50:55] = 1.0, 2.0, -1.0
    explanation = Explanation("a", "x", "occlusion", 0.5, "log-odds", 1.0, 0.0, attribution, attribution)
    found = explanation.top_segments(3, duration=4)
    assert found == [(40.0, 44.0, 8.0), (10.0, 14.0, 4.0)]


# To look at and to listen to


def test_the_plot_has_seconds_hertz_and_a_title(pipeline, tracks):
    ax = explain(pipeline, tracks.paths[0]).plot().ax_
    assert ax.get_xlabel() == "Time (s)"
    assert ax.get_ylabel() == "Frequency (Hz)"
    assert "1,000" in [label.get_text() for label in ax.get_yticklabels()]
    assert tracks.paths[0].rpartition("/")[2] in ax.get_title()


def test_what_spoke_for_the_genre_is_heard_at_its_time_and_frequency():
    t = np.arange(3 * 22050) / 22050
    low, high = np.sin(2 * np.pi * 300 * t), np.sin(2 * np.pi * 3000 * t)
    frequencies = np.linspace(50, 10000, 40)
    attribution = np.zeros((40, 130))
    attribution[np.abs(frequencies - 3000) < 500, 40:80] = 1.0
    explanation = Explanation(
        "a", "x", "occlusion", 0.5, "log-odds", 1.0, 0.0, attribution, attribution,
        frame_seconds=512 / 22050, frequencies=frequencies, waveform=(low + high).astype(np.float32), sample_rate=22050,
    )  # fmt: skip
    sound, rate = explanation.to_audio()
    assert (sound.dtype, rate, len(sound)) == (np.float32, 22050, len(t))
    assert np.abs(sound).max() <= 1
    middle, end = sound[50 * 512 : 70 * 512], sound[110 * 512 : 125 * 512]
    strength = np.abs(np.fft.rfft(middle))
    hertz = np.fft.rfftfreq(len(middle), 1 / 22050)
    assert abs(hertz[strength.argmax()] - 3000) < 10
    assert strength[np.abs(hertz - 300) < 20].max() < 0.01 * strength.max()
    assert np.abs(end).max() < 0.01 * np.abs(middle).max()


def test_top_segments_can_be_heard_one_after_the_other(pipeline, tracks):
    sound, rate = explain(pipeline, tracks.paths[0]).to_audio("segments", n_segments=2, duration=0.5)
    assert sound.dtype == np.float32
    assert 0.5 * rate < len(sound) < 2 * rate


def test_bands_without_frequencies_are_heard_by_time_alone(tracks):
    pipeline = make_pipeline(AudioLoader(duration=3.0), MFCCExtractor(13), CNNClassifier(**SMALL))
    sound, _ = explain(pipeline.fit(tracks.paths, tracks.target), tracks.paths[0]).to_audio()
    assert len(sound) == 3 * 22050
    assert np.abs(sound).max() > 0


def test_a_notebook_shows_the_picture_and_players(pipeline, tracks):
    html = explain(pipeline, tracks.paths[0])._repr_html_()
    assert html.count("data:image/png;base64,") == 1
    assert html.count("<audio") >= 2
    assert not plt.get_fignums()


def test_signs_in_the_name_of_a_genre_are_shown_and_spoken_as_they_are():
    values = np.ones((4, 20))
    explanation = Explanation(
        "a", "R&B <live>", "occlusion", 0.5, "log-odds", 1.0, 0.0, values, values,
        frame_seconds=512 / 22050, waveform=np.zeros(20 * 512, dtype=np.float32), sample_rate=22050,
    )  # fmt: skip
    html = explanation._repr_html_()
    assert '<th scope="row">What spoke for R&amp;B &lt;live&gt;</th>' in html
    assert 'aria-label="What spoke for R&amp;B &lt;live&gt;"' in html


@pytest.mark.parametrize("name", ["$x^2$", "$2 and $3", r"$\frac $", "caf\udce9"])
def test_names_of_bands_and_descriptors_are_drawn_as_they_are(name):
    values = np.ones((4, 20))
    fields = ("a", name, "occlusion", 0.5, "log-odds", 1.0, 0.0)
    written = name.replace("\udce9", "?")
    for explanation in (
        Explanation(*fields, values, values, names=np.array([name] * 4)),
        Explanation(*fields, descriptors={name: 0.5}),
    ):
        ax = explanation.plot().ax_
        ax.figure.canvas.draw()
        label = ax.get_yticklabels()[0]
        assert (label.get_text(), label.get_parse_math()) == (written, False)
        explanation._repr_html_().encode()


@pytest.mark.parametrize("descriptors", [{}, {"d" * 60: 0.5}])
def test_a_long_title_is_not_cut_off(descriptors):
    values = None if descriptors else np.ones((4, 20))
    explanation = Explanation(
        "t" * 60, "g" * 60, "integrated_gradients", 0.5, "log-odds", 1.0, 0.0, values, values, descriptors=descriptors
    )
    ax = explanation.plot().ax_
    ax.figure.canvas.draw()
    box = ax.title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= ax.figure.bbox.x1


def test_descriptors_that_begin_alike_are_told_apart():
    descriptors = {"a" * 50 + ending: 0.5 for ending in ("_mean", "_std")}
    explanation = Explanation("a", "jazz", "shap", 0.5, "log-odds", 1.0, 0.0, descriptors=descriptors)
    assert len({label.get_text() for label in explanation.plot().ax_.get_yticklabels()}) == 2


def test_features_alone_have_no_sound(net, matrices):
    explanation = explain(net, matrices[0][20])
    with pytest.raises(ValueError, match="begins with an AudioLoader"):
        explanation.to_audio()
    assert "<audio" not in explanation._repr_html_()
    assert explanation.plot().ax_.get_xlabel() == "Frame"


# Named descriptors


def table(n=60, n_columns=6):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_columns))
    return X, np.array(["jazz", "metal", "pop"])[np.digitize(X[:, 1] + 0.3 * X[:, 4], [-0.5, 0.5])]


def brute_force(score, row, background):
    """Return Shapley values by their definition: over all coalitions."""
    from itertools import chain, combinations
    from math import comb

    n = len(row)
    values = np.zeros(n)
    for column in range(n):
        others = [other for other in range(n) if other != column]
        for coalition in chain.from_iterable(combinations(others, size) for size in range(n)):
            heard = np.isin(np.arange(n), coalition)
            with_it = heard | (np.arange(n) == column)
            gain = np.mean(score(np.where(with_it, row, background)) - score(np.where(heard, row, background)))
            values[column] += gain / (n * comb(n - 1, len(coalition)))
    return values


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(8, random_state=0),
        ExtraTreesClassifier(8, random_state=0),
        GradientBoostingClassifier(n_estimators=5, random_state=0),
        make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)),
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda model: type(model[-1] if hasattr(model, "steps") else model).__name__,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_shapley_values_of_trees_and_linear_models_are_exact(model, n_classes):
    from skgenre.explanations._columns import explain_row

    X, y = table()
    X = X.astype(np.float32).astype(np.float64)
    y = y if n_classes == 3 else np.where(y == "pop", "metal", y)
    model.fit(X, y)
    background = X[:7]
    values, score, base, unit = explain_row(
        model, X[10], background, target=1, method="shap", n_samples=None, rng=np.random.default_rng(0)
    )

    def ask(rows):
        if unit == "probability":
            return model.predict_proba(rows)[:, 1]
        decisions = model.decision_function(rows)
        return decisions[:, 1] if decisions.ndim == 2 else decisions

    assert_allclose(values, brute_force(ask, X[10], background), atol=1e-6)
    assert_allclose(values.sum(), score - base, atol=1e-6)


@pytest.mark.parametrize("model", [DecisionTreeClassifier(random_state=0), RandomForestClassifier(8, random_state=0)])
def test_shapley_values_of_trees_are_exact_for_each_of_several_labels(model):
    from skgenre.explanations._columns import explain_row

    X, _ = table()
    X = X.astype(np.float32).astype(np.float64)
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + X[:, 4] > 0, X[:, 2] > 1, np.zeros(len(X))]).astype(int)
    model.fit(X, y)
    for label, answers in enumerate(y.T):
        row = X[answers.argmax()]
        values, score, base, _ = explain_row(
            model, row, X[:7], target=label, method="shap", n_samples=None, rng=np.random.default_rng(0)
        )

        def ask(rows, label=label):
            return label_probabilities(model, rows)[:, label]

        assert_allclose(values, brute_force(ask, row, X[:7]), atol=1e-6)
        assert_allclose(values.sum(), score - base, atol=1e-6)


def test_shapley_values_add_up_where_trees_have_no_say_in_all():
    """Boosting that begins with another model, and a background with values that are missing."""
    from skgenre.explanations._columns import explain_row

    X, y = table()
    y = np.where(y == "pop", "metal", y)
    missing = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    boosted = GradientBoostingClassifier(n_estimators=3, init=LogisticRegression(), random_state=0).fit(X, y)
    forest = RandomForestClassifier(5, random_state=0).fit(missing, y)
    for model, rows in ((boosted, X), (forest, missing)):
        values, score, base, _ = explain_row(
            model, rows[10], rows[:7], target=1, method="shap", n_samples=None, rng=np.random.default_rng(0)
        )
        assert_allclose(values.sum(), score - base, atol=1e-6)


@pytest.mark.parametrize("model", [KNeighborsClassifier(1), KNeighborsClassifier(3)])
def test_what_is_not_linear_does_not_pass_for_it_by_chance(model):
    """Of few rows, whose mean may have the mean score, and where single columns may make up the whole difference."""
    from skgenre.explanations._columns import explain_row

    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(60, 4))
        model.fit(X, X[:, 0] + X[:, 1] * X[:, 2] > 0)
        row, background = rng.normal(size=4), rng.normal(size=(1, 4))
        values, *_ = explain_row(
            model, row, background, target=1, method="shap", n_samples=1000, rng=np.random.default_rng(0)
        )
        exact = brute_force(lambda rows: model.predict_proba(rows)[:, 1], row, background)
        assert_allclose(values, exact, atol=0.04)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("last", [LogisticRegression(), RandomForestClassifier(5), SVC(), KNeighborsClassifier(3)])
def test_models_that_know_columns_by_name_are_asked_by_name(tracks, last):
    X, y = table()
    frame = pd.DataFrame(X, columns=[f"column {number}" for number in range(X.shape[1])])
    chosen = ColumnTransformer([("some", StandardScaler(), list(frame.columns[1:]))])
    for first in (chosen, StandardScaler()):
        model = make_pipeline(first, clone(last)).fit(frame, y)
        for method in ("shap", "occlusion"):
            found = explain(model, frame.iloc[[10]], method, "pop", background=frame[:20], random_state=0)
            assert set(found.descriptors) == set(frame.columns)
            if first is chosen:
                assert_allclose(found.descriptors["column 0"], 0, atol=1e-12)
    heard = make_pipeline(AudioLoader(duration=3.0), TrackDescriptor(("dynamics",)), StandardScaler(), clone(last))
    heard.set_output(transform="pandas").fit(tracks.paths, tracks.target)
    assert explain(heard, tracks.paths[0], "shap", background=tracks.paths, random_state=0).completeness_error < 1e-6


def test_sampled_shapley_values_come_near_the_exact_ones():
    from skgenre.explanations._columns import explain_row

    X, y = table()
    model = SVC().fit(X, y)
    values, score, base, _ = explain_row(
        model, X[10], X[:7], target=1, method="shap", n_samples=600, rng=np.random.default_rng(0)
    )
    exact = brute_force(lambda rows: model.decision_function(rows)[:, 1], X[10], X[:7])
    assert_allclose(values, exact, atol=0.1)
    assert_allclose(values.sum(), score - base, atol=1e-9)


@pytest.mark.parametrize("method", ["occlusion", "shap"])
def test_descriptors_are_named_and_the_weightiest_come_first(tracks, method):
    pipeline = make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), StandardScaler(), SVC())
    pipeline.fit(tracks.paths, tracks.target)
    explanation = explain(pipeline, tracks.paths[0], method, background=tracks.paths[::3], random_state=0)
    names = list(explanation.descriptors)
    assert set(names) == set(TrackDescriptor(("dynamics",)).get_feature_names_out())
    weights = np.abs(list(explanation.descriptors.values()))
    assert np.all(np.diff(weights) <= 0)
    assert list(explanation.groups) == ["dynamics"]
    assert explanation.probability is None
    assert explanation.plot().ax_.get_yticklabels()[0].get_text() in names


def test_statistics_of_frames_and_group_machines_are_explained_too(tracks):
    pipeline = make_pipeline(AudioLoader(duration=3.0), MFCCExtractor(5), FrameStatistics(), GroupSVC())
    pipeline.fit(tracks.paths, tracks.target)
    background = pipeline[:-1].transform(tracks.paths)
    explanation = explain(pipeline, tracks.paths[0], "shap", background=background, random_state=0)
    assert "mfcc1_mean" in explanation.descriptors
    assert explanation.unit == "decision"
    assert explanation.completeness_error < 1e-6


def test_a_classifier_that_takes_a_table_is_explained_in_its_own_units():
    X, y = table()
    X = 100 * X + 7
    scaled, bare = (model.fit(X, y) for model in (make_pipeline(StandardScaler(), SVC()), LogisticRegression()))
    for method in ("occlusion", "shap"):
        explanation = explain(scaled, X[10], method, "pop", background=X[:20], n_samples=20, random_state=0)
        assert_allclose(explanation.score, scaled.decision_function(X[10:11])[0, 2])
        assert X[:20].shape == (20, len(explanation.descriptors))
        if method == "occlusion":  # all twenty are drawn
            assert_allclose(explanation.base_score, scaled.decision_function(X[:20])[:, 2].mean())
    assert explain(bare, X[10], "shap", background=X).descriptors["x1"] != 0


def test_a_background_may_be_a_frame(tracks):
    pipeline = make_pipeline(AudioLoader(duration=3.0), TrackDescriptor(("dynamics",)), RandomForestClassifier(3))
    pipeline.fit(tracks.paths, tracks.target)
    background = pipeline[:-1].transform(tracks.paths)
    frame = pd.DataFrame(background, columns=pipeline[1].get_feature_names_out())
    one, other = (explain(pipeline, tracks.paths[0], "shap", background=b) for b in (background, frame))
    assert one.descriptors == other.descriptors


def test_a_model_of_a_table_has_no_times(tracks):
    pipeline = make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), LogisticRegression(max_iter=2000))
    explanation = explain(pipeline.fit(tracks.paths, tracks.target), tracks.paths[0], "shap", background=tracks.paths)
    with pytest.raises(ValueError, match="descriptors has no times"):
        explanation.top_segments()
    assert "<img" in explanation._repr_html_()


# Votes, searches and mistakes


def test_a_part_of_a_vote_is_explained_for_genres_by_name(tracks):
    parts = [
        ("cnn", make_pipeline(AudioLoader(duration=3.0), MelExtractor(16), CNNClassifier(**SMALL))),
        ("descriptors", make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), RandomForestClassifier(5))),
    ]
    vote = VotingClassifier(parts, voting="soft").fit(tracks.paths, tracks.target)
    explanation = explain(vote, tracks.paths[0], part="cnn")
    assert explanation.target == vote.predict(tracks.paths[:1])[0]
    assert explanation.attribution.shape == (16, 130)
    named = explain(vote, tracks.paths[0], "shap", part="descriptors", target=tracks.target[3], background=tracks.paths)
    assert named.target == tracks.target[3]
    with pytest.raises(ValueError, match=r"part must name .* \['cnn', 'descriptors'\], got None"):
        explain(vote, tracks.paths[0])
    alone = clone(vote).set_params(cnn="drop").fit(tracks.paths, tracks.target)
    with pytest.raises(ValueError, match=r"one of \['descriptors'\], got 'cnn'"):
        explain(alone, tracks.paths[0], part="cnn")


def test_the_inside_of_a_search_and_a_frozen_pipeline_are_explained(pipeline, tracks, net, matrices):
    search = GridSearchCV(CNNClassifier((4, 8), segment_frames=40), {"max_epochs": [1]}, cv=2).fit(*matrices)
    assert explain(search, matrices[0][20]).attribution.shape == (12, 90)
    assert explain(FrozenEstimator(pipeline), tracks.paths[0]).attribution.shape == (32, 130)


def test_mistakes_are_named(pipeline, net, matrices, tracks, tmp_path):
    path = tracks.paths[0]
    with pytest.raises(ValueError, match=r"method must be one of 'occlusion', .* got 'lime'"):
        explain(pipeline, path, "lime")
    with pytest.raises(ValueError, match=r"target must be one of .*, got 'polka'"):
        explain(pipeline, path, target="polka")
    with pytest.raises(ValueError, match="part must be None"):
        explain(pipeline, path, part="cnn")
    with pytest.raises(ValueError, match="patch must be two whole numbers"):
        explain(pipeline, path, patch=(0, 4))
    for patch in (3, (2, 2.5), (2, 3, 4), ("2", "3")):
        with pytest.raises(ValueError, match=r"patch must be two whole numbers from 1 on, .* got"):
            explain(pipeline, path, patch=patch)
    with pytest.raises(ValueError, match="n_samples must be at least 1, a whole number, got 0"):
        explain(pipeline, path, "shap", n_samples=0)
    with pytest.raises(ValueError, match="background must hold tracks, or matrices"):
        explain(net, matrices[0][0], background=matrices[0][1])
    with pytest.raises(ValueError, match="background must hold at least one track, got none"):
        explain(net, matrices[0][0], background=[])
    with pytest.raises(ValueError, match="track must be one track, got 2"):
        explain(pipeline, tracks.paths[:2])
    with pytest.raises(ValueError, match="pass the matrix"):
        explain(net, path)
    with pytest.raises(ValueError, match="a matrix"):
        explain(net, matrices[0][:, 0, :][0])
    with pytest.raises(TypeError, match="pipeline must end in"):
        explain(make_pipeline(AudioLoader(), MelExtractor(16)), path)
    with pytest.raises(NotFittedError):
        explain(make_pipeline(AudioLoader(), MelExtractor(16), CNNClassifier()), path)
    with pytest.raises(ValueError, match="at least two"):
        explain(CNNClassifier((4,), max_epochs=1, segment_frames=40).fit(*matrices), matrices[0][0], "grad_cam")
    (tmp_path / "broken.mp3").write_bytes(b"no music")
    with pytest.raises(AudioError, match=r"broken\.mp3"):
        explain(pipeline, tmp_path / "broken.mp3")


def test_a_file_that_cannot_be_read_is_an_error_even_where_silence_would_stand_in(tracks, tmp_path):
    pipeline = make_pipeline(AudioLoader(duration=3.0, on_error="warn"), MelExtractor(16), CNNClassifier(**SMALL))
    pipeline.fit(tracks.paths, tracks.target)
    (tmp_path / "broken.mp3").write_bytes(b"no music")
    with pytest.raises(AudioError, match=r"broken\.mp3"):
        explain(pipeline, str(tmp_path / "broken.mp3"))


def test_a_model_of_a_table_says_what_it_needs(tracks):
    pipeline = make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), LogisticRegression(max_iter=2000))
    pipeline.fit(tracks.paths, tracks.target)
    with pytest.raises(ValueError, match="background must hold some dozens of tracks"):
        explain(pipeline, tracks.paths[0])
    with pytest.raises(ValueError, match="method='grad_cam' is for nets"):
        explain(pipeline, tracks.paths[0], "grad_cam", background=tracks.paths)
    with pytest.raises(ValueError, match=r"background must have the .* columns"):
        explain(pipeline, tracks.paths[0], background=np.zeros((5, 3)))
    with pytest.raises(ValueError, match="n_samples must be at least 1, a whole number, got -3"):
        explain(pipeline, tracks.paths[0], background=tracks.paths, n_samples=-3)


def test_captum_is_asked_for_by_its_extra(net, matrices, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(ImportError, match=r'pip install "skgenre\[explain\]"'):
        explain(net, matrices[0][20], "integrated_gradients")
    assert explain(net, matrices[0][20]).attribution.shape == (12, 90)
