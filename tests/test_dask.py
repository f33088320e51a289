"""Extraction and searches on a dask cluster: the answers of one process, worked out in two others."""

import os
import warnings
from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster, get_task_stream
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skgenre import AudioError, AudioLoader, CNNClassifier, MelExtractor, MFCCExtractor, Waveforms

DECODE = Waveforms.decode


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Return the client of a cluster: a scheduler and two worker processes, which nobody outside can reach."""
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=tmp_path_factory.mktemp("dask"),
    )
    with cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def dask(client):
    with joblib.parallel_config(backend="dask"):
        yield


@pytest.fixture
def decoded(client, tmp_path, monkeypatch):
    """Return a function that lists what has been decoded since the test began, as pairs of process and file."""
    log = tmp_path / "decoded.log"
    log.touch()
    monkeypatch.setattr(Waveforms, "decode", DECODE)
    for run in (lambda function, path: function(path), client.run):
        run(note_decodings, log)
    return lambda: [tuple(line.split(maxsplit=1)) for line in log.read_text().splitlines()]


@pytest.fixture
def broken(tracks, tmp_path):
    """Return paths, of which the third is no audio."""
    path = tmp_path / "broken.wav"
    path.write_text("no audio")
    return [*tracks.paths[:2], str(path), *tracks.paths[2:4]]


def note_decodings(log):
    """Let this process write a line to a file for each track that it decodes."""

    def decode(self, position):
        with open(log, "a") as file:
            file.write(f"{os.getpid()} {self.paths[position]}\n")
        return DECODE(self, position)

    Waveforms.decode = decode


def loaded(paths, **params):
    return AudioLoader(duration=3.0, **params).transform(paths)


class TestExtraction:
    @pytest.mark.parametrize("extractor", [MFCCExtractor(deltas=1), MelExtractor(64)], ids=["mfcc", "mel"])
    def test_both_workers_share_the_work_and_give_the_same_bits(self, extractor, tracks, client, decoded):
        here = extractor.transform(loaded(tracks.paths))
        assert len(decoded()) == len(tracks.paths)
        with joblib.parallel_config(backend="dask"):
            there = extractor.transform(loaded(tracks.paths))
        np.testing.assert_array_equal(there, here)
        away = decoded()[len(tracks.paths) :]
        assert {int(process) for process, _ in away} == set(client.run(os.getpid).values())
        assert sorted(path for _, path in away) == sorted(tracks.paths)

    @pytest.mark.usefixtures("dask")
    def test_features_are_kept_in_a_folder_that_all_share_and_read_without_a_worker(
        self, tracks, client, decoded, tmp_path
    ):
        extractor = MFCCExtractor(memory=tmp_path / "store")
        first = extractor.transform(loaded(tracks.paths))
        assert len(decoded()) == len(tracks.paths)
        with get_task_stream(client) as stream:
            second = extractor.transform(loaded(tracks.paths[::-1]))
        assert not stream.data
        with joblib.parallel_config(backend="threading"):
            third = extractor.transform(loaded(tracks.paths))
        assert len(decoded()) == len(tracks.paths)
        np.testing.assert_array_equal(second[::-1], first)
        np.testing.assert_array_equal(third, first)

    @pytest.mark.usefixtures("dask")
    def test_the_cluster_calls_the_tasks_by_what_they_compute(self, tracks, client):
        with get_task_stream(client) as stream:
            MFCCExtractor().transform(loaded(tracks.paths))
        assert stream.data
        assert all("_compute_row" in task["key"] for task in stream.data)


class TestSearch:
    def test_scores_as_in_one_process_and_decodes_each_file_once(self, tracks, client, decoded, tmp_path):
        def search(memory):
            genre = Pipeline(
                [
                    ("load", AudioLoader(duration=3.0)),
                    ("mfcc", MFCCExtractor(memory=memory)),
                    ("net", CNNClassifier((8,), max_epochs=1, random_state=0)),
                ]
            )
            search = GridSearchCV(genre, {"net__lr": [1e-3, 1e-2]}, cv=2, error_score="raise", n_jobs=1)
            return search.fit(tracks.paths, tracks.target)

        here = search(tmp_path / "here")
        n_decoded = len(decoded())
        with joblib.parallel_config(backend="dask"):
            there = search(tmp_path / "there")
        away = decoded()[n_decoded:]
        assert sorted(path for _, path in away) == sorted(tracks.paths)
        assert str(os.getpid()) not in {process for process, _ in away}
        assert there.best_params_ == here.best_params_
        for name in (name for name in here.cv_results_ if name.endswith("test_score")):
            np.testing.assert_array_equal(there.cv_results_[name], here.cv_results_[name])


class TestErrors:
    @pytest.mark.usefixtures("dask")
    @pytest.mark.parametrize("kept", [False, True], ids=["no memory", "memory"])
    def test_a_track_that_a_worker_cannot_read_raises_here(self, broken, tmp_path, kept):
        extractor = MFCCExtractor(memory=tmp_path / "store" if kept else None)
        with pytest.raises(AudioError, match=r"broken\.wav.*not audio that libsndfile can decode") as caught:
            extractor.transform(loaded(broken))
        assert caught.value.path == broken[2]
        assert "Format not recognised" in caught.value.cause

    @pytest.mark.usefixtures("client")
    @pytest.mark.parametrize("backend", ["threading", "dask"])
    def test_silence_stands_in_with_one_warning_here_and_the_row_listed_here(self, broken, backend):
        waveforms = loaded(broken, on_error="warn", n_jobs=2)
        with joblib.parallel_config(backend=backend), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", "`apply_async` is deprecated", DeprecationWarning)  # joblib 1.5 itself
            features = MFCCExtractor().transform(waveforms)
            np.testing.assert_array_equal(MFCCExtractor().transform(waveforms), features)
        assert [str(warning.message) for warning in warned] == [f"silence stands in for a track: {waveforms.errors[2]}"]
        assert list(waveforms.errors) == [2]
        good = loaded([path for path in broken if path != broken[2]])
        np.testing.assert_array_equal(np.delete(features, 2, axis=0), MFCCExtractor().transform(good))
        np.testing.assert_array_equal(features[[2]], MFCCExtractor().transform(np.zeros((1, 3 * 22050))))

    @pytest.mark.usefixtures("dask")
    def test_open_files_are_called_by_their_row(self, broken):
        with pytest.raises(AudioError, match=r"<bytes>.*\(row 2\)"):
            MFCCExtractor().transform(loaded([BytesIO(Path(path).read_bytes()) for path in broken]))

    @pytest.mark.usefixtures("dask")
    def test_rows_that_fail_are_listed_where_the_whole_is_stacked(self, broken):
        waveforms = loaded(broken, on_error="warn")
        with pytest.warns(UserWarning, match="silence stands in for a track"):
            assert not np.asarray(waveforms)[2].any()
        assert list(waveforms.errors) == [2]
