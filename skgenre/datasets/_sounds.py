"""The sounds: pure functions that make one note or one drum stroke, and the effects of the mixing desk.

Every function returns a float64 array of samples about one in height. Frequencies are in hertz, times in seconds,
sample rates in hertz.

References
----------
K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", Computer Music Journal, 1983.
J. Chowning, "The Synthesis of Complex Audio Spectra by Means of Frequency Modulation", Journal of the Audio
Engineering Society, 1973.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Samples = NDArray[np.float64]

_CYCLE = 2048  # samples in one period of a wavetable


def _seconds(duration: float, sample_rate: int) -> Samples:
    return np.arange(max(1, round(duration * sample_rate))) / sample_rate


def _envelope(t: Samples, *, attack: float, decay: float = np.inf, release: float = 0.03) -> Samples:
    """Rise within the attack, fall by the decay (a time constant), let go at the end."""
    rise = np.minimum(1.0, t / attack)
    let_go = np.minimum(1.0, (t[-1] - t) / release)
    return rise * np.exp(-t / decay) * let_go


def _read_cycle(harmonics: Samples, phase: Samples) -> Samples:
    """Play one period with these amplitudes of harmonics (from the first up) at a phase in cycles."""
    cycle = fft.irfft(np.concatenate([[0], -1j * harmonics]), _CYCLE)
    cycle *= 0.3 / max(np.sqrt(np.mean(cycle**2)), 1e-12)
    return cycle[(phase * _CYCLE).astype(np.int64) % _CYCLE]


def _harmonic_numbers(frequency: float, sample_rate: int) -> Samples:
    return np.arange(1.0, max(2, min(64, int(0.48 * sample_rate / frequency) + 1)))


def _tone(
    frequency: float,
    duration: float,
    sample_rate: int,
    rng: np.random.Generator,
    *,
    slope: float = 1.0,
    even: float = 1.0,
    attack: float = 0.01,
    decay: float = np.inf,
    mellowing: float = 0.3,
    detune: float = 0.0,
    vibrato: float = 0.0,
    breath: float = 0.0,
    formants: Sequence[float] = (),
) -> Samples:
    """Add up harmonics.

    They fall as the number to the minus ``slope``; ``even`` scales the even ones. The note starts bright and loses
    the upper ones within ``mellowing`` seconds. ``detune`` and ``vibrato`` are fractions of the frequency.
    """
    t = _seconds(duration, sample_rate)
    number = _harmonic_numbers(frequency, sample_rate)
    harmonics = number**-slope * np.where(number % 2 == 0, even, 1.0)
    if len(formants):
        distance = (number[:, None] * frequency - np.asarray(formants)) / (60 + 0.09 * np.asarray(formants))
        harmonics *= 0.03 + np.exp(-0.5 * distance**2).sum(axis=1)
    wobble = vibrato * np.sin(2 * np.pi * 5.5 * t) * np.minimum(1.0, t / 0.3) / (2 * np.pi * 5.5)
    phase = frequency * (t + wobble)
    bright, dark = _read_cycle(harmonics, phase), _read_cycle(harmonics / number, phase * (1 + detune))
    mix = 0.25 + 0.75 * np.exp(-t / mellowing)
    sound = mix * bright + (1 - mix) * dark
    if detune:
        sound = 0.6 * (sound + _read_cycle(harmonics, phase * (1 - detune)))
    if breath:
        sound = sound + breath * signal.lfilter([0.3, 0, -0.3], [1, -0.6], rng.standard_normal(len(t)))
    return sound * _envelope(t, attack=attack, decay=decay)


def _pluck(
    frequency: float,
    duration: float,
    sample_rate: int,
    rng: np.random.Generator,
    *,
    damping: float = 0.5,
    sustain: float = 0.996,
    softness: int = 0,
) -> Samples:
    """Pluck a string: a burst of noise runs round a delay line and loses its highs each time (Karplus and Strong)."""
    period = max(3, int(np.ceil(sample_rate / frequency)))
    burst = rng.uniform(-1, 1, period)
    for _ in range(softness):
        burst = 0.5 * (burst + np.roll(burst, 1))
    wanted = _seconds(duration, sample_rate) * frequency * period
    rounds = int(wanted[-1] / period) + 2
    spectrum = fft.rfft(burst - burst.mean())
    loop = sustain * np.abs(1 - damping + damping * np.exp(-2j * np.pi * np.arange(len(spectrum)) / period))
    line = fft.irfft(spectrum * loop ** np.arange(rounds)[:, None], period, axis=1).ravel()
    sound = np.interp(wanted, np.arange(len(line)), line)
    return sound * _envelope(wanted / (frequency * period), attack=0.002) / max(np.abs(sound).max(), 1e-12)


def _fm(
    frequency: float,
    duration: float,
    sample_rate: int,
    rng: np.random.Generator,
    *,
    ratio: float = 1.0,
    index: float = 2.0,
    attack: float = 0.005,
    decay: float = 0.8,
) -> Samples:
    """Modulate the frequency of one sine by another; the index of modulation follows the envelope (Chowning)."""
    t = _seconds(duration, sample_rate)
    envelope = _envelope(t, attack=attack, decay=decay)
    safe = min(index, max(0.0, (0.45 * sample_rate / frequency - 1) / ratio - 1))
    return (
        0.5 * envelope * np.sin(2 * np.pi * frequency * t + safe * envelope * np.sin(2 * np.pi * ratio * frequency * t))
    )


INSTRUMENTS = {
    "piano": partial(_tone, slope=1.3, attack=0.004, decay=0.7, mellowing=0.15),
    "organ": partial(_tone, slope=0.9, even=0.6, attack=0.01, mellowing=9.0, vibrato=0.003),
    "strings": partial(_tone, slope=0.9, attack=0.09, mellowing=2.0, detune=0.004, vibrato=0.004),
    "flute": partial(_tone, slope=2.2, attack=0.05, vibrato=0.005, breath=0.03),
    "reed": partial(_tone, slope=0.9, even=0.35, attack=0.03, mellowing=1.0, vibrato=0.006, breath=0.02),
    "synth": partial(_tone, slope=0.8, attack=0.006, decay=1.2, mellowing=0.25, detune=0.006),
    "square": partial(_tone, slope=1.0, even=0.05, attack=0.004, mellowing=0.4),
    "saw": partial(_tone, slope=0.7, attack=0.004, decay=1.5, mellowing=1.0, detune=0.003),
    "voice": partial(_tone, slope=0.6, attack=0.05, mellowing=3.0, vibrato=0.008, breath=0.015),
    "guitar": partial(_pluck, damping=0.35, sustain=0.997),
    "nylon": partial(_pluck, damping=0.5, sustain=0.994, softness=3),
    "muted": partial(_pluck, damping=0.5, sustain=0.95, softness=1),
    "epiano": partial(_fm, ratio=1.0, index=1.6, decay=0.7),
    "bell": partial(_fm, ratio=3.5, index=1.2, decay=0.6),
    "brass": partial(_fm, ratio=1.0, index=4.0, attack=0.05, decay=2.5),
    "upright": partial(_pluck, damping=0.5, sustain=0.985, softness=6),
    "finger": partial(_pluck, damping=0.5, sustain=0.995, softness=2),
    "synth bass": partial(_tone, slope=1.1, attack=0.004, decay=0.5, mellowing=0.12),
    "sub": partial(_tone, slope=3.0, attack=0.008, decay=1.2),
}


def _noise_burst(t: Samples, rng: np.random.Generator, *, decay: float, band: tuple[float, float]) -> Samples:
    """Noise between two frequencies, given as fractions of Nyquist's, that dies away."""
    low, high = np.clip(band, 0.005, [0.7, 0.98])  # a low sample rate leaves the hi-hat what it can
    noise = signal.sosfilt(signal.butter(1, (low, high), "bandpass", output="sos"), rng.standard_normal(len(t)))
    return noise / max(np.abs(noise).max(), 1e-12) * np.exp(-t / decay)


def drum_kit(
    sample_rate: int, rng: np.random.Generator, *, pitch: float, brightness: float, length: float
) -> dict[str, Samples]:
    """Make every drum of one kit: all factors are one for an ordinary kit."""
    nyquist = sample_rate / 2

    def noise(seconds: float, decay: float, low: float, high: float) -> Samples:
        band = (low * brightness / nyquist, high * brightness / nyquist)
        return _noise_burst(_seconds(seconds, sample_rate), rng, decay=decay * length, band=band)

    def skin(seconds: float, start: float, end: float, fall: float, decay: float) -> Samples:
        t = _seconds(seconds, sample_rate)
        phase = pitch * (end * t + (start - end) * fall * (1 - np.exp(-t / fall)))
        return np.sin(2 * np.pi * phase) * np.exp(-t / (decay * length))

    t = _seconds(0.5, sample_rate)
    ping = sum(np.sin(2 * np.pi * f * brightness * t) for f in (2137.0, 3271.0, 4409.0) if f * brightness < nyquist)
    kick, snare = skin(0.3, 160, 48, 0.03, 0.1), 0.5 * skin(0.25, 240, 180, 0.02, 0.06)
    click = noise(0.01, 0.004, 800, 4000)
    kick[: len(click)] += 0.3 * click
    return {
        "kick": kick,
        "snare": snare + 0.7 * noise(0.25, 0.07, 1200, 7000),
        "rim": 0.6 * skin(0.08, 900, 850, 0.01, 0.015) + 0.2 * noise(0.08, 0.01, 2000, 6000),
        "clap": noise(0.25, 0.06, 900, 2600),
        "hat": 0.5 * noise(0.09, 0.025, 6000, 10500),
        "open": 0.5 * noise(0.35, 0.14, 5500, 10500),
        "ride": 0.3 * noise(0.5, 0.2, 4500, 9500) + 0.06 * ping * np.exp(-t / 0.25),
        "shaker": 0.4 * np.minimum(1, _seconds(0.1, sample_rate) / 0.03) * noise(0.1, 0.05, 4500, 9000),
        "crash": 0.7 * noise(1.2, 0.5, 3000, 9500),
        "tom": skin(0.35, 150, 95, 0.05, 0.14),
    }


def overdrive(sound: Samples, amount: float, sample_rate: int) -> Samples:
    """Clip softly, then take off the fizz as a loudspeaker does; an amount of zero changes nothing."""
    if amount <= 0:
        return sound
    clipped = np.tanh(sound * (1 + 15 * amount))
    return signal.sosfilt(signal.butter(2, min(0.9, 4500 / (sample_rate / 2)), output="sos"), clipped)


def compress(sound: Samples, amount: float, sample_rate: int) -> Samples:
    """Bring loud and soft together: the gain follows the level of the last tenth of a second."""
    memory = np.exp(-1 / (0.1 * sample_rate))
    level = np.sqrt(signal.lfilter([1 - memory], [1, -memory], sound**2)) + 0.02
    return sound * level**-amount


def room_response(n_samples: int, sample_rate: int, rng: np.random.Generator, *, seconds: float, wet: float) -> Samples:
    """Impulse response of a room: the direct sound and a tail of decaying noise."""
    t = _seconds(min(n_samples / sample_rate, 2 * seconds), sample_rate)
    tail = rng.standard_normal(len(t)) * np.exp(-3 * t / seconds) * np.minimum(1, t / 0.01)
    response = wet * tail / np.sqrt((tail**2).sum() + 1e-12)
    response[0] += 1.0
    return response


def equalise_in_room(sound: Samples, gains: Samples, response: Samples, sample_rate: int) -> Samples:
    """Apply a room and an equaliser, whose gains in decibels lie evenly over the octaves from 60 Hz to 10 kHz."""
    size = fft.next_fast_len(len(sound) + len(response), real=True)
    frequency = np.maximum(fft.rfftfreq(size, 1 / sample_rate), 1.0)
    bands = np.geomspace(60, 10_000, len(gains))
    curve = 10 ** (np.interp(np.log(frequency), np.log(bands), gains) / 20)
    return fft.irfft(fft.rfft(sound, size) * fft.rfft(response, size) * curve, size)[: len(sound)]
