"""Features computed once: shared by threads, processes and runs, whole or not there, and never out of date."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skgenre import AudioError, AudioLoader, CNNClassifier, MelExtractor, MFCCExtractor
from skgenre._store import ArrayStore
from skgenre._threads import one_blas_thread

RATE = 16000


@pytest.fixture
def paths(tmp_path):
    """Return ten short tracks: five low notes, then five high ones."""
    rng = np.random.default_rng(0)
    paths = []
    for track in range(10):
        samples = np.sin((0.05 if track < 5 else 0.9) * np.arange(RATE)) + 0.1 * rng.standard_normal(RATE)
        paths.append(str(tmp_path / f"{track}.wav"))
        soundfile.write(paths[-1], 0.5 * samples, RATE)
    return paths


@pytest.fixture
def decoded(tmp_path):
    """Return a function that tells which files have been decoded, in this process and in workers."""
    log = tmp_path / "decoded.log"
    return lambda: log.read_text().splitlines() if log.exists() else []


class Logging(AudioLoader):
    """A loader whose waveforms note each decoding in a file beside the track, which worker processes share."""

    def transform(self, X):
        waveforms = super().transform(X)
        waveforms.__class__ = LoggingWaveforms
        return waveforms


class LoggingWaveforms(type(AudioLoader().transform([np.zeros(8)]))):
    def decode(self, position):
        path = Path(self.paths[position])
        with path.with_name("decoded.log").open("a") as log:
            log.write(path.name + "\n")
        return super().decode(position)


def loaded(paths, **params):
    return Logging(RATE, duration=0.5, **params).transform(paths)


class TestMemory:
    def test_a_second_run_decodes_nothing_and_gives_the_same(self, paths, decoded, tmp_path):
        extractor = MFCCExtractor(memory=tmp_path / "store")
        first = extractor.transform(loaded(paths))
        assert sorted(decoded()) == [f"{track}.wav" for track in range(10)]
        second = extractor.transform(loaded(paths[::-1]))
        assert len(decoded()) == 10
        np.testing.assert_array_equal(second[::-1], first)
        np.testing.assert_array_equal(first, MFCCExtractor().transform(loaded(paths)))

    def test_a_search_decodes_each_file_once(self, paths, decoded, tmp_path):
        model = Pipeline(
            [
                ("load", Logging(RATE, duration=0.5)),
                ("mel", MelExtractor(16, memory=str(tmp_path / "store"))),
                ("net", CNNClassifier((8,), max_epochs=1, random_state=0)),
            ]
        )
        grid = {"net__lr": [1e-4, 3e-4, 1e-3, 3e-3], "net__dropout": [0.0, 0.3]}
        search = GridSearchCV(model, grid, cv=5, n_jobs=2, error_score="raise")
        search.fit(paths, ["low"] * 5 + ["high"] * 5).predict(paths)
        assert sorted(decoded()) == [f"{track}.wav" for track in range(10)]

    def test_threads_at_once_compute_an_entry_once(self, tmp_path):
        computed = []

        def compute():
            computed.append(1)
            time.sleep(0.2)
            return np.arange(3)

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: ArrayStore(tmp_path).fetch("key", compute), range(8)))
        assert len(computed) == 1
        assert [result.tolist() for result in results] == [[0, 1, 2]] * 8

    @pytest.mark.parametrize("change", [{"n_mfcc": 12}, {"n_mels": 64}, {"hop_length": 256}, {"deltas": 1}])
    def test_other_parameters_are_another_entry(self, paths, decoded, tmp_path, change):
        store = tmp_path / "store"
        MFCCExtractor(memory=store).transform(loaded(paths[:1]))
        changed = MFCCExtractor(memory=store, **change).transform(loaded(paths[:1]))
        assert len(decoded()) == 2
        np.testing.assert_array_equal(changed, MFCCExtractor(**change).transform(loaded(paths[:1])))

    def test_another_part_of_the_track_is_another_entry(self, paths, decoded, tmp_path):
        for offset in (0.0, 0.25):
            MFCCExtractor(memory=tmp_path / "store").transform(loaded(paths[:1], offset=offset))
        assert len(decoded()) == 2

    def test_threads_and_progress_bars_are_not(self, paths, decoded, tmp_path):
        MFCCExtractor(memory=tmp_path / "store").transform(loaded(paths))
        MFCCExtractor(memory=tmp_path / "store", n_jobs=2, verbose=True).transform(loaded(paths))
        assert len(decoded()) == 10

    def test_a_rewritten_file_is_computed_again(self, paths, tmp_path):
        extractor = MFCCExtractor(memory=tmp_path / "store")
        waveforms = loaded(paths[:1])
        before = extractor.transform(waveforms)
        soundfile.write(paths[0], np.random.default_rng(1).uniform(-0.5, 0.5, RATE), RATE)
        os.utime(paths[0], ns=(0, time.time_ns() + 10**9))
        after = extractor.transform(waveforms)
        assert not np.allclose(before, after)
        np.testing.assert_array_equal(after, MFCCExtractor().transform(loaded(paths[:1])))

    def test_silence_for_a_broken_file_is_not_kept(self, paths, tmp_path):
        good = Path(paths[0]).read_bytes()
        Path(paths[0]).write_text("no audio")
        stat = os.stat(paths[0])
        extractor = MFCCExtractor(memory=tmp_path / "store")
        with pytest.warns(UserWarning, match="silence stands in"):
            silence = extractor.transform(loaded(paths[:1], on_error="warn"))
        Path(paths[0]).write_bytes(good)
        os.utime(paths[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert not np.allclose(extractor.transform(loaded(paths[:1])), silence)

    def test_a_joblib_memory_does_too_and_can_be_bounded(self, paths, decoded, tmp_path):
        memory = joblib.Memory(tmp_path / "store", verbose=0)
        for _ in range(2):
            MFCCExtractor(memory=memory).transform(loaded(paths))
        assert len(decoded()) == 10
        memory.reduce_size(items_limit=4)
        MFCCExtractor(memory=memory).transform(loaded(paths))
        assert len(decoded()) == 16

    def test_equal_numbers_of_other_types_are_the_same_entry(self, paths, decoded, tmp_path):
        store, loader = tmp_path / "store", {"duration": 1, "offset": 0}
        for numbers in (float, int, np.float64):
            waveforms = Logging(RATE, **{name: numbers(value) for name, value in loader.items()}).transform(paths[:1])
            MFCCExtractor(fmin=numbers(0), fmax=numbers(RATE / 2), memory=store, out=tmp_path).transform(waveforms)
        MFCCExtractor(memory=store, out=tmp_path).transform(waveforms)  # fmax=None is half the sample rate
        assert decoded() == ["0.wav"]
        assert len(list(tmp_path.glob("*.npy"))) == 1

    def test_the_content_of_a_track_is_not_written_beside_its_features(self, tmp_path):
        samples = np.random.default_rng(0).standard_normal(RATE)
        for _ in range(2):
            MFCCExtractor(memory=tmp_path).transform([samples, -samples])
        entries = list(tmp_path.rglob("metadata.json"))
        assert len(entries) == 2
        assert all(entry.stat().st_size < 2000 for entry in entries)

    def test_where_nothing_can_be_stored_all_is_computed_once_with_a_warning(self, tmp_path):
        computed, store = [], ArrayStore(tmp_path)
        (tmp_path / "skgenre-locks").write_text("no folder")
        with pytest.warns(UserWarning, match="nothing is stored in memory='.*exists"):
            assert store.fetch("key", lambda: computed.append(1) or np.arange(3)).tolist() == [0, 1, 2]
        assert computed == [1]

    def test_on_a_full_disk_all_is_computed_once(self, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        computed, store = [], ArrayStore(tmp_path)
        monkeypatch.setattr("joblib.numpy_pickle.dump", full)
        with pytest.warns(Warning, match="Unable to cache to disk.*No space left"):
            assert store.fetch("key", lambda: computed.append(1) or np.arange(3)).tolist() == [0, 1, 2]
        assert computed == [1]

    def test_a_memory_without_a_folder_keeps_nothing(self, paths, decoded):
        for _ in range(2):
            MFCCExtractor(memory=joblib.Memory(None)).transform(loaded(paths[:1]))
        assert len(decoded()) == 2


class TestDamage:
    @pytest.mark.parametrize("damage", ["cut", "empty", "flip"])
    def test_a_damaged_entry_is_computed_again_with_a_warning(self, tmp_path, damage):
        expected = np.random.default_rng(0).random(1000)
        store = ArrayStore(tmp_path)
        store.fetch("key", lambda: expected)
        (entry,) = tmp_path.rglob("output.pkl")
        content = bytearray(entry.read_bytes())
        middle = len(content) // 2
        content[middle] ^= 0xFF
        entry.write_bytes({"cut": content[:middle], "empty": b"", "flip": content}[damage])
        with pytest.warns(UserWarning, match="a stored entry is damaged and computed again"):
            np.testing.assert_array_equal(store.fetch("key", lambda: expected), expected)
        np.testing.assert_array_equal(store.fetch("key", lambda: 0), expected)

    def test_a_process_killed_while_it_writes_leaves_no_wrong_entry(self, tmp_path):
        code = (
            "import sys, numpy as np\n"
            "from skgenre._store import ArrayStore\n"
            "store = ArrayStore(sys.argv[1])\n"
            "print('ready', flush=True)\n"
            "for key in range(10**6):\n"
            "    store.fetch(key, lambda: np.full(300_000, key))\n"
        )
        for delay in (0.05, 0.15, 0.3):
            with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
        store = ArrayStore(tmp_path)
        n_entries = len(list(tmp_path.rglob("output.pkl")))
        assert n_entries > 0
        for key in range(n_entries + 1):
            np.testing.assert_array_equal(store.fetch(key, lambda key=key: np.full(300_000, key)), key)

    def test_two_processes_fill_the_same_store_at_once(self, paths, decoded, tmp_path):
        def features():
            return MFCCExtractor(memory=tmp_path / "store").transform(loaded(paths))

        results = joblib.Parallel(n_jobs=2)(joblib.delayed(features)() for _ in range(4))
        assert sorted(decoded()) == [f"{track}.wav" for track in range(10)]
        for result in results:
            np.testing.assert_array_equal(result, results[0])


class TestOut:
    def test_the_features_are_those_in_memory_but_mapped_from_one_file(self, paths, tmp_path):
        features = MFCCExtractor(out=tmp_path / "out").transform(loaded(paths))
        np.testing.assert_array_equal(features, MFCCExtractor().transform(loaded(paths)))
        assert isinstance(features.base.base, np.memmap)
        assert not features.flags.writeable
        assert len(list((tmp_path / "out").glob("*.npy"))) == 1

    def test_the_file_is_used_again_by_a_clone_and_not_for_other_tracks_or_parameters(self, paths, decoded, tmp_path):
        for _ in range(2):
            MFCCExtractor(out=tmp_path / "out").transform(loaded(paths))
        assert len(decoded()) == 10
        MFCCExtractor(out=tmp_path / "out").transform(loaded(paths[:5]))
        MFCCExtractor(12, out=tmp_path / "out").transform(loaded(paths))
        assert len(list((tmp_path / "out").glob("*.npy"))) == 3

    def test_a_net_learns_from_it_as_from_memory(self, paths, tmp_path):
        def answers(**params):
            X = MFCCExtractor(**params).transform(loaded(paths))
            net = CNNClassifier((8,), max_epochs=2, random_state=0).fit(X, ["low"] * 5 + ["high"] * 5)
            return net.predict_proba(X)

        np.testing.assert_array_equal(answers(out=tmp_path / "out"), answers())

    def test_an_error_midway_leaves_no_file_that_looks_finished(self, paths, tmp_path):
        content = Path(paths[-1]).read_bytes()
        Path(paths[-1]).write_text("no audio")
        extractor = MFCCExtractor(out=tmp_path / "out")
        with pytest.raises(ValueError, match=r"9\.wav"):
            extractor.transform(loaded(paths))
        assert not list((tmp_path / "out").glob("*.npy"))
        Path(paths[-1]).write_bytes(content)
        assert extractor.transform(loaded(paths)).shape[0] == 10

    @pytest.mark.parametrize("damage", ["cut", "empty", "text"])
    def test_a_damaged_file_is_computed_again_with_a_warning(self, paths, tmp_path, damage):
        extractor = MFCCExtractor(out=tmp_path / "out")
        expected = np.array(extractor.transform(loaded(paths)))
        (file,) = (tmp_path / "out").glob("*.npy")
        file.write_bytes({"cut": file.read_bytes()[:999], "empty": b"", "text": b"no array"}[damage])
        with pytest.warns(UserWarning, match=r"a stored file is damaged and computed again .*\.npy"):
            np.testing.assert_array_equal(extractor.transform(loaded(paths)), expected)
        np.testing.assert_array_equal(extractor.transform(loaded(paths)), expected)

    def test_a_file_of_other_contents_is_computed_again_with_a_warning(self, paths, tmp_path):
        extractor = MFCCExtractor(out=tmp_path / "out")
        expected = np.array(extractor.transform(loaded(paths)))
        (file,) = (tmp_path / "out").glob("*.npy")
        for content in (expected[1:], expected.astype(np.float64)):
            np.save(file, content)
            with pytest.warns(UserWarning, match="damaged and computed again .it holds .* not float32 of 10 rows"):
                np.testing.assert_array_equal(extractor.transform(loaded(paths)), expected)

    def test_a_whole_file_is_read_where_nothing_can_be_written(self, paths, tmp_path, monkeypatch):
        extractor = MFCCExtractor(out=tmp_path / "out")
        expected = np.array(extractor.transform(loaded(paths)))

        def read_only(*_, **__):
            raise PermissionError("read-only")

        for name in ("skgenre._store.locked", "pathlib.Path.mkdir"):
            monkeypatch.setattr(name, read_only)
        np.testing.assert_array_equal(extractor.transform(loaded(paths)), expected)

    def test_tracks_of_their_own_length_are_an_error(self, paths, tmp_path):
        with pytest.raises(ValueError, match=r"out needs tracks of equal length: set AudioLoader\(duration"):
            MFCCExtractor(out=tmp_path).transform(AudioLoader().transform(paths))


def test_silence_that_stands_in_for_a_track_is_told_each_time_a_file_of_out_is_used(paths, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no audio")
    tracks, out = [paths[0], str(broken)], tmp_path / "out"

    def transform(on_error):
        waveforms = AudioLoader(duration=0.5, on_error=on_error).transform(tracks)
        return MFCCExtractor(out=out).transform(waveforms), waveforms.errors

    for _ in range(2):
        with pytest.warns(UserWarning, match=r"broken\.wav"):
            features, errors = transform("warn")
        assert features.shape[0] == 2
        assert list(errors) == [1]
    with pytest.raises(AudioError, match=r"broken\.wav"):
        transform("raise")


def test_a_full_disk_is_an_error_and_leaves_no_file(paths, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        MFCCExtractor(out=tmp_path / "out").transform(loaded(paths))
    assert not list((tmp_path / "out").glob("*.partial"))
    monkeypatch.undo()
    assert len(MFCCExtractor(out=tmp_path / "out").transform(loaded(paths))) == len(paths)


def test_an_error_of_whoever_takes_the_rows_ends_what_gives_them(paths, tmp_path, monkeypatch):
    """While somebody keeps the error, as an interactive session does, other fits would wait for the processor."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left") as kept:
        MFCCExtractor(out=tmp_path / "out", n_jobs=2).transform(loaded(paths))
    free = threading.Event()

    def wait_for_turn():
        with one_blas_thread(alone=True):
            free.set()

    threading.Thread(target=wait_for_turn, daemon=True).start()
    assert free.wait(10)
    assert kept.value.errno == errno.ENOSPC


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_mount_without_locks_stores_all_the_same(paths, decoded, tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    extractor = MFCCExtractor(memory=tmp_path / "store", out=tmp_path / "out")
    first, second = (extractor.transform(loaded(paths)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, MFCCExtractor(memory=tmp_path / "store").transform(loaded(paths)))
    assert len(decoded()) == len(paths)
    assert [path.suffix for path in (tmp_path / "out").iterdir() if path.suffix != ".lock"] == [".npy"]


@pytest.mark.parametrize("name", ["file", "file/folder"])
@pytest.mark.parametrize("parameter", ["memory", "out"])
def test_a_file_where_a_folder_should_be_is_an_error(paths, tmp_path, parameter, name):
    (tmp_path / "file").write_text("music")
    with pytest.raises(ValueError, match=f"{parameter} must be a folder, or where one can be made, got '.*{name}'"):
        MFCCExtractor(**{parameter: tmp_path / name}).transform(loaded(paths))
    assert (tmp_path / "file").read_text() == "music"


def test_a_run_that_fails_leaves_no_part_of_its_file(tracks, tmp_path):
    (tmp_path / "text.wav").write_text("no music")
    waveforms = AudioLoader(duration=1).transform([*tracks.paths[:2], tmp_path / "text.wav"])
    with pytest.raises(AudioError):
        MFCCExtractor(out=tmp_path / "out").transform(waveforms)
    assert {path.suffix for path in (tmp_path / "out").iterdir()} <= {".lock"}


def test_a_folder_behind_a_link_is_the_folder_that_it_leads_to(tracks, tmp_path):
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "x" / "y")
    for row, folder in enumerate((tmp_path, tmp_path / "x")):
        y = AudioLoader(duration=1).transform(tracks.paths)[row]
        soundfile.write(folder / "song.wav", y, 22050)
        os.utime(folder / "song.wav", (1, 1))
    paths = [str(tmp_path / "song.wav"), f"{tmp_path}/link/../song.wav"]
    waveforms = AudioLoader(duration=1).transform(paths)
    stored = MFCCExtractor(memory=tmp_path / "memory").transform(waveforms)
    np.testing.assert_array_equal(stored, MFCCExtractor().transform(waveforms))
    assert np.abs(stored[0] - stored[1]).max() > 1


def test_silence_is_not_kept_for_a_track_that_can_be_read_after_all(tracks, tmp_path):
    song, whole = tmp_path / "song.wav", Path(tracks.paths[1]).read_bytes()
    paths, found = [tracks.paths[0], song], []
    for content in (bytes(len(whole)), whole):
        song.write_bytes(content)
        os.utime(song, (1, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            waveforms = AudioLoader(duration=1, on_error="warn").transform(paths)
            found.append(np.array(MFCCExtractor(out=tmp_path / "out").transform(waveforms)))
    expected = MFCCExtractor().transform(AudioLoader(duration=1).transform(paths))
    np.testing.assert_array_equal(found[1], expected)
    np.testing.assert_array_equal(found[0][0], expected[0])
    assert np.abs(found[0][1] - expected[1]).max() > 1
    assert [path.suffix for path in (tmp_path / "out").iterdir() if path.suffix != ".lock"] == [".npy"]
