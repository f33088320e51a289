"""The recommender of sound and listening, and how recommenders are evaluated."""

import os
import pickle
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csr_matrix, hstack
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import normalize
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgenre import (
    EmbeddingRecommender,
    HybridRecommender,
    evaluate_recommender,
    load_interactions,
    make_listening_history,
    ndcg_at_k,
)
from skgenre.hybrid import Blend

pytest.importorskip("implicit")


class WithoutHistory(HybridRecommender):
    """The recommender as scikit-learn's checks see it: what they pass for a target is no listening."""

    def fit(self, X, y=None):
        return super().fit(X)


@parametrize_with_checks([WithoutHistory(), WithoutHistory(PCA(1), blend=0.5), WithoutHistory(blend="popularity")])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def clusters(n_tracks, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((30, 24))
    return centres[rng.integers(30, size=n_tracks)] + 0.6 * rng.standard_normal((n_tracks, 24))


@pytest.fixture(scope="module")
def X():
    return clusters(300)


@pytest.fixture(scope="module")
def history(X):
    return make_listening_history(X, n_users=120, n_tracks_per_user=20, random_state=0)


@pytest.fixture(scope="module")
def hybrid(X, history):
    users = [f"user {row}" for row in range(120)]
    tracks = [f"track {row}" for row in range(300)]
    return HybridRecommender(random_state=0).fit(X, history.interactions, track_ids=tracks, user_ids=users)


# Those who hear odd tracks and those who hear even ones; the sound tells high numbers from low ones.
BOARD = np.array([[1.0, 0], [1, 0.05], [1, 0.1], [1, 0.15], [0, 1], [0.05, 1], [0.1, 1], [0.15, 1]])
PLAYS = np.array([[5, 0, 4, 0, 3, 0, 0, 0], [4, 0, 5, 0, 0, 0, 3, 0], [3, 0, 0, 0, 4, 0, 2, 0]] * 3
                 + [[0, 5, 0, 4, 0, 3, 0, 0], [0, 4, 0, 5, 0, 0, 0, 3], [0, 3, 0, 0, 0, 4, 0, 2]] * 3)  # fmt: skip


class TestKnownAnswers:
    """A board of eight tracks and two kinds of listeners, on which the right answer can be seen."""

    def test_by_listening_a_user_gets_what_the_like_have_heard(self):
        recommender = HybridRecommender(n_factors=2, blend="collaborative", random_state=0).fit(BOARD, PLAYS)
        ids, _ = recommender.recommend(np.arange(18), n=1)
        np.testing.assert_array_equal(ids.ravel(), [6, 4, 2] * 3 + [7, 5, 3] * 3)

    def test_by_sound_a_user_gets_what_sounds_alike(self):
        plays = np.zeros((2, 8))
        plays[0, [0, 1]] = plays[1, [4, 6]] = 1
        ids, _ = HybridRecommender(blend="content").fit(BOARD, plays).recommend([0, 1], n=2)
        assert [set(row) for row in ids.tolist()] == [{2, 3}, {5, 7}]

    def test_collaborative_alone_is_implicits_own_answer(self, X, history):
        als = pytest.importorskip("implicit.cpu.als").AlternatingLeastSquares
        model = als(factors=8, num_threads=1, random_state=0)
        ours = HybridRecommender(collaborative=model, blend="collaborative").fit(X, history.interactions)
        assert model.item_factors is None  # a copy was fitted
        weights = history.interactions.astype(np.float32)
        weights.data = 1 + np.log(weights.data)
        model.fit(weights, show_progress=False)
        theirs, _ = model.recommend(np.arange(50), weights[:50], N=10)
        ids, _ = ours.recommend(np.arange(50), n=10)
        assert np.mean(ids == theirs) > 0.99

    def test_popularity_alone_is_what_most_have_heard(self, X, history):
        recommender = HybridRecommender(blend="popularity").fit(X, history.interactions)
        ids, _ = recommender.recommend([0, 1], n=5, exclude_heard=False)
        listeners = np.asarray((history.interactions > 0).sum(axis=0)).ravel()
        np.testing.assert_array_equal(listeners[ids], [np.sort(listeners)[::-1][:5]] * 2)

    def test_an_unheard_track_is_recommended_to_those_who_like_its_sound(self):
        plays = np.zeros((6, 8))
        plays[:3, :3], plays[3:, 4:7] = 4, 4  # nobody has heard tracks 3 and 7
        for blend in (0.0, 0.5):
            ids, _ = (
                HybridRecommender(n_factors=2, blend=blend, random_state=0).fit(BOARD, plays).recommend([0, 5], n=1)
            )
            assert ids.ravel().tolist() == [3, 7]


@pytest.fixture(scope="module")
def scores():
    """Return the nDCG@10 of each blend, on held-out listening and on true liking, for heard and unheard tracks."""
    found = {}
    for seed in range(5):
        X = clusters(600, seed)
        history = make_listening_history(X, n_users=300, random_state=seed)
        rng = np.random.default_rng(seed)
        unheard = rng.random(600) < 0.1
        plays = history.interactions
        users = np.repeat(np.arange(300), np.diff(plays.indptr))
        out = (rng.random(plays.nnz) < 0.2) | unheard[plays.indices]
        kept, held = (
            csr_matrix((plays.data[part], (users[part], plays.indices[part])), shape=plays.shape)
            for part in (~out, out)
        )
        heard = kept.toarray() > 0
        for blend in ("auto", "content", "collaborative"):
            recommender = HybridRecommender(blend=blend, random_state=seed).fit(X, kept)
            ids, _ = recommender.recommend(np.arange(300), n=600 - heard.sum(axis=1).max())
            for name, candidates in (("heard", ~unheard), ("unheard", unheard)):
                lists = [row[candidates[row]][:10] for row in ids]
                relevant = csr_matrix(held.multiply(candidates[None]))
                liking = np.where(candidates & ~heard, history.truth, -np.inf)
                best = list(np.argsort(-liking, axis=1)[:, :10])
                found.setdefault((blend, name), []).append((ndcg_at_k(relevant, lists), ndcg_at_k(best, lists)))
    return {key: np.mean(values, axis=0) for key, values in found.items()}


class TestBetterThanEither:
    """On histories whose truth is known, five of them: the promise of the whole."""

    def test_than_content_and_collaborative_alone_on_what_users_went_on_to_hear(self, scores):
        assert scores["auto", "heard"][0] > scores["collaborative", "heard"][0]
        assert scores["auto", "heard"][0] > 1.5 * scores["content", "heard"][0]

    def test_than_content_and_collaborative_alone_on_what_users_truly_like(self, scores):
        assert scores["auto", "heard"][1] > 2 * scores["collaborative", "heard"][1]
        assert scores["auto", "heard"][1] > scores["content", "heard"][1]

    def test_than_collaborative_alone_on_what_nobody_has_heard(self, scores):
        held_out, truth = scores["auto", "unheard"] / scores["collaborative", "unheard"]
        assert held_out > 2
        assert truth > 2


class TestBlend:
    def test_what_was_chosen_is_said(self, hybrid):
        assert 0 < hybrid.blend_.content < 1
        assert hybrid.blend_.placing in ("neighbors", "ridge")
        assert hybrid.blend_scores_["blend"] >= max(
            hybrid.blend_scores_["collaborative"], hybrid.blend_scores_["content"]
        )

    def test_where_tastes_cannot_be_heard_listening_has_the_greater_share(self, X):
        shares = [
            HybridRecommender(random_state=0)
            .fit(X, make_listening_history(X, n_users=200, audible=audible, random_state=0).interactions)
            .blend_.content
            for audible in (0.0, 1.0)
        ]
        assert shares[0] < shares[1]

    def test_a_number_is_the_share(self, X, history):
        recommender = HybridRecommender(blend=0.25).fit(X, history.interactions)
        assert recommender.blend_.content == 0.25
        assert recommender.blend_scores_ is None

    @pytest.mark.parametrize("n_users", [5, 50])
    def test_users_of_one_track_leave_nothing_to_choose_by(self, X, n_users):
        with pytest.warns(UserWarning, match="needs users who have heard two tracks"):
            recommender = HybridRecommender(random_state=0).fit(X, np.eye(n_users, 300))
        assert recommender.blend_.content == 0.5

    @pytest.mark.parametrize("placing", ["neighbors", "ridge"])
    def test_tracks_that_were_heard_keep_their_factors_and_the_others_get_some(self, X, history, placing, monkeypatch):
        own = HybridRecommender(blend="collaborative", random_state=0).fit(X, history.interactions)
        monkeypatch.setattr("skgenre.hybrid._recommender.Blend", lambda share: Blend(share, placing))
        blended = HybridRecommender(blend=0.5, random_state=0).fit(X, history.interactions)
        heard = own.popularity_ > 0
        assert 0 < heard.sum() < len(heard)
        np.testing.assert_array_equal(blended.item_factors_[heard], own.item_factors_[heard])
        assert not own.item_factors_[~heard].any()
        assert blended.item_factors_[~heard].any(axis=1).all()

    @pytest.mark.parametrize("blend", ["auto", "content", "collaborative", "popularity", 0.5])
    def test_content_needs_no_collaborative_part_and_the_other_way_round(self, X, history, blend):
        recommender = HybridRecommender(blend=blend, random_state=0).fit(X, history.interactions)
        assert (recommender.collaborative_ is None) == (blend in ("content", "popularity"))
        assert recommender.recommend(0)[0].shape == (10,)


class TestRecommend:
    def test_one_user_is_answered_as_among_several(self, hybrid):
        ids, scores = hybrid.recommend(["user 3", "user 7"], n=4)
        assert ids.shape == scores.shape == (2, 4)
        np.testing.assert_array_equal(hybrid.recommend("user 7", n=4)[0], ids[1])
        assert (np.diff(scores, axis=1) <= 0).all()

    def test_a_user_of_far_off_music_is_answered_as_among_several(self):
        X = np.random.default_rng(0).standard_normal((301, 4))
        X[300] += 20
        plays = np.zeros((2, 301))
        plays[0, :20] = plays[1, 300] = 1
        sound = EmbeddingRecommender(metric="euclidean")
        recommender = HybridRecommender(sound, blend=0.5, n_factors=3, random_state=0).fit(X, plays)
        np.testing.assert_array_equal(recommender.recommend([0, 1], n=5)[0][1], recommender.recommend(1, n=5)[0])

    def test_of_tracks_with_equal_scores_the_first_ones_are_recommended(self):
        recommender = HybridRecommender(blend="popularity").fit(clusters(300), np.eye(1, 300, 30))
        assert recommender.recommend(n=20)[0].tolist() == [30, *range(19)]

    def test_what_was_heard_is_left_out_unless_asked_for(self, hybrid):
        everyone = hybrid.user_ids_
        heard = [set(hybrid.track_ids_[row.indices]) for row in hybrid.interactions_]
        new, _ = hybrid.recommend(everyone, n=30)
        assert not any(set(row) & known for row, known in zip(new, heard, strict=True))
        old, _ = hybrid.recommend(everyone, n=30, exclude_heard=False)
        assert np.mean([len(set(row) & known) > 0 for row, known in zip(old, heard, strict=True)]) > 0.9

    def test_seeds_lead_to_what_is_like_them_and_are_not_recommended(self):
        recommender = HybridRecommender(n_factors=2, blend=0.5, random_state=0).fit(BOARD, PLAYS)
        ids, _ = recommender.recommend(seeds=[0, 2], n=4)
        assert ids.tolist() == [1, 3, 4, 6]  # two that sound like them, and two that the same listeners hear
        by_user, _ = recommender.recommend([0, 0], n=3, seeds=6, exclude_heard=False)
        assert 6 not in by_user

    def test_seeds_move_a_user_of_any_model(self, X, history):
        for model in ("als", "bpr"):
            recommender = HybridRecommender(collaborative=model, blend=0.3, random_state=0).fit(X, history.interactions)
            seeds = history.user_tastes[5][:1]
            ids, _ = recommender.recommend(seeds=seeds, n=20)
            strangers, _ = recommender.recommend(n=20)
            distance = np.linalg.norm(X[ids] - X[seeds[0]], axis=1).mean()
            assert distance < np.linalg.norm(X[strangers] - X[seeds[0]], axis=1).mean()

    @pytest.mark.parametrize("alpha", [0.5, 1.0, 40.0])
    def test_a_seed_that_was_heard_anyway_changes_nothing(self, X, history, alpha):
        als = pytest.importorskip("implicit.cpu.als").AlternatingLeastSquares
        model = als(factors=4, alpha=alpha, iterations=100, num_threads=1, random_state=0)
        recommender = HybridRecommender(collaborative=model, blend="collaborative").fit(X, history.interactions)
        for user in range(20):
            heard = int(history.interactions[[user]].indices[0])
            (_, scores), (_, same) = (recommender.recommend(user, seeds=seeds) for seeds in (None, heard))
            np.testing.assert_allclose(same, scores, rtol=0.03)

    def test_a_user_without_history_gets_what_most_have_heard(self, X, history):
        plays = csr_matrix(np.vstack([history.interactions.toarray(), np.zeros((1, 300))]))
        recommender = HybridRecommender(random_state=0).fit(X, plays)
        listeners = recommender.popularity_
        for ids in (recommender.recommend(120, n=5)[0], recommender.recommend(n=5)[0]):
            np.testing.assert_array_equal(listeners[ids], np.sort(listeners)[::-1][:5])

    def test_a_day_without_any_listening_is_answered_by_sound(self):
        recommender = HybridRecommender().fit(BOARD)
        assert set(recommender.recommend(seeds=[0], n=3)[0]) == {1, 2, 3}
        assert set(recommender.similar(7, n=3)[0]) == {4, 5, 6}

    def test_batches_do_not_matter(self, hybrid, monkeypatch):
        expected = hybrid.recommend(hybrid.user_ids_, n=5)
        monkeypatch.setattr("skgenre.hybrid._blending._BATCH", 700)
        np.testing.assert_array_equal(hybrid.recommend(hybrid.user_ids_, n=5)[0], expected[0])

    def test_similar_tracks_are_like_each_other_and_never_the_track_itself(self, hybrid, X):
        ids, scores = hybrid.similar(hybrid.track_ids_, n=5)
        rows = {name: row for row, name in enumerate(hybrid.track_ids_)}
        found = np.array([[rows[name] for name in row] for row in ids])
        assert not (found == np.arange(300)[:, None]).any()
        assert (
            np.linalg.norm(X[found] - X[:, None], axis=2).mean() < 0.9 * np.linalg.norm(X[:, None] - X, axis=2).mean()
        )
        assert (np.abs(scores) <= 1 + 1e-6).all()
        np.testing.assert_array_equal(hybrid.similar("track 4", n=5)[0], ids[4])

    @pytest.mark.parametrize("hubness", [None, "local_scaling"])
    def test_all_tracks_can_be_asked_for_by_sound_and_are_scored_by_their_distance(self, X, hubness):
        sound = EmbeddingRecommender(hubness=hubness).fit(X, track_ids=[("track", row) for row in range(300)])
        recommender = HybridRecommender(sound, blend="content").fit(X, track_ids=sound.track_ids_)
        asked = [("track", 4), ("track", 7)]
        ids, scores = recommender.similar(asked, n=299)
        distances = sound.neighbors_of(asked, 299)[1]
        mean = sound.kneighbors_graph(n_neighbors=100, mode="distance").data.mean()
        np.testing.assert_allclose(scores, np.exp(-distances / mean), rtol=1e-5)
        assert [len({*row, track}) for row, track in zip(ids.tolist(), asked, strict=True)] == [300, 300]
        np.testing.assert_array_equal(recommender.similar(asked, n=100)[1], scores[:, :100])

    def test_by_sound_alone_all_tracks_can_be_asked_for_in_the_order_of_their_distance(self, X):
        plays = np.zeros((3, 300))
        plays[0, 7] = plays[1, :250] = plays[2, [7, 8]] = 1
        recommender = HybridRecommender(blend="content").fit(X, plays)
        ids, scores = recommender.recommend(0, n=299)
        np.testing.assert_array_equal(ids, recommender.content_.neighbors_of(7, 299)[0][0])
        assert (np.diff(scores) < 0).all()
        np.testing.assert_array_equal(recommender.recommend(seeds=[7], n=299)[0], ids)
        np.testing.assert_array_equal(recommender.recommend([0, 1], n=50)[0][0], ids[:50])
        ids, scores = recommender.recommend(2, n=300, exclude_heard=False)
        assert sorted(ids) == list(range(300))
        assert np.isfinite(scores).all()

    def test_a_silent_track_has_more_than_a_hundred_similar_ones_too(self, X):
        with pytest.warns(UserWarning, match="the embedding of 4 is zero"):
            recommender = HybridRecommender(blend="content").fit(np.where(np.arange(300)[:, None] == 4, 0, X))
        assert recommender.similar(4, n=299)[0].shape == (299,)

    def test_of_more_than_a_hundred_similar_tracks_all_are_scored_by_their_sound_too(self, X, history):
        recommender = HybridRecommender(blend=0.5, n_factors=8, random_state=0).fit(X, history.interactions)
        ids, scores = recommender.similar(4, n=299)
        near, distances = recommender.content_.neighbors_of(4, 299)
        mean = recommender.content_.kneighbors_graph(n_neighbors=100, mode="distance").data.mean()
        by_sound = dict(zip(near[0].tolist(), np.exp(-distances[0] / mean), strict=True))
        directions = normalize(recommender.item_factors_)
        expected = [0.5 * by_sound[track] + 0.5 * directions[4] @ directions[track] for track in ids.tolist()]
        np.testing.assert_allclose(scores, expected, atol=1e-6)
        assert (np.diff(scores) <= 0).all()

    def test_ids_that_are_tuples_or_paths_are_one_name(self, tmp_path):
        tracks = [tmp_path / str(row) for row in range(7)] + [("a", 1)]
        recommender = HybridRecommender(blend="content").fit(
            BOARD, PLAYS, track_ids=tracks, user_ids=[("u", 1), *range(17)]
        )
        assert recommender.recommend(("u", 1), n=2)[0].shape == (2,)
        assert recommender.similar(("a", 1), n=1)[0].shape == (1,)
        assert recommender.similar(tmp_path / "0", n=1)[0][0] == str(tmp_path / "1")


class TestEstimator:
    @pytest.mark.parametrize(
        "ids",
        [
            [2**70, 1, 2],
            [True, False, 7],
            np.array(["2026-01-01", "2026-01-02", "2026-01-03"], dtype="datetime64[ns]"),
            pd.DataFrame({"user": ["ann", "bo", "cy"]}),
        ],
    )
    def test_users_are_known_by_any_id_that_tracks_can_have(self, ids):
        recommender = HybridRecommender(blend="content").fit(BOARD, np.eye(3, 8), user_ids=ids)
        users = [ids.iloc[row, 0] if isinstance(ids, pd.DataFrame) else ids[row] for row in range(3)]
        found, _ = recommender.recommend(users, n=8, exclude_heard=False)
        expected, _ = (
            HybridRecommender(blend="content").fit(BOARD, np.eye(3, 8)).recommend([0, 1, 2], n=8, exclude_heard=False)
        )
        np.testing.assert_array_equal(found, expected)

    def test_tracks_may_have_numbers_that_numpy_has_not(self):
        recommender = HybridRecommender(blend="content").fit(BOARD, track_ids=[2**70, *range(7)])
        assert recommender.similar(2**70, n=1)[0].tolist() == [0]

    def test_names_may_come_one_by_one(self):
        recommender = HybridRecommender(blend="content").fit(BOARD, PLAYS)
        for name in ("users", "seeds"):
            found, expected = (recommender.recommend(**{name: names}, n=3)[0] for names in (iter([0, 4]), [0, 4]))
            np.testing.assert_array_equal(found, expected)

    def test_a_seed_gives_the_same_answers_with_any_number_of_threads(self, X, history, hybrid):
        for n_jobs in (None, 2):
            again = HybridRecommender(random_state=0, n_jobs=n_jobs).fit(X, history.interactions)
            np.testing.assert_array_equal(again.recommend(np.arange(120))[1], hybrid.recommend(hybrid.user_ids_)[1])
            assert again.blend_ == hybrid.blend_

    def test_fits_in_threads_of_a_process_whose_blas_has_several_are_the_same(self):
        code = (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "import numpy as np\n"
            "from skgenre import HybridRecommender, make_listening_history\n"
            "X = np.random.default_rng(0).standard_normal((200, 8))\n"
            "plays = make_listening_history(X, n_users=100, random_state=0).interactions\n"
            "def fit(_):\n"
            "    return HybridRecommender(blend=0.5, random_state=0).fit(X, plays).item_factors_\n"
            "with ThreadPoolExecutor(2) as pool:\n"
            "    assert all(np.array_equal(fit(0), factors) for factors in pool.map(fit, range(6)))\n"
        )
        environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    def test_bpr_is_the_same_with_a_seed_too(self, X, history):
        first, second = (
            HybridRecommender(collaborative="bpr", blend=0.3, random_state=0, n_jobs=n).fit(X, history.interactions)
            for n in (1, 2)
        )
        np.testing.assert_array_equal(first.item_factors_, second.item_factors_)

    def test_the_global_generator_is_left_alone(self, X, history):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        HybridRecommender(random_state=0).fit(X, history.interactions).recommend(0)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_a_pickle_gives_the_same_answers_in_another_process(self, hybrid, tmp_path):
        joblib.dump(hybrid, tmp_path / "hybrid.joblib")
        code = (
            "import joblib, sys\n"
            "hybrid = joblib.load(f'{sys.argv[1]}/hybrid.joblib')\n"
            "joblib.dump((hybrid.recommend('user 3'), hybrid.similar('track 3')), f'{sys.argv[1]}/answers.joblib')\n"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
        recommended, similar = joblib.load(tmp_path / "answers.joblib")
        np.testing.assert_array_equal(recommended, hybrid.recommend("user 3"))
        np.testing.assert_array_equal(similar, hybrid.similar("track 3"))

    def test_a_clone_is_unfitted_and_has_the_same_parameters(self, hybrid):
        copy = clone(hybrid)
        assert copy.get_params(deep=False) == hybrid.get_params(deep=False)
        with pytest.raises(NotFittedError):
            copy.recommend()

    def test_the_callers_matrix_recommender_and_model_stay_as_they_are(self, X, history):
        content = EmbeddingRecommender(metric="euclidean")
        plays = history.interactions.copy()
        recommender = HybridRecommender(content, random_state=0).fit(X, plays)
        assert not hasattr(content, "index_")
        assert recommender.content_.metric == "euclidean"
        assert (plays != history.interactions).nnz == 0

    def test_a_fitted_embedder_is_used_as_it_stands(self, X, history):
        embedder = PCA(4).fit(X[:100])
        recommender = HybridRecommender(embedder, blend="content").fit(X, history.interactions)
        np.testing.assert_allclose(recommender.content_.embeddings_, embedder.transform(X), rtol=1e-5, atol=1e-5)

    def test_implicit_finds_nothing_to_warn_about_with_several_threads_of_blas(self):
        code = (
            "import warnings\n"
            "warnings.simplefilter('error')\n"
            "from skgenre import HybridRecommender\n"
            "HybridRecommender(blend=0.5).fit([[0, 1], [1, 0], [1, 1]], [[1, 0, 1], [0, 1, 1]])\n"
        )
        environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    def test_without_implicit_the_message_says_how_to_install_it(self, X, history, monkeypatch):
        monkeypatch.setitem(sys.modules, "implicit.cpu.als", None)
        with pytest.raises(ImportError, match=re.escape('pip install "skgenre[hybrid]"')):
            HybridRecommender().fit(X, history.interactions)
        assert HybridRecommender(blend="content").fit(X, history.interactions).recommend(0)[0].shape == (10,)


class TestBadInput:
    @pytest.mark.parametrize(
        ("plays", "message"),
        [
            (PLAYS.T, "yours may be transposed"),
            (PLAYS[:, :5], r"a column for each of 8 tracks, got \(18, 5\)"),
            (PLAYS[0], "a matrix of shape"),
            (coo_array(PLAYS[0]), "interactions must be a matrix of shape .*, got 1 dimensions"),
            (-PLAYS, "counts from 0 on, got -5 of user 0, track 0"),
            (np.where(PLAYS > 0, np.nan, 0), "interactions contains NaN"),
            (csr_matrix(np.where(PLAYS > 0, np.inf, 0)), "interactions contains infinity"),
            (np.where(PLAYS > 0, "often", ""), "could not convert"),
            (
                np.empty((0, 8)),
                r"interactions must hold at least one user and one track, got shape \(0, 8\); None means",
            ),
            (csr_matrix((0, 8)), r"interactions must hold at least one user and one track, got shape \(0, 8\)"),
        ],
    )
    def test_interactions_that_make_no_sense_are_named(self, plays, message):
        with pytest.raises(ValueError, match=message):
            HybridRecommender().fit(BOARD, plays)

    @pytest.mark.parametrize(
        ("ids", "message"),
        [
            ({"user_ids": ["a"] * 18}, "user_ids must be unique, got 'a' 18 times"),
            ({"user_ids": ["a"]}, "user_ids must hold 18 ids, one a row or column of the data, got 1"),
            ({"track_ids": ["a"] * 8}, "track_ids, must be unique|track_ids must be unique, got 'a' 8 times"),
            ({"track_ids": ["a"]}, "track_ids must hold"),
        ],
    )
    def test_ids_that_make_no_sense_are_named(self, ids, message):
        with pytest.raises(ValueError, match=message):
            HybridRecommender(blend="content").fit(BOARD, PLAYS, **ids)

    @pytest.mark.parametrize(("parameter", "n_ids"), [("user_ids", 18), ("track_ids", 8)])
    def test_an_id_that_is_not_hashable_is_named(self, parameter, n_ids):
        ids = [*range(n_ids - 1), ["a"]]
        with pytest.raises(TypeError, match=rf"{parameter} must be hashable, such as str or int, got \['a'\]"):
            HybridRecommender(blend="content").fit(BOARD, PLAYS, **{parameter: ids})

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda r: r.recommend("nobody"), "users must be among the 18 user_ids of fit, got 'nobody'"),
            (lambda r: r.recommend([0, 99]), "got 99"),
            (lambda r: r.recommend(np.array([0, 99])), "got 99"),
            (lambda r: r.recommend([]), "users must hold at least one user"),
            (lambda r: r.recommend(0, seeds=["nothing"]), "seeds must be among the 8 track_ids of fit, got 'nothing'"),
            (
                lambda r: r.recommend(0, n=6),
                "n must be <= 5, got 6: there are 8 tracks, 3 of which are heard by user 0,",
            ),
            (lambda r: r.recommend(0, n=0), "n == 0, must be >= 1"),
            (lambda r: r.similar("nothing"), "tracks must be among the 8 track_ids of fit, got 'nothing'"),
            (lambda r: r.similar([]), "tracks must hold at least one track"),
            (lambda r: r.similar(0, n=8), "n must be <= 7, got 8"),
            (lambda r: r.recommend([{}]), r"got \{\}"),
            (lambda r: r.recommend(np.array([True, False])), "ids must be given, got a mask of bool"),
        ],
    )
    def test_a_question_that_makes_no_sense_is_named(self, ask, message):
        recommender = HybridRecommender(n_factors=2, blend=0.5, random_state=0).fit(BOARD, PLAYS)
        with pytest.raises(ValueError, match=message):
            ask(recommender)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"blend": "half"}, "'blend' parameter"),
            ({"blend": 1.5}, "'blend' parameter"),
            ({"collaborative": "svd"}, "'collaborative' parameter"),
            ({"content": "sound"}, "'content' parameter"),
            ({"n_factors": 0}, "'n_factors' parameter"),
        ],
    )
    def test_a_parameter_that_makes_no_sense_is_named(self, options, message):
        with pytest.raises(ValueError, match=message):
            HybridRecommender(**options).fit(BOARD, PLAYS)

    def test_a_model_without_factors_is_named(self):
        model = pytest.importorskip("implicit.nearest_neighbours").CosineRecommender(num_threads=1)
        with pytest.raises(TypeError, match="must be a model that learns factors, CosineRecommender has none"):
            HybridRecommender(collaborative=model, blend=0.5).fit(BOARD, PLAYS)

    def test_a_collection_of_one_track_has_nothing_similar(self):
        recommender = HybridRecommender().fit([[1.0]], [[1]])
        with pytest.raises(ValueError, match="n must be <= 0, got 1"):
            recommender.similar(0, n=1)


class TestEvaluation:
    def test_by_content_it_is_leave_one_out_with_the_artist_filter(self):
        # In pairs by one artist; the next pair is of the same genre.
        X = np.array([[0.0], [0.1], [1.0], [1.1], [9.0], [9.1], [10.0], [10.1]])
        genres, artists = np.repeat(["a", "b"], 4), np.repeat(np.arange(4), 2)
        genres[3] = "b"
        evaluation = evaluate_recommender(EmbeddingRecommender(metric="euclidean"), X, y=genres, groups=artists, k=1)
        np.testing.assert_array_equal(evaluation.values["genre_purity"], [1, 1, 0, 0, 1, 1, 1, 1])
        np.testing.assert_array_equal(evaluation.values["artist_filtered_precision"], [1, 1, 1, 0, 1, 1, 1, 1])
        assert evaluation.totals["coverage"] == 0.5  # of each pair, the one that is nearer to the other pair
        assert evaluation.protocol == "content"

    def test_where_all_tracks_are_recommended_alike_there_are_no_hubs(self):
        evaluation = evaluate_recommender(EmbeddingRecommender(), BOARD, k=7)  # a warning is an error
        assert evaluation.totals["hubness"] == 0

    def test_by_history_the_last_track_is_held_out_and_not_learnt_from(self, monkeypatch):
        plays = csr_matrix(PLAYS)
        times = plays.copy()
        times.data = np.tile([1, 3, 2], 18)
        seen = []
        fit = HybridRecommender.fit

        def spy(self, X, interactions, *args, **options):
            seen.append(interactions.toarray())
            return fit(self, X, interactions, *args, **options)

        monkeypatch.setattr(HybridRecommender, "fit", spy)
        evaluate_recommender(HybridRecommender(blend="popularity"), BOARD, plays, times=times, k=3)
        expected = PLAYS.copy()
        for user, row in enumerate(plays):
            expected[user, row.indices[1]] = 0
        np.testing.assert_array_equal(seen[0], expected)

    def test_a_recommender_that_knows_the_future_is_perfect(self, X, history, monkeypatch):
        evaluation = evaluate_recommender(HybridRecommender(blend="content"), X, history.interactions, random_state=0)
        held = []

        def remember(self, users, n):
            kept = self.interactions_.toarray() > 0
            lists = [np.flatnonzero((history.interactions[[user]].toarray()[0] > 0) & ~kept[user]) for user in users]
            held.extend(lists)
            fill = [np.setdiff1d(np.arange(300), row)[: max(0, n - len(row))] for row in lists]
            return np.array([[*row, *rest][:n] for row, rest in zip(lists, fill, strict=True)]), None

        monkeypatch.setattr(HybridRecommender, "recommend", remember)
        best = evaluate_recommender(HybridRecommender(blend="content"), X, history.interactions, random_state=0)
        for name in ("ndcg", "average_precision", "reciprocal_rank", "hit_rate"):
            assert best.summary()[name]["mean"] == pytest.approx(1)
            assert evaluation.summary()[name]["mean"] < 1
        n_heard = np.diff(history.interactions.indptr)
        np.testing.assert_array_equal([len(row) for row in held], np.ceil(0.2 * n_heard))

    def test_by_history_plain_alternatives_and_a_recommender_by_sound_are_scored_alike(self, X, history):
        settings = {"k": 5, "random_state": 0}
        by_sound = evaluate_recommender(EmbeddingRecommender(), X, history.interactions, **settings)
        same = evaluate_recommender(HybridRecommender(blend="content"), X, history.interactions, **settings)
        np.testing.assert_array_equal(by_sound.values["ndcg"], same.values["ndcg"])
        popular = evaluate_recommender(HybridRecommender(blend="popularity"), X, history.interactions, **settings)
        assert popular.summary()["novelty"]["mean"] < by_sound.summary()["novelty"]["mean"]
        assert popular.totals["coverage"] < by_sound.totals["coverage"]

    def test_through_a_file_of_triplets_the_hybrid_beats_either(self, tmp_path):
        X = clusters(300, seed=1)
        made = make_listening_history(X, n_users=300, random_state=1)
        entries = made.interactions.tocoo()
        lines = [f"user{u:04}\tSO{t:05}\t{n}\n" for u, t, n in zip(*entries.coords, entries.data, strict=True)]
        (tmp_path / "triplets.txt").write_text("".join(lines))
        tracks = [f"SO{row:05}" for row in range(300)]
        history = load_interactions(tmp_path / "triplets.txt", tracks=tracks)
        assert (history.interactions != made.interactions).nnz == 0
        ndcg = {
            blend: evaluate_recommender(
                HybridRecommender(blend=blend, random_state=0), X, history.interactions, random_state=0
            ).summary()["ndcg"]["mean"]
            for blend in ("auto", "content", "collaborative")
        }
        assert ndcg["auto"] > max(ndcg["content"], ndcg["collaborative"])

    def test_a_user_who_has_heard_nearly_all_is_left_out(self):
        plays = PLAYS.copy()
        plays[0] = 1
        evaluation = evaluate_recommender(EmbeddingRecommender(), BOARD, plays, k=3)
        assert evaluation.clusters.tolist() == list(range(1, 18))
        with pytest.raises(ValueError, match="k must leave a user who has not heard so much, got 8"):
            evaluate_recommender(EmbeddingRecommender(), BOARD, plays, k=8)

    def test_the_result_is_a_table_with_intervals(self, X, history):
        evaluation = evaluate_recommender(EmbeddingRecommender(), X, history.interactions, random_state=0)
        frame = evaluation.frame
        assert list(frame.columns) == ["mean", "low", "high"]
        ndcg = frame.loc["ndcg"]
        assert ndcg["low"] < ndcg["mean"] < ndcg["high"]
        assert "ndcg" in repr(evaluation)
        assert pickle.loads(pickle.dumps(evaluation)).k == 10

    def test_the_recommender_stays_as_it_is(self, X, history):
        recommender = HybridRecommender(blend="content")
        evaluate_recommender(recommender, X, history.interactions)
        assert not hasattr(recommender, "interactions_")

    @pytest.mark.parametrize(
        ("recommender", "options", "error", "message"),
        [
            (PCA(), {}, TypeError, "recommender must be an EmbeddingRecommender or a HybridRecommender, got PCA"),
            (HybridRecommender(), {}, ValueError, "interactions must be given with a HybridRecommender"),
            (EmbeddingRecommender(), {"y": ["a"]}, ValueError, "inconsistent"),
            (EmbeddingRecommender(), {"k": 0}, ValueError, "k must be an integer from 1 on, got 0"),
            (EmbeddingRecommender(), {"k": 0, "interactions": PLAYS}, ValueError, "k must be an integer from 1 on"),
            (EmbeddingRecommender(), {"k": 8}, ValueError, "k must be less than the number of tracks, 8, got 8"),
            (EmbeddingRecommender(), {"y": np.eye(8)}, ValueError, "y must have shape .n_tracks,., one genre for each"),
            (EmbeddingRecommender(), {"groups": ["a", 1] * 4}, ValueError, "groups must be of one kind, such as"),
            (EmbeddingRecommender(), {"interactions": PLAYS, "test_size": 1.0}, ValueError, "test_size must lie"),
            (EmbeddingRecommender(), {"interactions": PLAYS, "test_size": "some"}, ValueError, "test_size must lie"),
            (EmbeddingRecommender(), {"interactions": np.eye(3, 8)}, ValueError, "nothing can be held out"),
            (
                EmbeddingRecommender(),
                {"interactions": 0 * PLAYS, "times": csr_matrix(PLAYS)},
                ValueError,
                "nothing can be held out",
            ),
            (
                EmbeddingRecommender(),
                {"interactions": PLAYS, "times": PLAYS.T},
                ValueError,
                "times must have the shape",
            ),
            (EmbeddingRecommender(), {"interactions": PLAYS, "times": 0 * PLAYS}, ValueError, "greater than zero"),
        ],
    )
    def test_what_cannot_be_evaluated_is_named(self, recommender, options, error, message):
        with pytest.raises(error, match=message):
            evaluate_recommender(recommender, BOARD, **({"k": 2} | options))


def test_equal_tracks_keep_their_order_however_many_are_asked_for(X, history):
    """Each track thrice, its copies not heard yet, so that factors and embeddings are equal."""
    n_users, n_tracks = history.interactions.shape
    plays = hstack([history.interactions, csr_matrix((n_users, 2 * n_tracks))])
    recommender = HybridRecommender(blend=0.5, random_state=0).fit(np.concatenate([X] * 3), plays)
    ids, scores = recommender.recommend(np.arange(n_users), 50)
    for user in range(n_users):
        alone = recommender.recommend(user, 50)
        np.testing.assert_array_equal(alone[0], ids[user])
        np.testing.assert_array_equal(alone[1], scores[user])
    near, _ = recommender.similar(np.arange(3 * n_tracks), 50)
    for track in range(0, 3 * n_tracks, 3):
        np.testing.assert_array_equal(recommender.similar(track, 50)[0], near[track])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA], ids=str)
def test_a_user_whom_nobody_can_ask_for_is_refused(missing):
    with pytest.raises(ValueError, match="user_ids must not be missing, got"):
        HybridRecommender(blend="content").fit(np.eye(3), np.eye(3), user_ids=[1, missing, 2])


def test_users_in_a_table_are_those_of_its_only_column():
    table = pd.DataFrame({"user": [7, 8], "x": 1})
    assert HybridRecommender(blend="content").fit(
        np.eye(2), np.eye(2), user_ids=table[["user"]]
    ).user_ids_.tolist() == [7, 8]
    with pytest.raises(ValueError, match=r"user_ids must be one column, got shape \(2, 2\)"):
        HybridRecommender(blend="content").fit(np.eye(2), np.eye(2), user_ids=table)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_times_in_nanoseconds_keep_their_order(kind):
    from skgenre.model_selection._recommendation import _hold_out

    times = (1_700_000_000_000_000_000 + 100 * np.arange(6)).astype(kind)[None].repeat(3, axis=0)
    held = _hold_out(csr_matrix(np.ones((3, 6))), times, 0.2, np.random.RandomState(0))
    np.testing.assert_array_equal(held.toarray(), [[0, 0, 0, 0, 0, 1]] * 3)
