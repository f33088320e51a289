"""How a file is decoded: in blocks, by one thread or a half by each of two, always to the same samples."""

import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from joblib import Parallel, delayed

from skgenre import AudioError, AudioLoader, MFCCExtractor
from skgenre.audio import _blocks, _decoding, _halves, decode

FORMATS = {"wav": "FLOAT", "flac": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
RATES = (8000, 22050, 44100, 48000)


def write(path, rate=44100, n_channels=2, n_samples=60000, seed=0):
    samples = np.random.default_rng(seed).normal(scale=0.1, size=(n_samples, n_channels))
    suffix = str(path).rpartition(".")[2]
    soundfile.write(path, samples, rate, format=suffix.upper(), subtype=FORMATS[suffix])
    return str(path)


def in_one_go(path, sample_rate, offset, duration):
    """Return what a file holds, read by one call, mixed as a whole and resampled by one call."""
    with soundfile.SoundFile(path) as file:
        start = round(offset * file.samplerate)
        n_samples = file.frames - start
        n_samples = n_samples if duration is None else min(n_samples, int(np.ceil(duration * file.samplerate)))
        lead = start if file.format == "MP3" else 0  # the first samples after a jump into an mp3 may be wrong
        file.seek(start - lead)
        channels = file.read(lead + n_samples, dtype="float32", always_2d=True)[lead:]
        rate = file.samplerate
    y = sum(channels.T) * np.float32(1 / channels.shape[1])
    return soxr.resample(y, rate, sample_rate) if rate != sample_rate else y


def use_blocks(patch, size):
    """Read blocks of a size, and halve what has some of them."""
    for module in (_blocks, _decoding, _halves):
        patch.setattr(module, "BLOCK", size)
    patch.setattr(_halves, "SEAM", size // 2)
    patch.setattr(_halves, "LENGTHS", range(3 * size, 2**24))


@pytest.fixture
def small_blocks(monkeypatch):
    use_blocks(monkeypatch, 4096)


@pytest.fixture
def helpers(monkeypatch):
    """Return the threads that read second halves from now on."""
    threads = []
    read = _halves._read_rest

    def watched(*args):
        threads.append(threading.get_ident())
        return read(*args)

    monkeypatch.setattr(_halves, "_read_rest", watched)
    return threads


@pytest.mark.parametrize("suffix", FORMATS)
@given(data=st.data())
def test_blocks_with_help_or_without_are_what_is_read_in_one_go(suffix, data, tmp_path_factory):
    rate, sample_rate = data.draw(st.sampled_from(RATES)), data.draw(st.sampled_from(RATES))
    n_channels = data.draw(st.integers(1, 2 if suffix == "mp3" else 6))
    n_samples = data.draw(st.integers(2000, 30000))
    offset = data.draw(st.sampled_from([0.0, 0.01, 0.7 * n_samples / rate]))
    duration = data.draw(st.sampled_from([None, 0.001, 0.5 * n_samples / rate, 2 * n_samples / rate]))
    path = write(tmp_path_factory.mktemp("tracks") / f"a.{suffix}", rate, n_channels, n_samples)
    expected = in_one_go(path, sample_rate, offset, duration)
    with pytest.MonkeyPatch.context() as patch:
        use_blocks(patch, data.draw(st.sampled_from([512, 4096, 2**16])))
        for helped in (False, True):
            y = decode(path, sample_rate, offset=offset, duration=duration, helped=helped)
            assert y.dtype == np.float32
            # What precedes a part of an mp3 is decoded too, and leaves another last digit.
            np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6 if suffix == "mp3" and offset else 0)


def test_many_channels_are_mixed_alike_in_blocks_and_in_one_go(tmp_path, small_blocks):
    path = write(tmp_path / "a.flac", 8000, 3, 16385)
    np.testing.assert_array_equal(decode(path, 22050), in_one_go(path, 22050, 0.0, None))


@pytest.mark.parametrize("rate", [22050, 24000])
def test_a_part_of_an_mp3_begins_as_the_whole_has_it_there(rate, tmp_path):
    path = write(tmp_path / "a.mp3", rate, 1, 5 * rate)
    whole = decode(path, rate)
    for start in np.random.default_rng(0).integers(0, 4 * rate, 30):
        part = decode(path, rate, offset=start / rate, duration=0.5)
        np.testing.assert_allclose(part, whole[start : start + len(part)], atol=1e-5)


@pytest.mark.parametrize("rate", [8000, 22050])
def test_the_end_of_an_ogg_file_is_what_the_whole_has_there(rate, tmp_path):
    path = write(tmp_path / "a.ogg", rate, 1, 4 * rate)
    whole = decode(path, rate)
    for start in np.random.default_rng(0).integers(2 * rate, 4 * rate, 30):
        np.testing.assert_allclose(decode(path, rate, offset=start / rate), whole[start:], atol=1e-5)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("damage", ["cut", "noise", "nan"])
def test_help_changes_nothing_in_what_is_said_of_damaged_files(suffix, damage, tmp_path, small_blocks):
    path = tmp_path / f"a.{suffix}"
    content = bytearray(Path(write(path)).read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "noise":
        content[len(content) // 2 :] = np.random.default_rng(0).bytes(len(content) - len(content) // 2)
    elif suffix == "wav":
        content[-40000:-39996] = np.float32(np.nan).tobytes()
    path.write_bytes(content)

    def heard(helped):
        try:
            return decode(str(path), 22050, helped=helped).tobytes()
        except AudioError as error:
            return str(error)

    assert heard(True) == heard(False)


@pytest.mark.parametrize("n_missing", [0, 208])
@pytest.mark.parametrize("pause", [None, slice(20000, 40000)])
def test_a_half_that_does_not_fit_is_read_on_in_order(n_missing, pause, tmp_path, small_blocks, monkeypatch):
    samples = np.random.default_rng(0).normal(scale=0.1, size=(60000, 2))
    if pause:
        samples[pause] = 0
    path = str(tmp_path / "a.flac")
    soundfile.write(path, samples, 44100)
    read, halves = _halves._read_rest, []

    def beside_the_place(source, start, n_wanted):
        halves.append(np.append(read(source, start + n_missing, n_wanted - n_missing), np.ones(n_missing, np.float32)))
        return halves[-1]

    monkeypatch.setattr(_halves, "_read_rest", beside_the_place)
    np.testing.assert_array_equal(decode(path, 22050, helped=True), decode(path, 22050))
    assert len(halves) == 1
    with soundfile.SoundFile(path) as file:
        parts = [len(part) for part in _halves.read_halves(file, path, 0, 60000)]
    fits = not n_missing and not pause
    assert (max(parts) > 4096) == fits


def test_a_cut_file_and_one_with_nan_are_errors_with_help_too(tmp_path, small_blocks):
    flac, wav = tmp_path / "cut.flac", str(tmp_path / "nan.wav")
    content = Path(write(flac)).read_bytes()
    flac.write_bytes(content[: len(content) // 2])
    soundfile.write(wav, np.where(np.arange(60000) == 50000, np.nan, 0.1), 44100, subtype="FLOAT")
    for path, cause in ((str(flac), "truncated"), (wav, "NaN")):
        with pytest.raises(AudioError, match=cause):
            decode(path, 22050, helped=True)


@pytest.mark.parametrize("helped", [False, True])
def test_a_long_track_takes_little_more_memory_than_what_is_made_of_it(tmp_path, helped):
    path = str(tmp_path / "long.wav")
    soundfile.write(path, np.zeros((60 * 44100, 2), dtype=np.int16), 44100)
    tracemalloc.start()
    y = decode(path, 22050, helped=helped)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * y.nbytes + 4e6


class TestWhoIsHelped:
    """A lone track, for a core may be idle while it is waited for; the features are the same."""

    @pytest.fixture
    def paths(self, tmp_path):
        return [write(tmp_path / f"{number}.mp3", seed=number) for number in range(3)]

    @pytest.fixture
    def pipeline(self, small_blocks):
        def extract(paths, n_jobs=None):
            return np.asarray(MFCCExtractor(n_jobs=n_jobs).transform(AudioLoader(duration=1.0).transform(paths)))

        return extract

    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_a_lone_track_is(self, paths, pipeline, helpers, n_jobs):
        alone = pipeline(paths[:1], n_jobs)
        assert len(helpers) == 1
        assert threading.get_ident() not in helpers
        np.testing.assert_array_equal(alone, pipeline(paths)[:1])

    def test_several_tracks_are_not(self, paths, pipeline, helpers):
        pipeline(paths)
        assert not helpers

    def test_nobody_is_who_asks_for_one_job(self, paths, pipeline, helpers):
        pipeline(paths[:1], n_jobs=1)
        assert not helpers

    def test_a_worker_of_joblib_is_not(self, paths, pipeline, helpers):
        with_each = Parallel(n_jobs=2, backend="threading")(delayed(pipeline)([path]) for path in paths)
        assert not helpers
        np.testing.assert_array_equal(np.concatenate(with_each), pipeline(paths))

    def test_a_track_that_is_left_when_others_are_stored_is(self, paths, small_blocks, helpers, tmp_path):
        extractor, loader = MFCCExtractor(memory=tmp_path / "store"), AudioLoader(duration=1.0)
        extractor.transform(loader.transform(paths[:2]))
        assert not helpers
        extractor.transform(loader.transform(paths))
        assert len(helpers) == 1
        assert threading.get_ident() not in helpers

    def test_a_file_that_is_soon_read_is_not(self, tmp_path, pipeline, helpers):
        pipeline([write(tmp_path / "a.wav")])
        assert not helpers

    def test_a_broken_track_alone_is_an_error_or_silence(self, tmp_path, pipeline):
        path = tmp_path / "broken.flac"
        content = Path(write(path)).read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(AudioError, match="truncated"):
            pipeline([str(path)])
        waveforms = AudioLoader(duration=1.0, on_error="warn").transform([str(path)])
        with pytest.warns(UserWarning, match="silence stands in"):
            MFCCExtractor().transform(waveforms)
        assert list(waveforms.errors) == [0]
