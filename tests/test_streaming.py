"""A stream: cut into whatever chunks, it ends with the answer of the pipeline to the whole track."""

import itertools
import math

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor, MFCCExtractor, RNNClassifier, StreamingClassifier

RATE = 8000
FRONTS = {
    "mel": MelExtractor(16, n_fft=512, hop_length=160),
    "mfcc": MFCCExtractor(8, n_mels=16, n_fft=512, hop_length=160),
    "deltas": MFCCExtractor(6, deltas=2, n_mels=16, n_fft=512, hop_length=128),
    "odd": MFCCExtractor(6, deltas=1, n_mels=12, n_fft=401, hop_length=100),
}
NETS = {
    "cnn": CNNClassifier((4, 8), max_epochs=2, segment_frames=30, random_state=0),
    "vote": CNNClassifier((4, 8), max_epochs=2, segment_frames=21, segment_overlap=0.7, pooling="vote", random_state=0),
    "max": CNNClassifier((4, 8), max_epochs=2, segment_frames=5, segment_overlap=0.0, pooling="max", random_state=0),
    "rnn": RNNClassifier((4, 8), n_hidden=4, max_epochs=2, segment_frames=40, segment_overlap=0.3, random_state=0),
}


def music(seconds, seed=0, rate=RATE):
    """Return noise that comes and goes, over tones: something whose maximum is anywhere, with silence in it."""
    rng = np.random.default_rng(seed)
    n = max(1, round(seconds * rate))
    time = np.arange(n) / rate
    loudness = np.maximum(0, np.interp(time, np.linspace(0, seconds + 1e-9, 9), rng.normal(0, 0.3, 9)))
    tone = sum(np.sin(2 * np.pi * pitch * time) for pitch in rng.uniform(100, rate / 3, 3)) / 6
    return (loudness * (tone + rng.normal(0, 0.1, n))).astype(np.float32)


def fitted(front, net, **loading):
    pipeline = Pipeline([("load", AudioLoader(RATE, **loading)), ("front", FRONTS[front]), ("net", clone(NETS[net]))])
    X = np.stack([music(1.5, seed) * (1 + seed % 3) for seed in range(9)])
    pipeline[:-1].fit(X)
    features = Pipeline([("load", AudioLoader(RATE)), ("front", FRONTS[front])]).fit_transform(X)
    pipeline.named_steps["net"].fit(features, np.array(["a", "b", "c"])[np.arange(9) % 3])
    return pipeline


@pytest.fixture(scope="module")
def pipelines():
    names = [("mel", "cnn"), ("mfcc", "vote"), ("deltas", "max"), ("odd", "rnn"), ("deltas", "rnn")]
    return {(front, net): fitted(front, net) for front, net in names}


def play(live, samples, sizes):
    """Push samples in chunks of these sizes, again and again, and return the updates."""
    updates, start = [], 0
    for size in itertools.cycle(sizes):
        updates += live.push(samples[start : start + size])
        start += size
        if start >= len(samples):
            return updates


def written(folder, samples, rate):
    path = folder / "track.wav"
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


sizes = st.lists(st.one_of(st.integers(0, 40), st.integers(1, 5000)), min_size=1, max_size=6).filter(any)


class TestTheAnswerToAWholeTrack:
    @pytest.mark.parametrize(
        "names", [("mel", "cnn"), ("mfcc", "vote"), ("deltas", "max"), ("odd", "rnn"), ("deltas", "rnn")]
    )
    @settings(max_examples=12)
    @given(seconds=st.floats(0.0, 3.0), seed=st.integers(0, 99), sizes=sizes)
    def test_does_not_depend_on_how_it_was_cut_into_chunks(self, pipelines, names, seconds, seed, sizes):
        pipeline, samples = pipelines[names], music(seconds, seed)
        with StreamingClassifier(pipeline) as live:
            play(live, samples, sizes)
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)
        assert_allclose(live.embedding_, pipeline.transform([samples])[0], atol=1e-4, rtol=1e-4)

    @settings(max_examples=20)
    @given(
        rate=st.sampled_from([4000, 11025, 16000, 22050, 44100, 48000]),
        n_channels=st.integers(1, 3),
        seconds=st.floats(0.001, 2.0),
        seed=st.integers(0, 99),
        sizes=sizes,
    )
    def test_is_that_to_the_file_at_any_rate_and_number_of_channels(
        self, pipelines, tmp_path_factory, rate, n_channels, seconds, seed, sizes
    ):
        pipeline = pipelines["mel", "cnn"]
        samples = np.stack([music(seconds, seed + channel, rate) for channel in range(n_channels)], axis=1)
        path = written(tmp_path_factory.mktemp("rates"), samples, rate)
        with StreamingClassifier(pipeline, sample_rate=rate) as live:
            play(live, samples, sizes)
        assert_allclose(live.posterior_, pipeline.predict_proba([path])[0], atol=1e-5)

    @settings(max_examples=15)
    @given(
        duration=st.floats(0.05, 2.5),
        offset=st.sampled_from([0.0, 0.0, 0.3]),
        rate=st.sampled_from([8000, 44100, 22050]),
        seconds=st.floats(0.5, 3.0),
        sizes=sizes,
    )
    def test_is_that_to_the_part_that_the_loader_hears(
        self, pipelines, tmp_path_factory, duration, offset, rate, seconds, sizes
    ):
        steps = pipelines["mel", "cnn"].steps
        pipeline = Pipeline([("load", AudioLoader(RATE, duration=duration, offset=offset)), *steps[1:]])
        samples = music(seconds, 1, rate)
        path = written(tmp_path_factory.mktemp("parts"), samples, rate)
        with StreamingClassifier(pipeline, sample_rate=rate) as live:
            play(live, samples, sizes)
        assert_allclose(live.posterior_, pipeline.predict_proba([path])[0], atol=1e-5)

    @pytest.mark.parametrize("size", [1, 7, 800, 10**6])
    def test_knows_the_maximum_that_comes_last(self, pipelines, size):
        pipeline = pipelines["mfcc", "vote"]
        samples = np.concatenate([np.zeros(RATE), 1e-3 * music(1.0, 2), music(0.5, 3) * 3]).astype(np.float32)
        with StreamingClassifier(pipeline) as live:
            play(live, samples, [size])
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)

    def test_of_a_single_sample_is_there(self, pipelines):
        pipeline = pipelines["mel", "cnn"]
        with StreamingClassifier(pipeline) as live:
            assert live.push([0.5]) == []
        assert_allclose(live.posterior_, pipeline.predict_proba([np.array([0.5])])[0], atol=1e-5)

    def test_of_silence_is_that_of_the_pipeline(self, pipelines):
        pipeline = pipelines["deltas", "max"]
        with StreamingClassifier(pipeline) as live:
            play(live, np.zeros(RATE), [800])
        assert_allclose(live.posterior_, pipeline.predict_proba([np.zeros(RATE)])[0], atol=1e-5)

    def test_is_the_same_where_a_data_frame_is_asked_for(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.push(music(2.0, 3))
        with config_context(transform_output="pandas"):
            live.close()
        expected = pipelines["mel", "cnn"].transform([music(2.0, 3)])[0]
        assert_allclose(live.embedding_, expected, atol=1e-4, rtol=1e-4)

    def test_of_a_long_track_is_scored_in_blocks(self, pipelines):
        pipeline, samples = pipelines["deltas", "max"], music(40.0, 4)
        with StreamingClassifier(pipeline) as live:
            live.push(samples)
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)
        assert_allclose(live.embedding_, pipeline.transform([samples])[0], atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("dtype", ["int16", "int32"])
    def test_takes_whole_numbers_as_files_hold_them(self, pipelines, dtype):
        pipeline, samples = pipelines["mel", "cnn"], music(1.0, 5)
        numbers = np.round(samples * np.iinfo(dtype).max * 0.9).astype(dtype)
        with StreamingClassifier(pipeline) as live:
            play(live, numbers, [500])
        expected = pipeline.predict_proba([(numbers / -float(np.iinfo(dtype).min)).astype(np.float32)])
        assert_allclose(live.posterior_, expected[0], atol=1e-5)

    @pytest.mark.parametrize("pooling", ["mean", "max", "vote"])
    def test_holds_for_several_labels_a_track(self, pipelines, pooling):
        features = pipelines["mel", "cnn"][:-1].transform([music(1.0, seed) for seed in range(8)])
        y = np.array([[i % 2, i // 4, 1] for i in range(8)])
        net = CNNClassifier((4, 8), max_epochs=2, segment_frames=30, pooling=pooling, random_state=0).fit(features, y)
        pipeline = Pipeline([*pipelines["mel", "cnn"].steps[:-1], ("net", net)])
        samples = music(3.0, 20)
        with StreamingClassifier(pipeline, labels=["loud", "late", "there"]) as live:
            updates = play(live, samples, [1000])
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)
        assert updates[0].genre in ("loud", "late", "there")
        assert_array_equal(StreamingClassifier(pipeline).classes_, [0, 1, 2])
        with pytest.raises(ValueError, match="labels must name the 3 labels of the net, got 2 names"):
            StreamingClassifier(pipeline, labels=["loud", "late"])

    def test_holds_on_real_music(self, emotify):
        paths = emotify.paths[::80]
        loader = AudioLoader(duration=12)
        pipeline = Pipeline([("load", loader), ("mel", MelExtractor(64)), ("net", CNNClassifier(max_epochs=2))])
        pipeline.fit(paths, np.arange(len(paths)) % 2)
        whole = Pipeline([("load", AudioLoader()), *pipeline.steps[1:]])
        for model in (pipeline, whole):
            live = StreamingClassifier(model)
            last = list(live.stream(paths[0]))[-1]
            assert last.final
            assert_allclose(last.track_posterior, model.predict_proba(paths[:1])[0], atol=1e-5)


class TestUpdates:
    def test_come_for_each_segment_of_the_pipeline_and_before_the_first_is_full(self, pipelines):
        with StreamingClassifier(pipelines["mel", "cnn"]) as live:
            updates = play(live, music(2.0, 6), [801])
        frames = [round(update.time * RATE / 160) for update in updates]
        assert frames == [15, *range(30, 100, 15)]  # 15 repeated to fill a segment of 30, then every 15
        assert [update.start for update in updates[:3]] == pytest.approx([0, 0, 15 * 160 / RATE])

    @settings(max_examples=8)
    @given(sizes=sizes)
    def test_are_the_same_in_any_chunks(self, pipelines, sizes):
        samples = np.concatenate([music(1.0, 7) * 1e-3, music(1.5, 8)])
        for names in (("mel", "cnn"), ("deltas", "rnn")):
            whole = StreamingClassifier(pipelines[names]).push(samples)
            cut = play(StreamingClassifier(pipelines[names]), samples, sizes)
            assert [update.time for update in cut] == [update.time for update in whole]
            for name in ("posterior", "track_posterior", "embedding"):
                one, other = ([getattr(update, name) for update in updates] for updates in (cut, whole))
                assert_allclose(one, other, atol=1e-4, rtol=1e-4)

    def test_say_of_a_segment_what_the_pipeline_says_of_the_track_up_to_it(self, pipelines):
        pipeline = pipelines["mel", "cnn"]
        samples = music(2.0, 9)
        update = StreamingClassifier(pipeline).push(samples)[1]
        # 30 frames, the last of which reaches 256 samples beyond its centre.
        features = pipeline[:-1].transform([samples[: 29 * 160 + 256]])[0][:, :30]
        assert_allclose(update.posterior, pipeline[-1].predict_proba(features[None])[0], atol=1e-5)
        assert_allclose(update.embedding, pipeline[-1].transform(features[None])[0], atol=1e-4, rtol=1e-4)
        assert update.genre == pipeline.classes_[update.posterior.argmax()]

    def test_average_over_the_track_so_far(self, pipelines):
        updates = StreamingClassifier(pipelines["mel", "cnn"]).push(music(3.0, 10))
        full = [update.posterior for update in updates[1:]]  # the first is replaced as soon as a segment is full
        assert_allclose(updates[-1].track_posterior, np.mean(full, axis=0), atol=1e-6)

    def test_forget_by_half_after_a_half_life(self, pipelines):
        step = 15 * 160 / RATE
        live = StreamingClassifier(pipelines["mel", "cnn"], average="exponential", half_life=step)
        updates = live.push(music(3.0, 10))
        expected = updates[1].posterior
        weight = 1 - 0.25  # the first segment lasts two half-lives
        for update in updates[2:]:
            weight, before = 0.5 * weight + 0.5, weight
            expected = (0.5 * before * expected + 0.5 * update.posterior) / weight
        assert_allclose(live.posterior_, expected, atol=1e-6)
        assert_allclose(live.posterior_, updates[-1].track_posterior)

    def test_forget_nothing_within_a_half_life_that_is_long(self, pipelines):
        live = StreamingClassifier(
            pipelines["mel", "cnn"], average="exponential", half_life=1e18, every=15 * 160 / RATE
        )
        full = [update.posterior for update in live.push(music(3.0, 10))[1:]]
        assert_allclose(live.posterior_, np.average(full, axis=0, weights=[2] + [1] * (len(full) - 1)), atol=1e-6)

    def test_go_on_after_the_loaders_duration_when_the_track_is_settled(self, pipelines):
        pipeline = Pipeline([("load", AudioLoader(RATE, duration=1.0)), *pipelines["mel", "cnn"].steps[1:]])
        samples = music(4.0, 11)
        updates = StreamingClassifier(pipeline).push(samples)
        late = [update for update in updates if update.start > 1.0]
        assert len(late) > 5
        assert len({update.posterior.tobytes() for update in late}) > 3
        for update in late:
            assert_allclose(update.track_posterior, pipeline.predict_proba([samples])[0], atol=1e-5)

    def test_come_before_any_answer_can_be_read(self, pipelines):
        pipeline = Pipeline([("load", AudioLoader(RATE, duration=0.2)), *pipelines["mel", "cnn"].steps[1:]])
        live = StreamingClassifier(pipeline, every=10.0)
        assert live.push(music(0.2, 11)) == []
        assert not hasattr(live, "posterior_")
        with pytest.raises(AttributeError, match="there is no answer yet"):
            live.timeline()
        assert_allclose(live.close()[-1].track_posterior, pipeline.predict_proba([music(0.2, 11)])[0], atol=1e-5)

    def test_are_as_many_as_asked_for(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"], every=0.1)
        times = [update.time for update in live.push(music(2.0, 12))]
        assert np.diff(times) == pytest.approx(0.1)
        assert times[0] == pytest.approx(0.1)

    def test_end_with_one_that_is_final(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        before = live.push(music(2.0, 13))
        after = live.close()
        assert [update.final for update in before + after] == [False] * (len(before) + len(after) - 1) + [True]
        assert after[-1].time == pytest.approx(2.0, abs=0.03)
        assert_array_equal(after[-1].track_posterior, live.posterior_)


class TestAStream:
    def test_begins_anew_after_reset(self, pipelines):
        live = StreamingClassifier(pipelines["deltas", "rnn"])
        first = play(live, music(2.0, 14), [900]) + live.close()
        live.reset()
        assert not hasattr(live, "posterior_")
        again = play(live, music(2.0, 14), [900]) + live.close()
        assert_array_equal([update.track_posterior for update in first], [update.track_posterior for update in again])

    def test_may_change_rate_and_channels_after_reset(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.push(np.zeros((100, 2)), sample_rate=44100)
        live.reset().push(np.zeros(100), sample_rate=22050)
        assert live.time_ == pytest.approx(100 / 22050)

    def test_leaves_the_pipeline_as_it_was(self, pipelines):
        pipeline, samples = pipelines["odd", "rnn"], music(2.0, 15)
        before = pipeline.predict_proba([samples])
        with StreamingClassifier(pipeline) as live:
            live.push(samples)
        assert_array_equal(pipeline.predict_proba([samples]), before)

    def test_has_no_answer_before_the_first_update(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.push(np.zeros(10))
        with pytest.raises(AttributeError, match="there is no answer yet"):
            live.posterior_  # noqa: B018
        assert live.time_ == pytest.approx(10 / RATE)

    def test_that_heard_nothing_ends_without_an_answer(self, pipelines):
        with StreamingClassifier(pipelines["mel", "cnn"]) as live:
            live.push([])
        assert live.close() == []
        assert not hasattr(live, "posterior_")

    def test_is_left_by_an_error_without_hiding_it(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])

        def play_until_an_error():
            with live:
                live.push(music(1.0))
                raise RuntimeError("elsewhere")

        with pytest.raises(RuntimeError, match="elsewhere"):
            play_until_an_error()
        with pytest.raises(ValueError, match="closed"):
            live.push([0.0])

    def test_keeps_little_in_memory_of_what_it_heard(self, pipelines, monkeypatch):
        monkeypatch.setattr("skgenre.streaming._store.IN_MEMORY", 10_000)
        pipeline, samples = pipelines["mel", "cnn"], music(20.0, 16)
        with StreamingClassifier(pipeline) as live:
            play(live, samples, [8000])
            track = live._track
            assert track._store.n_frames > 900
            assert track._store._file._rolled  # to the disk
            assert track._window._frames.shape[1] < 100
            assert len(track._frames._samples) < 2 * 8000
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)

    def test_computes_in_bfloat16_where_the_net_does(self, pipelines):
        features = pipelines["mel", "cnn"][:-1].transform([music(1.0, seed) for seed in range(6)])
        net = CNNClassifier((4, 8), max_epochs=2, segment_frames=30, precision="bfloat16", random_state=0)
        net.fit(features, [0, 1] * 3)
        pipeline = Pipeline([*pipelines["mel", "cnn"].steps[:-1], ("net", net)])
        samples = music(3.0, 17)
        with StreamingClassifier(pipeline) as live:
            play(live, samples, [1000])
        assert_allclose(live.posterior_, pipeline.predict_proba([samples])[0], atol=1e-5)


class TestErrors:
    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"average": "mean"}, 'average must be "track" or "exponential"'),
            ({"half_life": 0}, "half_life"),
            ({"every": -1.0}, "every"),
            ({"sample_rate": 0}, "sample_rate"),
            ({"labels": ["x"]}, "labels must be None"),
        ],
    )
    def test_name_the_parameter(self, pipelines, parameters, message):
        with pytest.raises(ValueError, match=message):
            StreamingClassifier(pipelines["mel", "cnn"], **parameters)

    def test_say_that_a_pipeline_is_not_fitted(self):
        from sklearn.exceptions import NotFittedError

        pipeline = Pipeline([("load", AudioLoader(RATE)), ("front", FRONTS["mel"]), ("net", CNNClassifier())])
        with pytest.raises(NotFittedError, match="CNNClassifier"):
            StreamingClassifier(pipeline)

    def test_name_the_pipelines_that_can_be_streamed(self, pipelines):
        from sklearn.linear_model import LogisticRegression

        from skgenre import FrameStatistics

        steps = pipelines["mel", "cnn"].steps
        for other in (
            steps[-1][1],
            Pipeline([*steps[:2], ("statistics", FrameStatistics()), ("linear", LogisticRegression())]),
            Pipeline(steps[1:]),
        ):
            with pytest.raises(TypeError, match="pipeline must be a fitted Pipeline of AudioLoader, MelExtractor or"):
                StreamingClassifier(other)

    @pytest.mark.parametrize("name", ["half_life", "every"])
    @pytest.mark.parametrize("value", [np.inf, np.nan])
    def test_name_numbers_that_are_not_finite(self, pipelines, name, value):
        with pytest.raises(ValueError, match=f"{name} must be a finite number, got {value}"):
            StreamingClassifier(pipelines["mel", "cnn"], average="exponential", **{name: value})

    @pytest.mark.parametrize("value", [np.inf, np.nan])
    def test_name_a_penalty_that_is_not_finite(self, pipelines, value):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.push(music(1.0, 2))
        with pytest.raises(ValueError, match=f"penalty must be a finite number, got {value}"):
            live.timeline(penalty=value)

    def test_say_that_the_track_has_ended(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.close()
        with pytest.raises(ValueError, match=r"closed; reset\(\) begins another"):
            live.push([0.0])

    @pytest.mark.parametrize(
        ("chunk", "kind", "message"),
        [
            (np.zeros((10, 1)), ValueError, "go on with 2 channels as they began, got 1 at 0.125 s"),
            (np.zeros(10), ValueError, "go on with 2 channels"),
            (np.zeros((2, 1000)), ValueError, r"shape \(n_samples,\) or \(n_samples, n_channels\), got \(2, 1000\)"),
            (np.zeros((3, 2, 2)), ValueError, "must have the shape"),
            (np.full((5, 2), np.nan), ValueError, "finite, got NaN or infinite values in the chunk at 0.125 s"),
            (np.array([[0.1, np.inf]]), ValueError, "finite"),
            (np.zeros((5, 2), dtype="uint8"), TypeError, "must be float in .* int16 or int32, got uint8"),
            (np.zeros((5, 2), dtype=complex), TypeError, "got complex128"),
            (np.array([["a", "b"]]), TypeError, "must be float"),
        ],
    )
    def test_say_what_is_wrong_with_a_chunk_and_leave_the_stream_as_it_was(self, pipelines, chunk, kind, message):
        samples = np.stack([music(1.0, 18), music(1.0, 19)], axis=1)
        live, other = StreamingClassifier(pipelines["mel", "cnn"]), StreamingClassifier(pipelines["mel", "cnn"])
        live.push(samples[:1000])
        with pytest.raises(kind, match=message):
            live.push(chunk)
        live.push(samples[1000:])
        live.close()
        other.push(samples)
        other.close()
        assert_allclose(live.posterior_, other.posterior_, atol=1e-6)

    def test_do_not_forget_the_rate_of_an_empty_chunk(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"])
        live.push([], sample_rate=2 * RATE)
        live.push(music(1.0, 2, rate=2 * RATE))
        assert live.time_ == 1.0

    def test_name_the_rate_that_was_and_the_rate_that_came(self, pipelines):
        live = StreamingClassifier(pipelines["mel", "cnn"], sample_rate=44100)
        with pytest.raises(ValueError, match="sample_rate must stay 44100 Hz over a track, got 48000 Hz"):
            live.push([0.0], sample_rate=48000)

    def test_are_not_made_by_a_track_too_short_for_the_resampler(self, pipelines):
        with StreamingClassifier(pipelines["mel", "cnn"], sample_rate=192_000) as live:
            live.push([0.1])
        assert math.isclose(live.posterior_.sum(), 1, rel_tol=1e-6)
