"""Listening histories: made up, with the tastes known, and read from files."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.stats import spearmanr

from skgenre import load_interactions, make_listening_history


@pytest.fixture(scope="module")
def embeddings():
    return np.random.default_rng(0).standard_normal((400, 8))


@pytest.fixture(scope="module")
def history(embeddings):
    return make_listening_history(embeddings, n_users=300, random_state=0)


def correlations(history, other):
    """Return how each user's liking goes with something else of the tracks, on average."""
    return np.mean([spearmanr(liking, other(user)).statistic for user, liking in enumerate(history.truth)])


class TestMadeUp:
    def test_the_parts_fit_together(self, history):
        assert history.interactions.shape == history.times.shape == history.truth.shape == (300, 400)
        assert isinstance(history.interactions, csr_matrix)
        assert history.interactions.data.min() >= 1
        np.testing.assert_array_equal(history.interactions.indices, history.times.indices)
        assert history.popularity.sum() == pytest.approx(1)
        np.testing.assert_allclose(history.truth.mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(history.truth.std(axis=1), 1, atol=1e-5)
        for row in history.times:
            assert sorted(row.data) == list(range(1, row.nnz + 1))

    def test_a_seed_gives_the_same_history_and_leaves_the_global_generator_alone(self, embeddings):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        first, second = (make_listening_history(embeddings, n_users=20, random_state=3) for _ in range(2))
        assert (first.interactions != second.interactions).nnz == 0
        np.testing.assert_array_equal(first.truth, second.truth)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_users_hear_what_they_like_and_hear_it_more_often(self, history):
        heard = history.interactions.toarray() > 0
        assert history.truth[heard].mean() > history.truth[~heard].mean() + 0.5
        plays = history.interactions.toarray()[heard]
        assert spearmanr(plays, history.truth[heard]).statistic > 0.3

    def test_tastes_are_the_tracks_liked_best(self, history):
        ranks = (-history.truth).argsort(axis=1).argsort(axis=1)
        assert all(ranks[user, tastes[0]] < 20 for user, tastes in enumerate(history.user_tastes))
        assert {len(tastes) for tastes in history.user_tastes} == {1, 2, 3}

    def test_few_tracks_are_heard_by_very_many_and_few_users_hear_very_much(self, history):
        heard = history.interactions > 0
        listeners, activity = np.asarray(heard.sum(axis=0)).ravel(), np.asarray(heard.sum(axis=1)).ravel()
        assert listeners.max() > 5 * np.median(listeners)
        assert spearmanr(listeners, history.popularity).statistic > 0.5
        assert activity.min() >= 5
        assert activity.mean() == pytest.approx(30, rel=0.2)
        assert activity.max() > 4 * np.median(activity)

    def test_what_cannot_be_heard_is_not_in_the_embeddings(self, embeddings):
        def agreement(audible):
            history = make_listening_history(embeddings, n_users=30, n_tastes=1, audible=audible, random_state=0)

            def nearness(user):
                return -np.linalg.norm(embeddings - embeddings[history.user_tastes[user][0]], axis=1)

            return correlations(history, nearness)

        assert agreement(1.0) > 0.99
        assert 0.3 < agreement(0.6) < 0.95
        assert abs(agreement(0.0)) < 0.1

    def test_all_noise_is_listening_without_taste(self, embeddings):
        history = make_listening_history(embeddings, n_users=200, noise=1.0, random_state=0)
        assert abs(history.truth[history.interactions.toarray() > 0].mean()) < 0.05

    def test_without_popularity_all_tracks_are_alike(self, embeddings):
        assert np.ptp(make_listening_history(embeddings, n_users=2, popularity_exponent=0).popularity) == 0

    def test_users_leave_half_of_the_tracks_unheard(self):
        history = make_listening_history(np.eye(40), n_users=4, n_tracks_per_user=100, random_state=0)
        np.testing.assert_array_equal((history.interactions > 0).sum(axis=1).ravel(), [[20, 20, 20, 20]])

    def test_users_cannot_hear_more_tracks_than_there_are(self):
        history = make_listening_history(np.eye(3), n_users=4, n_tracks_per_user=100, random_state=0)
        np.testing.assert_array_equal((history.interactions > 0).sum(axis=1).ravel(), [[3, 3, 3, 3]])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"n_users": 0}, "n_users must be an int of at least 1, got 0"),
            ({"n_tastes": 1.5}, "n_tastes must be an int"),
            ({"audible": 1.1}, "audible must be a number from 0 to 1, got 1.1"),
            ({"noise": -0.1}, "noise must be a number from 0 to 1"),
            ({"popularity_exponent": np.inf}, "popularity_exponent must be a number from 0 on, got inf"),
            ({"n_tracks_per_user": "many"}, "n_tracks_per_user must be a number from 0 on, got 'many'"),
        ],
    )
    def test_what_is_out_of_range_is_named(self, options, message):
        with pytest.raises(ValueError, match=message):
            make_listening_history(np.eye(3), **options)

    def test_embeddings_must_be_numbers(self):
        with pytest.raises(ValueError, match="embeddings contains NaN"):
            make_listening_history([[np.nan], [1.0]])


TRIPLETS = "b80344\tSOAKIMP\t1\nb80344\tSOBBMDR\t2\n85c1f8\tSOAKIMP\t10\n"


@pytest.fixture
def file(tmp_path):
    def write(text, name="triplets.txt"):
        path = tmp_path / name
        data = text.encode() if isinstance(text, str) else text
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


class TestFiles:
    @pytest.mark.parametrize("name", ["train_triplets.txt", "train_triplets.txt.gz"])
    def test_triplets_of_the_million_song_dataset(self, file, name):
        history = load_interactions(file(TRIPLETS, name))
        assert history.users.tolist() == ["85c1f8", "b80344"]
        assert history.tracks.tolist() == ["SOAKIMP", "SOBBMDR"]
        np.testing.assert_array_equal(history.interactions.toarray(), [[10, 0], [1, 2]])

    def test_last_fm_360k_has_a_column_between(self, file):
        lines = "00000c2\t3bd73256\tbetty blowtorch\t2137\n00000c2\tf2fb0ff0\tdie ärzte\t1099\n"
        history = load_interactions(file(lines), columns=("user", None, "track", "plays"))
        assert history.tracks.tolist() == ["betty blowtorch", "die ärzte"]
        np.testing.assert_array_equal(history.interactions.toarray(), [[2137, 1099]])

    def test_last_fm_1k_has_a_line_for_each_play(self, file):
        line = "user_000001\t2009-05-04T23:08:57Z\tf1b1cf71\tDeep Dish\t{}\tSome Album\n"
        text = "".join(line.format(track) for track in ("", "a", "b", "a"))
        columns = ("user", None, None, None, "track", None)
        history = load_interactions(file(text), columns=columns, on_bad_lines="skip")
        np.testing.assert_array_equal(history.interactions.toarray(), [[2, 1]])
        assert history.bad_lines == [1]

    def test_lines_of_one_user_and_track_are_added_up(self, file):
        history = load_interactions(file("a\tx\t1\na\tx\t2.5\n"))
        np.testing.assert_array_equal(history.interactions.toarray(), [[3.5]])

    def test_columns_are_those_of_the_tracks_asked_for(self, file):
        history = load_interactions(file(TRIPLETS), tracks=["SONEVER", "SOBBMDR"])
        assert history.tracks.tolist() == ["SONEVER", "SOBBMDR"]
        assert history.users.tolist() == ["b80344"]
        np.testing.assert_array_equal(history.interactions.toarray(), [[0, 2]])

    def test_tracks_may_be_the_column_of_a_frame(self, file):
        history = load_interactions(file("ann\tone\t3\nbo\ttwo\t1\n"), tracks=pd.DataFrame({"track": ["two", "one"]}))
        np.testing.assert_array_equal(history.interactions.toarray(), [[0, 3], [1, 0]])

    def test_commas_a_header_a_mark_of_order_and_windows_line_ends(self, file):
        text = "\ufeffuserid,song,plays\r\nann,x,3\r\n\r\nbo,x,1\r\n"
        history = load_interactions(file(text), separator=",", skip_rows=np.int64(1))
        assert history.users.tolist() == ["ann", "bo"]
        np.testing.assert_array_equal(history.interactions.toarray(), [[3], [1]])

    @pytest.mark.parametrize("name", ["t.txt", "t.txt.gz"])
    def test_a_mark_of_order_is_no_part_of_a_name(self, file, name):
        assert load_interactions(file("\ufeffann\tx\t1\n", name)).users.tolist() == ["ann"]

    def test_a_track_played_no_times_is_not_heard(self, file):
        history = load_interactions(file("ann\tx\t0\nann\ty\t2\n"))
        assert history.tracks.tolist() == ["x", "y"]
        assert history.interactions.indices.tolist() == [1]

    @given(st.lists(st.tuples(*[st.sampled_from("ébc d")] * 2, st.integers(0, 99)), min_size=1))
    def test_what_is_written_is_read(self, tmp_path_factory, triplets):
        path = tmp_path_factory.mktemp("triplets") / "t.tsv"
        path.write_text("".join("\t".join(map(str, triplet)) + "\n" for triplet in triplets), encoding="utf-8")
        history = load_interactions(path)
        for row, user in enumerate(history.users):
            for column, track in enumerate(history.tracks):
                plays = sum(n for by, of, n in triplets if (by, of) == (user, track))
                assert history.interactions[row, column] == plays

    def test_bad_lines_are_named_by_number_and_fault(self, file):
        path = file("a\tx\t1\na\tx\n\tx\t1\na\t\t1\na\tx\tmany\na\tx\t-1\na\tx\tnan\n")
        with pytest.raises(
            ValueError, match="6 bad lines: line 2: 2 columns in place of 3; line 3: no user; line 4: no"
        ):
            load_interactions(path)
        history = load_interactions(path, on_bad_lines="skip")
        assert history.bad_lines == [2, 3, 4, 5, 6, 7]
        np.testing.assert_array_equal(history.interactions.toarray(), [[1]])

    @pytest.mark.parametrize(
        ("text", "name", "message"),
        [
            ("", "t.txt", "must hold at least one line, it has none"),
            (b"a\tx\t1\n\xff\xfe\t1\t1\n", "t.txt", "must be UTF-8"),
        ],
    )
    def test_a_file_that_is_none_is_named(self, file, text, name, message):
        with pytest.raises(ValueError, match=message):
            load_interactions(file(text, name))

    def test_what_is_not_gzip_and_what_ends_too_early_is_named(self, tmp_path):
        path = tmp_path / "t.txt.gz"
        path.write_text(TRIPLETS)
        with pytest.raises(ValueError, match="gzip"):
            load_interactions(path)
        path.write_bytes(gzip.compress(TRIPLETS.encode())[:-12])
        with pytest.raises(ValueError, match="gzip"):
            load_interactions(path)

    def test_a_gzip_file_that_is_damaged_in_the_middle_is_named(self, tmp_path):
        path = tmp_path / "t.txt.gz"
        content = bytearray(gzip.compress(np.random.default_rng(0).bytes(50_000).hex().encode()))
        content[2000:2006] = b"\xff" * 6
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"t\.txt\.gz' must be UTF-8, or gzip .*invalid distance"):
            load_interactions(path)

    def test_tracks_that_the_file_has_not_are_no_history(self, file):
        with pytest.raises(ValueError, match="one line of the tracks asked for"):
            load_interactions(file(TRIPLETS), tracks=["SONEVER"])

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"columns": ("user", "song")}, "columns must name 'user' and 'track'"),
            ({"columns": ("user", "track", "track")}, "once each"),
            ({"separator": ""}, "separator must be"),
            ({"skip_rows": -1}, "skip_rows must be an int from 0 on, got -1"),
            ({"on_bad_lines": "warn"}, "on_bad_lines must be"),
            ({"tracks": []}, "tracks must hold at least one id"),
            ({"tracks": 5}, "tracks must hold at least one id, and each once, got 5"),
            ({"tracks": ["a", "a"]}, "each once"),
        ],
    )
    def test_a_parameter_that_makes_no_sense_is_named(self, file, options, message):
        with pytest.raises(ValueError, match=message):
            load_interactions(file(TRIPLETS), **options)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
            load_interactions(tmp_path / "nothing.txt")


def test_plays_are_finite_numbers(tmp_path):
    path = tmp_path / "plays.txt"
    path.write_text("ann\tx\t1e308\nann\tx\t1e308\n")
    with pytest.raises(ValueError, match="must hold plays whose sums are finite"):
        load_interactions(path)
    path.write_text("ann\tx\t1_000\n")
    with pytest.raises(ValueError, match="plays must be a number from 0 on, got '1_000'"):
        load_interactions(path)


@pytest.mark.parametrize("columns", [None, 3, ("user", ["track"]), "user"])
def test_columns_that_are_no_names_are_named(tmp_path, columns):
    with pytest.raises(ValueError, match="columns must name 'user' and 'track'"):
        load_interactions(tmp_path, columns=columns)


def test_what_is_never_heard_by_chance_is_no_trouble(embeddings, recwarn):
    history = make_listening_history(embeddings, n_users=5, popularity_exponent=500, random_state=0)
    assert history.interactions.nnz > 0
    assert not recwarn.list


def test_tracks_in_a_table_are_those_of_its_only_column(tmp_path):
    path = tmp_path / "triplets.txt"
    path.write_text("ann\t5\t1\nann\t6\t2\nbob\t7\t1\n")
    for tracks in (pd.DataFrame({"id": [5, 6]}), pd.DataFrame({"5": [5, 6]}), np.array([["5"], ["6"]])):
        assert load_interactions(path, tracks=tracks).tracks.tolist() == ["5", "6"]
    with pytest.raises(ValueError, match=r"tracks must be one column, got shape \(1, 2\)"):
        load_interactions(path, tracks=np.array([["5", "6"]]))
