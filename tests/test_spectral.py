"""The numerics of time-frequency features, against librosa, scipy and known answers."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import pytest
import scipy.fft
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skgenre import spectral

RATE = 22050
PLAIN = {"sample_rate": RATE, "n_mels": 128, "n_fft": 2048, "hop_length": 512, "fmin": 0.0, "fmax": None}
# librosa warns of signals shorter than a window and of mel bands without a bin; both are meant here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:n_fft=.* is too large:UserWarning"),
    pytest.mark.filterwarnings("ignore:Empty filters detected:UserWarning"),
]


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).normal(scale=0.1, size=n_samples).astype(np.float32)


def librosa_mel(y, *, sample_rate, **kwargs):
    return librosa.feature.melspectrogram(y=y, sr=sample_rate, **kwargs)


def mel_of(frequency, **parameters):
    """Return the band with the most power for a tone, and the centre of each band."""
    settings = PLAIN | parameters
    rate = settings["sample_rate"]
    tone = np.sin(2 * np.pi * frequency * np.arange(rate) / rate).astype(np.float32)
    edges = (settings["fmin"], settings["fmax"] or rate / 2)
    centres = librosa.mel_frequencies(settings["n_mels"] + 2, fmin=edges[0], fmax=edges[1])[1:-1]
    return spectral.mel_power(tone, **settings).mean(axis=1).argmax(), centres


@pytest.mark.parametrize("frequency", [440, 1000, 5000])
@pytest.mark.parametrize("parameters", [{}, {"sample_rate": 16000}, {"n_mels": 40, "fmin": 100.0, "fmax": 8000.0}])
def test_a_tone_lands_in_its_mel_band(frequency, parameters):
    band, centres = mel_of(frequency, **parameters)
    assert band == np.abs(centres - frequency).argmin()


@settings(max_examples=40)
@given(
    n_samples=st.integers(1, 6000),
    n_fft=st.integers(2, 1100),
    hop=st.floats(0.05, 1),
    n_mels=st.integers(1, 40),
)
@example(n_samples=1, n_fft=3, hop=0.5, n_mels=1)
@example(n_samples=1, n_fft=2048, hop=0.25, n_mels=8)
@example(n_samples=5000, n_fft=1023, hop=0.333, n_mels=20)
def test_the_power_is_that_of_librosa_for_any_length(n_samples, n_fft, hop, n_mels):
    y = noise(n_samples)
    sizes = {"n_mels": n_mels, "n_fft": n_fft, "hop_length": max(1, int(hop * n_fft)), "fmin": 0.0, "fmax": None}
    power = spectral.mel_power(y, sample_rate=RATE, **sizes)
    expected = librosa_mel(y, sample_rate=RATE, **sizes)
    assert (
        power.shape
        == expected.shape
        == (n_mels, spectral.n_frames(n_samples, n_fft=n_fft, hop_length=sizes["hop_length"]))
    )
    np.testing.assert_allclose(power, expected, rtol=1e-3, atol=1e-6 * expected.max())


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"n_fft": 1024, "hop_length": 1024},
        {"n_fft": 400, "hop_length": 160, "sample_rate": 16000, "n_mels": 64},
        {"fmin": 50.0, "fmax": 10000.0, "sample_rate": 44100},
        {"n_fft": 4096, "hop_length": 441},
    ],
)
def test_the_power_is_that_of_librosa_across_blocks(parameters):
    sizes = PLAIN | parameters
    y = noise(sizes["hop_length"] * (2 * spectral.BLOCK_FRAMES + 7) + 3)
    np.testing.assert_allclose(spectral.mel_power(y, **sizes), librosa_mel(y, **sizes), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("n_fft", [64, 128, 256, 512, 1024, 2048, 4096, 8192])
@pytest.mark.parametrize(("sample_rate", "hop_length"), [(8000, 128), (22050, 441), (48000, 2048)])
def test_the_power_is_that_of_librosa_for_transforms_of_a_power_of_two(n_fft, sample_rate, hop_length):
    sizes = PLAIN | {"n_fft": n_fft, "hop_length": hop_length, "sample_rate": sample_rate}
    y = noise(20_000)
    expected = librosa_mel(y, **sizes)
    np.testing.assert_allclose(spectral.mel_power(y, **sizes), expected, rtol=1e-3, atol=1e-6 * expected.max())


@pytest.mark.parametrize("n_frames", [1, 2, 4, 5, 15, 16, 17, 20, 21, 31, 32, 33])
@pytest.mark.parametrize("beyond", [0, 511])
def test_the_power_is_that_of_librosa_for_any_number_of_frames(n_frames, beyond):
    """Frames are worked on sixteen at a time, those that reach beyond an end apart from the rest."""
    y = noise(512 * (n_frames - 1) + beyond)
    if len(y):
        power = spectral.mel_power(y, **PLAIN)
        assert power.shape == (128, n_frames)
        np.testing.assert_allclose(power, librosa_mel(y, **PLAIN), rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("n_fft", [512, 2048])
@pytest.mark.parametrize("frequency", [100, 440, 5000])
def test_decibels_of_a_tone_in_noise_are_those_of_librosa(frequency, n_fft):
    """What lies far below a tone is as it should be, on either side of it."""
    tone = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    y = (tone + noise(RATE) / 3).astype(np.float32)
    sizes = PLAIN | {"n_fft": n_fft}
    decibels = spectral.power_to_db(spectral.mel_power(y, **sizes))
    np.testing.assert_allclose(decibels, librosa.power_to_db(librosa_mel(y, **sizes)), atol=1e-3)


@pytest.mark.parametrize("sizes", [{"n_fft": 256}, {"n_fft": 300}, {"n_fft": 512, "n_mels": 400}])
def test_bands_without_a_frequency_stay_silent(sizes):
    sizes = PLAIN | {"hop_length": 100, "fmax": 11_000.0} | sizes
    power = spectral.mel_power(noise(5000), **sizes)
    empty = ~librosa.filters.mel(
        sr=RATE, n_fft=sizes["n_fft"], n_mels=sizes["n_mels"], fmin=0.0, fmax=sizes["fmax"]
    ).any(axis=1)
    np.testing.assert_array_equal(~power.any(axis=1), empty)


@pytest.mark.filterwarnings("ignore:invalid value encountered in matmul:RuntimeWarning")
@pytest.mark.parametrize("n_fft", [2048, 2000])
def test_a_frame_does_not_depend_on_the_others(n_fft):
    """Neither a loud frame nor one that is not a number leaks into its neighbours."""
    sizes = PLAIN | {"n_fft": n_fft}
    y = noise(40_000)
    expected = spectral.mel_power(y, **sizes)
    for bad in (np.nan, np.inf, 1e15):
        spoilt = y.copy()
        spoilt[20_000] = bad
        touched = np.abs(np.arange(expected.shape[1]) * 512 - 20_000) <= n_fft // 2
        power = spectral.mel_power(spoilt, **sizes)
        np.testing.assert_array_equal(power[:, ~touched], expected[:, ~touched])
        assert not np.isclose(power[:, touched], expected[:, touched]).any(axis=0)[1:-1].any()


@pytest.mark.parametrize("n_fft", [2048, 2000])
def test_any_kind_of_array_gives_the_same_power(n_fft):
    sizes = PLAIN | {"n_fft": n_fft}
    y = noise(20_000)
    expected = spectral.mel_power(y, **sizes)
    apart = np.zeros((len(y), 3), dtype=np.float32)
    apart[:, 1] = y
    for same in (y.astype(np.float64), apart[:, 1], y[::-1].copy()[::-1], np.concatenate([[0], y])[1:]):
        np.testing.assert_array_equal(spectral.mel_power(same, **sizes), expected)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1e12])
def test_the_power_of_very_soft_and_very_loud_waveforms_is_that_of_librosa(scale):
    y = (noise(20_000) * scale).astype(np.float32)
    np.testing.assert_allclose(spectral.mel_power(y, **PLAIN), librosa_mel(y, **PLAIN), rtol=1e-3, atol=1e-37)


def test_threads_do_not_disturb_each_other():
    """Not even where they all ask for a length of transform that was never asked for before."""
    sizes = PLAIN | {"n_fft": 16384}
    waveforms = [noise(30_000, seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda y: spectral.mel_power(y, **sizes), waveforms))
    np.testing.assert_array_equal(at_once, [spectral.mel_power(y, **sizes) for y in waveforms])


@pytest.mark.parametrize("block", [1, 3, 10_000])
def test_the_size_of_a_block_does_not_matter(monkeypatch, block):
    y, sizes = noise(40_000), PLAIN | {"n_fft": 2000}
    whole = spectral.mel_power(y, **sizes)
    monkeypatch.setattr(spectral, "BLOCK_FRAMES", block)
    np.testing.assert_allclose(spectral.mel_power(y, **sizes), whole, rtol=1e-5)


def test_the_waveform_is_left_as_it_was():
    y = noise(5000)
    before = y.copy()
    spectral.mel_power(y, **PLAIN)
    np.testing.assert_array_equal(y, before)


def test_power_is_float32_throughout():
    power = spectral.mel_power(noise(5000), **PLAIN)
    decibels = spectral.power_to_db(power)
    assert power.dtype == decibels.dtype == spectral.cepstrum(decibels, 20).dtype == np.float32
    assert spectral.with_deltas(decibels, 2).dtype == np.float32


@given(power=st.lists(st.floats(0, 1e6, width=32), min_size=1, max_size=40), top_db=st.floats(1, 120))
def test_decibels_are_those_of_librosa(power, top_db):
    power = np.array(power, dtype=np.float32)
    expected = librosa.power_to_db(power, top_db=top_db)
    np.testing.assert_allclose(spectral.power_to_db(power.copy(), top_db=top_db), expected, atol=1e-4)


def test_decibels_of_silence_are_finite_and_flat_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decibels = spectral.power_to_db(np.zeros((4, 3), dtype=np.float32))
    np.testing.assert_allclose(decibels, -100, rtol=1e-6)


def test_the_range_of_decibels_is_cut_against_the_loudest_moment_of_the_whole_track():
    """A loud event in the last block lifts the floor of the first one too."""
    y = 1e-5 * noise(512 * 3 * spectral.BLOCK_FRAMES)
    y[-2000:] = np.sin(np.arange(2000))
    decibels = spectral.power_to_db(spectral.mel_power(y, **PLAIN))
    assert decibels[:, :100].min() == decibels[:, :100].max() == pytest.approx(decibels.max() - 80, abs=1e-4)
    np.testing.assert_allclose(decibels, librosa.power_to_db(librosa_mel(y, **PLAIN)), atol=1e-3)


@given(n_mels=st.integers(1, 64), data=st.data())
def test_the_cepstrum_is_the_orthonormal_cosine_transform(n_mels, data):
    n_mfcc = data.draw(st.integers(1, n_mels))
    decibels = np.random.default_rng(n_mels).normal(scale=30, size=(n_mels, 3)).astype(np.float32)
    expected = scipy.fft.dct(decibels, axis=0, norm="ortho")[:n_mfcc]
    np.testing.assert_allclose(spectral.cepstrum(decibels, n_mfcc), expected, atol=1e-3)


@given(n_frames=st.integers(1, 30), order=st.integers(0, 2))
def test_deltas_are_those_of_librosa_also_below_nine_frames(n_frames, order):
    features = np.random.default_rng(n_frames).normal(size=(3, n_frames)).astype(np.float32)
    mode = "interp" if n_frames >= 9 else "nearest"
    expected = [features] + [librosa.feature.delta(features, order=k, mode=mode) for k in range(1, order + 1)]
    np.testing.assert_allclose(spectral.with_deltas(features, order), np.concatenate(expected), atol=1e-4)


def test_the_delta_of_a_ramp_is_its_slope_and_the_second_one_zero():
    ramp = np.arange(20, dtype=np.float32)[None] * 3
    _, slope, curvature = spectral.with_deltas(ramp, 2)
    np.testing.assert_allclose(slope, 3, rtol=1e-5)
    np.testing.assert_allclose(curvature, 0, atol=1e-4)
