"""What a stream hears: files, open streams, generators, a microphone; and the tracks like what is playing."""

import sys
from io import BytesIO
from types import ModuleType

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import Pipeline

from skgenre import AudioError, AudioLoader, CNNClassifier, EmbeddingRecommender, MelExtractor, StreamingClassifier
from skgenre.audio import decode, open_blocks
from skgenre.streaming._sources import open_source

RATE = 8000


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return (np.sin(np.arange(3 * RATE) * 0.3)[:, None] * rng.uniform(0, 0.5, (3 * RATE, 2))).astype(np.float32)


@pytest.fixture(scope="module")
def path(tmp_path_factory, samples):
    path = tmp_path_factory.mktemp("sources") / "track.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def pipeline(samples):
    net = CNNClassifier((4, 8), max_epochs=2, segment_frames=30, random_state=0)
    mel = MelExtractor(16, n_fft=512, hop_length=160)
    X = np.random.default_rng(1).normal(0, 0.1, (6, RATE))
    return Pipeline([("load", AudioLoader(RATE)), ("mel", mel), ("net", net)]).fit(X, list("ababab"))


@pytest.fixture(scope="module")
def answer(pipeline, path):
    return pipeline.predict_proba([path])[0]


class OpenStream:
    """A microphone, as sounddevice opens it: what is read comes with word of whether samples were lost."""

    def __init__(self, samples, samplerate=RATE, lost=False, **options):
        self.samples, self.samplerate, self.lost, self.options = samples, samplerate, lost, options
        self.is_open = False

    def __enter__(self):
        self.is_open = True
        return self

    def __exit__(self, *error):
        self.is_open = False

    def read(self, n):
        chunk, self.samples = self.samples[:n], self.samples[n:]
        return chunk, self.lost


class TestSources:
    def test_a_path_an_open_file_or_its_content_is_heard_to_its_end(self, pipeline, path, answer):
        content = path.read_bytes()
        for source in (path, str(path), content, BytesIO(content)):
            *_, last = StreamingClassifier(pipeline).stream(source, block=0.07)
            assert last.final
            assert_allclose(last.track_posterior, answer, atol=1e-5)

    def test_a_generator_or_a_list_of_chunks_is(self, pipeline, samples, answer):
        for source in ((samples[i : i + 999] for i in range(0, len(samples), 999)), [samples]):
            *_, last = StreamingClassifier(pipeline).stream(source)
            assert_allclose(last.track_posterior, answer, atol=1e-5)

    def test_an_open_stream_is_until_it_gives_no_more(self, pipeline, samples, path, answer):
        with soundfile.SoundFile(path) as file:
            for source in (OpenStream(samples), file):
                *_, last = StreamingClassifier(pipeline).stream(source)
                assert_allclose(last.track_posterior, answer, atol=1e-5)

    def test_each_is_another_track(self, pipeline, path, samples, answer):
        live = StreamingClassifier(pipeline)
        live.push(samples[::-1])
        for _ in range(2):
            *_, last = live.stream(path)
            assert_allclose(last.track_posterior, answer, atol=1e-5)

    def test_updates_come_while_a_source_is_heard(self, pipeline, samples):
        given = []

        def chunks():
            for start in range(0, len(samples), 800):
                given.append(start)
                yield samples[start : start + 800]

        live = StreamingClassifier(pipeline)
        updates = live.stream(chunks())
        first = next(updates)
        assert given[-1] < len(samples) / 2
        assert live.time_ >= first.time

    def test_a_source_of_another_rate_is_an_error(self, pipeline, path):
        live = StreamingClassifier(pipeline, sample_rate=44100)
        with pytest.raises(ValueError, match="sample_rate must stay 44100 Hz over a track, got 8000 Hz"):
            next(live.stream(path))

    def test_an_offset_of_the_loader_is_left_out(self, pipeline, path, samples):
        late = Pipeline([("load", AudioLoader(RATE, offset=1.0)), *pipeline.steps[1:]])
        expected = late.predict_proba([path])[0]
        for source in (path, [samples[:3000], samples[3000:]]):
            updates = list(StreamingClassifier(late).stream(source))
            assert_allclose(updates[-1].track_posterior, expected, atol=1e-5)
            assert updates[0].start == 1.0

    @pytest.mark.parametrize("source", [np.zeros(8000), 3, None])
    def test_what_is_no_source_is_an_error(self, pipeline, source):
        with pytest.raises(TypeError, match="source must be a path, an open file, an open stream"):
            next(StreamingClassifier(pipeline).stream(source))

    def test_a_file_that_is_not_there_is_an_error(self, pipeline, tmp_path):
        with pytest.raises(AudioError, match="no such file"):
            next(StreamingClassifier(pipeline).stream(tmp_path / "missing.wav"))

    def test_lost_samples_are_warned_of_once(self, pipeline, samples):
        with pytest.warns(UserWarning, match="samples were lost") as warned:
            list(StreamingClassifier(pipeline).stream(OpenStream(samples, lost=True)))
        assert len(warned) == 1


class TestTheMicrophone:
    def test_is_opened_at_the_rate_of_the_pipeline_and_closed(self, pipeline, samples, monkeypatch):
        opened = []

        def input_stream(**options):
            opened.append(OpenStream(samples, **options))
            return opened[-1]

        sounddevice = ModuleType("sounddevice")
        sounddevice.InputStream = input_stream
        monkeypatch.setitem(sys.modules, "sounddevice", sounddevice)
        live = StreamingClassifier(pipeline)
        heard = live.listen(device="desk")
        next(heard)
        assert (opened[0].samplerate, opened[0].is_open) == (RATE, True)
        assert opened[0].options["device"] == "desk"
        heard.close()
        assert not opened[0].is_open
        assert live.genre_ in ("a", "b")

    def test_asks_for_the_extra_where_it_is_not_installed(self, pipeline, monkeypatch):
        monkeypatch.setitem(sys.modules, "sounddevice", None)
        with pytest.raises(ImportError, match=r'pip install "skgenre\[live\]"'):
            next(StreamingClassifier(pipeline).listen())

    def test_says_what_the_system_lacks(self, pipeline, monkeypatch):
        def missing(name):
            raise OSError("PortAudio library not found")

        monkeypatch.setattr("skgenre._optional.import_module", missing)
        with pytest.raises(ImportError, match=r"PortAudio library not found.* apt install libportaudio2"):
            next(StreamingClassifier(pipeline).listen())


class TestRecommendations:
    @pytest.fixture
    def collection(self, pipeline, tmp_path):
        rng = np.random.default_rng(2)
        paths = []
        for number in range(6):
            time = np.arange(2 * RATE) / RATE
            y = np.sin(2 * np.pi * 200 * (number + 1) * time) * 0.3 + rng.normal(0, 0.02 * number, len(time))
            paths.append(str(tmp_path / f"{number}.wav"))
            soundfile.write(paths[-1], y, RATE)
        return paths

    @pytest.mark.parametrize("options", [{}, {"metric": "euclidean"}, {"hubness": "local_scaling"}])
    def test_are_those_of_the_recommender_for_the_whole_track(self, pipeline, collection, options):
        recommender = EmbeddingRecommender(pipeline, **options).fit(collection[1:])
        live = StreamingClassifier(pipeline, recommender=recommender)
        list(live.stream(collection[0]))
        ids, scores = live.recommend(n=3)
        expected_ids, expected_scores = recommender.recommend(collection[0], n=3)
        assert_array_equal(ids, expected_ids)
        assert_allclose(scores, expected_scores, atol=1e-4)
        assert recommender.embedder_ is pipeline

    def test_come_from_embeddings_too_and_can_be_filtered(self, pipeline, collection):
        embeddings = pipeline.transform(collection)
        recommender = EmbeddingRecommender().fit(embeddings, track_ids=list("abcdef"))
        live = StreamingClassifier(pipeline)
        list(live.stream(collection[2]))
        assert live.recommend(recommender, n=1)[0] == ["c"]
        assert live.recommend(recommender, n=1, exclude=["c"])[0] != ["c"]

    def test_need_a_recommender_of_the_same_net(self, pipeline, collection):
        live = StreamingClassifier(pipeline)
        list(live.stream(collection[0]))
        with pytest.raises(ValueError, match="recommender must be given"):
            live.recommend()
        with pytest.raises(ValueError, match="embeddings of this pipeline's net, of 24 dimensions, got 2"):
            live.recommend(EmbeddingRecommender().fit([[1.0, 0.0], [0.0, 1.0]]))

    def test_need_something_to_be_playing(self, pipeline, collection):
        recommender = EmbeddingRecommender(pipeline).fit(collection)
        with pytest.raises(AttributeError, match="no answer yet"):
            StreamingClassifier(pipeline, recommender=recommender).recommend()


class TestBlocks:
    @pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
    def test_hold_the_samples_that_are_decoded_in_one_go(self, tmp_path, samples, kind):
        path = str(tmp_path / f"track.{kind}")
        soundfile.write(path, samples, 44100)
        with open_blocks(path, 0.01) as blocks:
            assert blocks.sample_rate == 44100
            together = np.concatenate(list(blocks.samples)).mean(axis=1)
        assert_allclose(together, decode(path, 44100), atol=1e-6)

    def test_of_a_truncated_file_end_in_an_error(self, tmp_path, samples):
        path = tmp_path / "track.flac"
        soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 4 * RATE), RATE)
        path.write_bytes(path.read_bytes()[:20000])
        with pytest.raises(AudioError, match="truncated"), open_blocks(str(path), 0.1) as blocks:
            list(blocks.samples)

    def test_that_hold_nan_are_an_error(self, tmp_path):
        path = str(tmp_path / "track.wav")
        soundfile.write(path, np.array([0.0, np.nan, 0.0]), RATE, subtype="FLOAT")
        with pytest.raises(AudioError, match="NaN"), open_blocks(path, 0.1) as blocks:
            list(blocks.samples)


def test_an_open_file_is_read_from_its_start_each_time(tmp_path):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(np.arange(8000) / 9), 8000)
    with open(tmp_path / "a.wav", "rb") as file:
        file.read()
        for _ in range(2):
            with open_source(file, 0.5, 0.0) as source:
                assert sum(len(chunk) for chunk in source.chunks) == 8000
