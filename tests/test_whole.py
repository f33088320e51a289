"""A fit that fails leaves what was fitted before; and a copy that is fitted leaves the original."""

import numpy as np
import pytest

from skgenre import EmbeddingRecommender, HybridRecommender, evaluate_recommender

rng = np.random.default_rng(0)
OLD, NEW = rng.standard_normal((2, 30, 6)).astype(np.float32)
IDS = [f"old {row}" for row in range(30)]


def answers(recommender):
    return recommender.track_ids_.tolist(), recommender.kneighbors(None, 3)[1].tolist(), recommender.n_features_in_


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (NEW, {"y": ["folk"] * 29}, "inconsistent numbers of samples"),
        (NEW, {"track_ids": ["new"] * 30}, "track_ids must be"),
        (NEW[:, :4], {"metadata": {"year": [1999]}}, "year"),
        (["song.mp3"], {}, "X must hold embeddings"),
    ],
    ids=["genres", "ids", "metadata", "paths"],
)
def test_a_fit_that_fails_leaves_the_recommender_as_it_was(X, options, message):
    recommender = EmbeddingRecommender().fit(OLD, track_ids=IDS)
    before = answers(recommender)
    with pytest.raises(ValueError, match=message):
        recommender.fit(X, **options)
    assert answers(recommender) == before


def test_a_warning_that_is_an_error_leaves_it_as_it_was_too():
    recommender = EmbeddingRecommender(algorithm="annoy", random_state=0).fit(OLD, track_ids=IDS)
    before = answers(recommender)

    def missed(*args, **kwargs):
        raise UserWarning("missed")

    recommender._learn_hubs = missed
    with pytest.raises(UserWarning, match="missed"):
        recommender.fit(NEW)
    assert answers(recommender) == before


def test_a_first_fit_that_fails_leaves_nothing():
    recommender = EmbeddingRecommender()
    with pytest.raises(ValueError, match="inconsistent"):
        recommender.fit(OLD, y=["folk"])
    assert [name for name in vars(recommender) if name.endswith("_")] == []


def test_a_hybrid_whose_fit_fails_is_as_it_was():
    pytest.importorskip("implicit")
    plays = rng.integers(0, 2, (5, 30))
    hybrid = HybridRecommender(blend="content").fit(OLD, plays, track_ids=IDS)
    before = hybrid.recommend(0, 3)[0].tolist(), hybrid.content_.embeddings_.tolist()
    with pytest.raises(ValueError, match="interactions"):
        hybrid.fit(NEW, plays[:, :4])
    assert (hybrid.recommend(0, 3)[0].tolist(), hybrid.content_.embeddings_.tolist()) == before


def test_evaluating_leaves_a_collection_of_milvus_where_it_is(tmp_path):
    pytest.importorskip("implicit")
    pytest.importorskip("milvus_lite")
    options = {"algorithm": "milvus", "index_params": {"uri": str(tmp_path / "tracks.db")}, "random_state": 0}
    recommender = EmbeddingRecommender(**options).fit(OLD, track_ids=IDS)
    before = answers(recommender)
    evaluate_recommender(recommender, NEW, y=["folk", "jazz"] * 15, k=3)
    evaluate_recommender(HybridRecommender(recommender, blend="content"), NEW, np.ones((3, 30)), k=3)
    assert answers(recommender) == before
    assert recommender.algorithm == "milvus"
