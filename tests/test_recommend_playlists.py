"""Recommendations from several tracks, diverse ones, journeys and playlists."""

import itertools
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import FunctionTransformer

from skgenre import EmbeddingRecommender
from skgenre.recommend._distances import distances_between
from skgenre.recommend._diversity import choose, group_codes, longest
from skgenre.recommend._paths import even_path, smooth_order


def on_a_circle(*degrees):
    turns = np.deg2rad(degrees)
    return np.column_stack([np.cos(turns), np.sin(turns)])


@pytest.fixture
def circle():
    """Return tracks every ten degrees, named by their degrees."""
    degrees = range(0, 360, 10)
    return EmbeddingRecommender().fit(on_a_circle(*degrees), track_ids=list(degrees))


def line(*places, **known):
    return EmbeddingRecommender(metric="euclidean").fit(np.array(places, dtype=float)[:, None], **known)


class TestSeveral:
    def test_the_answer_lies_between_the_liked(self, circle):
        ids, scores = circle.recommend([0, 40], n=3)
        assert ids[0] == 20
        assert set(ids[1:]) == {10, 30}
        np.testing.assert_allclose(scores, np.cos(np.deg2rad([0, 10, 10])), atol=1e-6)

    def test_length_does_not_count_under_cosine(self):
        recommender = EmbeddingRecommender().fit([[100, 0], [0, 1], [1, 1], [5, 1]])
        assert recommender.recommend([0, 1], n=1)[0] == [2]

    def test_the_answer_moves_away_from_the_disliked(self, circle):
        assert set(circle.recommend(100, n=2)[0]) == {90, 110}
        assert circle.recommend(100, disliked=80, n=2)[0].tolist() == [110, 120]
        assert circle.recommend(100, 120, 2)[0].tolist() == [90, 80]

    def test_a_disliked_track_repels_only_what_is_near_it_under_euclidean(self):
        recommender = line(0, 1, -1.1, 30)
        assert recommender.recommend(0, n=1)[0] == [1]
        assert recommender.recommend(0, disliked=3, n=1)[0] == [1]
        assert line(0, 1, -1.1, 1.5).recommend(0, disliked=3, n=1)[0] == [2]

    def test_neither_liked_nor_disliked_tracks_are_recommended(self, circle):
        ids, _ = circle.recommend([0, 10], disliked=[20, 30], n=32)
        assert not set(ids) & {0, 10, 20, 30}

    def test_a_lone_track_is_answered_as_by_kneighbors(self):
        X = np.random.default_rng(0).standard_normal((50, 4))
        for hubness in (None, "mutual_proximity", "local_scaling"):
            recommender = EmbeddingRecommender(hubness=hubness, random_state=0).fit(X)
            distances, indices = recommender.kneighbors(n_neighbors=5)
            ids, scores = recommender.recommend(7, n=5)
            np.testing.assert_array_equal(ids, indices[7])
            np.testing.assert_allclose(scores, 1 - distances[7])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([0, 180],), "liked and disliked must have something in common, their embeddings cancel"),
            ((0, 0), "a track must be liked or disliked, 0 is both"),
            (([],), "liked must hold at least one track"),
            ((5,), "liked must be among the track_ids where embedder is None, got 5"),
            ((0, 5), "disliked must be among the track_ids"),
            ((0, None, 36), r"n must be <= 35, got 36: there are 36 tracks, of which 35 may be an answer"),
        ],
    )
    def test_what_has_no_answer_is_an_error(self, circle, arguments, message):
        with pytest.raises(ValueError, match=message):
            circle.recommend(*arguments)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda r, mask: r.recommend(mask, n=1),
            lambda r, mask: r.recommend(0, mask, n=1),
            lambda r, mask: r.recommend(0, n=1, exclude=mask),
            lambda r, mask: r.neighbors_of(mask, 1),
            lambda r, mask: r.remove(mask),
        ],
    )
    def test_a_mask_is_not_taken_for_the_ids_0_and_1(self, ask):
        recommender = EmbeddingRecommender().fit(np.eye(2) + 0.1)
        with pytest.raises(ValueError, match="ids must be given, got a mask of bool"):
            ask(recommender, np.array([True, False]))

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (
                lambda r: r.recommend("40.mp3", Path("40.mp3"), n=1),
                "a track must be liked or disliked, '40.mp3' is both",
            ),
            (lambda r: r.playlist(["40.mp3", Path("40.mp3")], n=3), "seeds must be at most 3 different tracks"),
            (lambda r: r.journey("40.mp3", Path("40.mp3"), n=3), "must lead from one track to another, got '40.mp3'"),
        ],
    )
    def test_a_new_file_that_is_named_twice_is_one_track(self, ask, message):
        embedder = FunctionTransformer(lambda paths: on_a_circle(*(float(Path(path).stem) for path in paths)))
        recommender = EmbeddingRecommender(embedder).fit([f"{degree}.mp3" for degree in (0, 30, 60, 90)])
        with pytest.raises(ValueError, match=message):
            ask(recommender)

    def test_a_misspelt_id_is_answered_by_the_nearest(self):
        recommender = EmbeddingRecommender().fit(np.eye(3), track_ids=["So What", "Blue in Green", "All Blues"])
        with pytest.raises(ValueError, match="got 'Al Blues'; did you mean 'All Blues'"):
            recommender.recommend("Al Blues")

    def test_a_silent_track_is_an_error_under_cosine(self):
        with pytest.warns(UserWarning, match="the embedding of 0 is zero: under cosine it is as far from all tracks"):
            recommender = EmbeddingRecommender().fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        with pytest.warns(UserWarning, match="the embedding of 3 and of 1 more is zero"):
            recommender.partial_fit(np.zeros((2, 2)))
        recommender.remove([3, 4])
        with pytest.raises(ValueError, match="liked must have a direction under cosine, the embedding of 0 is zero"):
            recommender.recommend(0, n=1)
        assert recommender.recommend(1, n=2)[0].tolist() == [0, 2]

    @pytest.mark.filterwarnings("ignore:the embedding of")
    def test_a_silent_track_has_neighbors_as_kneighbors_has_them(self):
        recommender = EmbeddingRecommender().fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        ids, distances = recommender.neighbors_of([0, 1], 2)
        expected = recommender.kneighbors(n_neighbors=2)
        np.testing.assert_array_equal(ids, expected[1][:2])
        np.testing.assert_array_equal(distances, expected[0][:2])


class TestDiversity:
    def test_the_similarity_inside_the_list_falls_as_it_rises(self):
        X = np.random.default_rng(0).standard_normal((300, 5))
        recommender = EmbeddingRecommender().fit(X)
        units = X / np.linalg.norm(X, axis=1, keepdims=True)

        def inside(diversity):
            ids, scores = recommender.recommend(0, n=8, diversity=diversity)
            assert ids[0] == recommender.recommend(0, n=1)[0][0]
            np.testing.assert_allclose(scores, units[ids] @ units[0], atol=1e-5)
            return np.mean([units[a] @ units[b] for a, b in itertools.combinations(ids, 2)])

        levels = [inside(diversity) for diversity in (0, 0.3, 0.6, 1)]
        assert (np.diff(levels) < 1e-9).all()
        assert levels[0] > levels[-1] + 0.3

    def test_it_follows_maximal_marginal_relevance(self):
        scores = np.array([0.9, 0.85, 0.5])
        similar = np.array([[1, 0.95, 0.1], [0.95, 1, 0.1], [0.1, 0.1, 1]])
        assert choose(scores, 3, similarity=similar.__getitem__, diversity=0.5) == [0, 2, 1]
        assert choose(scores, 3, similarity=similar.__getitem__, diversity=0.1) == [0, 1, 2]

    @pytest.mark.parametrize("diversity", [-0.1, 1.1])
    def test_a_value_out_of_range_is_an_error(self, circle, diversity):
        with pytest.raises(ValueError, match=f"diversity == {diversity}, must be"):
            circle.recommend(0, diversity=diversity)

    def test_no_number_is_an_error_too(self, circle):
        for ask in (circle.recommend, circle.playlist):
            with pytest.raises(ValueError, match="diversity must be a number from 0 to 1, got nan"):
                ask(0, diversity=np.nan)


def in_a_row(groups):
    return sum(one == other for one, other in itertools.pairwise(groups))


class TestGroups:
    def test_no_artist_comes_twice_in_a_row(self):
        artists = np.array(["Ella"] * 10 + ["Louis"] * 5)
        recommender = line(*range(15), groups=artists)
        ids, _ = recommender.recommend(0, n=7)
        assert ids[0] == 1
        assert in_a_row(artists[ids]) == 0
        assert set(artists[ids]) == {"Ella", "Louis"}

    def test_the_pool_grows_until_there_are_others(self):
        artists = np.array(["Ella"] * 400 + ["Louis"] * 3)
        recommender = line(*range(403), groups=artists)
        assert artists[recommender.recommend(0, n=3)[0]].tolist() == ["Ella", "Louis", "Ella"]

    def test_tracks_of_unknown_artists_may_stand_in_a_row(self):
        recommender = line(*range(6), groups=["Ella", "Ella", None, None, np.nan, np.nan])
        assert recommender.recommend(0, n=4)[0].tolist() == [1, 2, 3, 4]

    def test_where_it_cannot_be_it_warns(self):
        recommender = line(*range(6), groups=["Ella"] * 5 + ["Louis"])
        with pytest.warns(UserWarning, match="two tracks of one group stand in a row"):
            ids, _ = recommender.recommend(0, n=5)
        assert sorted(ids) == [1, 2, 3, 4, 5]

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.integers(0, 4), min_size=1, max_size=7), st.integers(1, 7), st.data())
    def test_as_many_are_chosen_as_can_be(self, groups, n, data):
        n = min(n, len(groups))
        scores = np.sort(data.draw(st.lists(st.floats(0, 1), min_size=len(groups), max_size=len(groups))))[::-1]
        chosen = choose(np.array(scores), n, groups=groups)
        ways = itertools.permutations(range(len(groups)), n)
        possible = any(in_a_row([groups[row] for row in way]) == 0 for way in ways)
        assert (len(chosen) == n) == possible
        assert in_a_row([groups[row] for row in chosen]) == 0
        assert len(set(chosen)) == len(chosen)

    @given(st.lists(st.integers(0, 3), max_size=6), st.integers(0, 3))
    def test_the_longest_row_is_counted(self, groups, last):
        most = 0
        for n in range(len(groups), 0, -1):
            if any(in_a_row([last, *way]) == 0 for way in itertools.permutations(groups, n)):
                most = n
                break
        assert longest(Counter(groups), last) == most

    def test_unknown_groups_are_told_apart(self):
        assert len(set(group_codes(["a", None, float("nan"), None, pd.NA, pd.NA, "", "", "b"]))) == 9
        one, other, same = group_codes(["a", "b", "a"])
        assert one == same != other

    @pytest.mark.parametrize("groups", [["", "", ""], pd.Series(["A", None, None], dtype="string")])
    def test_tracks_of_unknown_artists_may_follow_each_other(self, groups):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert line(0, 1, 2, groups=groups).recommend(0, n=2)[0].tolist() == [1, 2]


class TestJourney:
    def test_it_leaves_the_direct_line_where_that_belongs_to_one_artist(self):
        def lane(height, n):
            return np.column_stack([np.linspace(0, 1, n), np.full(n, height)])

        groups = ["A"] * 400 + [f"B{row}" for row in range(50)]
        recommender = EmbeddingRecommender(metric="euclidean").fit(np.r_[lane(0, 400), lane(1, 50)], groups=groups)
        ids, _ = recommender.journey(0, 399, n=5)  # a warning is an error
        assert in_a_row([groups[row] for row in ids]) == 0
        with pytest.warns(UserWarning, match="two tracks of one group stand in a row"):
            recommender.journey(0, 399, n=5, where={"group": "A"})

    @pytest.mark.parametrize("nobody", ["", None, np.nan])
    def test_tracks_of_unknown_artists_lead_around_one_artist_too(self, nobody):
        lanes = [np.column_stack([np.linspace(0, 1, n), np.full(n, height)]) for n, height in ((400, 0), (50, 1))]
        groups = [nobody, *["A"] * 398, nobody, *[nobody] * 50]
        recommender = EmbeddingRecommender(metric="euclidean").fit(np.concatenate(lanes), groups=groups)
        ids, _ = recommender.journey(0, 399, n=5)  # a warning is an error
        assert in_a_row([group_codes(groups)[row] for row in ids]) == 0

    @pytest.mark.parametrize("seed", [0, 4, 5])
    def test_it_goes_as_far_as_it_must_for_tracks_that_stand_between_those_of_others(self, seed):
        X = np.random.default_rng(seed).standard_normal((500, 2))
        artists = [*"A" * 495, *"BBCCD"]
        ids, _ = EmbeddingRecommender(metric="euclidean").fit(X, groups=artists).journey(0, 1, n=9)
        assert in_a_row([artists[row] for row in ids]) == 0  # a warning is an error

    def test_it_goes_in_even_steps(self, circle):
        ids, scores = circle.journey(0, 90, n=4)
        assert ids.tolist() == [0, 30, 60, 90]
        np.testing.assert_allclose(scores, np.cos(np.deg2rad([30, 30, 30])), atol=1e-6)

    def test_every_step_is_nearer_to_the_end_and_none_comes_twice(self):
        X = np.random.default_rng(0).standard_normal((500, 6))
        recommender = EmbeddingRecommender().fit(X)
        ids, scores = recommender.journey(3, 8, n=12)
        assert (ids[0], ids[-1]) == (3, 8)
        assert len(set(ids)) == 12
        units = X / np.linalg.norm(X, axis=1, keepdims=True)
        to_start, to_end = 1 - units[ids] @ units[3], 1 - units[ids] @ units[8]
        assert (np.diff(to_start / (to_start + to_end)) > 0).all()
        np.testing.assert_allclose(scores, np.sum(units[ids[:-1]] * units[ids[1:]], axis=1), atol=1e-6)
        assert scores.min() > units[3] @ units[8]

    def test_the_steps_have_the_least_sum_of_squares(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            points, n = rng.standard_normal((7, 2)), 4
            steps = np.linalg.norm(points[:, None] - points, axis=2)
            progress = steps[0] / (steps[0] + steps[1])
            ways = [
                (0, *between, 1)
                for between in itertools.permutations(range(2, 7), n - 2)
                if (np.diff(progress[[0, *between, 1]]) > 0).all()
            ]
            best = min(ways, key=lambda way: sum(steps[a, b] ** 2 for a, b in itertools.pairwise(way)))
            assert even_path(steps, progress, n) == list(best)

    def test_the_ends_alone_are_a_journey(self, circle):
        assert circle.journey(0, 50, n=2)[0].tolist() == [0, 50]

    def test_it_uses_every_track_where_it_must(self, circle):
        ids, _ = circle.journey(0, 180, n=36)
        assert sorted(ids) == list(range(0, 360, 10))

    def test_no_artist_comes_twice_in_a_row(self):
        artists = np.array(["Ella", "Ella", "Louis", "Ella", "Louis", "Ella"])
        recommender = line(0, 2, 2.5, 4, 4.5, 6, groups=artists)
        with pytest.warns(UserWarning, match="two tracks of one group stand in a row"):
            ids, _ = recommender.journey(0, 5, n=4)
        assert in_a_row(artists[ids]) == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ids, _ = recommender.journey(0, 5, n=3)
        assert artists[ids].tolist() == ["Ella", "Louis", "Ella"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((0, 0), "must lead from one track to another, got 0 as both ends"),
            ((0, 90, 1), "n == 1, must be >= 2"),
            ((0, 90, 37), r"n - 2, .* must be <= 34, got 35"),
            (([0, 10], 90), r"start must be one track, got \[0, 10\]"),
            ((0, 5), "ends of a journey must be among the track_ids"),
        ],
    )
    def test_what_leads_nowhere_is_an_error(self, circle, arguments, message):
        with pytest.raises(ValueError, match=message):
            circle.journey(*arguments)


class TestPlaylist:
    def test_it_begins_with_the_seed_and_holds_what_is_recommended(self, circle):
        ids, scores = circle.playlist([0, 40], n=6)
        assert ids[0] == 0
        assert set(ids) == {0, 40, *circle.recommend([0, 40], n=4)[0]}
        assert scores.shape == (5,)

    def test_its_steps_are_small(self):
        X = np.random.default_rng(0).standard_normal((200, 4))
        recommender = EmbeddingRecommender().fit(X)
        _, in_order = recommender.playlist(0, n=15)
        units = X / np.linalg.norm(X, axis=1, keepdims=True)
        by_score = np.concatenate([[0], recommender.recommend(0, n=14)[0]])
        assert in_order.mean() > np.sum(units[by_score[:-1]] * units[by_score[1:]], axis=1).mean() + 0.05

    def test_an_artist_comes_back_after_two_others(self):
        artists = np.repeat(["Ella", "Louis", "Billie", "Miles", "Nina"], 4)
        recommender = line(*range(20), groups=artists)
        ids, _ = recommender.playlist(0, n=20)
        names = artists[ids]
        assert all(len(set(names[i : i + 3])) == 3 for i in range(18))

    def test_no_artist_comes_back_sooner_than_need_be(self):
        rng = np.random.default_rng(140)
        n = int(rng.integers(40, 120))
        X, k = rng.standard_normal((n, 6)), int(rng.choice([4, 5, 6, 8]))
        shares = 1 / np.arange(1, k + 1)
        artists = np.array([str(artist) for artist in rng.choice(k, n, p=shares / shares.sum())])
        ids, _ = EmbeddingRecommender().fit(X, groups=artists).playlist([0], n=20)
        names = artists[ids]
        assert np.count_nonzero(names[2:] == names[:-2]) == 0
        assert np.count_nonzero(names[1:] == names[:-1]) == 0

    def test_equal_tracks_are_at_distance_zero_of_each_other(self):
        X = (1e5 * np.random.default_rng(0).standard_normal((40, 16))).astype(np.float32)
        distances = distances_between(np.vstack([X, X]), None, "euclidean")
        np.testing.assert_array_equal(np.diagonal(distances, 40), 0)
        np.testing.assert_array_equal(np.diagonal(distances_between(X, X.copy(), "euclidean")), 0)

    def test_another_track_begins_where_artists_could_not_be_kept_apart_otherwise(self):
        ids, _ = line(0, 1, 2, groups=["A", "B", "B"]).playlist(0, n=3)
        assert ids.tolist() == [1, 0, 2]
        ids, _ = line(0, 1, 2, groups=["A", "B", "B"]).playlist([0, 1, 2], n=3)
        assert ids.tolist() == [1, 0, 2]

    def test_seeds_alone_are_a_playlist(self, circle):
        assert sorted(circle.playlist([0, 200, 10], n=3)[0]) == [0, 10, 200]
        assert circle.playlist(0, n=1)[0].tolist() == [0]
        with pytest.warns(UserWarning, match="two tracks of one group stand in a row"):
            assert sorted(line(0, 1, 2, groups=["A"] * 3).playlist([2, 0, 1], n=3)[0]) == [0, 1, 2]

    def test_too_many_seeds_are_an_error(self, circle):
        with pytest.raises(ValueError, match=r"seeds must be at most 2 different tracks, got \[0, 10, 20\]"):
            circle.playlist([0, 10, 20], n=2)
        with pytest.raises(ValueError, match=r"seeds must be at most 5 different tracks"):
            circle.playlist([0, 0], n=5)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(1, 7), st.integers(0, 2**32 - 1))
    def test_the_order_is_near_the_shortest_way(self, n, seed):
        points = np.random.default_rng(seed).standard_normal((n, 2))
        steps = np.linalg.norm(points[:, None] - points, axis=2)

        def length(way):
            return sum(steps[a, b] for a, b in itertools.pairwise(way))

        order = smooth_order(steps)
        assert order[0] == 0
        assert sorted(order) == list(range(n))
        best = min(length((0, *way)) for way in itertools.permutations(range(1, n)))
        assert length(order) <= 1.5 * best + 1e-9


@pytest.mark.parametrize(("metric", "other"), [("cosine", "euclidean"), ("euclidean", "cosine")])
def test_another_metric_takes_a_fit(metric, other):
    recommender = EmbeddingRecommender(metric=metric).fit(np.random.default_rng(0).standard_normal((30, 4)))

    def answers():
        recommended = recommender.recommend([0, 1], 2, n=5, diversity=0.3)
        return [*recommended, *recommender.journey(3, 4, n=5), *recommender.playlist([5, 6], n=5)]

    before = answers()
    recommender.set_params(metric=other)
    for after, answer in zip(answers(), before, strict=True):
        np.testing.assert_array_equal(after, answer)
