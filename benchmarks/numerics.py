"""From a waveform to its features, on one core."""

import os
from collections.abc import Callable
from importlib.util import find_spec

import librosa
import numpy as np
import scipy.fft
import soundfile

from benchmarks.measuring import Comparison, Music, Size, take_turns
from skgenre import MelExtractor, MFCCExtractor

TITLE = "Features of a waveform"
TEXT = """\
Tracks of 30 s at 22,050 Hz, in memory, on one core, one after the other; times are for a track: 128 mel bands in
decibels, 20 MFCC, and MFCC with their first and second deltas, from frames of 2,048 samples every 512. Where the
same thing is computed, the largest difference from librosa's values is given. kaldi-native-fbank is set to librosa's
window, filters and logarithm; its MFCC know no floor 80 dB below the maximum. audioflux has another mel scale and
another logarithm. Both get a waveform with 1,024 zeros at both ends, as librosa pads it."""

RATE, N_FFT, HOP, N_MELS, N_MFCC = 22050, 2048, 512, 128, 20
DECIBELS = np.float32(10 / np.log(10))
TASKS = {"mel": "mel spectrogram", "mfcc": "MFCC", "deltas": "MFCC and deltas"}
Extractors = dict[str, Callable[[np.ndarray], np.ndarray]]


def measure(size: Size, music: Music) -> list[Comparison]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # threads that a package starts unasked gain nothing
    tracks = [soundfile.read(path, dtype="float32")[0] for path in music.wav[:5]]
    contenders = {"skgenre": with_skgenre(), "librosa": with_librosa(), "numpy and scipy by hand": by_hand()}
    if find_spec("kaldi_native_fbank"):
        contenders["kaldi-native-fbank"] = with_kaldi()
    if find_spec("audioflux"):
        contenders["audioflux"] = with_audioflux()
    return [compare(task, contenders, tracks, size.pick(25, 5, 1)) for task in TASKS]


def compare(task: str, contenders: dict[str, Extractors], tracks: list[np.ndarray], n_rounds: int) -> Comparison:
    loops = {who: lambda run=runs[task]: [run(y) for y in tracks] for who, runs in contenders.items()}
    figures = take_turns(loops, n_rounds, scale=1e3 / len(tracks))
    y = tracks[0]
    wanted = contenders["librosa"][task](y)
    for figure in figures:
        apart = np.abs(contenders[figure.who][task](y) - wanted).max()
        if figure.who == "audioflux":
            figure.note = "other values"
        elif figure.who == "kaldi-native-fbank" and task == "deltas":
            figure.note = "other second deltas"
        elif figure.who != "librosa":
            figure.note = f"{apart:.0e} from librosa"
    return Comparison(TASKS[task], "ms", figures, at_least=6.0)


def with_skgenre() -> Extractors:
    mel, mfcc, deltas = MelExtractor(N_MELS), MFCCExtractor(N_MFCC), MFCCExtractor(N_MFCC, deltas=2)
    return {
        "mel": lambda y: mel.transform(y[None])[0],
        "mfcc": lambda y: mfcc.transform(y[None])[0],
        "deltas": lambda y: deltas.transform(y[None])[0],
    }


def with_librosa() -> Extractors:
    def mfcc(y: np.ndarray) -> np.ndarray:
        return librosa.feature.mfcc(y=y, sr=RATE, n_mfcc=N_MFCC)

    def deltas(y: np.ndarray) -> np.ndarray:
        first = mfcc(y)
        return np.vstack([first, *(librosa.feature.delta(first, order=order) for order in (1, 2))])

    return {
        "mel": lambda y: librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=RATE)),
        "mfcc": mfcc,
        "deltas": deltas,
    }


def by_hand() -> Extractors:
    """Return what one writes with a float32 transform of all frames and a matrix of filters."""
    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    filters = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=N_MELS)

    def mel(y: np.ndarray) -> np.ndarray:
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, N_FFT // 2), N_FFT)[::HOP]
        power = filters @ (np.abs(scipy.fft.rfft(frames * window)) ** 2).T
        decibels = 10 * np.log10(np.maximum(power, np.float32(1e-10)))
        return np.maximum(decibels, decibels.max() - 80)

    def mfcc(y: np.ndarray) -> np.ndarray:
        return scipy.fft.dct(mel(y), axis=0, norm="ortho")[:N_MFCC]

    def deltas(y: np.ndarray) -> np.ndarray:
        first = mfcc(y)
        slopes = [scipy.signal.savgol_filter(first, 9, order, deriv=order, mode="interp") for order in (1, 2)]
        return np.vstack([first, *slopes])

    return {"mel": mel, "mfcc": mfcc, "deltas": deltas}


def with_kaldi() -> Extractors:
    import kaldi_native_fbank as kaldi

    def options(kind: type) -> object:
        chosen = kind()
        frames, bands = chosen.frame_opts, chosen.mel_opts
        frames.samp_freq, frames.frame_length_ms, frames.frame_shift_ms = RATE, 1e3 * N_FFT / RATE, 1e3 * HOP / RATE
        frames.dither, frames.preemph_coeff, frames.remove_dc_offset, frames.window_type = 0, 0, False, "hann"
        bands.num_bins, bands.low_freq, bands.high_freq, bands.is_librosa = N_MELS, 0, 0, True
        return chosen

    bank, cepstra = options(kaldi.FbankOptions), options(kaldi.MfccOptions)
    cepstra.num_ceps, cepstra.use_energy, cepstra.cepstral_lifter = N_MFCC, False, 0
    slopes = kaldi.DeltaOptions(order=2, window=4)

    def frames(extractor: object, y: np.ndarray) -> np.ndarray:
        extractor.accept_waveform(RATE, np.pad(y, N_FFT // 2))
        extractor.input_finished()
        return DECIBELS * np.array([extractor.get_frame(frame) for frame in range(extractor.num_frames_ready)])

    def mel(y: np.ndarray) -> np.ndarray:
        decibels = frames(kaldi.OnlineFbank(bank), y).T
        return np.maximum(decibels, decibels.max() - 80)

    def mfcc(y: np.ndarray) -> np.ndarray:
        return frames(kaldi.OnlineMfcc(cepstra), y)

    return {"mel": mel, "mfcc": lambda y: mfcc(y).T, "deltas": lambda y: kaldi.compute_deltas(slopes, mfcc(y)).T}


def with_audioflux() -> Extractors:
    import audioflux
    from audioflux.type import CepstralEnergyType, SpectralFilterBankNormalType

    bank = audioflux.MelSpectrogram(
        num=N_MELS,
        radix2_exp=N_FFT.bit_length() - 1,
        samplate=RATE,
        low_fre=0.0,
        high_fre=RATE / 2,
        slide_length=HOP,
        normal_type=SpectralFilterBankNormalType.AREA,
    )
    cepstra = audioflux.XXCC(N_MELS)

    def power(y: np.ndarray) -> np.ndarray:
        bands = bank.spectrogram(np.pad(y, N_FFT // 2))
        cepstra.set_time_length(bands.shape[1])
        return bands

    def deltas(y: np.ndarray) -> np.ndarray:
        bands = power(y)
        unused = np.zeros(bands.shape[1], dtype=np.float32)
        ignore = CepstralEnergyType.IGNORE
        return np.vstack(cepstra.xxcc_standard(bands, unused, cc_num=N_MFCC, energy_type=ignore))

    return {
        "mel": lambda y: audioflux.utils.power_to_db(power(y)),
        "mfcc": lambda y: cepstra.xxcc(power(y), cc_num=N_MFCC),
        "deltas": deltas,
    }
