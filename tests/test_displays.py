"""The Displays: they draw what the data say, on any axes, and nothing is cut off."""

import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgenre import EmbeddingMapDisplay, ProtocolsDisplay, TrainingCurvesDisplay, compare_protocols
from skgenre.model_selection import ProtocolComparison

GENRES = ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def history():
    return {
        "epoch": [1, 2, 3, 4],
        "train_loss": [1.4, 1.0, 0.7, 0.5],
        "train_accuracy": [0.3, 0.5, 0.7, 0.9],
        "train_f1": [0.2, 0.4, 0.7, 0.9],
        "valid_loss": [1.5, 1.1, 1.0, 1.2],
        "valid_accuracy": [0.2, 0.4, 0.5, 0.4],
        "valid_f1": [0.1, 0.3, 0.5, 0.4],
        "duration": [0.1, 0.1, 0.1, 0.1],
    }


@pytest.fixture
def train_history(history):
    return {key: values for key, values in history.items() if not key.startswith("valid")}


class Net(BaseEstimator):
    """What a Display asks of a net."""

    def __init__(self, history=None, best_epoch=None):
        self.history_ = history
        self.best_epoch_ = best_epoch

    def fit(self, X, y=None):
        return self


class Recommender(BaseEstimator):
    """What a Display asks of a recommender."""

    metric = "euclidean"

    def __init__(self, embeddings, embedder=None):
        self.embeddings_ = embeddings
        self.embedder_ = embedder

    def fit(self, X, y=None):
        return self


def clusters(n_genres=4, n_tracks=12):
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 3, (n_genres, 8))
    return rng.normal(centres.repeat(n_tracks, axis=0), 0.5), np.repeat(GENRES[:n_genres], n_tracks)


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def is_inside(inner, outer, slack=1.0):
    return (
        inner.x0 >= outer.x0 - slack
        and inner.y0 >= outer.y0 - slack
        and inner.x1 <= outer.x1 + slack
        and inner.y1 <= outer.y1 + slack
    )


# --- training curves


@pytest.mark.parametrize(("panel", "key"), list(enumerate(["loss", "accuracy", "f1"])))
def test_each_panel_draws_its_score_for_training_and_validation(history, panel, key):
    drawn = lines(TrainingCurvesDisplay.from_history(history).ax_[panel])
    assert_allclose(drawn["train"].get_xydata(), np.c_[history["epoch"], history[f"train_{key}"]])
    assert_allclose(drawn["validation"].get_xydata(), np.c_[history["epoch"], history[f"valid_{key}"]])


def test_the_epoch_with_the_lowest_validation_loss_is_marked(history):
    display = TrainingCurvesDisplay.from_history(history)
    assert display.best_epoch == 3
    for panel in display.ax_:
        assert_allclose(lines(panel)["best epoch (3)"].get_xdata(), 3)


def test_an_epoch_without_a_validation_loss_is_not_the_best(history):
    history["valid_loss"][1] = np.nan
    assert TrainingCurvesDisplay.from_history(history).best_epoch == 3


def test_the_epoch_that_the_net_kept_goes_before_the_lowest_loss(history):
    assert TrainingCurvesDisplay.from_estimator(Net(history, best_epoch=4)).best_epoch == 4


def test_without_validation_there_is_one_curve_and_no_mark(train_history):
    display = TrainingCurvesDisplay.from_history(train_history)
    assert [list(lines(panel)) for panel in display.ax_] == [["train"]] * 3


def test_epochs_count_from_one_where_the_history_does_not_number_them(train_history):
    del train_history["epoch"]
    display = TrainingCurvesDisplay.from_history(train_history)
    assert_allclose(lines(display.ax_[0])["train"].get_xdata(), [1, 2, 3, 4])


def test_a_run_of_one_epoch_shows_its_points(history):
    display = TrainingCurvesDisplay.from_history({key: values[:1] for key, values in history.items()})
    assert lines(display.ax_[0])["train"].get_marker() == "o"


def test_a_net_at_the_end_of_a_pipeline_and_inside_a_search_is_found(history):
    class Search:
        best_estimator_ = make_pipeline(StandardScaler(), Net(history, 2))

    assert TrainingCurvesDisplay.from_estimator(Search()).best_epoch == 2


def test_no_epoch_is_the_best_where_every_validation_loss_is_nan(history):
    history["valid_loss"] = [np.nan] * 4
    display = TrainingCurvesDisplay.from_history(history)
    assert display.best_epoch is None
    assert list(lines(display.ax_[1])) == ["train", "validation"]


def test_curves_of_an_unfitted_net_are_refused():
    with pytest.raises(NotFittedError):
        TrainingCurvesDisplay.from_estimator(PCA())


def test_curves_of_an_estimator_without_a_history_are_refused():
    with pytest.raises(TypeError, match=r"keeps a history_.*PCA"):
        TrainingCurvesDisplay.from_estimator(PCA().fit(np.eye(3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_f1": None}, "must hold train_f1"),
        ({"valid_loss": [1.0]}, "one entry per epoch.*'valid_loss': 1"),
    ],
)
def test_a_history_that_cannot_be_drawn_is_refused(history, change, message):
    history = {key: values for key, values in {**history, **change}.items() if values is not None}
    with pytest.raises(ValueError, match=message):
        TrainingCurvesDisplay(history)


def test_an_empty_history_is_refused(history):
    with pytest.raises(ValueError, match="one entry per epoch"):
        TrainingCurvesDisplay({key: [] for key in history})


def test_a_best_epoch_outside_the_run_is_refused(history):
    with pytest.raises(ValueError, match="best_epoch must be one of the epochs 1 to 4, got 9"):
        TrainingCurvesDisplay(history, best_epoch=9)


def test_curves_are_drawn_on_three_given_axes_in_any_arrangement(history):
    figure, axes = plt.subplots(3, 1)
    display = TrainingCurvesDisplay.from_history(history, ax=axes)
    assert list(display.ax_) == list(axes)
    assert display.figure_ is figure


def test_curves_share_the_place_of_one_given_axes(history):
    figure, ax = plt.subplots()
    display = TrainingCurvesDisplay.from_history(history, ax=ax)
    assert display.figure_ is figure
    assert not ax.axison
    place = ax.get_position()
    assert all(is_inside(panel.get_position(), place, slack=1e-9) for panel in display.ax_)


def test_panels_in_the_place_of_plain_axes_keep_their_labels_apart(history):
    display = TrainingCurvesDisplay.from_history(history, ax=plt.subplots()[1])
    display.figure_.canvas.draw()
    loss, accuracy, f1 = (panel.yaxis.get_tightbbox() for panel in display.ax_)
    assert accuracy.x0 > display.ax_[0].get_window_extent().x1
    assert f1.x0 > display.ax_[1].get_window_extent().x1
    assert loss.x0 > 0


def test_curves_on_two_axes_are_refused(history):
    with pytest.raises(ValueError, match="ax must be one matplotlib Axes or three, got 2"):
        TrainingCurvesDisplay.from_history(history, ax=plt.subplots(1, 2)[1])


def test_axes_of_no_grid_are_refused(history):
    with pytest.raises(ValueError, match="ax must be of a grid"):
        TrainingCurvesDisplay.from_history(history, ax=plt.figure().add_axes((0, 0, 1, 1)))


def test_plot_gives_the_display_itself(history):
    display = TrainingCurvesDisplay(history)
    assert display.plot() is display


# --- map


def test_each_genre_is_drawn_with_its_own_tracks_and_named_in_the_legend():
    embeddings, y = clusters()
    keep = np.r_[0:7, 12:48]  # blues has 7 tracks, the others 12
    display = EmbeddingMapDisplay.from_embeddings(embeddings[keep], y[keep], random_state=0)
    drawn = {dots.get_label(): len(dots.get_offsets()) for dots in display.ax_.collections}
    assert drawn == {"blues": 7, "classical": 12, "country": 12, "disco": 12}
    assert [text.get_text() for text in display.legend_.get_texts()] == list(drawn)


def test_the_dots_lie_at_the_coordinates():
    coordinates = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    display = EmbeddingMapDisplay(coordinates, y=["rock", "pop", "rock"]).plot()
    drawn = {dots.get_label(): np.asarray(dots.get_offsets()) for dots in display.ax_.collections}
    assert_allclose(drawn["rock"], coordinates[[0, 2]])
    assert_allclose(drawn["pop"], coordinates[[1]])


@pytest.mark.parametrize("y", [[1.0, 2.0, np.nan, np.nan], ["pop", None, None, "rock"], [True, False, True, False]])
def test_every_track_is_drawn_also_where_its_genre_is_not_known(y):
    coordinates = np.arange(8.0).reshape(4, 2)
    display = EmbeddingMapDisplay(coordinates, y=y).plot()
    drawn = np.concatenate([dots.get_offsets() for dots in display.ax_.collections])
    assert_allclose(np.sort(drawn, axis=0), coordinates)
    assert len(display.ax_.collections) == len(set(map(str, y)))


def test_thirty_genres_differ_in_colour_marker_or_filling():
    coordinates = np.zeros((30, 2))
    display = EmbeddingMapDisplay(coordinates, y=np.arange(30)).plot()
    looks = {
        (dots.get_paths()[0].vertices.tobytes(), dots.get_facecolor().tobytes(), dots.get_edgecolor().tobytes())
        for dots in display.ax_.collections
    }
    assert len(looks) == 30


def test_ten_genres_have_ten_markers():
    display = EmbeddingMapDisplay(np.zeros((10, 2)), y=GENRES).plot()
    assert len({dots.get_paths()[0].vertices.tobytes() for dots in display.ax_.collections}) == 10


@pytest.mark.parametrize("side", ["right", "below"])
@pytest.mark.parametrize("method", ["tsne", "pca"])
@pytest.mark.parametrize("own_axes", [False, True])
def test_the_legend_is_outside_the_map_and_not_cut_off(side, method, own_axes):
    embeddings, y = clusters(10, 4)
    ax = plt.subplots(figsize=(5, 4))[1] if own_axes else None
    display = EmbeddingMapDisplay.from_embeddings(embeddings, y, method=method, legend=side, random_state=0, ax=ax)
    figure = display.figure_
    figure.canvas.draw()
    legend = display.legend_.get_window_extent()
    assert is_inside(legend, figure.bbox)
    assert not legend.overlaps(display.ax_.get_window_extent().padded(-1))
    if method == "pca":
        assert not legend.overlaps(display.ax_.xaxis.label.get_window_extent().padded(-1))


@pytest.mark.parametrize("side", ["right", "below"])
@pytest.mark.parametrize("names", [[f"genre number {k}" for k in range(30)], ["x" * 60, "y" * 60, "z"]])
def test_many_genres_and_long_names_leave_room_for_the_map(names, side):
    embeddings = np.random.default_rng(0).normal(size=(60, 8))
    y = np.array(names)[np.arange(60) % len(names)]
    display = EmbeddingMapDisplay.from_embeddings(embeddings, y, method="pca", legend=side)
    display.figure_.canvas.draw()
    assert is_inside(display.legend_.get_window_extent(), display.figure_.bbox)
    place = display.ax_.get_window_extent()
    assert min(place.width, place.height) > 2.5 * display.figure_.dpi


def test_a_shortened_name_tells_genres_apart_that_begin_alike():
    names = ["electronic music of the nineties, house", "electronic music of the nineties, techno"]
    display = EmbeddingMapDisplay(np.zeros((2, 2)), y=names).plot()
    house, techno = (text.get_text() for text in display.legend_.get_texts())
    assert house.startswith("electronic")
    assert house.endswith("house")
    assert techno.endswith("techno")


def test_dots_of_a_large_collection_are_smaller_and_the_legend_keeps_its_size():
    small, large = (EmbeddingMapDisplay(np.zeros((n, 2)), y=["a"] * n).plot() for n in (100, 5000))
    assert large.ax_.collections[0].get_sizes()[0] < small.ax_.collections[0].get_sizes()[0] / 3
    sizes = [display.legend_.legend_handles[0].get_sizes()[0] for display in (small, large)]
    assert sizes[0] == pytest.approx(sizes[1])


@pytest.mark.parametrize("method", ["tsne", "pca"])
@pytest.mark.parametrize("noise", [0.0, 1e-30])
def test_embeddings_that_are_all_the_same_are_one_place_with_a_warning(method, noise):
    embeddings = noise * np.random.default_rng(0).normal(size=(30, 4))
    with pytest.warns(UserWarning, match="all embeddings are the same"):
        display = EmbeddingMapDisplay.from_embeddings(embeddings, method=method, metric="euclidean")
    assert np.ptp(display.coordinates) == 0
    assert display.ax_.get_xlabel() == ""


def test_names_of_genres_are_drawn_as_they_are():
    names = ["_unsorted", "$2 and $3", r"\$x_{"]
    display = EmbeddingMapDisplay(np.zeros((3, 2)), y=names).plot()
    display.figure_.canvas.draw()
    assert {text.get_text() for text in display.legend_.get_texts()} == set(names)
    assert not any(text.get_parse_math() for text in display.legend_.get_texts())


def test_a_map_has_no_ticks_to_misread():
    display = EmbeddingMapDisplay.from_embeddings(*clusters(), random_state=0)
    assert len(display.ax_.get_xticks()) == len(display.ax_.get_yticks()) == 0
    assert display.ax_.get_xlabel() == ""


def test_pca_is_that_of_scikit_learn_and_tells_its_share_of_the_variance():
    embeddings, y = clusters()
    display = EmbeddingMapDisplay.from_embeddings(embeddings, y, method="pca", metric="euclidean")
    pca = PCA(2).fit(embeddings)
    assert_allclose(display.coordinates, pca.transform(embeddings), atol=1e-9)
    assert f"{pca.explained_variance_ratio_[0]:.0%}" in display.ax_.get_xlabel()


def test_with_cosine_the_length_of_an_embedding_does_not_matter():
    embeddings, y = clusters()
    scale = np.random.default_rng(1).uniform(0.5, 2, (len(embeddings), 1))
    one, other = (
        EmbeddingMapDisplay.from_embeddings(rows, y, method="pca", random_state=0)
        for rows in (embeddings, scale * embeddings)
    )
    assert_allclose(one.coordinates, other.coordinates, atol=1e-9)


def test_t_sne_puts_tracks_of_one_cluster_together():
    embeddings, y = clusters()
    coordinates = EmbeddingMapDisplay.from_embeddings(embeddings, y, random_state=0).coordinates
    distances = np.linalg.norm(coordinates[:, None] - coordinates, axis=-1) + 1e9 * np.eye(len(y))
    assert np.mean(y[distances.argmin(axis=1)] == y) == 1.0


def test_the_same_seed_draws_the_same_map():
    one, other = (EmbeddingMapDisplay.from_embeddings(*clusters(), random_state=3).coordinates for _ in range(2))
    assert_allclose(one, other)


@pytest.mark.parametrize("n_tracks", [5, 8, 11])
def test_few_tracks_are_mapped_with_a_warning(n_tracks):
    embeddings, y = clusters()
    with pytest.warns(UserWarning, match=f"only {n_tracks} tracks shows little"):
        display = EmbeddingMapDisplay.from_embeddings(embeddings[:n_tracks], y[:n_tracks])
    assert np.isfinite(display.coordinates).all()


def test_too_few_tracks_for_t_sne_are_refused():
    embeddings, y = clusters()
    with pytest.raises(ValueError, match="at least 5 tracks, got 4: use method='pca'"):
        EmbeddingMapDisplay.from_embeddings(embeddings[:4], y[:4])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "umap"}, "method must be 'tsne' or 'pca', got 'umap'"),
        ({"metric": "jaccard"}, "metric must be 'cosine' or 'euclidean', got 'jaccard'"),
        ({"legend": "left"}, "legend must be 'right' or 'below', got 'left'"),
        ({"perplexity": 99}, "perplexity"),
    ],
)
def test_a_wrong_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingMapDisplay.from_embeddings(*clusters(), **options)


def test_embeddings_and_genres_of_different_lengths_are_refused():
    embeddings, y = clusters()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        EmbeddingMapDisplay.from_embeddings(embeddings, y[:-1], method="pca")


def test_several_labels_are_refused_as_genres():
    with pytest.raises(ValueError, match=r"y should be a 1d array, got an array of shape \(4, 2\)"):
        EmbeddingMapDisplay(np.zeros((4, 2)), y=np.eye(4, 2))


def test_features_over_time_are_refused_as_embeddings():
    with pytest.raises(ValueError, match="dim 3"):
        EmbeddingMapDisplay.from_embeddings(np.zeros((20, 4, 5)))


def test_coordinates_of_three_dimensions_are_refused():
    with pytest.raises(ValueError, match="coordinates must have two columns, got 3"):
        EmbeddingMapDisplay(np.zeros((4, 3)))


def test_without_genres_all_tracks_are_drawn_alike_and_there_is_no_legend():
    display = EmbeddingMapDisplay.from_embeddings(clusters()[0], random_state=0)
    assert [len(dots.get_offsets()) for dots in display.ax_.collections] == [48]
    assert display.legend_ is None


def test_a_fitted_transformer_embeds_the_tracks():
    embeddings, y = clusters()
    model = make_pipeline(StandardScaler(), PCA(3)).fit(embeddings)
    one = EmbeddingMapDisplay.from_estimator(model, embeddings, y, method="pca")
    other = EmbeddingMapDisplay.from_embeddings(model.transform(embeddings), y, method="pca")
    assert_allclose(one.coordinates, other.coordinates)


def test_a_recommender_shows_the_tracks_it_holds_by_its_own_metric():
    embeddings, y = clusters()
    one = EmbeddingMapDisplay.from_estimator(Recommender(embeddings), None, y, method="pca")
    other = EmbeddingMapDisplay.from_embeddings(embeddings, y, method="pca", metric="euclidean")
    assert_allclose(one.coordinates, other.coordinates)


def test_a_recommender_embeds_other_tracks_as_its_own():
    embeddings, y = clusters()
    recommender = Recommender(embeddings, embedder=PCA(3).fit(embeddings))
    one = EmbeddingMapDisplay.from_estimator(recommender, embeddings[:20], y[:20], method="pca")
    embedded = PCA(3).fit(embeddings).transform(embeddings[:20])
    other = EmbeddingMapDisplay.from_embeddings(embedded, y[:20], method="pca", metric="euclidean")
    assert_allclose(one.coordinates, other.coordinates)


def test_an_estimator_that_embeds_nothing_is_refused():
    from sklearn.neighbors import KNeighborsClassifier

    embeddings, y = clusters()
    with pytest.raises(TypeError, match="must have transform"):
        EmbeddingMapDisplay.from_estimator(KNeighborsClassifier().fit(embeddings, y), embeddings, y)


def test_no_tracks_are_refused_where_the_estimator_holds_none():
    embeddings, y = clusters()
    with pytest.raises(ValueError, match="X must be given"):
        EmbeddingMapDisplay.from_estimator(PCA(2).fit(embeddings), None, y)


def test_without_matplotlib_the_extra_that_brings_it_is_named(monkeypatch, history):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skgenre\[plot\]"'):
        TrainingCurvesDisplay(history).plot()
    with pytest.raises(ImportError, match=r'pip install "skgenre\[plot\]"'):
        EmbeddingMapDisplay(np.zeros((3, 2))).plot()


# --- protocols


@pytest.fixture(scope="module")
def comparison():
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(20), 5)
    X = rng.normal(size=(20, 3))[artists] + 0.1 * rng.normal(size=(100, 3))
    return compare_protocols(GaussianNB(), X, artists % 2, artists, protocols=("grouped", "random"), seeds=3)


def test_each_protocol_has_its_mean_its_seeds_and_its_interval_in_a_row(comparison):
    display = ProtocolsDisplay.from_results(comparison)
    means, seeds = display.ax_.get_lines()
    accuracy = [scores.accuracy for scores in comparison.values()]
    assert_allclose(means.get_xydata(), np.c_[np.mean(accuracy, axis=1), [0, 1]])
    assert_allclose(seeds.get_xdata(), np.ravel(accuracy))
    intervals = [segment[:, 0] for segment in display.ax_.collections[0].get_segments()]
    assert_allclose(intervals, [scores.interval for scores in comparison.values()])
    assert [label.get_text().split("\n")[0] for label in display.ax_.get_yticklabels()] == ["grouped", "random"]


def test_the_protocols_are_drawn_on_given_axes_and_nothing_is_cut_off(comparison):
    figure, (left, right) = plt.subplots(ncols=2, figsize=(12, 3), layout="constrained")
    display = ProtocolsDisplay.from_results(comparison, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.has_data()
    figure.canvas.draw()
    assert is_inside(right.get_tightbbox(), figure.bbox)
    alone = ProtocolsDisplay.from_results(comparison)
    alone.figure_.canvas.draw()
    assert is_inside(alone.ax_.get_tightbbox(), alone.figure_.bbox)


def test_names_of_protocols_are_drawn_as_they_are(comparison):
    renamed = ProtocolComparison([replace(comparison["random"], name="$x_{ and $1")], comparison.seeds)
    display = ProtocolsDisplay.from_results(renamed)
    display.figure_.canvas.draw()
    assert display.ax_.get_yticklabels()[0].get_text() == "$x_{ and $1"


def test_the_protocols_of_an_estimator_are_compared_and_drawn():
    X, y = clusters()
    display = ProtocolsDisplay.from_estimator(GaussianNB(), X, y, protocols=("random",), seeds=2, n_splits=3)
    assert_allclose(display.comparison["random"].accuracy, [1.0, 1.0])
    assert "random" in display.ax_.get_yticklabels()[0].get_text()


def test_a_long_name_of_a_protocol_leaves_room_for_the_scores(comparison):
    renamed = ProtocolComparison([replace(comparison["random"], name="x" * 80)], comparison.seeds)
    display = ProtocolsDisplay.from_results(renamed)
    display.figure_.canvas.draw()
    assert display.ax_.get_window_extent().width > 0.3 * display.figure_.bbox.width


def test_nothing_of_protocols_is_cut_off_on_plain_axes(comparison):
    display = ProtocolsDisplay.from_results(comparison, ax=plt.subplots()[1])
    display.figure_.canvas.draw()
    assert is_inside(display.ax_.get_tightbbox(), display.figure_.bbox)
