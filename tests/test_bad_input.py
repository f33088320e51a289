"""What goes wrong with a user's music, labels and calls: a clear error that names the culprit, or the right answer."""

import io
import struct
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from skgenre import (
    AudioError,
    AudioLoader,
    CNNClassifier,
    FrameStatistics,
    GroupSVC,
    MFCCExtractor,
    PerLabelClassifier,
    RNNClassifier,
)
from skgenre.audio._mp3 import _frame_length
from skgenre.pipelines._voting import GenreVoting

RATE = 22050
Y = np.array(["noise", "tone"] * 4)


def small_net(**parameters):
    return CNNClassifier(**{"channels": (8, 8), "max_epochs": 2, "random_state": 0, **parameters})


def genre_pipeline(on_error="raise", **parameters):
    loader = AudioLoader(duration=0.5, on_error=on_error)
    return Pipeline([("load", loader), ("mfcc", MFCCExtractor()), ("cnn", small_net(**parameters))])


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Return eight tracks of half a second, in turn of noise and of a tone."""
    folder, rng = tmp_path_factory.mktemp("music"), np.random.default_rng(0)
    for i in range(8):
        y = 0.3 * np.sin(np.arange(RATE // 2) * 0.02 * (i + 1)) if i % 2 else rng.normal(scale=0.1, size=RATE // 2)
        soundfile.write(folder / f"{i}.wav", y, RATE)
    return [str(folder / f"{i}.wav") for i in range(8)]


@pytest.fixture(scope="module")
def fitted(paths):
    return genre_pipeline().fit(paths, Y)


@pytest.fixture(scope="module")
def features(paths):
    return MFCCExtractor().transform(AudioLoader(duration=0.5).transform(paths))


def audio_bytes(suffix, seconds=3.0, rate=44100):
    """Return the content of a file of noise of falling loudness."""
    container, subtype = {
        "wav": ("WAV", "PCM_16"),
        "flac": ("FLAC", "PCM_16"),
        "ogg": ("OGG", "VORBIS"),
        "opus": ("OGG", "OPUS"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
    }[suffix]
    rate = 48000 if suffix == "opus" else rate
    n = round(seconds * rate)
    y = np.random.default_rng(0).normal(scale=0.1, size=(n, 2)) * np.linspace(1, 0.1, n)[:, None]
    file = io.BytesIO()
    soundfile.write(file, y, rate, format=container, subtype=subtype)
    return file.getvalue()


def without_length(mp3):
    """Take from an mp3 the header by which a decoder knows its length."""
    return mp3.replace(b"Xing", bytes(4), 1).replace(b"Info", bytes(4), 1)


def heard_or_refused(content):
    """Return the waveform of a file, or the error that it is refused with."""
    try:
        return AudioLoader().transform([io.BytesIO(content)])[0]
    except AudioError as error:
        return error


def wav_of(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


TEXT = "You heard it here first. " * 200
NOT_AUDIO = "not audio that libsndfile can decode"
BROKEN = {
    "empty.wav": (b"", "it is empty"),
    "empty.mp3": (b"", "it is empty"),
    "text.mp3": (TEXT.encode(), NOT_AUDIO),
    "text.wav": (TEXT.encode(), NOT_AUDIO),
    "text.flac": (TEXT.encode(), NOT_AUDIO),
    "text.raw": (TEXT.encode(), NOT_AUDIO),
    "picture.ogg": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, NOT_AUDIO),
    "zeros.mp3": (bytes(5000), NOT_AUDIO),
    "header only.wav": (audio_bytes("wav")[:44], "it holds no samples"),
    "half a header.wav": (audio_bytes("wav")[:20], NOT_AUDIO),
    "half.mp3": (audio_bytes("mp3")[:5_000], "truncated: 0.* of 0.50 s could be decoded"),
    "nan.wav": (wav_of(np.array([0.1, np.nan, 0.2])), "it holds NaN or infinite samples"),
    "huge.wav": (wav_of(np.array([0.1, 1e25, 0.2])), "it holds samples up to 1e\\+25, where full scale is 1"),
    "infinite.wav": (wav_of(np.array([0.1, -np.inf, np.inf])), "it holds NaN or infinite samples"),
    "trompete – ünïcödé 音.mp3": (TEXT.encode(), NOT_AUDIO),
}


class TestFiles:
    @pytest.fixture(params=BROKEN)
    def broken(self, request, tmp_path):
        content, cause = BROKEN[request.param]
        (tmp_path / request.param).write_bytes(content)
        return str(tmp_path / request.param), cause

    def test_a_broken_file_is_named_with_the_cause(self, broken):
        path, cause = broken
        with pytest.raises(AudioError, match=cause) as raised:
            np.asarray(AudioLoader(duration=0.5).transform([path]))
        assert raised.value.path == path
        assert repr(path) in str(raised.value)

    def test_a_pipeline_names_it_in_fit_and_predict(self, broken, paths, fitted):
        path, cause = broken
        with pytest.raises(AudioError, match=cause) as raised:
            genre_pipeline().fit([*paths, path], [*Y, "tone"])
        assert raised.value.path == path
        with pytest.raises(AudioError, match=cause):
            fitted.predict(path)

    def test_a_pipeline_that_warns_goes_on_with_silence(self, broken, paths):
        path, cause = broken
        pipeline = genre_pipeline(on_error="warn")
        with pytest.warns(UserWarning, match=f"silence stands in for a track: cannot read .*{cause}") as warned:
            pipeline.fit([*paths, path], [*Y, "tone"])
        assert len(warned) == 1
        assert pipeline.predict(paths[0])[0] in Y

    @pytest.mark.parametrize(
        ("make", "cause"),
        [
            (lambda folder: folder / "missing.mp3", "no such file"),
            (lambda folder: folder / "no folder" / "a.mp3", "no such file"),
            (lambda folder: folder, "it is a folder, not a file; load_tracks lists the tracks of a folder"),
            (lambda folder: folder / ("long" * 100), "name too long"),
            (lambda folder: f"{folder}/a\0b.wav", "null"),
            (lambda folder: "", "no such file"),
        ],
        ids=["missing", "in a missing folder", "a folder", "too long a name", "a null in the name", "no name"],
    )
    def test_what_is_no_file_raises_before_anything_is_decoded(self, tmp_path, paths, fitted, make, cause):
        path = str(make(tmp_path))
        for call in (AudioLoader().transform, fitted.predict, lambda X: genre_pipeline().fit(X, [*Y, "tone"])):
            with pytest.raises(AudioError, match=cause) as raised:
                call([*paths, path])
            assert raised.value.path == path

    @pytest.mark.parametrize("name", ["missing.mp3", "."])
    def test_what_is_no_file_is_silence_on_request(self, tmp_path, paths, name):
        waveforms = AudioLoader(on_error="warn").transform([paths[0], str(tmp_path / name)])
        with pytest.warns(UserWarning, match="cannot read"):
            assert not waveforms[1].any()
        assert list(waveforms.errors) == [1]

    def test_the_content_of_an_upload_is_named_by_its_row(self, paths):
        upload = io.BytesIO(TEXT.encode())
        with pytest.raises(
            AudioError, match=rf"cannot read '<bytes>': {NOT_AUDIO} \(Format not recognised\) \(row 1\)"
        ):
            list(AudioLoader().transform([io.BytesIO(Path(paths[0]).read_bytes()), upload]))

    def test_a_format_that_libsndfile_does_not_know_is_said_to_be_so(self, tmp_path):
        (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
        with pytest.raises(AudioError, match=rf"a.m4a': {NOT_AUDIO} \(Format not recognised\)"):
            AudioLoader().transform([tmp_path / "a.m4a"])[0]

    @pytest.mark.parametrize("offset", [0.5, 3.0])
    def test_an_offset_beyond_the_end_is_named_with_the_length(self, paths, offset):
        with pytest.raises(AudioError, match=rf"0.wav': offset={offset} s is not before its end, at 0.500 s"):
            AudioLoader(offset=offset).transform(paths)[0]


class TestTruncatedFiles:
    """A track cut off by a full disk or a broken download: what is there, or an error, but no invented sound."""

    @pytest.mark.parametrize("share", np.linspace(0.03, 0.97, 9))
    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "mp3 without length"])
    def test_wherever_it_is_cut_it_is_the_beginning_of_the_track_or_an_error(self, suffix, share):
        content = audio_bytes(suffix.split()[0], seconds=2)
        if suffix == "mp3 without length":
            content = without_length(content)
        whole = heard_or_refused(content)
        heard = heard_or_refused(content[: int(share * len(content))])
        if isinstance(heard, AudioError):
            assert any(word in heard.cause for word in ("truncated", "damaged", NOT_AUDIO, "no samples"))
        else:
            assert len(heard) < len(whole)
            sound = heard[:-2000]  # the last frame of a lossy format is half there
            np.testing.assert_allclose(sound, whole[: len(sound)], atol=1e-3)

    @pytest.mark.parametrize("suffix", ["mp3", "flac"])
    def test_a_format_that_declares_its_length_is_an_error(self, tmp_path, suffix):
        content = audio_bytes(suffix)
        (tmp_path / f"half.{suffix}").write_bytes(content[: len(content) // 2])
        with pytest.raises(AudioError, match=rf"half.{suffix}': truncated"):
            AudioLoader().transform([tmp_path / f"half.{suffix}"])[0]

    @pytest.mark.parametrize("suffix", ["mp3", "flac"])
    def test_the_part_before_the_cut_can_be_asked_for(self, suffix):
        content = audio_bytes(suffix)
        (part,) = AudioLoader(duration=1).transform([io.BytesIO(content[: len(content) // 2])])
        (whole,) = AudioLoader(duration=1).transform([io.BytesIO(content)])
        np.testing.assert_allclose(part, whole, atol=1e-4)

    def test_the_part_after_the_cut_is_an_error(self):
        content = audio_bytes("mp3")
        with pytest.raises(AudioError, match=r"truncated: 0.00 of 0.50 s could be decoded"):
            AudioLoader(offset=2.4, duration=0.5).transform([io.BytesIO(content[: len(content) // 3])])[0]

    @pytest.mark.parametrize("suffix", ["wav", "ogg", "opus", "mp3"])
    def test_a_format_without_a_declared_length_gives_what_is_there(self, suffix):
        content = audio_bytes(suffix)
        content = without_length(content) if suffix == "mp3" else content
        (heard,) = AudioLoader().transform([io.BytesIO(content[: len(content) // 2])])
        assert len(heard) / RATE == pytest.approx(1.5, abs=0.6)

    def test_a_hole_in_an_mp3_is_an_error(self):
        content = audio_bytes("mp3")
        third = len(content) // 3
        with pytest.raises(AudioError, match="truncated"):
            AudioLoader().transform([io.BytesIO(content[:third] + bytes(third) + content[2 * third :])])[0]

    @pytest.mark.parametrize("duration", [None, 10.0])
    def test_a_flac_written_as_a_stream_says_what_to_do(self, duration):
        """Its length is written as zero; libsndfile then reads the beginning, but not to the end."""
        content = bytearray(audio_bytes("flac"))
        content[21], content[22:26] = content[21] & 0xF0, bytes(4)
        with pytest.raises(AudioError, match="it does not declare its length: write it anew to a file"):
            AudioLoader(duration=duration).transform([io.BytesIO(content)])[0]
        assert len(AudioLoader(offset=1, duration=1).transform([io.BytesIO(content)])[0]) == RATE


class TestMp3AsFound:
    """What tags and downloads leave around the frames; players pass over it."""

    LEADS = {
        "nothing": b"",
        "two ID3 tags": 2 * (b"ID3\3\0\0\0\0\1\0" + bytes(128)),
        "a padded ID3 tag": b"ID3\3\0\0\0\0\1\0" + bytes(128 + 700),
        "an APE tag": b"APETAGEX" + bytes(range(256)) * 8,
        "a line": b"HTTP/1.1 200 OK\r\n\r\n",
    }

    @pytest.fixture
    def mp3(self):
        """An mp3 of varying bit rate, silence at first, so that its first frame says little of its length."""
        y = np.random.default_rng(0).normal(scale=0.1, size=4 * RATE) * (np.arange(4 * RATE) > 2 * RATE)
        file = io.BytesIO()
        soundfile.write(file, y, RATE, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="VARIABLE")
        return file.getvalue()

    @pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "not declared"])
    @pytest.mark.parametrize("lead", LEADS)
    def test_what_is_around_its_frames_is_passed_over(self, tmp_path, mp3, lead, is_declared):
        frames = mp3 if is_declared else without_length(mp3)
        picture = np.random.default_rng(0).integers(256, size=40_000, dtype=np.uint8).tobytes()
        (tmp_path / "song.mp3").write_bytes(self.LEADS[lead] + frames + b"APETAGEX" + picture)
        (heard,) = AudioLoader(sample_rate=RATE).transform([tmp_path / "song.mp3"])
        assert len(heard) / RATE == pytest.approx(4, abs=0 if is_declared else 0.15)  # with the encoder's padding
        np.testing.assert_array_equal(heard, AudioLoader(sample_rate=RATE).transform([io.BytesIO(frames)])[0])

    @pytest.mark.parametrize("kilobits", [b"\x90", b"\xe0"], ids=["128", "320"])
    def test_a_header_that_decoders_do_not_read_is_no_length_and_no_sound(self, mp3, kilobits):
        """As of Fraunhofer's encoders, here in front of frames at 22,050 Hz."""
        frames = mp3[_frame_length(mp3[:4]) :]
        header = mp3[:2] + kilobits + mp3[3:4]
        vbri = b"VBRI" + struct.pack(">HHHIIHHHH", 1, 0, 75, len(frames), 155, 1, 1, 2, 10)
        first = (header + bytes(32) + vbri).ljust(_frame_length(header), b"\0")
        heard, expected = (AudioLoader(RATE).transform([io.BytesIO(part + frames)])[0] for part in (first, b""))
        assert len(heard) / RATE == pytest.approx(4, abs=0.15)
        np.testing.assert_array_equal(heard, expected)

    def test_files_that_were_joined_are_heard_to_their_end(self, mp3):
        for between in (b"", self.LEADS["two ID3 tags"]):
            (heard,) = AudioLoader(RATE).transform([io.BytesIO(mp3 + between + mp3)])
            assert len(heard) / RATE == pytest.approx(8, abs=0.3)
            assert np.abs(heard[-RATE:]).max() > 0.05

    def test_one_frame_header_makes_no_mp3(self, mp3):
        with pytest.raises(AudioError, match="not audio"):
            AudioLoader(RATE).transform([io.BytesIO(mp3[:4] + b"hello world " * 2000)])[0]

    def test_a_length_that_no_memory_holds_is_an_error_of_the_file(self, mp3):
        where = mp3.index(b"Xing") + 8
        broken = mp3[:where] + b"\xff" * 4 + mp3[where + 4 :]
        with pytest.raises(AudioError, match=r"it declares .* s, more than memory holds: set a duration"):
            AudioLoader(RATE).transform([io.BytesIO(broken)])[0]
        assert len(AudioLoader(RATE, duration=1).transform([io.BytesIO(broken)])[0]) == RATE

    def test_what_cannot_be_opened_says_why(self, tmp_path, mp3, monkeypatch):
        (tmp_path / "song.mp3").write_bytes(mp3)
        monkeypatch.setattr("builtins.open", Mock(side_effect=PermissionError(13, "Permission denied")))
        with pytest.raises(AudioError, match=r"song.mp3': Permission denied$"):
            AudioLoader().transform([tmp_path / "song.mp3"])[0]


class TestTracks:
    @pytest.mark.parametrize(
        "X",
        [
            [],
            (),
            np.array([]),
            np.array([], dtype=str),
            pd.Series([], dtype=object),
            pd.DataFrame({"path": []}, dtype=str),
        ],
        ids=["list", "tuple", "array", "str array", "Series", "DataFrame"],
    )
    def test_no_tracks_is_an_error(self, fitted, X):
        for call in (AudioLoader().fit, AudioLoader().transform, fitted.predict):
            with pytest.raises(ValueError, match="X holds no tracks"):
                call(X)
        with pytest.raises(ValueError, match="X holds no tracks"):
            genre_pipeline().fit(X, [])

    def test_no_tracks_is_an_error_at_every_step(self, paths):
        waveforms = AudioLoader().transform(paths)[:0]
        with pytest.raises(ValueError, match="X holds no tracks"):
            MFCCExtractor().transform(waveforms)
        with pytest.raises(ValueError, match="0 sample"):
            small_net().fit(np.zeros((0, 20, 44)), [])

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (["a.wav", None], r"row 1 of X must be a path or an open binary file like the others, got None"),
            (pd.Series([np.nan, "a.wav"]), r"row 0 of X must be a path .* got nan"),
            ([np.zeros(3), "a.wav"], r"row 0 of X must be a path .* got array"),
            (["a.wav", 3], r"row 1 of X must be a path .* got 3"),
            ({"path": "a.wav"}, "X must be paths in one column.* got dict"),
            ({"a.wav"}, "X must be paths in one column.* got set"),
            ((path for path in ["a.wav"]), "X must be paths in one column.* got generator"),
            ([io.StringIO("a")], "row 0 of X is a file opened as text: open it with mode 'rb'"),
        ],
        ids=["None", "NaN", "array and path", "number", "dict", "set", "generator", "text file"],
    )
    def test_what_is_no_path_is_named(self, X, message):
        for method in (AudioLoader().fit, AudioLoader().transform):
            with pytest.raises(TypeError, match=message):
                method(X)

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (None, "X must be paths in one column.* got NoneType"),
            (b"a.wav", "X must be paths in one column.* got bytes"),
            ([["a.wav", "b.wav"]], "X must be paths in one column.* got list"),
            (pd.DataFrame({"path": ["a.wav"], "genre": ["jazz"]}), "X must be paths in one column.* got DataFrame"),
            ([[0.1, 0.2], [0.3]], r"X must be .* a list of 1-D arrays, got list"),
            (np.zeros((2, 3, 4)), r"X must be .* a 2-D array \(n_tracks, n_samples\).* got ndarray: .* dim 3"),
            ([np.zeros(3), np.zeros(0)], "row 1 of X must hold at least one real sample, got 0 of float64"),
            ([np.zeros(3, dtype=complex)], "row 0 of X must hold at least one real sample, got 3 of complex128"),
        ],
        ids=["None", "bytes", "two columns", "DataFrame", "unequal lists", "3-D", "no samples", "complex"],
    )
    def test_what_is_no_track_is_said_to_be_so(self, X, message):
        with pytest.raises(ValueError, match=message):
            AudioLoader().fit(X)

    def test_a_text_file_and_a_closed_one_are_named_by_row(self, paths):
        with open(paths[0]) as file, pytest.raises(TypeError, match="row 1 of X is a file opened as text"):
            AudioLoader().transform([paths[0], file])
        with open(paths[0], "rb") as file:
            pass
        with pytest.raises(ValueError, match="row 0 of X must be an open file, got a closed one"):
            AudioLoader().transform([file])

    def test_samples_that_are_not_numbers_are_an_error(self, fitted):
        X = np.zeros((2, 100), dtype=np.float32)
        X[1, 3] = np.nan
        for call in (AudioLoader().fit, AudioLoader().transform, MFCCExtractor().transform, fitted.predict):
            with pytest.raises(ValueError, match="Input X contains NaN"):
                call(X)
        for call in (lambda X: list(AudioLoader().transform(X)), MFCCExtractor().transform, fitted.predict):
            with pytest.raises(AudioError, match=r"cannot read '<array>': it holds NaN or infinite samples \(row 1\)"):
                call(list(X))

    def test_features_that_are_not_numbers_are_an_error(self, features):
        broken = np.array(features)
        broken[2, 3, 4] = np.nan
        for call in (FrameStatistics().fit, lambda X: small_net().fit(X, Y)):
            with pytest.raises(ValueError, match="Input X contains NaN"):
                call(broken)
        with pytest.raises(ValueError, match="track 1 must be finite, got NaN or infinite features"):
            small_net().fit([features[0], broken[2][:, :20]], ["a", "b"])

    def test_a_bare_buffer_says_how_to_pass_it_and_a_listed_one_is_heard(self, fitted):
        buffer = np.sin(np.arange(RATE // 2) * 0.1)
        with pytest.raises(ValueError, match=r"a lone buffer of samples is passed as \[buffer\]"):
            fitted.predict(buffer)
        np.testing.assert_array_equal(fitted.predict_proba([buffer]), fitted.predict_proba(buffer[None]))

    @pytest.mark.parametrize("n_samples", [1, 2, 100, 511, 513])
    def test_a_track_shorter_than_one_frame_is_classified(self, tmp_path, fitted, paths, n_samples):
        soundfile.write(tmp_path / "click.wav", np.full(n_samples, 0.5), RATE)
        assert fitted.predict(str(tmp_path / "click.wav"))[0] in Y
        whole = make_pipeline(AudioLoader(), MFCCExtractor(deltas=2), small_net())
        assert whole.fit([*paths, tmp_path / "click.wav"], [*Y, "tone"]).predict(tmp_path / "click.wav")[0] in Y

    def test_steps_out_of_order_say_what_is_missing(self, paths, features):
        with pytest.raises(ValueError, match="MFCCExtractor takes waveforms, got paths: put an AudioLoader in front"):
            make_pipeline(MFCCExtractor(), small_net()).fit(paths, Y)
        for X in (paths, AudioLoader().transform(paths)):
            with pytest.raises(
                ValueError, match=r"CNNClassifier takes features, got .* of tracks: put an AudioLoader and"
            ):
                small_net().fit(X, Y)

    def test_an_unfitted_pipeline_says_so(self, paths):
        with pytest.raises(NotFittedError):
            genre_pipeline().predict(paths)


class TestNames:
    def test_tracks_and_genres_with_names_that_are_not_ascii_are_told_apart(self, paths, tmp_path, fitted):
        renamed = [tmp_path / f"{i} – Ünïcödé 音楽 🎵.wav" for i in range(8)]
        for path, copy in zip(paths, renamed, strict=True):
            copy.write_bytes(Path(path).read_bytes())
        genres = np.where(Y == "noise", "Música de câmara", "騒音")
        pipeline = genre_pipeline().fit(renamed, genres)
        np.testing.assert_array_equal(pipeline.predict(renamed) == "騒音", fitted.predict(paths) == "tone")
        assert list(pipeline.classes_) == ["Música de câmara", "騒音"]

    def test_a_series_with_a_shuffled_index_is_taken_in_its_order(self, paths, fitted):
        X, y = pd.Series(paths, index=[5, 2, 7, 0, 1, 3, 6, 4]), pd.Series(Y, index=list("hcagfbed"))
        expected = fitted.predict_proba(paths)
        np.testing.assert_array_equal(genre_pipeline().fit(X, y).predict_proba(X), expected)
        np.testing.assert_array_equal(fitted.predict_proba(X.sort_index()), expected[np.argsort(X.index)])
        np.testing.assert_array_equal(fitted.predict_proba(X.to_frame("path")), expected)


class TestLabels:
    @pytest.mark.parametrize("y", [["tone"] * 8, [3] * 8], ids=["str", "int"])
    def test_one_class_is_an_error_that_names_it(self, paths, y):
        with pytest.raises(ValueError, match=f"y must hold at least two genres, got one class: {y[0]}"):
            genre_pipeline().fit(paths, y)

    @pytest.mark.parametrize("net", [CNNClassifier, RNNClassifier])
    @pytest.mark.parametrize("n", [0, 7, 9])
    def test_x_and_y_of_different_lengths_are_an_error_with_both(self, features, net, n):
        with pytest.raises(ValueError, match=rf"inconsistent numbers of samples: \[8, {n}\]"):
            net(max_epochs=1).fit(features, np.resize(Y, n))

    def test_different_lengths_are_an_error_through_a_pipeline_too(self, paths, fitted):
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[8, 5\]"):
            genre_pipeline().fit(paths, Y[:5])
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[5, 8\]"):
            fitted.score(paths, Y[:5])

    @pytest.mark.parametrize(("name", "value"), [("groups", [1, 2]), ("sample_weight", [1.0, 2.0])])
    def test_groups_and_weights_of_another_length_are_an_error(self, paths, name, value):
        with pytest.raises(ValueError, match=r"inconsistent numbers of samples|sample_weight.shape == \(2,\)"):
            genre_pipeline().fit(paths, Y, **{f"cnn__{name}": value})

    def test_no_y_is_an_error(self, paths):
        with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
            genre_pipeline().fit(paths)

    def test_labels_that_are_missing_are_an_error(self, paths):
        with pytest.raises(ValueError, match="Input y contains NaN"):
            genre_pipeline().fit(paths, [np.nan, *range(7)])

    @pytest.mark.parametrize(
        ("missing", "message"),
        [
            (None, "y must hold a genre for every track, got none in 2 rows, first 3"),
            (np.nan, "y must hold a genre for every track, got none in 2 rows, first 3"),
            (pd.NA, "y must hold a genre for every track, got none in 2 rows, first 3"),
            (7, "y must hold genres of one type, such as str, got int and str"),
        ],
    )
    @pytest.mark.parametrize("name", ["net", "group_svc", "per_label", "voting"])
    def test_a_genre_that_is_missing_or_of_another_type_is_named(self, features, name, missing, message):
        estimator = {
            "net": small_net(),
            "group_svc": GroupSVC(),
            "per_label": PerLabelClassifier(LogisticRegression()),
            "voting": GenreVoting([("machine", GroupSVC())], voting="soft"),
        }[name]
        y = pd.Series(Y, dtype=object)
        y[[3, 5]] = missing
        with pytest.raises(ValueError, match=message):
            estimator.fit(features, y.tolist())
        with pytest.raises(ValueError, match=message):
            estimator.fit(features.mean(axis=2), y)

    def test_unseen_labels_count_as_wrong_in_a_score(self, paths, fitted):
        y = fitted.predict(paths).astype(object)
        assert fitted.score(paths, y) == 1
        y[:2] = "jazz"
        assert fitted.score(paths, y) == 0.75

    def test_unseen_labels_are_an_error_in_partial_fit_and_a_warm_start(self, features):
        y = np.where(np.arange(8) == 3, "jazz", Y)
        message = r"y must hold only the genres known so far, \['noise' 'tone'\], got also \['jazz'\]"
        net = small_net().partial_fit(features, Y)
        with pytest.raises(ValueError, match=message):
            net.partial_fit(features, y)
        warm = small_net(warm_start=True).fit(features, Y)
        with pytest.raises(ValueError, match=message):
            warm.set_params(max_epochs=3).fit(features, y)
        assert warm.predict(features[:1])[0] in Y

    def test_labels_announced_to_partial_fit_may_come_later(self, features):
        net = small_net().partial_fit(features[1::2], Y[1::2], classes=["tone", "noise", "jazz"])
        net.partial_fit(features, np.where(np.arange(8) == 3, "jazz", Y))
        assert list(net.classes_) == ["jazz", "noise", "tone"]
        assert net.predict_proba(features).shape == (8, 3)
