"""Explanations checked: planted calls, deletion and insertion, shuffled weights; and why tracks are similar."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.metrics import auc
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.explain import FINE, METHODS, plant, region, train
from skgenre import (
    AudioLoader,
    CNNClassifier,
    EmbeddingRecommender,
    Explanation,
    Faithfulness,
    MelExtractor,
    NeighborExplanation,
    TrackDescriptor,
    attribution_mass,
    compare_with_random_weights,
    deletion_curve,
    explain,
    explain_neighbors,
    insertion_curve,
    measure_faithfulness,
)

pytest.importorskip("captum", reason="captum is not installed: the extra explain")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def planted():
    """Return a net, trained on tracks of two classes that one call tells apart, and other tracks with calls."""
    rng = np.random.default_rng(0)
    X, y, _ = plant(100, rng)
    net = train(X, y, 0)
    X, y, calls = plant(6, rng)
    return net, X[y == 1], [call for call in calls if call]


@pytest.fixture(scope="module")
def explanations(planted):
    net, X, _ = planted
    return {
        method: [explain(net, track, method, 1, random_state=0, **FINE[method]) for track in X] for method in METHODS
    }


# A call at known times and bands


def masses(explanations, calls):
    return [attribution_mass(one.attribution, region(one, own)) for one, own in zip(explanations, calls, strict=True)]


def test_the_best_method_finds_four_fifths_of_its_mass_within_the_call(planted, explanations):
    smooth = [one.smooth(3, 5) for one in explanations["integrated_gradients"]]
    assert np.mean(masses(smooth, planted[2])) >= 0.8


@pytest.mark.parametrize("method", METHODS)
def test_every_method_looks_at_the_call_more_than_by_chance(planted, explanations, method):
    chance = np.mean([region(one, own).mean() for one, own in zip(explanations[method], planted[2], strict=True)])
    assert np.mean(masses(explanations[method], planted[2])) > 1.5 * chance


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "shap"])
def test_the_top_segments_are_the_calls(planted, explanations, method):
    for explanation, calls in zip(explanations[method], planted[2], strict=True):
        first = explanation.top_segments(1, duration=0.4)[0]
        assert min(abs(first.start - call.start) for call in calls) < 0.3


# Deletion and insertion


def test_hiding_the_weightiest_first_makes_a_sum_fall_as_fast_as_it_can():
    X = np.random.default_rng(0).uniform(size=(5, 8))
    _, down = deletion_curve(lambda X: X.sum(axis=(1, 2)), X, X, np.zeros(5), n_steps=40)
    assert_allclose(down, X.sum() - np.append(0, np.cumsum(np.sort(X.ravel())[::-1])), atol=1e-12)
    _, up = insertion_curve(lambda X: X.sum(axis=(1, 2)), X, X, np.zeros(5), n_steps=40)
    assert_allclose(up, X.sum() - down)


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_an_attribution_may_be_a_picture_or_a_mask(dtype):
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    attribution = np.array([[0, 0], [0, 1]]).astype(dtype)
    _, down = deletion_curve(lambda X: X.sum(axis=(1, 2)), X, attribution, [0, 0], n_steps=4)
    assert_allclose(down, [10, 6, 5, 3, 0])


def test_cells_that_are_hidden_take_the_value_of_their_band():
    X, baseline = np.ones((2, 3)), np.array([5.0, 7.0])
    seen = []
    deletion_curve(lambda X: seen.append(X) or X[:, 0, 0], X, X, baseline, n_steps=2)
    assert_allclose(seen[0][-1], [[5, 5, 5], [7, 7, 7]])


@pytest.mark.parametrize("method", METHODS)
def test_the_answer_hangs_on_what_is_pointed_at(planted, explanations, method):
    checks = [measure_faithfulness(planted[0], one, random_state=0) for one in explanations[method][:2]]
    assert np.mean([check.deletion_auc for check in checks]) < np.mean([check.random_deletion_auc for check in checks])
    assert np.mean([check.insertion_auc for check in checks]) > np.mean(
        [check.random_insertion_auc for check in checks]
    )


def test_areas_are_those_below_the_curves_and_can_be_seen(planted, explanations):
    explanation = explanations["occlusion"][0]
    check = measure_faithfulness(planted[0], explanation, n_steps=10, n_random=3, random_state=0)
    assert check.random_deletion.shape == (3, 11)
    assert_allclose(check.deletion[0], explanation.probability, atol=1e-6)
    assert_allclose(check.insertion[-1], explanation.probability, atol=1e-6)
    assert check.deletion_auc == auc(check.shares, check.deletion)
    legend = [text.get_text() for text in check.plot().ax_.get_legend().get_texts()]
    assert legend[0].startswith(f"deletion: area {check.deletion_auc:.2f}")


def test_the_legend_of_areas_does_not_cover_a_flat_curve():
    values = np.ones((4, 20))
    explanation = Explanation("a", "g" * 80, "occlusion", 0.5, "log-odds", 1.0, 0.0, values, values)
    shares, flat = np.linspace(0, 1, 11), np.full(11, 0.5)
    ax = Faithfulness(explanation, shares, flat, flat, flat[None], flat[None]).plot().ax_
    ax.figure.canvas.draw()
    legend, label = ax.get_legend().get_window_extent(), ax.yaxis.label.get_window_extent()
    assert not legend.y0 < ax.transData.transform((0, 0.5))[1] < legend.y1
    assert label.y0 >= 0
    assert label.y1 <= ax.figure.bbox.y1


def test_mistakes_in_curves_and_masses_are_named():
    X = np.zeros((2, 3))
    with pytest.raises(ValueError, match="attribution must have the shape"):
        deletion_curve(len, X, X.T, [0, 0])
    with pytest.raises(ValueError, match="baseline must have a value for each of the 2 bands"):
        insertion_curve(len, X, X, [0, 0, 0])
    with pytest.raises(ValueError, match=r"features must have shape \(n_bands, n_frames\), got \(3,\)"):
        deletion_curve(len, X[0], X[0], 0)
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        insertion_curve(len, X, X, [0, 0], n_steps=0)
    with pytest.raises(ValueError, match="region must have the shape"):
        attribution_mass(X, [True])
    assert np.isnan(attribution_mass(X, X > 0))


# Weights that have learned nothing


@pytest.mark.parametrize("method", METHODS)
def test_with_shuffled_weights_the_explanation_is_another(planted, explanations, method):
    before = planted[0][-1].predict_proba(explanations[method][0].features[None])
    correlations = [compare_with_random_weights(planted[0], one, random_state=0) for one in explanations[method]]
    assert np.mean(correlations) < 0.5
    assert_allclose(planted[0][-1].predict_proba(explanations[method][0].features[None]), before)


def test_the_same_weights_give_the_same_explanation(planted, monkeypatch):
    from skgenre.explanations import _faithfulness

    monkeypatch.setattr(_faithfulness, "shuffle_weights", lambda module, seed: None)
    explanation = explain(planted[0], planted[1][0])
    assert_allclose(compare_with_random_weights(planted[0], explanation), 1)


def test_descriptors_cannot_be_hidden_over_time(tracks):
    from sklearn.linear_model import LogisticRegression

    pipeline = make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), LogisticRegression(max_iter=2000))
    explanation = explain(pipeline.fit(tracks.paths, tracks.target), tracks.paths[0], "shap", background=tracks.paths)
    with pytest.raises(ValueError, match="explanation must be of a net"):
        measure_faithfulness(pipeline, explanation)


def test_chance_needs_an_order(planted, explanations):
    with pytest.raises(ValueError, match="n_random must be at least 1, got 0"):
        measure_faithfulness(planted[0], explanations["occlusion"][0], n_random=0)


# Why tracks are similar


@pytest.fixture(scope="module", params=["cosine", "euclidean"])
def similar(request, tracks):
    net = CNNClassifier((4, 8, 16), max_epochs=3, segment_frames=64, random_state=0)
    embedder = make_pipeline(AudioLoader(duration=3.0), MelExtractor(32), net).fit(tracks.paths, tracks.target)
    return EmbeddingRecommender(embedder, metric=request.param).fit(tracks.paths)


def test_both_tracks_are_explained_over_time_and_frequency(similar, tracks):
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[1])
    assert found.a.attribution.shape == found.b.attribution.shape == (32, 130)
    distances, indices = similar.kneighbors([tracks.paths[0]], n_neighbors=len(tracks.paths))
    distance = distances[0][list(indices[0]).index(1)]
    assert_allclose(found.similarity, 1 - distance if similar.metric == "cosine" else -distance, atol=1e-4)
    axes = found.plot().ax_
    assert len(axes) == 2
    assert axes[0].get_ylabel() == "Frequency (Hz)"


def test_similarities_are_explained_where_data_frames_are_asked_for(similar, tracks):
    expected = explain_neighbors(similar, tracks.paths[0], tracks.paths[1], "occlusion")
    with config_context(transform_output="pandas"):
        found = explain_neighbors(similar, tracks.paths[0], tracks.paths[1], "occlusion")
    assert found.similarity == expected.similarity


def test_a_similarity_is_not_taken_for_a_genre(similar, tracks):
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[1])
    assert found.a.unit == found.unit
    with pytest.raises(ValueError, match="explanation must be of a genre"):
        measure_faithfulness(similar.embedder_, found.a)


def test_what_integrated_gradients_give_adds_up_to_the_similarity(similar, tracks):
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[5], "integrated_gradients", n_samples=64)
    for one in (found.a, found.b):
        assert one.completeness_error < 0.1


def test_pairs_of_segments_come_with_times_and_are_the_most_similar(similar, tracks):
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[1])
    pairs = found.top_pairs(2)
    assert pairs[0].similarity == found.segment_similarities.max()
    assert pairs[0].similarity >= pairs[1].similarity
    assert 0 <= pairs[0].start_a < pairs[0].stop_a <= 3.1
    html = found._repr_html_()
    assert html.count("<audio") == 2 * len(found.top_pairs())


def test_a_track_is_most_like_itself_where_its_own_sound_is(similar, tracks):
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[0])
    assert_allclose(found.similarity, 1 if similar.metric == "cosine" else 0, atol=1e-4)
    assert all(pair.start_a == pair.start_b for pair in found.top_pairs(1))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_descriptors_share_out_the_similarity_exactly(tracks, metric):
    embedder = make_pipeline(AudioLoader(), TrackDescriptor(("dynamics",)), StandardScaler())
    similar = EmbeddingRecommender(embedder, metric=metric).fit(tracks.paths)
    found = explain_neighbors(similar, tracks.paths[0], tracks.paths[1])
    one, other = similar.embeddings_[:2]
    whole = cosine_similarity([one], [other])[0, 0] if metric == "cosine" else -np.linalg.norm(one - other)
    assert_allclose(found.similarity, whole, rtol=1e-4)
    assert set(found.descriptors) == set(TrackDescriptor(("dynamics",)).get_feature_names_out())
    assert_allclose(sum(found.descriptors.values()), whole, rtol=1e-4)
    assert "dynamics" in found.plot().ax_.get_yticklabels()[0].get_text()
    with pytest.raises(ValueError, match="no net has no segments"):
        found.top_pairs()


@pytest.mark.parametrize("descriptors", [{}, {"d" * 60: 0.4, "e": -0.2}])
def test_long_names_of_neighbours_are_not_cut_off(descriptors):
    values = np.ones((4, 20))
    part = Explanation("a", "b", "occlusion", None, "cosine similarity", 1.0, 0.0, values, values)
    parts = (None, None) if descriptors else (part, part)
    titles = ("a" * 60 + ".mp3", "b" * 60 + ".mp3")
    found = NeighborExplanation(titles, "cosine similarity", 0.8, *parts, descriptors=descriptors).plot()
    found.figure_.canvas.draw()
    for ax in np.ravel(found.ax_):
        for text in (ax.title, ax.xaxis.label):
            box = text.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= found.figure_.bbox.x1


def test_mistakes_about_neighbours_are_named(similar, tracks):
    with pytest.raises(ValueError, match="method must be one of"):
        explain_neighbors(similar, tracks.paths[0], tracks.paths[1], "lime")
    with pytest.raises(ValueError, match="tracks must be paths where the embedder is a net"):
        explain_neighbors(similar, 0, 1)
    lone = EmbeddingRecommender().fit(np.eye(3))
    with pytest.raises(ValueError, match="tracks must be among the track_ids"):
        explain_neighbors(lone, 0, 7)
