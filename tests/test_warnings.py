"""Warnings point at the line of the user that they are about, however many calls lie between."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skgenre import CNNClassifier, EmbeddingRecommender, HybridRecommender, MelExtractor, RecallWarning
from skgenre.neighbors import AnnoyIndex, RecallSample, tune_effort
from skgenre.neighbors._recall_samples import HeldOut

X = np.array([[3.0, 0.0], [2.0, 1.0], [1.0, 1.0], [1.0, 2.0], [0.0, 3.0]])
ZERO, GROUP, NOTHING = "is zero: under cosine", "two tracks of one group", "needs users who have heard two tracks"
NO_BIN, TRACKS = "bands hold no frequency .* use fewer bands or a longer transform", np.zeros((2, 3000))
CALLS = {
    "recommend": (GROUP, lambda: one_group().recommend(0, n=3)),
    "journey": (GROUP, lambda: one_group().journey(0, 4, n=4)),
    "playlist": (GROUP, lambda: one_group().playlist(0, n=4)),
    "fit": (ZERO, lambda: EmbeddingRecommender().fit(np.zeros((2, 2)))),
    "fit of a pipeline": (ZERO, lambda: make_pipeline("passthrough", EmbeddingRecommender()).fit(np.zeros((2, 2)))),
    "partial_fit": (ZERO, lambda: EmbeddingRecommender().fit(X).partial_fit(np.zeros((1, 2)))),
    "fit of a net": (
        "not in the validation split",
        lambda: fit_with_a_lone_genre(CNNClassifier((8,), max_epochs=1, validation_fraction=0.3)),
    ),
    "fit of a net in a pipeline": (
        "not in the validation split",
        lambda: fit_with_a_lone_genre(
            make_pipeline("passthrough", CNNClassifier((8,), max_epochs=1, validation_fraction=0.3))
        ),
    ),
    "transform of bands without a frequency": (NO_BIN, lambda: MelExtractor(400, n_fft=512).transform(TRACKS)),
    "the same again, in a pipeline": (NO_BIN, lambda: make_pipeline(MelExtractor(400, n_fft=512)).transform(TRACKS)),
    "hybrid": (NOTHING, lambda: HybridRecommender().fit(X, np.eye(5))),
}
VECTORS = np.random.default_rng(0).standard_normal((100, 4)).astype(np.float32)
TUNINGS = {
    "built": lambda: tune_effort(AnnoyIndex().build(VECTORS)),
    "to build": lambda: tune_effort(AnnoyIndex(), VECTORS),
    "fit": lambda: EmbeddingRecommender(algorithm="annoy").fit(VECTORS),
}


def one_group():
    return EmbeddingRecommender().fit(X, groups=["one"] * 5)


def fit_with_a_lone_genre(model):
    return model.fit(np.zeros((7, 4, 8), dtype=np.float32), [0, 0, 0, 1, 1, 1, 2])


@pytest.mark.parametrize("call", CALLS)
def test_a_warning_points_at_the_users_line(call):
    if call == "hybrid":
        pytest.importorskip("implicit")
    message, make = CALLS[call]
    with pytest.warns(UserWarning, match=message) as warned:
        make()
    assert {warning.filename for warning in warned} == {__file__}


@pytest.mark.parametrize("tuning", TUNINGS)
def test_a_recall_out_of_reach_points_at_the_users_line(tuning, monkeypatch):
    for sample in (HeldOut, RecallSample):
        monkeypatch.setattr(sample, "measure", lambda *_: (np.zeros(9),))
    with pytest.warns(RecallWarning) as warned:
        TUNINGS[tuning]()
    assert [warning.filename for warning in warned] == [__file__]
