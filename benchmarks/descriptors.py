"""From a waveform to the descriptors of a track, on one core."""

import os
import time

import librosa
import numpy as np
import soundfile

from benchmarks.measuring import Comparison, Figure, Music, Size, take_turns
from skgenre import TrackDescriptor

TITLE = "Descriptors of a track"
TEXT = """\
Tracks of 30 s at 22,050 Hz, in memory, on one core, one after the other; times are for a track. skgenre computes all
groups of ``TrackDescriptor``. librosa computes those of their features that it has a function for, with means and
deviations over time: MFCC with two deltas, contrast, flatness, centroid, bandwidth, two roll-offs, zero crossings,
root mean square, chroma, tonnetz, onsets, and tempograms and tempo of the whole and of four bands. It does so once as
its documentation does, each function on the samples, and once with all of them on one spectrogram. Texture, modulation,
covariance and keys come on top in skgenre's time alone. The first call is that of a fresh process, where nothing is
compiled or tabulated yet."""

RATE = 22050
EDGES = [0, 32, 64, 96, 128]
"""Mel bands between which a tempogram of its own is computed."""


def measure(size: Size, music: Music) -> list[Comparison]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # threads that a package starts unasked gain nothing
    tracks = [soundfile.read(path, dtype="float32")[0] for path in music.wav[:3]]
    descriptor = TrackDescriptor()
    start = time.perf_counter()
    descriptor.transform(tracks[:1])
    first = Figure("skgenre", [time.perf_counter() - start])
    start = time.perf_counter()
    with_librosa(tracks[0])
    contenders = {
        "skgenre": lambda: descriptor.transform(tracks),
        "librosa, each on the samples": lambda: [with_librosa(y) for y in tracks],
        "librosa, all on one spectrogram": lambda: [with_one_spectrogram(y) for y in tracks],
    }
    return [
        Comparison("all descriptors", "ms", take_turns(contenders, size.pick(15, 5, 1), scale=1e3 / 3), at_least=5.0),
        Comparison(
            "the first call",
            "s",
            [first, Figure("librosa, each on the samples", [time.perf_counter() - start])],
            at_most=1.0,
        ),
    ]


def with_librosa(y: np.ndarray) -> np.ndarray:
    """Compute each feature from the samples."""
    feature, sr = librosa.feature, RATE
    mfcc = feature.mfcc(y=y, sr=sr, n_mfcc=20)
    chroma = feature.chroma_stft(y=y, sr=sr)
    shape = [
        feature.spectral_contrast(y=y, sr=sr),
        feature.spectral_flatness(y=y),
        feature.spectral_centroid(y=y, sr=sr),
        feature.spectral_bandwidth(y=y, sr=sr),
        feature.spectral_rolloff(y=y, sr=sr),
        feature.spectral_rolloff(y=y, sr=sr, roll_percent=0.5),
        feature.zero_crossing_rate(y),
        feature.rms(y=y),
    ]
    onsets = librosa.onset.onset_strength(y=y, sr=sr)
    bands = librosa.onset.onset_strength_multi(y=y, sr=sr, channels=EDGES)
    return summary(mfcc, chroma, shape, onsets, bands)


def with_one_spectrogram(y: np.ndarray) -> np.ndarray:
    """Compute a spectrogram once, and all features from it that librosa can compute from it."""
    feature, sr = librosa.feature, RATE
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    mel = librosa.power_to_db(feature.melspectrogram(S=power, sr=sr))
    centroid = feature.spectral_centroid(S=magnitude, sr=sr)
    shape = [
        feature.spectral_contrast(S=magnitude, sr=sr),
        feature.spectral_flatness(S=magnitude),
        centroid,
        feature.spectral_bandwidth(S=magnitude, sr=sr, centroid=centroid),
        feature.spectral_rolloff(S=magnitude, sr=sr),
        feature.spectral_rolloff(S=magnitude, sr=sr, roll_percent=0.5),
        feature.zero_crossing_rate(y),
        feature.rms(S=magnitude),
    ]
    onsets = librosa.onset.onset_strength(S=mel, sr=sr)
    bands = librosa.onset.onset_strength_multi(S=mel, sr=sr, channels=EDGES)
    chroma = feature.chroma_stft(S=power, sr=sr, tuning=0.0)
    return summary(feature.mfcc(S=mel, n_mfcc=20), chroma, shape, onsets, bands)


def summary(
    mfcc: np.ndarray, chroma: np.ndarray, shape: list[np.ndarray], onsets: np.ndarray, bands: np.ndarray
) -> np.ndarray:
    """Compute what is derived from those features, and the means and deviations of all."""
    deltas = [librosa.feature.delta(mfcc, order=order) for order in (1, 2)]
    tempograms = [librosa.feature.tempogram(onset_envelope=envelope, sr=RATE) for envelope in (onsets, *bands)]
    tempo = librosa.feature.tempo(tg=tempograms[0], sr=RATE)
    times = librosa.onset.onset_detect(onset_envelope=onsets, sr=RATE, units="time")
    over_time = [mfcc, *deltas, chroma, librosa.feature.tonnetz(chroma=chroma), *shape, onsets[None], *tempograms]
    statistics = [statistic(rows, axis=1) for rows in over_time for statistic in (np.mean, np.std)]
    return np.concatenate([*statistics, tempo, [len(times)]])
