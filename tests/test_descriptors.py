"""Descriptors of tracks: known answers, parity with librosa, names, and what short and silent tracks give."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
import soundfile
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skgenre import AudioLoader, TrackDescriptor, Waveforms
from skgenre.descriptors._harmony import intervals

RATE = 22050
PITCHES = ("c", "c_sharp", "d", "d_sharp", "e", "f", "f_sharp", "g", "g_sharp", "a", "a_sharp", "b")
GROUPS = ("timbre", "covariance", "texture", "harmony", "rhythm", "modulation", "dynamics")


def seconds(duration):
    return np.arange(int(duration * RATE)) / RATE


def tone(frequency, duration=4.0):
    return np.sin(2 * np.pi * frequency * seconds(duration)).astype(np.float32)


def chord(*frequencies):
    return sum(0.5**overtone * tone(f * overtone) for f in frequencies for overtone in (1, 2, 3)) / 10


def clicks(times, duration):
    """Return bursts of noise of 20 ms at some times, in seconds."""
    y = np.zeros(int(duration * RATE), dtype=np.float32)
    burst = np.random.default_rng(0).normal(size=441) * np.linspace(1, 0, 441)
    for time in times:
        y[int(time * RATE) : int(time * RATE) + 441] += burst[: len(y) - int(time * RATE)]
    return y


def music(duration=10.0):
    """Return a chord that changes, clicks and noise."""
    n = int(duration * RATE)
    chords = np.concatenate([chord(262, 330, 392), chord(220, 262, 330), chord(247, 294, 392)])
    noise = np.random.default_rng(1).normal(scale=0.01, size=n)
    return (chords[:n] + 0.1 * clicks(np.arange(0, duration - 0.1, 0.4), duration) + noise).astype(np.float32)


def described(y, *groups, **parameters):
    """Return the features of a track as a series."""
    descriptor = TrackDescriptor(groups or "all", **parameters).set_output(transform="pandas")
    return descriptor.fit_transform([np.asarray(y, dtype=np.float32)]).iloc[0]


@pytest.fixture(scope="module")
def both():
    """Return what describes some music, and the same at half its volume."""
    return described(music()), described(music() / 2)


@pytest.fixture(scope="module")
def ours(both):
    """Return what describes some music."""
    return both[0]


class TestKnownAnswers:
    @pytest.mark.parametrize(
        ("frequencies", "key"),
        [
            ((261.63, 329.63, 392.0), "c_major"),
            ((220.0, 261.63, 329.63), "a_minor"),
            ((185.0, 233.08, 277.18), "f_sharp_major"),
        ],
    )
    def test_a_triad_is_in_its_key(self, frequencies, key):
        strengths = described(chord(*frequencies), "harmony").filter(regex="_(major|minor)_strength$")
        assert strengths.idxmax() == f"harmony__{key}_strength"

    @pytest.mark.parametrize("tempo", [90, 120, 150])
    def test_clicks_have_their_tempo(self, tempo):
        y = clicks(np.arange(0.5, 19.5, 60 / tempo), 20)
        assert described(y, "rhythm")["rhythm__tempo"] == pytest.approx(tempo, rel=0.03)

    def test_clicks_are_counted(self):
        y = clicks(np.arange(0.25, 20, 0.5), 20)
        assert described(y, "rhythm")["rhythm__onset_rate"] == pytest.approx(2, rel=0.03)

    def test_a_slow_wobble_peaks_at_its_rate(self):
        y = tone(1000, 10) * (1 + 0.8 * np.sin(2 * np.pi * 4 * seconds(10)))
        modulation = described(y, "modulation")
        band = modulation.idxmax().rpartition("_")[0]
        assert modulation.filter(regex=f"^{band}_").idxmax() == f"{band}_4hz"

    def test_rates_that_the_frames_cannot_show_are_left_empty(self):
        y = tone(1000, 10) * (1 + 0.8 * np.sin(2 * np.pi * 4 * seconds(10)))
        row = described(y, "modulation", hop_length=2048)
        assert np.allclose(row.filter(regex="_(5.6|8|11)hz$"), np.log(0.01))
        assert row.filter(regex="_4hz$").max() > np.log(0.02)

    @pytest.mark.parametrize("step", range(1, 7))
    def test_two_pitch_classes_make_one_interval(self, step):
        chroma = np.isin(np.arange(12), (0, step)).astype(float)[:, None]
        np.testing.assert_allclose(intervals(chroma)[:, 0], 0.5 * (np.arange(1, 7) == step))

    @pytest.mark.parametrize(("wave", "crest"), [(np.sign, 0.0), (lambda y: y, 3.01)], ids=["square", "sine"])
    def test_the_crest_of_a_wave(self, wave, crest):
        assert described(wave(tone(100.3)), "dynamics")["dynamics__crest"] == pytest.approx(crest, abs=0.01)

    def test_a_sine_at_full_scale_is_3_lufs_below_it(self):
        assert described(tone(997), "dynamics")["dynamics__loudness_q50"] == pytest.approx(-3.01, abs=0.02)

    def test_a_step_of_10_db_is_a_loudness_range_of_10(self):
        y = np.concatenate([0.1 * tone(1000, 20), 10**-1.5 * tone(1000, 20)])  # the first signal of EBU Tech 3342
        assert described(y, "dynamics")["dynamics__loudness_range"] == pytest.approx(10, abs=0.1)

    @pytest.mark.parametrize("tempo", [60, 73, 86, 94, 97, 103.5, 109, 115])
    def test_a_swung_beat_swings_and_a_straight_one_does_not(self, tempo):
        beats = np.arange(0.5, 18, 60 / tempo)
        strong = clicks(beats, 20)
        straight, swung = (
            described(strong + 0.7 * clicks(beats + 60 / tempo * part, 20), "rhythm")["rhythm__swing"]
            for part in (1 / 2, 2 / 3)
        )
        assert swung > 0.25
        assert straight < 0.01

    def test_a_chord_that_moves_changes_its_harmony_more_than_one_that_stays(self):
        moving, steady = (described(y, "harmony") for y in (music(), np.tile(chord(262, 330, 392), 3)))
        assert moving["harmony__harmonic_change_mean"] > 2 * steady["harmony__harmonic_change_mean"]

    def test_noise_is_flatter_than_a_tone_and_a_tone_has_more_contrast(self):
        noise = np.random.default_rng(0).normal(size=4 * RATE)
        assert described(noise)["timbre__flatness_mean"] > described(tone(440))["timbre__flatness_mean"] + 20
        assert described(tone(440))["timbre__contrast3_mean"] > described(noise)["timbre__contrast3_mean"] + 10


class TestInvariances:
    @pytest.mark.parametrize("group", ["harmony", "modulation", "rhythm"])
    def test_volume_does_not_matter(self, both, group):
        loud, quiet = (features.filter(regex=f"^{group}__") for features in both)
        np.testing.assert_allclose(quiet, loud, rtol=1e-3, atol=1e-3)

    def test_volume_is_seen_in_loudness_and_in_the_first_coefficient_alone(self, both):
        loud, quiet = (features.filter(regex="^(timbre__mfcc|dynamics__)") for features in both)
        changed = set(loud.index[np.abs(loud - quiet) > 0.01])
        levels = ("mean", "q10", "q50", "q90")
        assert changed == {f"{name}_{level}" for name in ("timbre__mfcc1", "dynamics__loudness") for level in levels}

    def test_the_key_does_not_matter_to_what_is_counted_from_the_tonic(self):
        low, high = (
            described(chord(*(f * ratio for f in (262, 330, 392))), "harmony").filter(regex="degree.*_mean|interval")
            for ratio in (1, 2 ** (5 / 12))
        )
        np.testing.assert_allclose(low, high, atol=0.1)


class TestParityWithLibrosa:
    """The statistics of what librosa computes from the same samples."""

    y = music()
    rows = {
        "mfcc{}": lambda y: librosa.feature.mfcc(y=y, n_mfcc=20),
        "contrast{}": lambda y: librosa.feature.spectral_contrast(y=y),
        "flatness": lambda y: 10 * np.log10(librosa.feature.spectral_flatness(y=y)),
        "centroid": lambda y: np.log(librosa.feature.spectral_centroid(y=y) + 1),
        "bandwidth": lambda y: np.log(librosa.feature.spectral_bandwidth(y=y) + 1),
        "rolloff1": lambda y: np.log(librosa.feature.spectral_rolloff(y=y, roll_percent=0.5) + 1),
        "rolloff2": lambda y: np.log(librosa.feature.spectral_rolloff(y=y) + 1),
        "zero_crossings": lambda y: librosa.feature.zero_crossing_rate(y),
    }

    @pytest.mark.parametrize("name", rows)
    def test_timbre(self, ours, name):
        rows = self.rows[name](self.y)
        for number, row in enumerate(rows, 1):
            stem = f"timbre__{name.format(number)}"
            assert ours[f"{stem}_mean"] == pytest.approx(row.mean(), rel=1e-4, abs=2e-3)
            assert ours[f"{stem}_std"] == pytest.approx(row.std(), rel=1e-4, abs=2e-3)
            assert ours[f"{stem}_change"] == pytest.approx(np.diff(row).std(), rel=1e-4, abs=2e-3)

    @pytest.mark.parametrize("order", [1, 2])
    def test_deltas(self, ours, order):
        deltas = librosa.feature.delta(librosa.feature.mfcc(y=self.y, n_mfcc=20), order=order)
        suffix = "_delta" if order == 1 else "_delta2"
        theirs = [ours[f"timbre__mfcc{number}{suffix}_std"] for number in range(1, 21)]
        np.testing.assert_allclose(theirs, deltas.std(axis=1), atol=1e-3)

    def test_tonnetz(self, ours):
        chroma = librosa.feature.chroma_stft(y=self.y, tuning=0.0)
        tonnetz = librosa.feature.tonnetz(chroma=chroma)
        for number, row in enumerate(tonnetz, 1):
            assert ours[f"harmony__tonnetz{number}_mean"] == pytest.approx(row.mean(), abs=1e-5)
            assert ours[f"harmony__tonnetz{number}_std"] == pytest.approx(row.std(), abs=1e-5)

    def test_pitch_classes_and_the_strength_of_keys(self, ours):
        chroma = librosa.feature.chroma_stft(y=self.y, tuning=0.0)
        tonic = np.argmax([ours.filter(regex=f"__{pitch}_m.*_strength").max() for pitch in PITCHES])
        degrees = [ours[f"harmony__degree{number}_mean"] for number in range(1, 13)]
        np.testing.assert_allclose(degrees, np.roll(chroma.mean(axis=1), -tonic), atol=1e-5)

    def test_onsets_tempogram_and_tempo(self, ours):
        onsets = librosa.onset.onset_strength(y=self.y, center=False)
        assert ours["rhythm__onset_strength_mean"] == pytest.approx(onsets.mean(), abs=1e-4)
        assert ours["rhythm__onset_strength_q90"] == pytest.approx(np.quantile(onsets, 0.9), abs=1e-4)
        tempogram = librosa.feature.tempogram(onset_envelope=onsets)[:, ::16]
        lags = RATE / 512 * 60 / (30 * 2 ** (np.arange(24) / 6))
        np.testing.assert_allclose(
            ours.filter(regex="__pulse_.*_mean"), np.interp(lags, np.arange(384), tempogram.mean(axis=1)), atol=1e-4
        )
        assert ours["rhythm__tempo"] == pytest.approx(librosa.feature.tempo(tg=tempogram)[0])


class TestColumns:
    def test_names_are_unique_and_begin_with_their_group(self):
        names = TrackDescriptor().get_feature_names_out()
        assert len(set(names)) == len(names)
        assert list(dict.fromkeys(name.partition("__")[0] for name in names)) == list(GROUPS)

    @pytest.mark.parametrize("groups", [("dynamics",), ["rhythm", "timbre"]], ids=str)
    def test_a_group_has_the_same_columns_alone_and_among_others(self, groups):
        alone, among = described(music(), *groups), described(music())
        assert list(alone.index) == [name for group in groups for name in among.index if name.startswith(f"{group}__")]
        np.testing.assert_array_equal(alone, among[alone.index])

    def test_slices_pick_the_columns_of_each_group(self):
        descriptor = TrackDescriptor(("modulation", "dynamics", "harmony"))
        names = descriptor.get_feature_names_out()
        slices = descriptor.group_slices()
        assert list(slices) == ["modulation", "dynamics", "harmony"]
        assert all(name.startswith(f"{group}__") for group, columns in slices.items() for name in names[columns])
        assert sum(len(names[columns]) for columns in slices.values()) == len(names)

    def test_a_selector_picks_a_group_of_a_data_frame(self, tracks):
        table = TrackDescriptor().set_output(transform="pandas").fit_transform(AudioLoader().transform(tracks.paths))
        chosen = make_column_transformer((StandardScaler(), make_column_selector("^dynamics__"))).fit_transform(table)
        assert chosen.shape == (len(tracks.paths), len(TrackDescriptor(("dynamics",)).get_feature_names_out()))


class TestTracks:
    @pytest.mark.parametrize("sample_rate", [8000, 22050, 44100])
    @pytest.mark.parametrize("n_samples", [1, 100, 700, 2049, 30_000])
    @pytest.mark.parametrize("kind", ["silence", "constant", "noise"])
    def test_short_and_silent_tracks_give_finite_numbers(self, kind, n_samples, sample_rate):
        noise = np.random.default_rng(0).normal(size=n_samples)
        y = {"silence": np.zeros(n_samples), "constant": np.ones(n_samples), "noise": noise}[kind].astype(np.float32)
        features = TrackDescriptor(sample_rate=sample_rate).transform([y])
        assert features.shape == (1, len(TrackDescriptor().get_feature_names_out()))
        assert np.isfinite(features).all()

    def test_tracks_of_any_length_are_rows(self):
        tracks = [music(3), music(5), music(4)]
        together = TrackDescriptor().transform(tracks)
        assert together.dtype == np.float32
        np.testing.assert_array_equal(together, np.concatenate([TrackDescriptor().transform([y]) for y in tracks]))

    def test_a_track_filled_up_with_silence_is_described_as_it_was(self, ours):
        np.testing.assert_array_equal(described(np.pad(music(), (0, 5 * RATE))), ours)

    def test_threads_change_nothing(self):
        tracks = [music(2), music(3), tone(440)]
        np.testing.assert_array_equal(
            TrackDescriptor(n_jobs=2).transform(tracks), TrackDescriptor(n_jobs=1).transform(tracks)
        )

    def test_a_longer_hop_and_another_transform_still_give_the_tempo(self):
        y = clicks(np.arange(0.5, 19.5, 0.5), 20)
        features = described(y, "rhythm", n_fft=1000, hop_length=250)
        assert features["rhythm__tempo"] == pytest.approx(120, rel=0.03)

    def test_stored_features_are_not_computed_again(self, tracks, tmp_path, monkeypatch):
        waveforms = AudioLoader().transform(tracks.paths[:2])
        first = TrackDescriptor(("dynamics",), memory=tmp_path).transform(waveforms)
        monkeypatch.setattr(Waveforms, "decode", None)
        np.testing.assert_array_equal(TrackDescriptor(("dynamics",), memory=tmp_path).transform(waveforms), first)

    def test_what_cannot_be_read_is_described_as_silence(self, tmp_path):
        (tmp_path / "bad.wav").write_bytes(b"no audio")
        soundfile.write(tmp_path / "good.wav", tone(440), RATE)
        waveforms = AudioLoader(on_error="warn").transform([str(tmp_path / f"{name}.wav") for name in ("bad", "good")])
        with pytest.warns(UserWarning, match="bad.wav"):
            features = TrackDescriptor(("timbre",)).transform(waveforms)
        silence = TrackDescriptor(("timbre",)).transform([np.zeros(RATE, dtype=np.float32)])
        np.testing.assert_array_equal(features[:1], silence)

    def test_no_feature_is_computed_by_librosa(self):
        code = (
            "import sys, numpy as np, skgenre\n"
            "skgenre.TrackDescriptor().transform(np.ones((1, 9999)))\n"
            "assert 'librosa' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_search_chooses_the_groups(tracks, tmp_path):
    steps = AudioLoader(), TrackDescriptor(memory=tmp_path), StandardScaler(), SVC()
    grid = {"trackdescriptor__groups": [("dynamics",), ("timbre", "rhythm")], "svc__C": [1, 10]}
    search = GridSearchCV(make_pipeline(*steps), grid, cv=StratifiedGroupKFold(2), error_score="raise")
    search.fit(tracks.paths, tracks.target, groups=tracks.groups)
    assert search.best_params_["trackdescriptor__groups"] == ("timbre", "rhythm")
    assert search.predict(tracks.paths[0]).shape == (1,)


class TestErrors:
    @pytest.mark.parametrize("groups", [("tempo",), (), ("rhythm", "rhythm")], ids=str)
    def test_groups_are_some_of_those_there_are(self, groups):
        with pytest.raises(ValueError, match="groups must be 'all' or some of timbre, covariance"):
            TrackDescriptor(groups).fit([music(1)])

    def test_a_lone_group_is_no_word(self):
        with pytest.raises(ValueError, match="'groups' parameter of TrackDescriptor"):
            TrackDescriptor("rhythm").fit([music(1)])
        with pytest.raises(ValueError, match=r"groups must be 'all' or some of .*, got 'rhythm'"):
            TrackDescriptor("rhythm").get_feature_names_out()

    def test_a_step_longer_than_the_window(self):
        with pytest.raises(ValueError, match="hop_length must be <= n_fft, got 512 > 256"):
            TrackDescriptor(n_fft=256).transform([music(1)])

    def test_another_sample_rate_than_the_waveforms(self, tracks):
        with pytest.raises(ValueError, match="sample_rate must be None or the waveforms' own"):
            TrackDescriptor(sample_rate=8000).transform(AudioLoader().transform(tracks.paths[:1]))

    def test_paths(self, tracks):
        with pytest.raises(ValueError, match="put an AudioLoader in front of it"):
            TrackDescriptor().transform(tracks.paths)


def test_a_machine_for_each_group_tells_genres_of_new_artists(tracks):
    """An SVM on each group of columns, put to the vote."""
    machines = VotingClassifier(
        [
            (group, make_pipeline(make_column_transformer((StandardScaler(), columns)), SVC(C=10)))
            for group, columns in TrackDescriptor().group_slices().items()
        ]
    )
    features = make_pipeline(AudioLoader(), TrackDescriptor()).fit_transform(tracks.paths)
    scores = cross_val_score(machines, features, tracks.target, groups=tracks.groups, cv=StratifiedGroupKFold(2))
    assert scores.mean() > 0.8
