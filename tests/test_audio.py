"""From files to waveforms: what a user hears, pays and may rely on."""

import io
import os
import pickle
import sys
import tracemalloc
import warnings
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from sklearn.model_selection import KFold, train_test_split
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing

from skgenre import AudioError, AudioLoader, FrameStatistics, MFCCExtractor, Waveforms
from skgenre.audio._blocks import LEAD

SUBTYPES = {"wav": "PCM_16", "flac": "PCM_16", "ogg": "VORBIS", "opus": "OPUS", "mp3": "MPEG_LAYER_III"}
CONTAINERS = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "opus": "OGG", "mp3": "MP3"}


def write(path, y, rate=22050, subtype=None):
    """Write samples, one column per channel, in the format that the name of the file ends in."""
    suffix = Path(path).suffix[1:]
    soundfile.write(path, y, rate, format=CONTAINERS[suffix], subtype=subtype or SUBTYPES[suffix])
    return str(path)


def tone(seconds=1.0, rate=22050, frequency=440.0, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def noise(seconds=1.0, rate=22050, channels=1, seed=0):
    return np.random.default_rng(seed).normal(scale=0.1, size=(round(seconds * rate), channels))


@pytest.fixture
def paths(tmp_path):
    """Return three tracks of half a second, one second and one and a half."""
    return [write(tmp_path / f"{i}.wav", noise(0.5 * (i + 1), seed=i)) for i in range(3)]


class TestFormats:
    @pytest.mark.parametrize("channels", [1, 2, 6])
    @pytest.mark.parametrize(
        ("suffix", "rate"),
        [(suffix, rate) for suffix in ("wav", "flac", "ogg") for rate in (8000, 22050, 44100, 48000, 96000)]
        + [("opus", 8000), ("opus", 24000), ("opus", 48000)]
        + [("mp3", 8000), ("mp3", 22050), ("mp3", 44100), ("mp3", 48000)],
    )
    def test_a_tone_keeps_its_pitch_length_and_level(self, tmp_path, suffix, rate, channels):
        if suffix == "mp3" and channels > 2:
            channels = 2  # all that an mp3 holds
        # In the first channel alone, so that the level tells whether channels are averaged.
        y = np.zeros((rate, channels))
        y[:, 0] = tone(rate=rate)
        (heard,) = AudioLoader().transform([write(tmp_path / f"tone.{suffix}", y, rate)])
        assert heard.shape == (22050,)
        assert heard.dtype == np.float32
        middle = heard[2205:-2205]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert spectrum.argmax() * 22050 / len(middle) == pytest.approx(440, abs=1)
        assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5 / channels, rel=0.02)

    def test_channels_are_averaged(self, tmp_path):
        y = noise(channels=6)
        (heard,) = AudioLoader().transform([write(tmp_path / "a.wav", y, subtype="FLOAT")])
        np.testing.assert_allclose(heard, y.mean(axis=1), atol=1e-7)

    @pytest.mark.parametrize("sample_rate", [8000, 22050, 44100])
    @pytest.mark.parametrize(("offset", "duration"), [(0.0, None), (0.25, None), (0.0, 0.5), (0.25, 0.5)])
    @pytest.mark.parametrize(("suffix", "rate"), [("wav", 44100), ("flac", 48000), ("ogg", 44100), ("mp3", 22050)])
    def test_it_hears_what_librosa_hears(self, tmp_path, suffix, rate, offset, duration, sample_rate):
        path = write(tmp_path / f"a.{suffix}", noise(rate=rate, channels=2), rate)
        expected, _ = librosa.load(path, sr=sample_rate, offset=offset, duration=duration)
        (heard,) = AudioLoader(sample_rate, offset=offset, duration=duration).transform([path])
        # librosa rounds the length up.
        assert len(expected) - len(heard) in (0, 1)
        np.testing.assert_allclose(heard, expected[: len(heard)], atol=1e-5)

    @pytest.mark.parametrize("suffix", SUBTYPES)
    def test_an_offset_gives_the_same_samples_as_the_whole_track(self, tmp_path, suffix):
        path = write(tmp_path / f"a.{suffix}", noise(2, rate=48000), 48000)
        (whole,) = AudioLoader(48000).transform([path])
        (part,) = AudioLoader(48000, offset=0.7, duration=0.5).transform([path])
        np.testing.assert_allclose(part, whole[33600:57600], atol=1e-4)

    @pytest.mark.parametrize("suffix", SUBTYPES)
    def test_only_the_part_asked_for_is_decoded(self, tmp_path, suffix, monkeypatch):
        path = write(tmp_path / f"a.{suffix}", noise(8, rate=24000), 24000)
        decoded, read = [], soundfile.SoundFile.read

        def counted(*args, **kwargs):
            block = read(*args, **kwargs)
            decoded.append(len(block))
            return block

        monkeypatch.setattr(soundfile.SoundFile, "read", counted)
        waveforms = AudioLoader(offset=1.0, duration=0.5).transform([path])
        assert not decoded
        assert len(waveforms[0]) == 11025
        # The first frames of a part of an mp3 need those before.
        assert sum(decoded) == 12000 + (LEAD if suffix == "mp3" else 0)

    def test_a_part_of_a_very_long_track_costs_little_memory(self, tmp_path):
        """A sparse file: five hours of which nothing is on the disk."""
        path = write(tmp_path / "long.wav", np.zeros(1), 44100)
        n_bytes = 5 * 3600 * 44100 * 2
        header = bytearray(Path(path).read_bytes()[:44])
        header[4:8], header[40:44] = (n_bytes + 36).to_bytes(4, "little"), n_bytes.to_bytes(4, "little")
        Path(path).write_bytes(header)
        os.truncate(path, 44 + n_bytes)
        waveforms = AudioLoader(offset=4 * 3600, duration=2).transform([path])
        tracemalloc.start()
        assert waveforms[0].shape == (44100,)
        assert tracemalloc.get_traced_memory()[1] < 5e6
        tracemalloc.stop()

    @pytest.mark.parametrize("duration", [0.2, 0.5, 3.0])
    def test_a_duration_cuts_or_pads_with_silence(self, paths, duration):
        (heard,) = AudioLoader(duration=duration).transform(paths[:1])
        (whole,) = AudioLoader().transform(paths[:1])
        n = min(len(whole), round(duration * 22050))
        assert heard.shape == (round(duration * 22050),)
        np.testing.assert_array_equal(heard[:n], whole[:n])
        assert not heard[n:].any()

    def test_a_track_of_one_sample_is_heard(self, tmp_path):
        path = write(tmp_path / "click.wav", np.ones(1) * 0.5, 96000)
        assert len(AudioLoader(8000).transform([path])[0]) == 1
        assert AudioLoader(8000, duration=0.1).transform([path])[0].shape == (800,)


def without_length(content):
    """Take from an mp3 the mark by which a decoder knows the header that declares the length."""
    return content.replace(b"Xing", bytes(4), 1).replace(b"Info", bytes(4), 1)


class TestMp3WithoutLength:
    """As written through a pipe: the decoder's own guess is off by a factor where the bit rate varies."""

    @pytest.mark.parametrize("order", [1, -1], ids=["silence first", "noise first"])
    @pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (22050, 2), (16000, 1), (8000, 1)])
    def test_it_is_heard_whole(self, tmp_path, rate, channels, order):
        y = np.concatenate([np.zeros((2 * rate, channels)), noise(2, rate, channels)])[::order]
        content = without_length(Path(write(tmp_path / "a.mp3", y, rate)).read_bytes())
        (tmp_path / "a.mp3").write_bytes(content)
        guessed = soundfile.info(tmp_path / "a.mp3").duration
        (heard,) = AudioLoader(8000).transform([tmp_path / "a.mp3"])
        assert abs(guessed - 4) > 0.5
        assert len(heard) / 8000 == pytest.approx(4, abs=0.25)
        quiet, loud = np.array_split(heard, 2)[::order]
        assert np.abs(quiet[:15000] if order == 1 else quiet[-13000:]).mean() < 1e-3
        assert np.abs(loud).mean() > 0.02

    def test_it_is_heard_as_with_its_length_declared(self, tmp_path):
        content = Path(write(tmp_path / "a.mp3", noise(2, rate=44100), 44100)).read_bytes()
        tag = b"ID3\4\0\0\0\0\7\x68" + bytes(1000)  # as long as its last four bytes say, seven bits of each
        (declared,) = AudioLoader(44100).transform([io.BytesIO(content)])
        for source in (without_length(content), tag + without_length(content)):
            (heard,) = AudioLoader(44100).transform([io.BytesIO(source)])
            # The header also says how many samples the encoder put in front.
            lag = np.correlate(heard[:20000], declared[:10000], mode="valid").argmax()
            np.testing.assert_allclose(heard[lag:][: len(declared)], declared[: len(heard) - lag], atol=1e-4)

    def test_an_offset_is_found(self, tmp_path):
        y = np.concatenate([np.zeros(88200), noise(2, rate=44100)[:, 0]])
        (tmp_path / "a.mp3").write_bytes(without_length(Path(write(tmp_path / "a.mp3", y, 44100)).read_bytes()))
        (heard,) = AudioLoader(offset=2.2, duration=1).transform([tmp_path / "a.mp3"])
        assert (np.abs(heard.reshape(-1, 2205)).mean(axis=1) > 0.03).all()


class TestPaths:
    @pytest.mark.parametrize(
        "form",
        [
            list,
            tuple,
            np.array,
            lambda paths: np.array(paths, dtype=object),
            lambda paths: np.array(paths)[:, None],
            lambda paths: np.array(paths, dtype=object)[:, None],
            lambda paths: [Path(path) for path in paths],
            lambda paths: np.array([Path(path) for path in paths]),
            lambda paths: pd.Series(paths, index=[7, 3, 5]),
            lambda paths: pd.Series([Path(path) for path in paths], index=list("cab")),
            lambda paths: pd.Series(paths, dtype="category"),
            lambda paths: pd.Series(paths, dtype="string"),
            lambda paths: pd.DataFrame({"path": paths}, index=[2, 0, 1]),
            lambda paths: pd.DataFrame({"path": pd.Series(paths, dtype="category")}),
            pd.Index,
        ],
        ids=[
            *("list", "tuple", "str array", "object array", "column", "object column", "Path", "Path array"),
            *("Series", "Path Series", "categories", "pandas strings", "DataFrame", "DataFrame of categories", "Index"),
        ],
    )
    def test_every_form_gives_the_tracks_in_their_order(self, paths, form):
        loader = AudioLoader()
        waveforms = loader.fit(form(paths)).transform(form(paths))
        assert isinstance(waveforms, Waveforms)
        assert waveforms.shape == (3,)
        assert waveforms.paths == paths
        assert all(type(path) is str for path in waveforms.paths)
        assert [len(y) for y in waveforms] == [11025, 22050, 33075]
        assert not hasattr(loader, "n_features_in_")

    @pytest.mark.parametrize("form", [str, Path, np.array], ids=["str", "Path", "0-d array"])
    def test_a_lone_path_is_one_track(self, paths, form):
        assert AudioLoader().fit_transform(form(paths[1])).paths == [paths[1]]

    def test_open_binary_files_are_read_from_their_beginning_and_only_in_transform(self, paths):
        with open(paths[0], "rb") as file, open(paths[1], "rb", buffering=0) as raw:
            content = io.BytesIO(Path(paths[2]).read_bytes())
            files = [file, raw, content]
            content.read(10)
            AudioLoader().fit(files)
            assert (file.tell(), content.tell()) == (0, 10)
            waveforms = AudioLoader().fit(files).transform(files)
        assert waveforms.paths == ["<bytes>"] * 3
        for heard, expected in zip(waveforms, AudioLoader().transform(paths), strict=True):
            np.testing.assert_array_equal(heard, expected)

    def test_a_lone_open_file_is_one_track(self, paths):
        with open(paths[0], "rb") as file:
            assert len(AudioLoader().fit_transform(file)[0]) == 11025

    def test_a_stream_that_cannot_go_back_is_read_once(self, tmp_path):
        path = write(tmp_path / "short.wav", noise(0.05))
        reader, writer = os.pipe()
        os.write(writer, Path(path).read_bytes())
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            assert len(AudioLoader().fit_transform([stream])[0]) == 1102

    @pytest.mark.parametrize(
        "name", ["Björk – Jóga.flac", "音楽.wav", "🎵 x.ogg", 'it\'s "quoted" %s {}.mp3', "a b.wav"]
    )
    def test_names_that_are_not_ascii_are_read(self, tmp_path, name):
        path = write(tmp_path / name, noise())
        waveforms = AudioLoader().transform([path])
        assert waveforms.paths == [path]
        assert len(waveforms[0]) == 22050

    @pytest.mark.skipif(sys.platform != "linux", reason="the names of files are text elsewhere")
    def test_names_that_are_not_utf_8_are_read(self, paths, tmp_path):
        path = os.fsdecode(bytes(tmp_path) + b"/\xe9t\xe9.wav")
        os.rename(paths[1], path)
        waveforms = AudioLoader(duration=1).transform([path])
        assert waveforms[0].any()
        stored = MFCCExtractor(memory=tmp_path / "store")
        np.testing.assert_array_equal(stored.transform(waveforms), MFCCExtractor().transform(waveforms))
        np.testing.assert_array_equal(stored.transform(waveforms), MFCCExtractor().transform(waveforms))

    def test_nothing_is_decoded_before_a_track_is_asked_for(self, paths, monkeypatch):
        def opened(*args, **kwargs):
            raise AssertionError("a file was opened")

        with monkeypatch.context() as patch:
            patch.setattr(soundfile, "SoundFile", opened)
            waveforms = AudioLoader().fit(paths).transform(paths)
            assert (len(waveforms), waveforms[1:].paths, waveforms.errors) == (3, paths[1:], {})
            assert waveforms[[True, False, True]].shape == (2,)
            joblib.hash(waveforms)
        assert len(waveforms[0]) == 11025


class TestDecodedWaveforms:
    @pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame], ids=["array", "lists", "DataFrame"])
    def test_a_2d_array_stays_one_and_fixes_the_number_of_samples(self, form):
        X = noise(0.01, channels=4).T
        loader = AudioLoader()
        heard = loader.fit(form(X)).transform(form(X))
        assert isinstance(heard, np.ndarray)
        assert heard.dtype == np.float32
        np.testing.assert_allclose(heard, X, atol=1e-7)
        assert loader.n_features_in_ == X.shape[1]
        with pytest.raises(ValueError, match=r"X has 5 features, but AudioLoader is expecting 220 features"):
            loader.transform(X[:, :5])

    def test_a_sequence_of_arrays_becomes_waveforms_of_any_length(self):
        X = [noise(0.01)[:, 0], noise(0.02)[:, 0]]
        loader = AudioLoader()
        waveforms = loader.fit(X).transform(X)
        assert isinstance(waveforms, Waveforms)
        assert waveforms.paths == ["<array>", "<array>"]
        assert [y.dtype for y in waveforms] == [np.float32] * 2
        for heard, given in zip(waveforms, X, strict=True):
            np.testing.assert_allclose(heard, given, atol=1e-7)
        assert not hasattr(loader, "n_features_in_")
        assert loader.transform([noise(0.5)[:, 0]])[0].shape == (11025,)

    @pytest.mark.parametrize("form", [pd.Series, lambda rows: np.array(rows, dtype=object), tuple])
    def test_a_sequence_of_arrays_may_be_a_series_an_object_array_or_a_tuple(self, form):
        rows = [np.zeros(3), np.ones(5)]
        assert [len(y) for y in AudioLoader().transform(form(rows))] == [3, 5]

    @pytest.mark.parametrize("second", ["paths", "arrays"])
    def test_the_number_of_samples_is_forgotten_in_a_later_fit(self, paths, second):
        loader = AudioLoader().fit(pd.DataFrame(np.zeros((2, 10)), columns=[f"sample{i}" for i in range(10)]))
        assert loader.n_features_in_ == 10
        loader.fit(paths if second == "paths" else [np.zeros(4)])
        assert not hasattr(loader, "n_features_in_")
        assert not hasattr(loader, "feature_names_in_")

    def test_16_bit_samples_are_scaled_to_one(self):
        X = np.array([[0, 16384, -32768]], dtype=np.int16)
        np.testing.assert_array_equal(AudioLoader().transform(X), [[0, 0.5, -1]])
        np.testing.assert_array_equal(AudioLoader().transform(list(X))[0], [0, 0.5, -1])
        np.testing.assert_array_equal(Waveforms(list(X))[0], [0, 0.5, -1])
        for same in (pd.DataFrame(X), torch.from_numpy(X), X.astype(">i2"), list(X.astype(">i2")), [pd.Series(X[0])]):
            np.testing.assert_array_equal(AudioLoader().transform(same)[0], [0, 0.5, -1])

    @pytest.mark.parametrize("as_sequence", [True, False])
    def test_offset_and_duration_hold_for_arrays_too(self, as_sequence):
        X = np.arange(40.0).reshape(2, 20)
        loader = AudioLoader(10, offset=0.5, duration=2.0)
        heard = np.asarray(loader.transform(list(X) if as_sequence else X))
        np.testing.assert_array_equal(heard, np.pad(X[:, 5:], ((0, 0), (0, 5))))

    def test_an_offset_beyond_the_end_of_arrays_is_an_error(self):
        with pytest.raises(ValueError, match=r"offset=3.0 s is not before the end of the tracks, at 2.000 s"):
            AudioLoader(10, offset=3.0).transform(np.zeros((2, 20)))

    def test_an_array_that_ends_before_the_offset_is_silence_where_that_is_asked_for(self):
        heard = AudioLoader(10, offset=1, on_error="warn").transform([np.ones(30), np.ones(5)])
        assert (heard[0] == 1).all()
        with pytest.warns(UserWarning, match=r"offset=1 s is not before its end, at 0.500 s \(row 1\)"):
            assert (heard[1] == 0).all()

    @pytest.mark.parametrize("form", [np.array, list, pd.Series, tuple], ids=["array", "list", "Series", "tuple"])
    def test_a_bare_buffer_is_an_error_that_says_how_to_pass_it(self, form):
        with pytest.raises(ValueError, match=r"a lone buffer of samples is passed as \[buffer\]"):
            AudioLoader().fit(form([0.1, 0.2, 0.3]))

    def test_a_later_change_of_the_given_array_changes_no_waveform(self):
        y = np.zeros(10, dtype=np.float32)
        waveforms = AudioLoader().transform([y])
        y[:] = 1
        assert not waveforms[0].any()

    def test_the_step_after_the_loader_learns_the_sample_rate_of_an_array(self):
        X = noise(0.5, rate=8000, channels=2).T
        heard = make_pipeline(AudioLoader(8000), MFCCExtractor()).fit_transform(X)
        np.testing.assert_array_equal(heard, MFCCExtractor(sample_rate=8000).transform(X))
        with pytest.raises(ValueError, match="got 22050 for waveforms at 8000 Hz"):
            make_pipeline(AudioLoader(8000), MFCCExtractor(sample_rate=22050)).fit(X)


class TestWaveforms:
    def test_every_index_but_an_integer_gives_waveforms_with_the_same_parameters(self, paths):
        waveforms = AudioLoader(8000, duration=0.5, offset=0.1, on_error="warn", n_jobs=2).transform(paths)
        part = waveforms[[2, 0]]
        assert isinstance(part, Waveforms)
        assert part.paths == [paths[2], paths[0]]
        for name in ("sample_rate", "duration", "offset", "on_error", "n_jobs"):
            assert getattr(part, name) == getattr(waveforms, name)
        np.testing.assert_array_equal(part[1], waveforms[0])
        np.testing.assert_array_equal(waveforms[-1], waveforms[2])

    def test_sklearns_splitters_split_it(self, paths):
        waveforms = AudioLoader().transform(paths)
        assert [waveforms[test].paths for _, test in KFold(3).split(waveforms)] == [[path] for path in paths]
        train, test = train_test_split(waveforms, test_size=1, random_state=0)
        assert sorted(train.paths + test.paths) == paths
        assert _safe_indexing(waveforms, np.array([False, True, False])).paths == [paths[1]]

    def test_a_change_of_a_row_changes_nothing_in_the_sequence(self, paths):
        for waveforms in (AudioLoader().transform(paths), AudioLoader().transform([np.zeros(5), np.zeros(7)])):
            before = waveforms[0].copy()
            waveforms[0][:] = 7
            np.testing.assert_array_equal(waveforms[0], before)

    @pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
    def test_asarray_stacks_tracks_of_equal_length(self, paths, n_jobs):
        stacked = np.asarray(AudioLoader(duration=1, n_jobs=n_jobs).transform(paths))
        assert stacked.shape == (3, 22050)
        assert stacked.dtype == np.float32
        np.testing.assert_array_equal(stacked, list(AudioLoader(duration=1).transform(paths)))

    def test_asarray_of_unequal_tracks_says_what_to_set(self, paths):
        with pytest.raises(ValueError, match=r"tracks differ in length: set AudioLoader\(duration=...\)"):
            np.asarray(AudioLoader().transform(paths))

    def test_it_may_be_made_from_paths_bytes_and_samples(self, paths):
        waveforms = Waveforms([paths[0], Path(paths[1]), Path(paths[2]).read_bytes(), np.zeros(100)], duration=0.25)
        assert waveforms.paths == [*paths[:2], "<bytes>", "<array>"]
        assert np.asarray(waveforms).shape == (4, 5512)

    @pytest.mark.parametrize(
        ("sources", "parameters", "message"),
        [
            ("song.mp3", {}, "sources must be a sequence, with one source for each track, got 'song.mp3'"),
            (Path("song.mp3"), {}, "sources must be a sequence"),
            (["song.mp3", None], {}, "row 1 of sources must be a path, .* or a 1-D array of samples, got None"),
            ([[0.0, 0.1]], {}, r"row 0 of sources must be .*, got \[0.0, 0.1\]"),
            ([np.zeros((2, 9))], {}, "row 0 of sources must be"),
            (["song.mp3"], {"duration": 0}, "'duration' parameter of Waveforms must be .* Got 0 instead"),
            (["song.mp3"], {"offset": -1}, "'offset' parameter of Waveforms must be"),
            (["song.mp3"], {"sample_rate": 22050.0}, "'sample_rate' parameter of Waveforms must be"),
            (["song.mp3"], {"on_error": "ignore"}, "'on_error' parameter of Waveforms must be"),
        ],
        ids=str,
    )
    def test_what_it_cannot_be_made_from_is_an_error(self, sources, parameters, message):
        with pytest.raises((TypeError, ValueError), match=message):
            Waveforms(sources, **parameters)

    def test_a_pickle_holds_no_audio_and_decodes_to_the_same(self, tmp_path):
        path = write(tmp_path / "a.wav", noise(3))
        waveforms = AudioLoader(duration=1.5, n_jobs=2, on_error="warn").transform([path] * 3)
        content = pickle.dumps(waveforms)
        assert len(content) < 1000
        loaded = pickle.loads(content)
        assert loaded.paths == waveforms.paths
        assert (loaded.duration, loaded.on_error, loaded.errors) == (1.5, "warn", {})
        np.testing.assert_array_equal(np.asarray(loaded), np.asarray(waveforms))

    def test_a_track_that_is_sent_to_a_worker_takes_no_other_along(self, paths):
        many = AudioLoader().transform(pd.Series(paths * 1000, index=[f"track {row}" for row in range(3000)]))
        assert len(pickle.dumps(many.alone(5))) < 1000

    def test_a_pickle_decodes_what_the_file_holds_by_then(self, paths):
        content = pickle.dumps(AudioLoader().transform(paths))
        write(paths[0], noise(2, seed=9))
        np.testing.assert_array_equal(pickle.loads(content)[0], AudioLoader().transform(paths)[0])


class TestHash:
    def test_the_same_tracks_have_the_same_hash(self, paths):
        loaded = AudioLoader(duration=1).transform(paths)
        again = AudioLoader(duration=1).transform(["".join(list(path)) for path in paths])
        assert joblib.hash(loaded) == joblib.hash(again) == joblib.hash(pickle.loads(pickle.dumps(loaded)))
        assert joblib.hash(loaded[[2, 1]]) == joblib.hash(AudioLoader(duration=1).transform(paths[:0:-1]))
        assert joblib.hash(loaded) == joblib.hash(AudioLoader(duration=1).transform(np.array(paths)))

    def test_neither_the_number_of_jobs_nor_what_was_decoded_changes_it(self, paths, tmp_path):
        tracks = [*paths, str(tmp_path / "missing.wav")]
        waveforms = AudioLoader(on_error="warn").transform(tracks)
        fresh = joblib.hash(waveforms)
        with pytest.warns(UserWarning, match="no such file"):
            list(waveforms)
        assert joblib.hash(waveforms) == fresh == joblib.hash(AudioLoader(on_error="warn", n_jobs=2).transform(tracks))

    @pytest.mark.parametrize(
        "change", [{"sample_rate": 8000}, {"duration": 1.0}, {"offset": 0.1}, {"on_error": "warn"}], ids=str
    )
    def test_parameters_change_it(self, paths, change):
        assert joblib.hash(AudioLoader().transform(paths)) != joblib.hash(AudioLoader(**change).transform(paths))

    def test_other_tracks_or_another_order_change_it(self, paths):
        waveforms = AudioLoader().transform(paths)
        assert len({joblib.hash(part) for part in (waveforms, waveforms[:2], waveforms[::-1])}) == 3

    def test_samples_change_it(self):
        assert joblib.hash(Waveforms([np.zeros(5)])) != joblib.hash(Waveforms([np.ones(5)]))

    @pytest.mark.parametrize("held", [True, False], ids=["in the same process", "from a pickle"])
    def test_a_rewritten_file_changes_it(self, paths, held):
        waveforms = AudioLoader().transform(paths)
        before, content = joblib.hash(waveforms), pickle.dumps(waveforms)
        stat = os.stat(paths[1])
        write(paths[1], noise(1, seed=5))  # of the same size
        os.utime(paths[1], ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
        now = waveforms if held else pickle.loads(content)
        assert joblib.hash(now) != before
        assert joblib.hash(now) == joblib.hash(AudioLoader().transform(paths))

    def test_a_cached_pipeline_refits_to_another_model_once_a_file_is_rewritten(self, paths, tmp_path):
        steps = (AudioLoader(duration=0.5), MFCCExtractor(), FrameStatistics(), NearestCentroid())
        cached = make_pipeline(*steps, memory=str(tmp_path / "cache"))
        first = cached.fit(paths, [0, 1, 1])[-1].centroids_
        np.testing.assert_array_equal(cached.fit(paths, [0, 1, 1])[-1].centroids_, first)
        write(paths[0], tone())
        second = cached.fit(paths, [0, 1, 1])[-1].centroids_
        assert not np.allclose(first, second)
        np.testing.assert_array_equal(second, make_pipeline(*steps).fit(paths, [0, 1, 1])[-1].centroids_)

    @pytest.mark.parametrize(("X", "told"), [([tone()], False), (tone()[None], True)], ids=["list", "array"])
    def test_a_cached_pipeline_tells_rates_of_samples_apart(self, tmp_path, X, told):
        def features(rate, memory=None):
            steps = AudioLoader(rate), MFCCExtractor(sample_rate=rate if told else None), FrameStatistics()
            return make_pipeline(*steps, memory=memory).fit_transform(X)

        for rate in (22050, 44100):
            np.testing.assert_array_equal(features(rate, str(tmp_path)), features(rate))


class TestUnreadableTracks:
    @pytest.fixture
    def mixed(self, paths, tmp_path):
        """Return a good track, a broken one, a good one and a missing one."""
        (tmp_path / "broken.mp3").write_text("no music")
        return [paths[0], str(tmp_path / "broken.mp3"), paths[1], str(tmp_path / "missing.wav")]

    def test_an_error_is_a_value_error_with_path_and_cause_and_pickles(self, mixed):
        with pytest.raises(AudioError, match=r"broken.mp3': not audio that libsndfile can decode") as raised:
            AudioLoader().transform(mixed[:2])[1]
        loaded = pickle.loads(pickle.dumps(raised.value))
        assert isinstance(loaded, ValueError)
        assert (loaded.path, loaded.cause) == (raised.value.path, raised.value.cause)
        assert loaded.path == mixed[1]
        assert str(loaded) == str(raised.value)

    def test_a_missing_file_raises_at_transform_and_broken_content_when_it_is_decoded(self, mixed):
        with pytest.raises(AudioError, match=r"missing.wav': no such file"):
            AudioLoader().transform(mixed)
        waveforms = AudioLoader().transform(mixed[:3])
        assert len(waveforms[2]) == 22050
        with pytest.raises(AudioError, match=r"broken.mp3"):
            list(waveforms)

    def test_with_a_warning_each_such_file_is_warned_of_once_and_listed(self, mixed):
        waveforms = AudioLoader(on_error="warn").transform(mixed)
        assert waveforms.errors == {}
        with pytest.warns(UserWarning, match="silence stands in for a track") as warned:
            _ = [list(waveforms) for _ in range(3)]
        assert [Path(str(warning.message).split("'")[1]).name for warning in warned] == ["broken.mp3", "missing.wav"]
        assert {row: error.path for row, error in waveforms.errors.items()} == {1: mixed[1], 3: mixed[3]}

    @pytest.mark.parametrize("sample_rate", [8000, 22050])
    @pytest.mark.parametrize("duration", [None, 0.3])
    def test_silence_is_as_long_as_the_duration_or_one_second(self, mixed, duration, sample_rate):
        waveforms = AudioLoader(sample_rate, duration=duration, on_error="warn").transform(mixed)
        with pytest.warns(UserWarning, match=r"broken.mp3"):
            silence = waveforms[1]
        assert silence.shape == (round((duration or 1) * sample_rate),)
        assert silence.dtype == np.float32
        assert not silence.any()

    def test_a_part_lists_them_by_its_own_rows_and_does_not_warn_again(self, mixed):
        waveforms = AudioLoader(on_error="warn").transform(mixed)
        with pytest.warns(UserWarning, match="silence stands in"):
            list(waveforms)
        part = waveforms[[3, 2, 1]]
        assert {row: error.path for row, error in part.errors.items()} == {0: mixed[3], 2: mixed[1]}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            list(part)

    def test_a_part_that_meets_them_first_lists_them_by_its_own_rows(self, mixed):
        part = AudioLoader(on_error="warn").transform(mixed)[2:]
        with pytest.warns(UserWarning, match=r"missing.wav"):
            list(part)
        assert list(part.errors) == [1]

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_an_extractor_warns_and_goes_on(self, mixed, n_jobs):
        waveforms = AudioLoader(duration=0.2, on_error="warn").transform(mixed)
        with pytest.warns(UserWarning, match="silence stands in") as warned:
            features = MFCCExtractor(n_jobs=n_jobs).transform(waveforms)
        assert len(warned) == 2
        np.testing.assert_array_equal(features[1], features[3])
        assert sorted(waveforms.errors) == [1, 3]

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_an_extractor_raises_what_the_file_is_guilty_of(self, mixed, n_jobs):
        with pytest.raises(AudioError, match=r"broken.mp3"):
            MFCCExtractor(n_jobs=n_jobs).transform(AudioLoader(duration=0.2).transform(mixed[:3]))

    def test_the_silence_for_a_file_is_not_served_from_a_cache_once_it_is_mended(self, mixed, tmp_path):
        cached = make_pipeline(
            AudioLoader(duration=0.2, on_error="warn"), MFCCExtractor(), FrameStatistics(), memory=str(tmp_path / "c")
        )
        with pytest.warns(UserWarning, match="silence stands in"):
            before = cached.fit_transform(mixed)
        for path in (mixed[1], mixed[3]):
            write(path, noise(1, seed=8))
        after = cached.fit_transform(mixed)
        np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
        assert not np.isclose(after[[1, 3]], before[[1, 3]]).all(axis=1).any()


class TestLoaderAsAnEstimator:
    @pytest.mark.parametrize(
        ("parameter", "value"),
        [
            *[("sample_rate", value) for value in (0, -1, 22050.0, "22050", None)],
            *[("duration", value) for value in (0, -1.0, "3", np.nan)],
            *[("offset", value) for value in (-0.1, None)],
            *[("on_error", value) for value in ("ignore", None, True)],
            ("n_jobs", 1.5),
        ],
    )
    def test_a_wrong_parameter_is_named_with_its_value_in_fit_and_transform(self, paths, parameter, value):
        loader = AudioLoader().set_params(**{parameter: value})
        for method in (loader.fit, loader.transform):
            with pytest.raises(ValueError, match=rf"The '{parameter}' parameter of AudioLoader must be .* Got "):
                method(paths)

    def test_parameters_may_be_numpy_numbers(self, paths):
        loader = AudioLoader(np.int64(8000), duration=np.float32(0.5), offset=np.float64(0.25))
        assert loader.transform(paths)[2].shape == (4000,)

    def test_it_works_without_fit(self, paths):
        assert len(AudioLoader().transform(paths)) == 3

    def test_the_output_cannot_be_a_data_frame_and_stays_as_it_is(self, paths):
        loader = AudioLoader()
        assert loader.set_output(transform="pandas") is loader
        assert isinstance(loader.fit_transform(paths), Waveforms)
        assert list(loader.get_feature_names_out()) == ["waveform"]


@pytest.mark.parametrize("duration", [None, 0.5])
def test_waveforms_of_another_rate_are_not_taken_for_the_loaders_own(tmp_path, duration):
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(44100) / 9), 44100)
    waveforms = AudioLoader(44100, duration=duration).transform([tmp_path / "a.wav"])
    for loaded in (waveforms, AudioLoader(44100).transform(np.ones((1, 900)))):
        with pytest.raises(ValueError, match="sample_rate must be that of the waveforms in X, 44100, got 16000"):
            AudioLoader(16000).transform(loaded)
        assert AudioLoader(44100).transform(loaded).shape[0] == 1


def test_integers_of_32_bits_are_scaled():
    samples = np.array([2**31 - 1, -(2**30), 0], dtype=np.int32)
    for given_as in (samples, samples.astype(">i4")):
        np.testing.assert_array_equal(AudioLoader().transform([given_as]).decode(0), np.float32([1, -0.5, 0]))
        np.testing.assert_array_equal(AudioLoader().transform(given_as[None]), np.float32([[1, -0.5, 0]]))


def test_absurd_samples_of_an_array_are_named_by_their_row():
    with pytest.raises(AudioError, match=r"row 1 of X.* samples up to 1e\+20"):
        AudioLoader().transform(np.array([[0.0, 0.1], [1e20, 0.0]]))
