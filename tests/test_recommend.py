"""The recommender: scikit-learn's neighbours, on tracks, with their names."""

import io
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.sparse import csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils import get_tags

from skgenre import AudioError, AudioLoader, EmbeddingRecommender, FrameStatistics, MFCCExtractor
from skgenre.neighbors import AnnoyIndex, ExactIndex

ALGORITHMS = ["brute", "annoy"]
METRICS = ["cosine", "euclidean"]
each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)
each_metric = pytest.mark.parametrize("metric", METRICS)

DAYS = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="M8[ns]")
PATHS = [f"music/{angle}.mp3" for angle in (0, 10, 15, 90, 180)]


def angles(paths):
    """Stand in for an embedder: the file name is the direction of the embedding, in degrees."""
    turns = np.deg2rad([float(Path(getattr(path, "name", path)).stem) for path in paths])
    return np.column_stack([np.cos(turns), np.sin(turns)])


def listener():
    return FunctionTransformer(angles)


class Genres(LinearDiscriminantAnalysis):
    """Stand in for a net: a classifier of paths that is a transformer too."""

    def fit(self, X, y):
        return super().fit(angles(X), y)

    def transform(self, X):
        return super().transform(angles(X))


@pytest.fixture
def embeddings():
    return np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)


@pytest.fixture
def similar():
    return EmbeddingRecommender(listener()).fit(PATHS)


@pytest.fixture(scope="module")
def tones(tmp_path_factory):
    """Return paths of tones, the first two alike, named in Greek."""
    folder = tmp_path_factory.mktemp("τόνοι")
    paths = [folder / f"{pitch} Ω.wav" for pitch in (220, 230, 2000, 5000)]
    for path, pitch in zip(paths, (220, 230, 2000, 5000), strict=True):
        soundfile.write(path, 0.5 * np.sin(2 * np.pi * pitch * np.arange(8000) / 16000), 16000)
    return paths


class TestNeighbors:
    @each_metric
    @pytest.mark.parametrize("X", [None, np.random.default_rng(1).standard_normal((7, 5)).astype(np.float32)])
    def test_they_are_those_of_scikit_learn(self, embeddings, metric, X):
        ours = EmbeddingRecommender(metric=metric, n_neighbors=4).fit(embeddings)
        theirs = NearestNeighbors(metric=metric, n_neighbors=4).fit(embeddings.astype(np.float64))
        distances, indices = ours.kneighbors(X)
        expected_distances, expected_indices = theirs.kneighbors(X)
        np.testing.assert_array_equal(indices, expected_indices)
        np.testing.assert_allclose(distances, expected_distances, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(ours.kneighbors(X, 2, return_distance=False), expected_indices[:, :2])

    @each_metric
    @pytest.mark.parametrize("X", [None, np.eye(5)])
    @pytest.mark.parametrize("mode", ["connectivity", "distance"])
    def test_their_graph_is_that_of_scikit_learn(self, embeddings, metric, X, mode):
        graph = EmbeddingRecommender(metric=metric).fit(embeddings).kneighbors_graph(X, 3, mode)
        theirs = NearestNeighbors(metric=metric).fit(embeddings.astype(np.float64)).kneighbors_graph(X, 3, mode)
        assert isinstance(graph, csr_matrix)
        assert graph.dtype == theirs.dtype
        np.testing.assert_allclose(graph.toarray(), theirs.toarray(), rtol=1e-10, atol=1e-12)

    @each_algorithm
    @each_metric
    def test_each_track_leaves_itself_out_even_among_its_copies(self, algorithm, metric):
        X = np.repeat([[1.0, 2.0], [2.0, 1.0]], 20, axis=0)
        recommender = EmbeddingRecommender(algorithm=algorithm, metric=metric, random_state=0).fit(X)
        distances, indices = recommender.kneighbors()
        assert indices.shape == (40, 10)
        assert (indices != np.arange(40)[:, None]).all()
        np.testing.assert_array_equal(distances, 0)

    @each_algorithm
    def test_there_are_always_as_many_as_there_can_be(self, embeddings, algorithm):
        recommender = EmbeddingRecommender(algorithm=algorithm, random_state=0).fit(embeddings)
        everyone = np.tile(np.arange(60), (60, 1))
        np.testing.assert_array_equal(np.sort(recommender.kneighbors(embeddings, 60)[1]), everyone)
        others = everyone[~np.eye(60, dtype=bool)].reshape(60, 59)
        np.testing.assert_array_equal(np.sort(recommender.kneighbors(None, 59)[1]), others)

    def test_too_many_is_an_error_that_says_how_many_tracks_there_are(self, embeddings):
        recommender = EmbeddingRecommender().fit(embeddings[:5])
        with pytest.raises(ValueError, match=r"n_neighbors must be <= 5, got 10: there are 5 tracks"):
            recommender.kneighbors(embeddings)
        with pytest.raises(ValueError, match=r"n_neighbors must be <= 4, got 5: .* leaves itself out"):
            recommender.kneighbors(n_neighbors=5)
        with pytest.raises(ValueError, match=r"n_neighbors == 0, must be >= 1"):
            recommender.kneighbors(n_neighbors=0)
        with pytest.raises(TypeError, match="n_neighbors must be an instance of int"):
            recommender.kneighbors(n_neighbors=2.5)

    def test_a_lone_embedding_is_not_a_table_of_them(self, embeddings):
        with pytest.raises(ValueError, match="Reshape your data"):
            EmbeddingRecommender().fit(embeddings).kneighbors(embeddings[0])

    def test_an_unknown_mode_of_the_graph_is_an_error(self, embeddings):
        with pytest.raises(ValueError, match=r"mode must be .* got 'weights'"):
            EmbeddingRecommender().fit(embeddings).kneighbors_graph(mode="weights")

    def test_they_stay_when_the_callers_array_changes(self, embeddings):
        recommender = EmbeddingRecommender().fit(embeddings)
        before = recommender.kneighbors()
        embeddings[:] = 1
        np.testing.assert_array_equal(recommender.kneighbors(), before)

    def test_an_unfitted_recommender_says_so(self):
        for ask in (EmbeddingRecommender().kneighbors, lambda: EmbeddingRecommender().recommend("a")):
            with pytest.raises(NotFittedError):
                ask()


class TestAlgorithm:
    def test_auto_is_exact_up_to_a_size_and_annoy_beyond(self, embeddings, monkeypatch):
        monkeypatch.setattr("skgenre.neighbors._backends.EXACT_UP_TO", 50)
        monkeypatch.setattr("skgenre.neighbors._backends.find_spec", lambda name: None)
        small, large = EmbeddingRecommender().fit(embeddings[:50]), EmbeddingRecommender().fit(embeddings[:51])
        assert (small.algorithm_, large.algorithm_) == ("brute", "annoy")
        assert isinstance(small.index_, ExactIndex)
        assert isinstance(large.index_, AnnoyIndex)

    @each_metric
    def test_annoy_gives_the_same_answers_for_the_same_seed(self, metric):
        X = np.random.default_rng(0).standard_normal((2000, 100))

        def neighbors(seed):
            return EmbeddingRecommender(algorithm="annoy", metric=metric, random_state=seed).fit(X).kneighbors(X[:100])

        np.testing.assert_array_equal(neighbors(1), neighbors(1))
        assert (neighbors(1)[1] != neighbors(2)[1]).any()

    @each_algorithm
    def test_the_global_generator_is_left_alone_with_a_seed(self, embeddings, algorithm):
        np.random.seed(0)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        EmbeddingRecommender(algorithm=algorithm, random_state=0).fit(embeddings).kneighbors()
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    @each_algorithm
    @each_metric
    def test_a_saved_recommender_gives_the_same_answers_in_another_process(self, tmp_path, algorithm, metric):
        X = np.random.default_rng(0).standard_normal((1000, 20))
        ids = [f"track {row}" for row in range(1000)]
        recommender = EmbeddingRecommender(algorithm=algorithm, metric=metric).fit(X, track_ids=ids)
        joblib.dump((recommender, X), tmp_path / "recommender.joblib")
        answer = """
import joblib, sys
recommender, X = joblib.load(f"{sys.argv[1]}/recommender.joblib")
joblib.dump((recommender.kneighbors(X), recommender.recommend("track 3")), f"{sys.argv[1]}/answers.joblib")
"""
        subprocess.run([sys.executable, "-c", answer, str(tmp_path)], check=True)
        neighbors, (names, scores) = joblib.load(tmp_path / "answers.joblib")
        np.testing.assert_array_equal(neighbors, recommender.kneighbors(X))
        np.testing.assert_array_equal(names, recommender.recommend("track 3")[0])
        np.testing.assert_array_equal(scores, recommender.recommend("track 3")[1])


class TestEmbedder:
    def test_a_lone_path_is_one_track(self, similar):
        for path in ("music/80.mp3", Path("music/80.mp3")):
            distances, indices = similar.kneighbors(path, 2)
            np.testing.assert_array_equal(indices, [[3, 2]])
            np.testing.assert_allclose(distances, [1 - np.cos(np.deg2rad([10, 65]))], atol=1e-6)
        assert EmbeddingRecommender(listener()).fit("music/5.mp3").n_samples_fit_ == 1

    def test_paths_in_a_series_count_by_position(self, similar):
        series = pd.Series(["music/80.mp3", "music/1.mp3"], index=[1, 0])
        np.testing.assert_array_equal(similar.kneighbors(series, 1)[1], [[3], [0]])
        fitted = EmbeddingRecommender(listener()).fit(pd.Series(PATHS, index=[4, 2, 0, 1, 3]))
        assert list(fitted.track_ids_) == PATHS
        np.testing.assert_array_equal(fitted.kneighbors(n_neighbors=1)[1], similar.kneighbors(n_neighbors=1)[1])

    def test_a_fitted_one_is_used_as_it_stands(self):
        embedder = Genres().fit(PATHS, list("aabbc"))
        recommender = EmbeddingRecommender(embedder).fit(PATHS)
        assert recommender.embedder_ is embedder
        np.testing.assert_array_equal(recommender.embeddings_, embedder.transform(PATHS).astype(np.float32))

    def test_an_unfitted_one_is_cloned_and_fitted_with_y(self):
        embedder = Genres()
        recommender = EmbeddingRecommender(embedder).fit(PATHS, list("aabbc"))
        assert not hasattr(embedder, "classes_")
        assert list(recommender.embedder_.classes_) == ["a", "b", "c"]

    def test_a_pipeline_that_ends_in_a_classifier_gives_its_embeddings(self):
        pipeline = make_pipeline(listener(), LinearDiscriminantAnalysis()).fit(PATHS, list("aabbc"))
        recommender = EmbeddingRecommender(pipeline).fit(PATHS)
        assert recommender.embedder_ is pipeline
        np.testing.assert_array_equal(recommender.embeddings_, pipeline.transform(PATHS).astype(np.float32))

    def test_a_pipeline_is_fitted_only_if_all_its_steps_are(self, embeddings):
        pipeline = make_pipeline(StandardScaler(), FunctionTransformer())
        recommender = EmbeddingRecommender(pipeline).fit(embeddings)
        np.testing.assert_allclose(recommender.embeddings_, StandardScaler().fit_transform(embeddings), atol=1e-6)
        assert not hasattr(pipeline[0], "mean_")

    @pytest.mark.parametrize(
        "embedder",
        [
            Genres(),
            make_pipeline(listener(), LinearDiscriminantAnalysis(), PCA()),
            make_pipeline("passthrough", Genres()),
        ],
        ids=["classifier", "classifier inside", "classifier at the end"],
    )
    def test_one_that_needs_y_and_got_none_is_an_error(self, embedder):
        recommender = EmbeddingRecommender(embedder)
        assert get_tags(recommender).target_tags.required
        name = type(embedder).__name__
        with pytest.raises(ValueError, match=f"embedder {name} is not fitted and requires y .* or a fitted embedder"):
            recommender.fit(PATHS)

    def test_y_is_not_required_once_the_embedder_is_fitted(self):
        assert not get_tags(EmbeddingRecommender(Genres().fit(PATHS, list("aabbc")))).target_tags.required

    @pytest.mark.parametrize("embedder", [SVC(), make_pipeline(PCA(), SVC()), "cnn"])
    def test_one_that_cannot_transform_is_an_error(self, embedder):
        with pytest.raises(TypeError, match=r"'embedder' parameter .* implementing 'fit' and 'transform'"):
            EmbeddingRecommender(embedder).fit(PATHS)

    @pytest.mark.parametrize(
        ("output", "message"),
        [
            (np.zeros((5, 3, 2)), r"embedder must turn 5 tracks into \(5, n_dims\) numbers, .* gave \(5, 3, 2\)"),
            (np.zeros(5), r"gave \(5,\)"),
            ([1, 2, 3], r"gave \(3,\)"),
            (np.zeros((4, 2)), r"gave \(4, 2\)"),
            (np.full((5, 2), np.nan), "embeddings of FunctionTransformer contains NaN"),
            (np.full((5, 2), 1e300), "embeddings of FunctionTransformer contains infinity"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:overflow encountered in cast")
    def test_an_output_that_is_not_one_finite_row_per_track_is_an_error(self, output, message):
        with pytest.raises(ValueError, match=message):
            EmbeddingRecommender(FunctionTransformer(lambda X: output)).fit(PATHS)

    def test_one_that_changes_its_dimensions_after_fit_is_an_error(self):
        recommender = EmbeddingRecommender(FunctionTransformer(lambda X: np.ones((len(X), len(X))))).fit(PATHS)
        with pytest.raises(ValueError, match=r"embedder must give 5 dimensions as it did in fit, .* gave 1"):
            recommender.kneighbors("new.mp3", 1)

    def test_paths_without_one_are_an_error(self):
        with pytest.raises(ValueError, match=r"X must hold embeddings where embedder is None, got the path 'music/0"):
            EmbeddingRecommender().fit(PATHS)

    def test_a_clone_is_unfitted_and_a_frozen_embedder_stays(self):
        embedder = Genres().fit(PATHS, list("aabbc"))
        assert not hasattr(clone(EmbeddingRecommender(embedder)).embedder, "classes_")
        frozen = clone(EmbeddingRecommender(FrozenEstimator(embedder))).fit(PATHS)
        np.testing.assert_array_equal(frozen.embeddings_, EmbeddingRecommender(embedder).fit(PATHS).embeddings_)

    def test_features_are_those_that_the_embedder_knows(self, embeddings):
        frame = pd.DataFrame(embeddings, columns=list("abcde"))
        recommender = EmbeddingRecommender(PCA(2)).fit(frame)
        assert recommender.n_features_in_ == 5
        assert list(recommender.feature_names_in_) == list("abcde")
        with pytest.raises(ValueError, match="feature names should match"):
            recommender.kneighbors(frame[list("abcd")])
        assert not hasattr(recommender.set_params(embedder=listener()).fit(PATHS), "n_features_in_")

    @each_algorithm
    def test_real_tracks_find_the_tone_next_to_them(self, tones, tmp_path, algorithm):
        embedder = make_pipeline(AudioLoader(duration=0.4), MFCCExtractor(), FrameStatistics(), StandardScaler())
        similar = EmbeddingRecommender(embedder, algorithm=algorithm, metric="euclidean", random_state=0).fit(tones)
        names, _ = similar.recommend(tones[0], n=3)
        assert names[0] == str(tones[1])
        soundfile.write(tmp_path / "new.flac", 0.5 * np.sin(2 * np.pi * 2010 * np.arange(16000) / 32000), 32000)
        assert similar.kneighbors(tmp_path / "new.flac", 1)[1] == [[2]]
        assert similar.kneighbors(io.BytesIO((tmp_path / "new.flac").read_bytes()), 1)[1] == [[2]]
        np.testing.assert_array_equal(similar.kneighbors(embedder[0].transform(tones), 1)[0], 0)
        with pytest.raises(AudioError, match="missing"):
            similar.recommend("missing.wav", n=1)


class TestRecommend:
    def test_the_most_similar_come_first_with_their_cosine(self, similar):
        ids, scores = similar.recommend(PATHS[0], n=4)
        assert list(ids) == PATHS[1:]
        np.testing.assert_allclose(scores, np.cos(np.deg2rad([10, 15, 90, 180])), atol=1e-6)

    def test_the_score_of_a_euclidean_distance_lies_between_0_and_1(self):
        ids, scores = EmbeddingRecommender(metric="euclidean").fit([[0.0], [0.0], [1.0], [3.0]]).recommend(0, n=3)
        np.testing.assert_array_equal(ids, [1, 2, 3])
        np.testing.assert_array_equal(scores, [1, 0.5, 0.25])

    def test_known_and_new_tracks_may_be_mixed(self, similar):
        ids, scores = similar.recommend(["music/5.mp3", Path(PATHS[0])], n=2)
        assert ids.tolist() == [PATHS[1], PATHS[2]]
        np.testing.assert_allclose(scores, np.cos(np.deg2rad([7.5, 12.5])), atol=1e-6)
        assert similar.recommend("music/80.mp3", n=5)[0].shape == (5,)

    def test_a_known_track_is_not_heard_again(self):
        heard = []
        embedder = FunctionTransformer(lambda paths: heard.extend(paths) or angles(paths))
        similar = EmbeddingRecommender(embedder).fit(PATHS)
        heard.clear()
        similar.recommend([*PATHS[:2], "music/80.mp3"], n=1)
        assert heard == ["music/80.mp3"]

    def test_ids_come_before_paths(self):
        similar = EmbeddingRecommender(listener()).fit(PATHS, track_ids=["music/180.mp3", "a", "b", "c", "d"])
        assert similar.recommend("music/180.mp3", n=1)[0] == ["a"]

    @pytest.mark.parametrize(
        ("ids", "asked", "expected"),
        [
            (None, 0, 1),
            (None, np.int64(0), 1),
            ([30, 10, 20], 30, 10),
            (np.array([30, 10, 20]), 30, 10),
            (pd.Series([30, 10, 20], index=[2, 0, 1]), 30, 10),
            (["a", "b", "c"], "a", "b"),
            (np.array(["a", "b", "c"]), np.str_("a"), "b"),
            (pd.Series(["a", "b", "c"], index=[2, 0, 1]), "a", "b"),
            ([("x", 1), ("x", 2), ("y", 1)], ("x", 1), ("x", 2)),
            ([Path("a"), Path("b"), Path("c")], "a", "b"),
            ([1, "1", None], 1, "1"),
            (DAYS, DAYS[0], datetime(2020, 1, 2)),
            (DAYS, datetime(2020, 1, 1), datetime(2020, 1, 2)),
            (DAYS.astype("M8[D]"), DAYS.astype("M8[D]")[0], date(2020, 1, 2)),
        ],
    )
    def test_ids_may_be_anything_hashable(self, ids, asked, expected):
        recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [1.0], [3.0]], track_ids=ids)
        found, scores = recommender.recommend(asked, n=1)
        assert found.shape == scores.shape == (1,)
        assert found.tolist() == [expected]
        found, scores = recommender.recommend([asked, expected], n=1)
        assert found.shape == scores.shape == (1,)
        assert found.tolist()[0] not in (asked, expected)

    def test_tracks_may_be_a_series_of_ids(self, similar):
        ids, _ = similar.recommend(pd.Series(PATHS[:2], index=[1, 0]), n=1)
        assert ids.tolist() == [PATHS[2]]

    @pytest.mark.parametrize(
        ("ids", "error", "message"),
        [
            (["a", "b", "a"], ValueError, "track_ids must be unique, got 'a' 2 times"),
            ([1, 2, 1.0], ValueError, "track_ids must be unique"),
            (["a", "b"], ValueError, "track_ids must hold one id per track, got 2 for 3 tracks"),
            ("abc", ValueError, "track_ids must hold one id per track, got 1 for 3 tracks"),
            ([["a"], ["b"], ["c"]], TypeError, r"track_ids must be hashable, such as str or int, got \['a'\]"),
        ],
    )
    def test_ids_that_cannot_name_the_tracks_are_an_error(self, ids, error, message):
        with pytest.raises(error, match=message):
            EmbeddingRecommender().fit(np.eye(3), track_ids=ids)

    def test_a_path_that_occurs_twice_is_an_error_unless_there_are_ids(self):
        recommender = EmbeddingRecommender(listener())
        with pytest.raises(ValueError, match=r"here the paths in X, must be unique, got 'music/0.mp3' 2 times"):
            recommender.fit([PATHS[0], PATHS[0]])
        assert recommender.fit([PATHS[0], PATHS[0]], track_ids=["a", "b"]).recommend("a", n=1)[0] == ["b"]

    def test_open_files_are_known_by_their_rows(self):
        files = []
        for name in PATHS:
            files.append(io.BytesIO())
            files[-1].name = name
        similar = EmbeddingRecommender(listener()).fit(files)
        np.testing.assert_array_equal(similar.track_ids_, np.arange(5))
        assert similar.recommend(files[0], n=2)[0].tolist() == [0, 1]

    def test_an_unknown_id_is_an_error(self, similar):
        recommender = EmbeddingRecommender().fit(np.eye(3), track_ids=["a", "b", "c"])
        with pytest.raises(ValueError, match="among the track_ids where embedder is None, got 'z'"):
            recommender.recommend(["a", "z"], n=1)
        with pytest.raises(ValueError, match="must be track_ids or paths, got 7; kneighbors takes other tracks"):
            similar.recommend(7, n=1)
        with pytest.raises(ValueError, match="must be track_ids or paths, got None"):
            similar.recommend(None, n=1)
        with pytest.raises(ValueError, match=r"must be track_ids or paths, got array\(\[1., 0.\]\)"):
            similar.recommend(np.array([[1.0, 0.0]]), n=1)
        with pytest.raises(ValueError, match="liked must hold at least one track"):
            similar.recommend([])

    def test_a_misspelt_id_that_is_no_file_either_is_named(self, similar):
        with pytest.raises(ValueError, match="could not convert") as caught:
            similar.recommend("muse/c.mp3", n=1)
        (note,) = caught.value.__notes__
        assert note.startswith(
            "'muse/c.mp3' is not one of the track_ids, so it was taken for a path; did you mean 'music"
        )

    def test_asking_for_more_than_there_are_is_an_error(self, similar):
        with pytest.raises(ValueError, match="n must be <= 4, got 5: there are 5 tracks, of which 4 may be"):
            similar.recommend(PATHS[0], n=5)
        with pytest.raises(ValueError, match=r"n must be <= 5, got 6: there are 5 tracks$"):
            similar.recommend("music/7.mp3", n=6)
        with pytest.raises(ValueError, match="n == 0, must be >= 1"):
            similar.recommend(PATHS[0], n=0)

    def test_ids_come_through_a_pipeline_with_metadata_routing(self, embeddings):
        ids = [f"track {row}" for row in range(60)]
        with config_context(enable_metadata_routing=True):
            pipeline = make_pipeline(StandardScaler(), EmbeddingRecommender()).fit(embeddings, track_ids=ids)
        assert list(pipeline[-1].track_ids_) == ids
