"""Descriptors of tracks: known answers, parity with librosa, names, and what short and silent tracks give."""

import numpy as np
import pytest

from skgenre import TrackDescriptor

RATE = 22050
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


def described(y, *groups, **parameters):
    """Return the features of a track as a series."""
    descriptor = TrackDescriptor(groups or "all", **parameters).set_output(transform="pandas")
    return descriptor.fit_transform([np.asarray(y, dtype=np.float32)]).iloc[0]


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

    @pytest.mark.parametrize(("wave", "crest"), [(np.sign, 0.0), (lambda y: y, 3.01)], ids=["square", "sine"])
    def test_the_crest_of_a_wave(self, wave, crest):
        assert described(wave(tone(100.3)), "dynamics")["dynamics__crest"] == pytest.approx(crest, abs=0.01)

    def test_a_sine_at_full_scale_is_3_lufs_below_it(self):
        assert described(tone(997), "dynamics")["dynamics__loudness_q50"] == pytest.approx(-3.01, abs=0.02)
