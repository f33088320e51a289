"""A collection that changes while it serves, is saved, and is shared by processes."""

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer

from skgenre import EmbeddingRecommender
from skgenre.neighbors import RecallWarning
from skgenre.recommend import _catalogue

each_algorithm = pytest.mark.parametrize("algorithm", ["brute", "annoy", "hnsw"])
HUBNESS = [None, "mutual_proximity", "local_scaling"]


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((80, 6)).astype(np.float32)


def names(*rows):
    return [f"track {row}" for row in rows]


def fitted(X, algorithm="brute", **options):
    pytest.importorskip({"hnsw": "voyager"}.get(algorithm, "numpy"))
    recommender = EmbeddingRecommender(algorithm=algorithm, random_state=0, **options)
    return recommender.fit(X, track_ids=names(*range(len(X))))


def state(recommender):
    return (
        recommender.track_ids_.tolist(),
        recommender.embeddings_.tolist(),
        recommender.kneighbors(None, 3)[1].tolist(),
    )


def is_mapped(array):
    """Return whether an array lies in a file that is mapped into memory."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


class TestAdding:
    @each_algorithm
    def test_added_tracks_are_found_as_if_fitted_at_once(self, X, algorithm):
        whole = fitted(X)
        grown = fitted(X[:50], algorithm)
        assert grown.partial_fit(X[50:70], track_ids=names(*range(50, 70))) is grown
        grown.partial_fit(X[70:], track_ids=names(*range(70, 80)))
        assert state(grown)[:2] == state(whole)[:2]
        found, expected = grown.kneighbors(X, 5)[1], whole.kneighbors(X, 5)[1]
        assert np.mean(found == expected) > 0.9
        assert grown.n_samples_fit_ == 80

    def test_the_first_call_fits(self, X):
        recommender = EmbeddingRecommender().partial_fit(X[:40], groups=range(40), metadata={"year": range(40)})
        recommender.partial_fit(X[40:], groups=range(40, 80), metadata={"year": range(40, 80)})
        assert recommender.track_ids_.tolist() == list(range(80))
        assert set(recommender.recommend(0, n=5, where={"year": range(75, 80)})[0]) == {75, 76, 77, 78, 79}

    def test_numbers_are_never_given_twice(self, X):
        recommender = EmbeddingRecommender().fit(X[:5]).remove([3, 4]).partial_fit(X[5:7])
        assert recommender.track_ids_.tolist() == [0, 1, 2, 5, 6]

    def test_unknown_numbers_of_an_array_are_named_as_plain_ones(self, X):
        recommender = EmbeddingRecommender().fit(X)
        with pytest.raises(ValueError, match="track_ids must be in the collection, got 99"):
            recommender.remove(np.array([99]))
        with pytest.raises(ValueError, match="liked must be among the track_ids where embedder is None, got 99"):
            recommender.recommend(np.int64(99))

    def test_numbers_go_on_after_the_greatest_that_was_given(self, X):
        recommender = EmbeddingRecommender().fit(X[:3]).partial_fit(X[3:6], track_ids=[7, 3, "a"]).remove(7)
        recommender.replace(X[:1], track_ids=[1])
        assert recommender.partial_fit(X[6:8]).track_ids_.tolist() == [0, 2, 3, "a", 1, 8, 9]

    def test_open_files_are_numbered_on(self):
        embedder = FunctionTransformer(lambda files: np.array([[1.0, file.read()[0]] for file in files]))
        recommender = EmbeddingRecommender(embedder).fit([io.BytesIO(b"a"), io.BytesIO(b"b")])
        assert recommender.partial_fit([io.BytesIO(b"c")]).track_ids_.tolist() == [0, 1, 2]

    def test_paths_are_their_own_ids(self):
        def listen(paths):
            return np.array([[np.cos(turn), np.sin(turn)] for turn in (float(Path(path).stem) for path in paths)])

        recommender = EmbeddingRecommender(FunctionTransformer(listen)).fit(["0.mp3", "1.mp3"])
        recommender.partial_fit("0.1.mp3")
        assert recommender.recommend("0.mp3", n=1)[0] == ["0.1.mp3"]
        recommender.replace(["2.mp3"], track_ids=["0.1.mp3"])
        assert recommender.recommend("0.mp3", n=1)[0] == ["1.mp3"]

    def test_one_track_may_join_another(self, X):
        recommender = fitted(X[:1])
        assert recommender.partial_fit(X[1:2], track_ids=names(1)).recommend("track 0", n=1)[0] == names(1)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"track_ids": ["track 0", "new"]}, ValueError, "track_ids must be new, got 'track 0', which replace"),
            ({"track_ids": ["new", "new"]}, ValueError, "track_ids must be unique"),
            ({"track_ids": ["new"]}, ValueError, "track_ids must hold one id per track, got 1 for 2 tracks"),
            ({"track_ids": [["a"], ["b"]]}, TypeError, "track_ids must be hashable"),
            ({}, ValueError, "track_ids must be given, as in fit"),
            ({"track_ids": ["a", "b"], "groups": ["x", "y"]}, ValueError, "groups must not be given, as in fit"),
            (
                {"track_ids": ["a", "b"], "metadata": {"year": [1, 2]}},
                ValueError,
                r"must have the columns \[\] as in fit",
            ),
            (
                {"X": [[1.0, 2.0]], "track_ids": ["a"]},
                ValueError,
                "X has 2 features, but EmbeddingRecommender is expect",
            ),
            ({"X": [[np.nan] * 6], "track_ids": ["a"]}, ValueError, "contains NaN"),
        ],
    )
    def test_what_fails_leaves_the_collection_as_it_was(self, X, arguments, error, message):
        recommender = fitted(X)
        before = state(recommender)
        with pytest.raises(error, match=message):
            recommender.partial_fit(**{"X": X[:2], **arguments})
        assert state(recommender) == before

    @pytest.mark.parametrize("hubness", HUBNESS)
    def test_a_backend_that_dies_while_adding_loses_nothing(self, X, hubness, monkeypatch):
        recommender = fitted(X, hubness=hubness)
        before = state(recommender)

        def die(*_, **__):
            raise ConnectionError("the server is down")

        for name in ("add", "remove"):
            with monkeypatch.context() as patch:
                patch.setattr(recommender.index_, name, die)
                with pytest.raises(ConnectionError, match="the server is down"):
                    recommender.replace(X[:2], track_ids=names(0, 1))
            assert state(recommender) == before
        assert recommender.partial_fit(X[:1] + 1, track_ids=["new"]).track_ids_[-1] == "new"
        assert "new" in recommender.recommend("track 0", n=80)[0]

    @pytest.mark.parametrize("hubness", HUBNESS)
    def test_who_interrupts_a_change_loses_nothing_and_ids_keep_to_their_tracks(self, X, hubness, monkeypatch):
        recommender = fitted(X, hubness=hubness)
        before = state(recommender)

        def interrupt(*_, **__):
            monkeypatch.undo()
            raise KeyboardInterrupt

        monkeypatch.setattr(recommender.index_, "remove", interrupt)
        with pytest.raises(KeyboardInterrupt):
            recommender.replace(X[:2] + 1, track_ids=names(0, 1))
        assert state(recommender) == before
        recommender.partial_fit(2 * X[:1], track_ids=["new"])
        np.testing.assert_array_equal(recommender.embeddings_[-1], 2 * X[0])

    def test_ids_that_cannot_be_taken_in_leave_the_collection_as_it_was(self, X, monkeypatch):
        recommender = EmbeddingRecommender().fit(X, track_ids=names(*range(80)), metadata={"year": range(80)})
        before = state(recommender)
        with monkeypatch.context() as patch:
            patch.setattr("skgenre.recommend._catalogue._joined", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                recommender.partial_fit(X[:2] + 1, track_ids=["a", "b"], metadata={"year": [1, 2]})
        assert state(recommender) == before
        recommender.partial_fit(2 * X[:1], track_ids=["a"], metadata={"year": [1]})
        np.testing.assert_array_equal(recommender.embeddings_[-1], 2 * X[0])

    @pytest.mark.parametrize("what", ["_changes.tune_effort", "_hubness.LocalScaling.fit"])
    def test_what_fails_when_it_is_measured_anew_leaves_the_collection_as_it_was(self, X, what, monkeypatch):
        recommender = fitted(X[:20], "annoy", hubness="local_scaling")
        before = (state(recommender), recommender.effort_, recommender.recall_)

        def die(*_, **__):
            recommender.index_.effort = 99
            raise ConnectionError("the server is down")

        with monkeypatch.context() as patch:
            patch.setattr(f"skgenre.recommend.{what}", die)
            with pytest.raises(ConnectionError, match="the server is down"):
                recommender.partial_fit(X[20:], track_ids=names(*range(20, 80)))
        assert state(recommender) == before[0]
        if what == "_changes.tune_effort":
            assert (recommender.effort_, recommender.recall_) == before[1:]
        recommender.partial_fit(X[20:], track_ids=names(*range(20, 80)))
        assert state(recommender)[0] == names(*range(80))


class TestRemoving:
    @each_algorithm
    def test_removed_tracks_are_no_answer(self, X, algorithm):
        recommender = fitted(X, algorithm).remove(names(*range(0, 80, 2)))
        whole = fitted(X)
        assert recommender.track_ids_.tolist() == names(*range(1, 80, 2))
        np.testing.assert_array_equal(recommender.embeddings_, X[1::2])
        assert recommender.kneighbors()[1].max() == 39
        assert recommender.kneighbors_graph(n_neighbors=3).shape == (40, 40)
        ids, _ = recommender.recommend("track 1", n=5)
        assert list(ids) == list(whole.recommend("track 1", n=5, exclude=names(*range(0, 80, 2)))[0])

    def test_many_gaps_are_closed(self, X, monkeypatch):
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 10)
        metadata = {"number": np.arange(80)}
        recommender = EmbeddingRecommender(hubness="local_scaling").fit(X, metadata=metadata, groups=np.arange(80) % 7)
        twin = EmbeddingRecommender(hubness="local_scaling").fit(X, metadata=metadata, groups=np.arange(80) % 7)
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 1000)
        twin.remove(range(50))
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 10)
        recommender.remove(range(50))
        assert (recommender.index_.n_rows, twin.index_.n_rows) == (30, 80)
        assert state(recommender) == state(twin)
        for one in (recommender, twin):
            assert one.partial_fit(X[:1], groups=[1], metadata={"number": [80]}).track_ids_[-1] == 80
        assert recommender.recommend(60, n=3, where={"number": range(60, 81)})[0].tolist() == (
            twin.recommend(60, n=3, where={"number": range(60, 81)})[0].tolist()
        )

    @pytest.mark.parametrize("next_change", ["remove", "replace", "partial_fit"])
    def test_gaps_that_cannot_be_closed_are_closed_at_the_next_change(self, X, next_change, monkeypatch):
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 10)
        recommender = fitted(X, hubness="local_scaling")

        def die():
            raise ConnectionError("the server is down")

        with monkeypatch.context() as patch:
            patch.setattr(recommender.index_, "compact", die)
            with pytest.warns(UserWarning, match="its upkeep failed and waits for the next change: ConnectionError"):
                recommender.remove(names(*range(50)))
        assert recommender.track_ids_.tolist() == names(*range(50, 80))
        assert recommender.index_.n_rows == 80
        if next_change == "remove":
            recommender.remove(names(50))
        else:
            getattr(recommender, next_change)(X[:1], track_ids=names(79 if next_change == "replace" else 80))
        assert recommender.index_.n_rows == len(recommender.index_) == recommender.n_samples_fit_

    def test_what_a_dead_backend_kept_is_no_track_when_gaps_are_closed(self, X, monkeypatch):
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 10)
        recommender = fitted(X)

        def die(_):
            raise ConnectionError("the server is down")

        with monkeypatch.context() as patch:
            patch.setattr(recommender.index_, "remove", die)
            with pytest.raises(ConnectionError, match="the server is down"):
                recommender.replace(X[:2], track_ids=names(0, 1))
        recommender.remove(names(*range(60)))
        assert recommender.track_ids_.tolist() == names(*range(60, 80))
        assert len(recommender.index_) == 20

    def test_an_unknown_track_is_an_error_that_names_the_nearest(self, X):
        recommender = fitted(X[:3])
        before = state(recommender.partial_fit(X[3:5], track_ids=names(3, 4)))
        with pytest.raises(
            ValueError, match=r"track_ids must be in the collection, got 'trck 2'; did you mean 'track 2'"
        ):
            recommender.remove(["track 1", "trck 2"])
        with pytest.raises(ValueError, match="track_ids must be unique"):
            recommender.remove(names(1, 1))
        assert state(recommender) == before

    @each_algorithm
    def test_an_empty_collection_answers_by_an_error_and_can_be_filled(self, X, algorithm):
        recommender = fitted(X[:5], algorithm).remove(names(*range(5)))
        with pytest.raises(ValueError, match="n_neighbors must be <= 0, got 1: there are 0 tracks"):
            recommender.kneighbors(X[:1], 1)
        with pytest.raises(ValueError, match="liked must be among the track_ids"):
            recommender.recommend("track 0")
        recommender.partial_fit(X[:3], track_ids=names(*range(3)))
        assert recommender.recommend("track 0", n=2)[0].shape == (2,)

    @pytest.mark.parametrize("hubness", HUBNESS)
    def test_an_empty_collection_has_nothing_within_a_radius(self, X, hubness):
        recommender = fitted(X[:5], hubness=hubness).remove(names(*range(5)))
        assert [found.tolist() for found in recommender.radius_neighbors(X[:2], 0.5, return_distance=False)] == [[], []]
        assert recommender.radius_neighbors_graph(X[:2]).shape == (2, 0)
        assert recommender.radius_neighbors_graph().shape == (0, 0)
        with pytest.raises(ValueError, match="n_neighbors must be <= 0, got 1: there are 0 tracks"):
            recommender.kneighbors(n_neighbors=1)


class TestReplacing:
    @each_algorithm
    def test_a_track_moves_and_keeps_what_is_known_of_it(self, X, algorithm):
        pytest.importorskip({"hnsw": "voyager"}.get(algorithm, "numpy"))
        recommender = EmbeddingRecommender(algorithm=algorithm, random_state=0)
        recommender.fit(X, track_ids=names(*range(80)), metadata={"row": np.arange(80)}, groups=np.arange(80))
        recommender.replace(X[7] + [[0.001] * 6], track_ids=["track 3"])
        assert recommender.recommend("track 7", n=1)[0] == ["track 3"]
        assert recommender.recommend("track 7", n=1, where={"row": 3})[0] == ["track 3"]
        assert recommender.n_samples_fit_ == 80

    def test_silence_is_warned_of(self, X):
        with pytest.warns(UserWarning, match="the embedding of 'track 3' is zero"):
            fitted(X).replace(np.zeros((1, 6)), track_ids=["track 3"])

    def test_unknown_tracks_are_an_error(self, X):
        recommender = fitted(X)
        with pytest.raises(ValueError, match="track_ids must be in the collection, got 'new'"):
            recommender.replace(X[:1], track_ids=["new"])
        with pytest.raises(ValueError, match="track_ids must hold one id per track, got 1 for 2 tracks"):
            recommender.replace(X[:2], track_ids=["track 1"])

    def test_an_unfitted_recommender_says_so(self, X):
        for change in (EmbeddingRecommender().remove, EmbeddingRecommender().replace, EmbeddingRecommender().save):
            with pytest.raises(NotFittedError):
                change(X)


class TestRecall:
    @pytest.mark.parametrize("algorithm", ["annoy", "hnsw"])
    def test_it_is_measured_and_reached(self, algorithm):
        X = np.random.default_rng(0).standard_normal((600, 24)).astype(np.float32)
        options = {"index_params": {"n_trees": 5}} if algorithm == "annoy" else {}
        sure, hasty = fitted(X, algorithm, recall=0.99, **options), fitted(X, algorithm, recall=0.3, **options)
        assert sure.recall_ >= 0.99
        assert hasty.recall_ >= 0.3
        assert sure.effort_ >= hasty.effort_ >= 1
        exact = fitted(X).kneighbors()[1]
        assert np.mean([len(set(a) & set(b)) for a, b in zip(sure.kneighbors()[1], exact, strict=True)]) > 9.6

    def test_an_exact_search_has_no_effort(self, X):
        recommender = fitted(X)
        assert (recommender.recall_, recommender.effort_, recommender.algorithm_) == (1.0, None, "brute")

    def test_none_leaves_the_effort_alone(self, X):
        recommender = fitted(X, "annoy", recall=None, index_params={"n_trees": 2, "effort": 1})
        assert recommender.effort_ == 1
        assert np.isnan(recommender.recall_)
        assert fitted(X, recall=None).recall_ == 1

    def test_it_is_measured_anew_where_the_collection_doubles(self, X, monkeypatch):
        recommender = fitted(X[:30], "annoy")
        tuned = []
        monkeypatch.setattr("skgenre.recommend._changes.tune_effort", lambda *_, **__: tuned.append(1) or 0.97)
        recommender.partial_fit(X[30:50], track_ids=names(*range(30, 50)))
        assert not tuned
        recommender.partial_fit(X[50:], track_ids=names(*range(50, 80)))
        assert tuned
        assert recommender.recall_ == 0.97

    @pytest.mark.parametrize("change", ["replace", "remove and add"])
    def test_it_is_measured_anew_where_all_tracks_are_others(self, X, change, monkeypatch):
        recommender = fitted(X[:40], "annoy")
        monkeypatch.setattr("skgenre.recommend._changes.tune_effort", lambda *_, **__: 0.97)
        for first in (0, 20):
            assert recommender.recall_ != 0.97
            rows = range(first, first + 20)
            if change == "replace":
                recommender.replace(X[40:60], track_ids=names(*rows))
            else:
                recommender.remove(names(*rows)).partial_fit(X[40:60], track_ids=names(*range(40 + first, 60 + first)))
        assert recommender.recall_ == 0.97

    def test_what_cannot_be_reached_is_warned_of(self, X, monkeypatch):
        monkeypatch.setattr(
            "skgenre.neighbors.AnnoyIndex._search",
            lambda self, queries, points, n_asked: np.tile(np.arange(n_asked), (len(queries), 1)),
        )
        X = np.random.default_rng(0).standard_normal((300, 6))
        with pytest.warns(RecallWarning, match=r"reaches a recall of .* 0.95 was asked for"):
            assert fitted(X, "annoy").recall_ < 0.5

    def test_wrong_parameters_of_an_index_are_an_error(self, X):
        with pytest.raises(TypeError, match=r"index_params must fit algorithm='brute': .*n_trees"):
            fitted(X, index_params={"n_trees": 3})
        with pytest.raises(ValueError, match=r"'recall' parameter .* must be a float in the range \(0.0, 1.0\]"):
            fitted(X, recall=0)


class TestSaving:
    @each_algorithm
    @pytest.mark.parametrize("mmap", [False, True])
    def test_what_was_saved_gives_the_same_answers(self, X, algorithm, mmap, tmp_path):
        recommender = fitted(X, algorithm, hubness="mutual_proximity").remove(names(5))
        recommender.save(tmp_path / "saved")
        loaded = EmbeddingRecommender.load(tmp_path / "saved", mmap=mmap)
        assert state(loaded) == state(recommender)
        assert loaded.get_params() == recommender.get_params()
        np.testing.assert_array_equal(loaded.recommend("track 1", n=9)[1], recommender.recommend("track 1", n=9)[1])
        if algorithm == "brute":
            assert is_mapped(loaded.index_.vectors) is mmap
        again = pickle.loads(pickle.dumps(loaded))
        assert state(again.partial_fit(X[:1], track_ids=["new"])) == state(
            recommender.partial_fit(X[:1], track_ids=["new"])
        )

    def test_the_embedder_is_saved_with_it(self, tmp_path):
        recommender = EmbeddingRecommender(FunctionTransformer(np.abs)).fit([[1.0, -1.0], [2.0, -3.0], [0.0, 1.0]])
        recommender.save(tmp_path)
        np.testing.assert_array_equal(EmbeddingRecommender.load(tmp_path).kneighbors([[-1.0, 1.0]], 1)[1], [[0]])

    def test_processes_share_one_mapped_index(self, X, tmp_path):
        fitted(X).save(tmp_path)
        code = "import sys; from skgenre import EmbeddingRecommender as R; import numpy as np\n"
        code += "r = R.load(sys.argv[1]); print(list(r.recommend('track 1', n=3)[0]))\n"
        runs = [
            subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        expected = str(EmbeddingRecommender.load(tmp_path).recommend("track 1", n=3)[0].tolist())
        assert [run.communicate(timeout=120)[0].strip() for run in runs] == [expected] * 2

    def test_who_has_loaded_it_keeps_it_when_it_is_saved_anew(self, X, tmp_path):
        recommender = fitted(X)
        recommender.save(tmp_path)
        old = EmbeddingRecommender.load(tmp_path)
        before = state(old)
        recommender.remove(names(*range(40))).save(tmp_path)
        assert state(old) == before
        assert EmbeddingRecommender.load(tmp_path).n_samples_fit_ == 40

    @pytest.mark.parametrize("moment", ["joblib.dump", "os.replace", "numpy.save"])
    def test_a_crash_in_the_middle_leaves_the_old_state_whole(self, X, tmp_path, moment):
        recommender = fitted(X)
        recommender.save(tmp_path)
        joblib.dump(recommender.remove(names(*range(40))), tmp_path.parent / "new.joblib")
        code = "import joblib, numpy, os, sys\nrecommender = joblib.load(sys.argv[2])\n"
        code += f"{moment} = lambda *_, **__: os._exit(9)\nrecommender.save(sys.argv[1])\n"
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), str(tmp_path.parent / "new.joblib")], check=False
        )
        assert run.returncode == 9
        assert EmbeddingRecommender.load(tmp_path).n_samples_fit_ == 80
        recommender.save(tmp_path)
        assert EmbeddingRecommender.load(tmp_path).n_samples_fit_ == 40
        assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1

    def test_what_cannot_be_saved_leaves_the_old_state_whole(self, X, tmp_path):
        recommender = fitted(X)
        recommender.save(tmp_path)
        recommender.embedder_ = io.StringIO()
        recommender.embedder_.hook = lambda: None
        with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
            recommender.save(tmp_path)
        assert EmbeddingRecommender.load(tmp_path).n_samples_fit_ == 80

    def test_a_damaged_file_is_named(self, X, tmp_path):
        fitted(X).save(tmp_path)
        files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")]
        assert len(files) >= 4
        for path in files:
            content = path.read_bytes()
            for damaged in (content[:-7], content[:20] + bytes([content[20] ^ 255]) + content[21:]):
                path.write_bytes(damaged)
                with pytest.raises(ValueError, match=path.name):
                    EmbeddingRecommender.load(tmp_path)
            path.write_bytes(content)
        os.remove(next(path for path in files if path.suffix == ".joblib"))
        with pytest.raises(ValueError, match="is missing"):
            EmbeddingRecommender.load(tmp_path)

    def test_a_foreign_folder_is_named(self, X, tmp_path):
        with pytest.raises(FileNotFoundError, match="nothing was saved in"):
            EmbeddingRecommender.load(tmp_path)
        recommender = fitted(X)
        recommender.index_.save(tmp_path)
        with pytest.raises(ValueError, match="holds a saved index, not recommender"):
            EmbeddingRecommender.load(tmp_path)
        with pytest.raises(ValueError, match="holds a saved index, not recommender"):
            recommender.save(tmp_path)


class TestMilvus:
    @pytest.fixture
    def options(self, tmp_path):
        pytest.importorskip("pymilvus")
        pytest.importorskip("milvus_lite")
        return {"algorithm": "milvus", "index_params": {"uri": str(tmp_path / "tracks.db")}, "random_state": 0}

    def test_a_file_of_milvus_lite_gives_the_exact_answers_and_changes(self, X, options, tmp_path):
        metadata = {"even": np.arange(40) % 2 == 0}
        assert EmbeddingRecommender(**options).fit(X).recall_ >= 0.95
        recommender = EmbeddingRecommender(**options, recall=None)
        recommender.fit(X[:40], track_ids=names(*range(40)), metadata=metadata)
        exact = EmbeddingRecommender().fit(X[:40], track_ids=names(*range(40)), metadata=metadata)
        assert recommender.algorithm_ == "milvus"
        for one in (recommender, exact):
            one.partial_fit(X[40:42], track_ids=names(40, 41), metadata={"even": [True, False]}).remove(names(0, 1))
        assert state(recommender) == state(exact)
        assert recommender.recommend("track 2", n=5, where={"even": True})[0].tolist() == (
            exact.recommend("track 2", n=5, where={"even": True})[0].tolist()
        )
        recommender.save(tmp_path / "saved")
        assert state(EmbeddingRecommender.load(tmp_path / "saved")) == state(exact)

    def test_tracks_removed_since_it_was_saved_are_left_out_with_a_warning(self, X, options, tmp_path):
        recommender = EmbeddingRecommender(**options, recall=None, hubness="local_scaling")
        recommender.fit(X[:40], np.arange(40), track_ids=names(*range(40))).save(tmp_path / "saved")
        recommender.remove(names(3, 4))
        with pytest.warns(UserWarning, match="'track 3' and 1 more left out: removed from the index, or") as warned:
            loaded = EmbeddingRecommender.load(tmp_path / "saved")
        assert [warning.filename for warning in warned] == [__file__]
        assert loaded.y_ is None
        assert state(loaded) == state(recommender)
        assert len(loaded.recommend("track 0", n=37)[0]) == 37

    def test_what_was_saved_can_be_loaded_after_most_tracks_are_removed(self, X, options, tmp_path, monkeypatch):
        monkeypatch.setattr("skgenre.recommend._changes._FEW_GAPS", 5)
        recommender = EmbeddingRecommender(**options, recall=None).fit(X[:40])
        recommender.save(tmp_path / "saved")
        recommender.remove(range(30))
        with pytest.warns(UserWarning, match="0 and 29 more left out"):
            loaded = EmbeddingRecommender.load(tmp_path / "saved")
        assert state(loaded) == state(recommender)

    def test_a_server_that_is_down_is_a_clear_error(self, X, options):
        down = {"uri": "http://127.0.0.1:1", "timeout": 0.5}
        with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1"):
            EmbeddingRecommender(**{**options, "index_params": down}).fit(X)


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("annoy", {"n_neighbors": np.int64(5)}),
        ("annoy", {"index_params": {"n_trees": np.int32(5)}}),
        ("hnsw", {"n_neighbors": np.int64(5), "index_params": {"n_links": np.int64(8)}}),
    ],
)
def test_numbers_of_numpy_are_saved_as_others(X, algorithm, options, tmp_path):
    recommender = fitted(X, algorithm, **options)
    recommender.save(tmp_path / "saved")
    again = EmbeddingRecommender.load(tmp_path / "saved")
    for one, other in zip(again.kneighbors(X), recommender.kneighbors(X), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_given_to_fit_can_change_afterwards(X):
    years, genres = np.arange(len(X)), np.arange(len(X)) % 2
    recommender = EmbeddingRecommender().fit(X, genres, metadata={"year": years})
    years[:] = genres[:] = -1
    np.testing.assert_array_equal(recommender.metadata_["year"], np.arange(len(X)))
    np.testing.assert_array_equal(recommender.y_, np.arange(len(X)) % 2)


def test_a_replacement_that_fails_leaves_the_collection_as_it_was(X, monkeypatch):
    recommender = EmbeddingRecommender(metric="euclidean").fit(X, groups=[*"abcd"] * (len(X) // 4))
    before = recommender.kneighbors(X, 3)

    def fail(*args):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(_catalogue, "_joined", fail)
        with pytest.raises(MemoryError):
            recommender.replace(X[1:2] + 9, track_ids=[0])
    for one, other in zip(recommender.kneighbors(X, 3), before, strict=True):
        np.testing.assert_array_equal(one, other)
    recommender.replace(X[1:2], track_ids=[0])
    assert recommender.recommend(1, n=1)[0].tolist() == [0]


def test_an_addition_that_fails_uses_no_numbers_up(X, monkeypatch):
    recommender = EmbeddingRecommender().fit(X[:5])

    def fail(*args):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(recommender, "_keep_up_recall", fail)
        with pytest.raises(MemoryError):
            recommender.partial_fit(X[5:7])
    assert recommender.partial_fit(X[5:7]).track_ids_.tolist() == [*range(7)]


def test_ids_that_equal_nothing_are_refused(X):
    with pytest.raises(ValueError, match="track_ids must not be missing, got nan for row 1"):
        EmbeddingRecommender().fit(X[:3], track_ids=[1.0, np.nan, 2.0])


def test_columns_of_one_name_are_refused(X):
    with pytest.raises(ValueError, match=r"metadata must have columns of different names, got \['1', '1'\]"):
        EmbeddingRecommender().fit(X[:2], metadata={1: [1, 2], "1": [3, 4]})


def test_bytes_are_one_id_and_no_list_of_numbers():
    X = np.random.default_rng(0).standard_normal((120, 4))
    numbered = EmbeddingRecommender().fit(X)
    for ask in (numbered.remove, numbered.recommend, numbered.neighbors_of, numbered.playlist):
        with pytest.raises(ValueError, match="b'ab'"):
            ask(b"ab")
    assert 97 in numbered.kneighbors(X[:1], 120, exclude=b"ab")[1]
    named = EmbeddingRecommender().fit(X, track_ids=[b"%d" % number for number in range(120)])
    assert len(named.remove(b"97").track_ids_) == 119
    assert b"97" not in named.track_ids_.tolist()


def test_ids_and_groups_in_a_table_are_those_of_its_only_column():
    X = np.random.default_rng(0).standard_normal((4, 3))
    ids, two = pd.DataFrame({"id": [7, 8, 9, 5]}), pd.DataFrame({"id": [7, 8, 9, 5], "x": 1})
    recommender = EmbeddingRecommender().fit(X, track_ids=ids, groups=ids)
    assert recommender.track_ids_.tolist() == [7, 8, 9, 5]
    assert recommender.groups_.tolist() == [7, 8, 9, 5]
    assert recommender.kneighbors(X, 2, exclude=ids[:2], return_distance=False).min() >= 2
    assert recommender.remove(np.array([[7], [9]])).track_ids_.tolist() == [8, 5]
    for wrong in ({"track_ids": two}, {"groups": two}):
        with pytest.raises(ValueError, match=rf"{next(iter(wrong))} must be one column, got shape \(4, 2\)"):
            EmbeddingRecommender().fit(X, **wrong)
    with pytest.raises(ValueError, match=r"tracks must be one column, got shape \(4, 2\)"):
        recommender.recommend(two)


def test_a_column_of_metadata_that_groups_hide_is_refused():
    with pytest.raises(ValueError, match="metadata must not have a column 'group' where groups are given"):
        EmbeddingRecommender().fit(np.eye(2), groups=["a", "b"], metadata={"group": [1, 2]})
    alone = EmbeddingRecommender().fit(np.eye(2), metadata={"group": [1, 2]})
    assert alone.recommend(0, n=1, where={"group": 2})[0] == [1]


@pytest.mark.parametrize("name", ["seed", "metric"])
def test_what_has_a_parameter_of_its_own_is_no_parameter_of_the_index(name):
    with pytest.raises(ValueError, match=f"index_params must not hold '{name}', which .* sets, got 3"):
        EmbeddingRecommender(algorithm="annoy", index_params={name: 3}).fit(np.eye(4))
