"""Features of tracks: parity with librosa, the shapes that leave, their names, and the statistics over time."""

import pickle
import tracemalloc

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.model_selection import KFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skgenre import AudioLoader, FrameStatistics, MelExtractor, MFCCExtractor, Waveforms
from skgenre.features import FeatureSequence
from skgenre.spectral._kernel import _prepared

RATE = 22050
EXTRACTORS = [MelExtractor, MFCCExtractor]
each_extractor = pytest.mark.parametrize("extractor", EXTRACTORS)
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning")  # librosa's, of short signals


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).normal(scale=0.1, size=n_samples).astype(np.float32)


def librosa_mel(y, sr=RATE, **parameters):
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr, **parameters))


def librosa_mfcc(y, sr=RATE, n_mfcc=20, deltas=0, **parameters):
    mfcc = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=n_mfcc, **parameters)
    mode = "interp" if mfcc.shape[1] >= 9 else "nearest"
    return np.concatenate([mfcc] + [librosa.feature.delta(mfcc, order=k, mode=mode) for k in range(1, deltas + 1)])


@pytest.fixture
def paths(tmp_path):
    """Return six tracks between one and two seconds, three of noise and three tones."""
    for i in range(6):
        n = RATE + 3000 * i
        y = noise(n, i) if i < 3 else 0.5 * np.sin(np.arange(n) * 0.05 * i)
        soundfile.write(tmp_path / f"{i}.wav", y, RATE)
    return [str(tmp_path / f"{i}.wav") for i in range(6)]


@pytest.fixture
def waveforms(paths):
    return AudioLoader(duration=1).transform(paths)


class TestParityWithLibrosa:
    @pytest.mark.parametrize(
        "parameters",
        [
            {},
            {"n_mels": 40},
            {"n_fft": 1024, "hop_length": 256},
            {"n_fft": 512, "hop_length": 512, "n_mels": 32},
            {"n_fft": 1023, "hop_length": 333, "n_mels": 32},
            {"fmin": 50.0, "fmax": 8000.0},
            {"fmin": 300.0, "n_mels": 20},
            {"sr": 16000, "n_fft": 400, "hop_length": 160, "n_mels": 64},
            {"sr": 44100, "fmax": 16000.0},
        ],
        ids=str,
    )
    @each_extractor
    def test_at_equal_parameters(self, extractor, parameters):
        y = noise(20_001) * np.linspace(0, 1, 20_001, dtype=np.float32) ** 3
        expected = (librosa_mel if extractor is MelExtractor else librosa_mfcc)(y, **parameters)
        own = {"sample_rate" if name == "sr" else name: value for name, value in parameters.items()}
        np.testing.assert_allclose(extractor(**own).transform(y[None])[0], expected, atol=1e-3)

    @pytest.mark.parametrize("deltas", [0, 1, 2])
    @pytest.mark.parametrize("n_mfcc", [1, 13, 128])
    def test_of_coefficients_and_deltas(self, n_mfcc, deltas):
        y = noise(30_000)
        features = MFCCExtractor(n_mfcc, deltas=deltas).transform(y[None])[0]
        assert features.shape == (n_mfcc * (1 + deltas), 59)
        np.testing.assert_allclose(features, librosa_mfcc(y, n_mfcc=n_mfcc, deltas=deltas), atol=1e-3)

    @settings(max_examples=30)
    @given(n_samples=st.integers(1, 20_000), deltas=st.integers(0, 2))
    @example(n_samples=1, deltas=2)
    @example(n_samples=512, deltas=1)
    @example(n_samples=2047, deltas=0)
    @example(n_samples=512 * 8 - 1, deltas=2)  # 8 frames, the last length below that of a delta
    @example(n_samples=512 * 8, deltas=2)
    def test_at_any_length(self, n_samples, deltas):
        y = noise(n_samples)
        features = MFCCExtractor(deltas=deltas).transform([y])[0]
        np.testing.assert_allclose(features, librosa_mfcc(y, deltas=deltas), atol=1e-3)
        np.testing.assert_allclose(MelExtractor().transform([y])[0], librosa_mel(y), atol=1e-3)

    @each_extractor
    def test_of_a_loud_event_late_in_a_long_track(self, extractor):
        """The range of 80 decibels hangs on the loudest moment of the track, whichever block that lies in."""
        y = 1e-5 * noise(RATE * 20)
        y[-RATE // 2 :] += np.sin(np.arange(RATE // 2) * 0.1, dtype=np.float32)
        expected = (librosa_mel if extractor is MelExtractor else librosa_mfcc)(y)
        np.testing.assert_allclose(extractor().transform(y[None])[0], expected, atol=1e-3)

    @pytest.mark.parametrize("frequency", [97.0, 440.0, 3520.5])
    def test_of_a_pure_tone(self, frequency):
        """Beside it all bands are quiet, and single precision shows near the floor."""
        y = 0.5 * np.sin(2 * np.pi * frequency / RATE * np.arange(3 * RATE)).astype(np.float32)
        mel, expected = MelExtractor().transform(y[None])[0], librosa_mel(y)
        audible = expected > expected.max() - 70
        np.testing.assert_allclose(mel[audible], expected[audible], atol=1e-3)
        np.testing.assert_allclose(mel, expected, atol=0.01)
        np.testing.assert_allclose(MFCCExtractor().transform(y[None])[0], librosa_mfcc(y), atol=3e-3)

    def test_of_silence(self):
        y = np.zeros(5000, dtype=np.float32)
        np.testing.assert_allclose(MFCCExtractor().transform(y[None])[0], librosa_mfcc(y), atol=1e-3)

    def test_of_a_decoded_file(self, tmp_path):
        soundfile.write(tmp_path / "a.mp3", np.column_stack([noise(44100), noise(44100, 1)]), 44100)
        y, _ = librosa.load(tmp_path / "a.mp3")
        features = MFCCExtractor().transform(AudioLoader().transform([tmp_path / "a.mp3"]))[0]
        np.testing.assert_allclose(features, librosa_mfcc(y), atol=1e-3)


class TestExtractors:
    @pytest.mark.parametrize("n_jobs", [None, 1, 2])
    @each_extractor
    def test_tracks_of_a_set_duration_become_one_float32_array(self, extractor, waveforms, n_jobs):
        features = extractor(n_jobs=n_jobs).transform(waveforms)
        assert isinstance(features, np.ndarray)
        assert features.dtype == np.float32
        assert features.shape == (6, 128 if extractor is MelExtractor else 20, 44)
        assert np.isfinite(features).all()

    @each_extractor
    def test_the_number_of_jobs_changes_no_bit(self, extractor, paths):
        for duration in (None, 1):
            one, two, loaders = (
                extractor(n_jobs=jobs).transform(AudioLoader(duration=duration, n_jobs=loaded).transform(paths))
                for jobs, loaded in ((1, None), (2, None), (None, 2))
            )
            for row in range(6):
                np.testing.assert_array_equal(one[row], two[row])
                np.testing.assert_array_equal(one[row], loaders[row])

    @each_extractor
    def test_transform_needs_no_fit_and_fit_learns_nothing(self, extractor, waveforms):
        fitted = extractor().fit(waveforms[:2])
        assert not [name for name in vars(fitted) if name.endswith("_")]
        np.testing.assert_array_equal(fitted.transform(waveforms), extractor().transform(waveforms))

    @each_extractor
    def test_a_track_does_not_depend_on_the_others(self, extractor, waveforms):
        whole = extractor().transform(waveforms)
        np.testing.assert_array_equal(extractor().transform(waveforms[[4]])[0], whole[4])

    @each_extractor
    def test_arrays_lists_and_files_give_the_same_features(self, extractor, waveforms):
        expected = extractor().transform(waveforms)
        samples = np.asarray(waveforms)
        np.testing.assert_array_equal(extractor().transform(samples), expected)
        np.testing.assert_array_equal(extractor().transform(samples.tolist()), expected)
        np.testing.assert_array_equal(np.asarray(extractor().transform(list(samples))), expected)

    def test_16_bit_samples_are_scaled(self):
        y = (noise(5000) * 32767).astype(np.int16)
        scaled = MelExtractor().transform(y[None].astype(np.float32) / 32768)
        np.testing.assert_allclose(MelExtractor().transform(y[None]), scaled, atol=1e-4)

    def test_the_sample_rate_is_that_of_the_waveforms_or_22050(self, paths):
        slow = AudioLoader(8000, duration=1).transform(paths)
        np.testing.assert_array_equal(
            MelExtractor().transform(slow), MelExtractor(sample_rate=8000).transform(np.asarray(slow))
        )
        X = noise(5000)[None]
        np.testing.assert_array_equal(MelExtractor().transform(X), MelExtractor(sample_rate=22050).transform(X))

    @each_extractor
    def test_another_sample_rate_than_the_waveforms_own_is_an_error(self, extractor, waveforms):
        for method in (extractor(sample_rate=16000).fit, extractor(sample_rate=16000).transform):
            with pytest.raises(
                ValueError, match="sample_rate must be None or the waveforms' own, got 16000 for waveforms at 22050 Hz"
            ):
                method(waveforms)

    @each_extractor
    def test_paths_are_an_error_that_says_what_is_missing(self, extractor, paths):
        for X in (paths, paths[0], pd.Series(paths)):
            with pytest.raises(
                ValueError, match=f"{extractor.__name__} takes waveforms, got paths: put an AudioLoader"
            ):
                extractor().transform(X)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"hop_length": 4096}, "hop_length must be <= n_fft, got 4096 > 2048"),
            ({"fmax": 20000.0}, "fmax must be <= half the sample rate, got 20000.0 > 11025.0"),
            ({"fmin": 500.0, "fmax": 400.0}, "fmin must be < fmax, got 500.0 >= 400.0"),
            ({"fmin": 12000.0}, "fmin must be < fmax, got 12000.0 >= 11025.0"),
            ({"n_mfcc": 50, "n_mels": 40}, "n_mfcc must be <= n_mels, got 50 > 40"),
            *[
                ({name: 0}, f"The '{name}' parameter of MFCCExtractor must be")
                for name in ("n_mfcc", "n_mels", "n_fft")
            ],
            ({"hop_length": 0.5}, "The 'hop_length' parameter of MFCCExtractor must be an int"),
            ({"deltas": 3}, "The 'deltas' parameter of MFCCExtractor must be an int in the range .* Got 3"),
            ({"fmin": -1.0}, "The 'fmin' parameter of MFCCExtractor must be"),
            ({"sample_rate": 0}, "The 'sample_rate' parameter of MFCCExtractor must be"),
        ],
        ids=str,
    )
    def test_a_wrong_parameter_is_named_with_its_value(self, parameters, message):
        X = np.zeros((2, 3000))
        for method in (MFCCExtractor(**parameters).fit, MFCCExtractor(**parameters).transform):
            with pytest.raises(ValueError, match=message):
                method(X)

    def test_memory_holds_the_output_and_little_more(self):
        """Ten times the tracks cost ten times the output, not ten times the waveforms."""

        def peak(n_tracks):
            waveforms = Waveforms([noise(RATE)] * n_tracks, duration=10)  # 880 kB each, once decoded
            tracemalloc.start()
            features = MFCCExtractor(n_mfcc=1).transform(waveforms)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak, features.nbytes

        MFCCExtractor(n_mfcc=1).transform(noise(RATE)[None])
        (few, output_of_few), (many, output_of_many) = peak(4), peak(40)
        assert many - few < output_of_many - output_of_few + 3e5

    @each_extractor
    def test_a_progress_bar_is_shown_on_request_only(self, extractor, waveforms, capsys):
        extractor().transform(waveforms)
        assert capsys.readouterr() == ("", "")
        extractor(verbose=True).transform(waveforms)
        out, err = capsys.readouterr()
        assert not out
        assert f"{extractor.__name__}: 100%" in err
        assert "6/6" in err

    def test_names_are_those_of_the_bands(self):
        assert list(MelExtractor(3).get_feature_names_out()) == ["mel1", "mel2", "mel3"]
        names = MFCCExtractor(2, deltas=2).get_feature_names_out()
        assert list(names) == ["mfcc1", "mfcc2", "mfcc1_delta", "mfcc2_delta", "mfcc1_delta2", "mfcc2_delta2"]

    @each_extractor
    def test_set_output_leaves_features_an_array(self, extractor, waveforms):
        plain = extractor()
        assert plain.set_output(transform="pandas") is plain
        assert plain.fit_transform(waveforms).shape[0] == 6

    @each_extractor
    def test_a_clone_has_the_same_parameters(self, extractor):
        configured = extractor(7, n_fft=512, hop_length=128, fmin=10.0, fmax=5000.0, sample_rate=16000, n_jobs=2)
        assert clone(configured).get_params() == configured.get_params()


class TestTracksOfUnequalLength:
    @pytest.fixture
    def features(self, paths):
        return MFCCExtractor(4).transform(AudioLoader().transform(paths))

    def test_they_become_a_sequence_of_matrices(self, features):
        assert isinstance(features, FeatureSequence)
        assert (features.shape, features.n_bands) == ((6,), 4)
        assert [matrix.shape[1] for matrix in features] == [1 + (RATE + 3000 * i) // 512 for i in range(6)]
        assert {matrix.dtype for matrix in features} == {np.dtype(np.float32)}

    def test_it_is_indexed_like_waveforms(self, features):
        masked = np.array([True] + 5 * [False])
        for key, rows in [([5, 0], [5, 0]), (masked, [0]), (slice(1, 3), [1, 2]), (([2], ...), [2]), ([], [])]:
            part = features[key]
            assert isinstance(part, FeatureSequence)
            assert part.n_bands == 4
            assert len(part) == len(rows)
            for matrix, row in zip(part, rows, strict=True):
                np.testing.assert_array_equal(matrix, features[row])
        assert len(train_test_split(features, test_size=2)[0]) == 4
        assert [len(features[test]) for _, test in KFold(3).split(features)] == [2, 2, 2]

    def test_it_cannot_be_changed(self, features):
        with pytest.raises(ValueError, match="read-only"):
            features[0][0, 0] = 1

    def test_a_given_matrix_may_change_later_without_it(self):
        given = np.zeros((2, 3), dtype=np.float32)
        features = FeatureSequence([given])
        given[:] = 1
        assert not features[0].any()

    def test_choosing_tracks_copies_no_matrix(self, features):
        assert features[1:][0] is features[1]

    def test_a_pickle_holds_the_same(self, features):
        loaded = pickle.loads(pickle.dumps(features))
        assert loaded.n_bands == 4
        assert list(loaded.band_names) == ["mfcc1", "mfcc2", "mfcc3", "mfcc4"]
        for matrix, expected in zip(loaded, features, strict=True):
            np.testing.assert_array_equal(matrix, expected)

    def test_asarray_stacks_equal_lengths_and_says_what_to_set_for_others(self, features):
        np.testing.assert_array_equal(np.asarray(features[[1, 1]]), [features[1]] * 2)
        with pytest.raises(ValueError, match=r"tracks differ in length: set AudioLoader\(duration=...\)"):
            np.asarray(features)

    @pytest.mark.parametrize(
        ("matrices", "message"),
        [
            ([np.zeros((2, 3)), np.zeros((3, 3))], r"must agree in their number of bands, got \[2, 3\]"),
            ([], r"must agree in their number of bands, got \[\]"),
            ([np.zeros((2, 3)), np.zeros(3)], r"track 1 must be a matrix \(n_bands, n_frames\), got shape \(3,\)"),
            ([np.zeros((2, 0))], r"track 0 must be a matrix \(n_bands, n_frames\), got shape \(2, 0\)"),
            ([np.zeros((2, 3)), np.full((2, 3), np.nan)], "track 1 must be finite, got NaN or infinite features"),
            ([np.full((2, 3), np.inf)], "track 0 must be finite, got NaN or infinite features"),
        ],
    )
    def test_what_is_no_features_is_refused_by_track(self, matrices, message):
        with pytest.raises(ValueError, match=message):
            FeatureSequence(matrices)

    def test_statistics_and_a_classifier_take_it(self, paths):
        pipeline = make_pipeline(AudioLoader(), MFCCExtractor(), FrameStatistics(), StandardScaler(), SVC())
        np.testing.assert_array_equal(cross_val_score(pipeline, paths, [0, 0, 0, 1, 1, 1], cv=3), 1)


ALL = ("mean", "std", "min", "max", "median", 0.1, 0.9)
finite = st.floats(-1e3, 1e3, width=32)


class TestFrameStatistics:
    @given(X=npst.arrays(np.float32, st.tuples(*[st.integers(1, n) for n in (4, 3, 8)]), elements=finite))
    def test_they_are_those_of_numpy(self, X):
        statistics = FrameStatistics(ALL, differences=ALL).fit_transform(X)
        steps = np.diff(X) if X.shape[2] > 1 else np.zeros_like(X)
        expected = [
            statistic
            for values in (X, steps)
            for statistic in (
                *(getattr(values, name)(axis=2) for name in ("mean", "std", "min", "max")),
                np.median(values, axis=2),
                *np.quantile(values, [0.1, 0.9], axis=2),
            )
        ]
        assert statistics.dtype == np.float32
        np.testing.assert_allclose(statistics, np.stack(expected, axis=2).reshape(len(X), -1), rtol=1e-4, atol=1e-3)

    def test_known_answers(self):
        X = np.array([[[0.0, 1.0, 4.0], [5.0, 5.0, 5.0]]])
        statistics = FrameStatistics(("mean", "max", 0.5), differences=("mean", "max")).fit_transform(X)
        np.testing.assert_allclose(statistics, [[5 / 3, 4, 1, 2, 3, 5, 5, 5, 0, 0]], rtol=1e-6)

    def test_of_one_frame_the_differences_are_zero(self):
        statistics = FrameStatistics(("mean",), differences=("mean", "std", "max")).fit_transform(np.ones((2, 3, 1)))
        np.testing.assert_array_equal(statistics, [[1, 0, 0, 0] * 3] * 2)

    @given(X=npst.arrays(np.float32, st.tuples(*[st.integers(1, n) for n in (3, 4, 40)]), elements=finite))
    def test_correlations_are_those_of_numpy_and_zero_where_a_band_stays_as_it_is(self, X):
        found = FrameStatistics(("mean",), differences=(), correlations=True).fit_transform(X)[:, X.shape[1] :]
        rows, columns = np.triu_indices(X.shape[1], 1)
        assert found.shape == (len(X), len(rows))
        assert np.all(np.abs(found) <= 1)
        wide = X.astype(np.float64)
        lively = np.ptp(wide, axis=2) > 0.01 * (1 + np.abs(wide).max(axis=2))
        still = np.ptp(wide, axis=2) == 0
        for matrix, answer, moves, stays in zip(wide, found, lively, still, strict=True):
            both = moves[rows] & moves[columns]
            pairs = zip(rows[both], columns[both], strict=True)
            expected = [np.corrcoef(matrix[[row, column]])[0, 1] for row, column in pairs]
            np.testing.assert_allclose(answer[both], expected, atol=1e-3)
            np.testing.assert_array_equal(answer[stays[rows] | stays[columns]], 0)

    def test_bands_that_move_together_correlate_and_so_do_their_differences(self):
        up = np.array([0.0, 1.0, 3.0, 4.0])
        X = np.stack([up, 2 * up, -up])[None]
        names = FrameStatistics(("mean",), correlations=True).fit(X).get_feature_names_out(["a", "b", "c"])
        table = dict(zip(names, FrameStatistics(("mean",), correlations=True).fit_transform(X)[0], strict=True))
        expected = {"a_b": 1, "a_c": -1, "b_c": -1}
        for pair, value in expected.items():
            assert table[f"{pair}_correlation"] == pytest.approx(value, abs=1e-6)
            assert table[f"{pair}_diff_correlation"] == pytest.approx(value, abs=1e-6)

    @pytest.mark.parametrize("period", [4, 16, 64])
    def test_modulation_is_strongest_at_the_period_of_a_band(self, period):
        frames = np.arange(300)
        X = np.stack([10 * np.cos(2 * np.pi * frames / period), np.full(300, 7.0)])[None]
        statistics = FrameStatistics((), differences=(), modulation=128).fit(X)
        table = dict(zip(statistics.get_feature_names_out(), statistics.transform(X)[0], strict=True))
        assert max(table, key=table.get) == f"band1_every{period}"
        assert all(value == pytest.approx(0, abs=1e-6) for name, value in table.items() if name.startswith("band2"))

    def test_modulation_is_the_same_at_any_level(self):
        X = noise(400).reshape(1, 2, 200)
        statistics = FrameStatistics((), differences=(), modulation=64)
        np.testing.assert_allclose(statistics.fit_transform(X + 50), statistics.fit_transform(X), rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize(("size", "n_periods"), [(4, 3), (6, 4), (128, 13), (129, 13)])
    def test_a_short_track_has_as_many_columns_as_a_long_one(self, size, n_periods):
        statistics = FrameStatistics(("mean",), correlations=True, modulation=size)
        table = statistics.fit_transform([noise(2).reshape(2, 1), noise(600).reshape(2, 300)])
        assert table.shape == (2, 2 * (2 + n_periods) + 2)
        assert len(set(statistics.get_feature_names_out())) == table.shape[1]
        assert np.isfinite(table).all()

    def test_tracks_of_unequal_length_may_come_as_sequence_list_or_object_array(self):
        matrices = [noise(2 * n).reshape(2, n) for n in (3, 5, 1)]
        stacked = np.empty(3, dtype=object)
        stacked[:] = matrices
        expected = [FrameStatistics().fit_transform(matrix[None])[0] for matrix in matrices]
        for X in (FeatureSequence(matrices), matrices, tuple(matrices), stacked):
            np.testing.assert_array_equal(FrameStatistics().fit_transform(X), expected)

    def test_an_object_array_may_hold_tracks_of_one_length_or_a_lone_track(self):
        tracks = np.empty(3, dtype=object)
        tracks[:] = [noise(10).reshape(2, 5), noise(6).reshape(2, 3), noise(10, seed=1).reshape(2, 5)]
        statistics = FrameStatistics().fit(tracks)
        expected = statistics.transform(tracks)
        np.testing.assert_array_equal(statistics.transform(tracks[:1]), expected[:1])
        np.testing.assert_array_equal(statistics.transform(tracks[[0, 2]]), expected[[0, 2]])

    def test_names_say_band_and_statistic(self):
        statistics = FrameStatistics(("mean", "std", 0.125), differences=(0.9, "median")).fit(np.zeros((1, 2, 4)))
        expected = ["mean", "std", "q12.5", "diff_q90", "diff_median"]
        names = [f"{band}_{name}" for band in ("mfcc1", "mfcc2") for name in expected]
        assert list(statistics.get_feature_names_out(["mfcc1", "mfcc2"])) == names
        assert list(statistics.get_feature_names_out())[:2] == ["band1_mean", "band1_std"]

    def test_as_many_names_as_bands_are_needed(self):
        statistics = FrameStatistics().fit(np.zeros((1, 2, 4)))
        with pytest.raises(ValueError, match="input_features must have a name for each of 2 bands, got 3"):
            statistics.get_feature_names_out(["a", "b", "c"])

    @pytest.mark.parametrize("duration", [None, 1])
    def test_a_pipeline_names_them_after_the_extractors_bands(self, paths, duration):
        statistics = FrameStatistics(("mean", "std"), differences=(0.9,))
        pipeline = make_pipeline(AudioLoader(duration=duration), MFCCExtractor(3, deltas=1), statistics)
        columns = [
            f"mfcc{band}{delta}_{name}"
            for delta in ("", "_delta")
            for band in (1, 2, 3)
            for name in ("mean", "std", "diff_q90")
        ]
        assert list(pipeline.fit(paths).get_feature_names_out()) == columns
        assert list(pipeline[-1].get_feature_names_out()) == columns

    @pytest.mark.parametrize("duration", [None, 1])
    @pytest.mark.parametrize("memory", [False, True])
    def test_a_data_frame_names_them_too(self, paths, tmp_path, duration, memory):
        pipeline = make_pipeline(
            AudioLoader(duration=duration),
            MFCCExtractor(2),
            FrameStatistics(differences=()),
            memory=str(tmp_path / "cache") if memory else None,
        ).set_output(transform="pandas")
        for _ in range(2):
            frame = pipeline.fit_transform(paths)
            assert isinstance(frame, pd.DataFrame)
            assert list(frame.columns) == ["mfcc1_mean", "mfcc1_std", "mfcc2_mean", "mfcc2_std"]
        later = pipeline.transform(paths[:2])
        pd.testing.assert_frame_equal(later, frame[:2])

    def test_the_names_survive_a_split_and_a_union(self, paths):
        features = MFCCExtractor(1).transform(AudioLoader(duration=1).transform(paths))
        train, _ = train_test_split(features, random_state=0)
        assert list(FrameStatistics(("mean",), differences=()).fit(train).get_feature_names_out()) == ["mfcc1_mean"]
        branches = [
            make_pipeline(step, FrameStatistics(("max",), differences=()))
            for step in (MFCCExtractor(1), MelExtractor(2))
        ]
        union = make_union(*branches).set_output(transform="pandas")
        frame = union.fit_transform(AudioLoader(duration=1).transform(paths))
        assert [name.split("__")[1] for name in frame.columns] == ["mfcc1_max", "mel1_max", "mel2_max"]

    def test_names_of_an_earlier_fit_are_forgotten(self, paths):
        statistics = FrameStatistics().fit(MFCCExtractor(2).transform(AudioLoader().transform(paths)))
        assert statistics.fit(np.zeros((2, 2, 5))).get_feature_names_out()[0] == "band1_mean"

    def test_a_2d_array_is_one_band(self):
        X = noise(12).reshape(3, 4)
        statistics = FrameStatistics(("mean", "min"), differences=()).fit(X)
        np.testing.assert_allclose(
            statistics.transform(X), np.stack([X.mean(axis=1), X.min(axis=1)], axis=1), rtol=1e-5
        )
        assert statistics.n_features_in_ == 4
        assert statistics.n_bands_ == 1
        assert list(statistics.get_feature_names_out()) == ["band1_mean", "band1_min"]

    def test_columns_of_a_frame_may_be_summarised_beside_others(self):
        frame = pd.DataFrame({"year": [1.0, 2.0], "t0": [1.0, 3.0], "t1": [3.0, 9.0]})
        statistics = FrameStatistics(("mean",), differences=())
        mixed = make_column_transformer((statistics, ["t0", "t1"]), remainder="passthrough")
        np.testing.assert_array_equal(mixed.fit_transform(frame), [[2, 1], [6, 2]])
        assert list(mixed.get_feature_names_out()) == ["framestatistics__band1_mean", "remainder__year"]

    def test_features_with_other_bands_than_in_fit_are_refused(self):
        statistics = FrameStatistics().fit(np.zeros((2, 3, 4)))
        for X in (np.zeros((2, 4, 4)), FeatureSequence([np.zeros((4, 5))]), np.zeros((2, 3))):
            with pytest.raises(ValueError, match=r"X has .* but FrameStatistics"):
                statistics.transform(X)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"statistics": ("mode",)}, r"statistics must hold mean, std, .* or numbers in \[0, 1\], got 'mode'"),
            ({"statistics": (1.5,)}, r"statistics must hold .* got 1.5"),
            ({"differences": (-0.1,)}, r"differences must hold .* got -0.1"),
            ({"statistics": ((0.1, 0.9),)}, r"statistics must hold .* got \(0.1, 0.9\)"),
            ({"statistics": ([0.1],)}, r"statistics must hold .* got \[0.1\]"),
            ({"statistics": (None,)}, r"statistics must hold .* got None"),
            ({"statistics": "mean"}, "The 'statistics' parameter of FrameStatistics must be an instance of"),
            ({"statistics": (), "differences": ()}, "at least one statistic is needed"),
            ({"modulation": 3}, "The 'modulation' parameter of FrameStatistics must be an int in the range"),
            ({"correlations": "yes"}, "The 'correlations' parameter of FrameStatistics must be an instance of 'bool'"),
        ],
        ids=str,
    )
    def test_a_wrong_statistic_is_named(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            FrameStatistics(**parameters).fit(np.zeros((1, 2, 3)))

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (np.zeros((0, 2, 3)), "0 sample"),
            (np.full((1, 2, 3), np.nan), "Input X contains NaN"),
            (np.zeros((2, 3, 0)), r"X must hold at least one band and one frame .* got the shape \(2, 3, 0\)"),
            (np.zeros((2, 0, 3)), r"X must hold at least one band and one frame .* got the shape \(2, 0, 3\)"),
            (np.zeros((1, 2, 3, 4)), r"X must have the shape \(n_tracks, n_bands, n_frames\), got \(1, 2, 3, 4\)"),
            (FeatureSequence([np.zeros((1, 2))])[:0], "X holds no tracks"),
            (["a.wav"], "FrameStatistics takes features, got list of tracks: put an AudioLoader and an extractor"),
            (Waveforms([np.zeros(5)]), "FrameStatistics takes features, got Waveforms of tracks: put an AudioLoader"),
        ],
        ids=["none", "NaN", "no frames", "no bands", "4-D", "empty sequence", "paths", "waveforms"],
    )
    def test_what_is_no_features_is_refused(self, X, message):
        with pytest.raises(ValueError, match=message):
            FrameStatistics().fit(X)


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.uint64])
def test_numbers_of_numpy_do_not_overflow(tracks, dtype):
    _prepared.cache_clear()
    extractor = MFCCExtractor(n_fft=dtype(1024), hop_length=dtype(512), n_mels=dtype(40), n_mfcc=dtype(13))
    found = extractor.transform(AudioLoader(dtype(22050), duration=np.float16(2.5)).transform(tracks.paths[:1]))
    _prepared.cache_clear()
    expected = MFCCExtractor(n_fft=1024, hop_length=512, n_mels=40, n_mfcc=13)
    np.testing.assert_array_equal(found, expected.transform(AudioLoader(duration=2.5).transform(tracks.paths[:1])))
