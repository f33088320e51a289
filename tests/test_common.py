"""What every estimator promises: scikit-learn's whole check suite, and scikit-learn's tools on paths of tracks."""

import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgenre import (
    AudioLoader,
    CNNClassifier,
    EmbeddingRecommender,
    FrameStatistics,
    GroupSVC,
    HierarchicalClassifier,
    MelExtractor,
    MFCCExtractor,
    PerLabelClassifier,
    RNNClassifier,
    TorchEmbedder,
    TrackDescriptor,
)

NETS = (CNNClassifier, RNNClassifier)


class SmallModule(torch.nn.Linear):
    """A torch module from windows of four samples to three numbers."""

    def __init__(self):
        super().__init__(4, 3)
        torch.nn.init.eye_(self.weight)
        torch.nn.init.ones_(self.bias)


ESTIMATORS = [
    AudioLoader(),
    AudioLoader(duration=0.001, n_jobs=2),
    MelExtractor(),
    MFCCExtractor(),
    MFCCExtractor(deltas=2),
    FrameStatistics(),
    TrackDescriptor(),
    TrackDescriptor(("rhythm", "dynamics"), n_fft=1024, hop_length=256, n_jobs=2),
    FrameStatistics(("min", "max", "median", 0.9), differences=("mean", 0.1)),
    FrameStatistics(correlations=True, modulation=8),
    TorchEmbedder(SmallModule, window=4),
    GroupSVC(),
    PerLabelClassifier(LogisticRegression()),
    HierarchicalClassifier(PerLabelClassifier(LogisticRegression())),
    *[net() for net in NETS],
    *[net(max_epochs=6, lr=1e-2, class_weight="balanced", pooling="max") for net in NETS],
    *[net(max_epochs=6, lr=1e-2, validation_fraction=0.15, pooling="vote") for net in NETS],
    *[net(max_epochs=6, lr=1e-2, warm_start=True) for net in NETS],
    *[EmbeddingRecommender(algorithm=a, metric=m) for a in ("brute", "annoy", "hnsw") for m in ("cosine", "euclidean")],
    *[EmbeddingRecommender(hubness=hubness) for hubness in ("mutual_proximity", "local_scaling")],
    EmbeddingRecommender(make_pipeline(StandardScaler(), PCA())),
    EmbeddingRecommender(LinearDiscriminantAnalysis()),
]


def stochastic(estimator):
    """Name the one check that a learner on random crops cannot pass; test_classifiers has the test in its place."""
    if not isinstance(estimator, NETS):
        return {}
    reason = "the crops, batches and masks of a repeated track differ from those of a weighted one"
    return {"check_sample_weight_equivalence_on_dense_data": reason}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=stochastic)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def of_steps(*steps):
    return Pipeline([("load", AudioLoader(duration=2)), *steps])


FAST = {"max_epochs": 2, "segment_frames": 40, "random_state": 0}
PIPELINES = {
    "cnn": of_steps(("mfcc", MFCCExtractor(n_mfcc=8)), ("net", CNNClassifier((8, 8), **FAST))),
    "rnn": of_steps(("mel", MelExtractor(n_mels=16)), ("net", RNNClassifier((8,), n_hidden=4, **FAST))),
    "statistics": of_steps(
        ("mfcc", MFCCExtractor(n_mfcc=8, deltas=1)),
        ("statistics", FrameStatistics()),
        ("scale", StandardScaler()),
        ("lda", LinearDiscriminantAnalysis()),
    ),
}
GRIDS = {
    "cnn": {"mfcc__n_mfcc": [6, 8], "net__lr": [1e-3, 1e-2]},
    "rnn": {"mel__n_mels": [8, 16], "net__n_hidden": [4, 8]},
    "statistics": {"mfcc__deltas": [0, 1], "statistics__statistics": [("mean",), ("mean", "std")]},
}


@pytest.fixture(params=PIPELINES)
def name(request):
    return request.param


@pytest.fixture
def pipeline(name):
    return clone(PIPELINES[name])


def answers(estimator, paths):
    """Return what an estimator says of tracks, as one array."""
    return estimator.predict_proba(paths) if is_classifier(estimator) else estimator.kneighbors(paths, 3)[0]


class TestPipelinesOnPaths:
    """The contract of every pipeline, each way of using it on its own."""

    def test_a_clone_fits_to_the_same_answers(self, pipeline, tracks):
        expected = answers(pipeline.fit(tracks.paths, tracks.target), tracks.paths)
        again = clone(pipeline).fit(tracks.paths, tracks.target)
        np.testing.assert_array_equal(answers(again, tracks.paths), expected)

    def test_a_lone_path_is_one_track(self, pipeline, tracks):
        pipeline.fit(tracks.paths, tracks.target)
        assert pipeline.predict(tracks.paths[0]).tolist() == pipeline.predict(tracks.paths[:1]).tolist()

    def test_a_grid_search_tunes_extractor_and_model_together(self, name, pipeline, tracks):
        search = GridSearchCV(pipeline, GRIDS[name], cv=StratifiedGroupKFold(2), n_jobs=2, error_score="raise")
        search.fit(tracks.paths, tracks.target, groups=tracks.groups)
        assert set(search.best_params_) == set(GRIDS[name])
        assert search.predict(tracks.paths[0]).shape == (1,)

    def test_cross_validation_routes_the_groups(self, name, pipeline, tracks, monkeypatch):
        seen = []
        if name != "statistics":
            net = type(pipeline[-1])
            fit = net.fit

            def spy(self, X, y, *, sample_weight=None, groups=None):
                seen.append(groups)
                return fit(self, X, y, sample_weight=sample_weight, groups=groups)

            monkeypatch.setattr(net, "fit", spy)
        cv = StratifiedGroupKFold(2)
        with config_context(enable_metadata_routing=True):
            scores = cross_validate(
                pipeline, tracks.paths, tracks.target, cv=cv, params={"groups": tracks.groups}, error_score="raise"
            )
        assert scores["test_score"].shape == (2,)
        expected = [tracks.groups[train] for train, _ in cv.split(tracks.paths, tracks.target, tracks.groups)]
        assert [list(groups) for groups in seen] == [list(groups) for groups in expected][: len(seen)]
        assert len(seen) == (0 if name == "statistics" else 2)

    def test_cached_steps_give_the_same_answers(self, pipeline, tracks, tmp_path):
        expected = answers(pipeline.fit(tracks.paths, tracks.target), tracks.paths)
        cached = clone(pipeline).set_params(memory=str(tmp_path))
        for _ in range(2):
            np.testing.assert_array_equal(
                answers(cached.fit(tracks.paths, tracks.target), tracks.paths),
                expected,
            )

    def test_two_jobs_give_the_same_scores_as_one(self, pipeline, tracks):
        def scores(n_jobs):
            return cross_validate(pipeline, tracks.paths, tracks.target, cv=3, n_jobs=n_jobs)["test_score"]

        np.testing.assert_array_equal(scores(2), scores(1))


@pytest.fixture(params=[*PIPELINES, "brute", "annoy"])
def fitted(request, tracks):
    """Return every kind of fitted estimator on paths."""
    if request.param in PIPELINES:
        return clone(PIPELINES[request.param]).fit(tracks.paths, tracks.target)
    embedder = clone(PIPELINES["cnn"]).fit(tracks.paths, tracks.target)
    return EmbeddingRecommender(embedder, algorithm=request.param, random_state=0).fit(tracks.paths)


class TestPersistence:
    def test_another_process_gives_the_same_answers(self, fitted, tracks, tmp_path):
        expected = answers(fitted, tracks.paths[:4])
        joblib.dump((fitted, list(tracks.paths[:4])), tmp_path / "model.joblib")
        code = (
            "import joblib, sys, torch\n"
            "torch.set_num_threads(1)\n"
            "model, paths = joblib.load(sys.argv[1])\n"
            "ask = getattr(model, 'predict_proba', None) or (lambda paths: model.kneighbors(paths, 3)[0])\n"
            "answer = ask(paths)\n"
            "joblib.dump(answer, sys.argv[2])\n"
        )
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "model.joblib"), str(tmp_path / "answer.joblib")],
            check=True,
            timeout=120,
        )
        np.testing.assert_array_equal(joblib.load(tmp_path / "answer.joblib"), expected)


class TestRecommenderOnPaths:
    def test_a_frozen_recommender_survives_a_clone(self, tracks):
        embedder = clone(PIPELINES["cnn"]).fit(tracks.paths, tracks.target)
        recommender = EmbeddingRecommender(embedder).fit(tracks.paths)
        frozen = clone(FrozenEstimator(recommender))
        np.testing.assert_array_equal(frozen.kneighbors(tracks.paths[0])[1], recommender.kneighbors(tracks.paths[0])[1])

    def test_an_unfitted_embedder_is_fitted_with_y(self, pipeline, name, tracks):
        recommender = EmbeddingRecommender(pipeline, n_neighbors=3).fit(tracks.paths, tracks.target)
        distances, indices = recommender.kneighbors()
        assert distances.shape == indices.shape == (len(tracks.paths), 3)
        assert not any(row in neighbours for row, neighbours in enumerate(indices))
