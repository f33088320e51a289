"""Filters over the bins of a spectrum: pitch classes, and how loud the hearing finds a frequency."""

import numpy as np


def chroma_bank(sample_rate: int, n_fft: int) -> np.ndarray:
    """Make a filter for each pitch class, tuned to 440 Hz.

    A bin belongs to the pitch classes around its frequency by a bell curve half a semitone wide, or half as wide as the
    bins lie apart. The further a bin is from 880 Hz, the less it counts: by a bell curve two octaves wide.

    Parameters
    ----------
    sample_rate, n_fft : int
        Samples per second, and length of the transform in samples.

    Returns
    -------
    bank : ndarray of shape (12, 1 + n_fft // 2)
        Weight of each bin in each pitch class, C first.
    """
    frequencies = np.arange(1, 2 + n_fft // 2) * sample_rate / n_fft
    pitch = 12 * np.log2(frequencies / 27.5)  # semitones above A0
    pitch = np.concatenate([[pitch[0] - 18], pitch])  # the bin at 0 Hz has none: far away, and as wide
    width = np.maximum(np.diff(pitch), 1)
    pitch = pitch[:-1]
    distance = (pitch - (np.arange(12)[:, None] + 3) + 6) % 12 - 6  # C is three semitones above A
    bank = np.exp(-2 * (distance / width) ** 2)
    bank /= np.linalg.norm(bank, axis=0)
    return bank * np.exp(-0.5 * ((pitch / 12 - 5) / 2) ** 2)


def k_weights(frequencies: np.ndarray) -> np.ndarray:
    """Return the K-weighting of ITU-R BS.1770: a shelf above 1.5 kHz for the head and a cut of the lowest bass.

    The two filters are given there as coefficients at 48,000 Hz; their gain is read off at each frequency.

    Parameters
    ----------
    frequencies : ndarray of shape (n_bins,)
        In hertz.

    Returns
    -------
    weights : ndarray of shape (n_bins,)
        Gain of power.
    """
    z = np.exp(-2j * np.pi * np.minimum(frequencies, 24000) / 48000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    cut = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.abs(shelf * cut) ** 2


def contrast_bins(
    frequencies: np.ndarray, lowest: float = 200.0, n_octaves: int = 6, share: float = 0.02
) -> np.ndarray:
    """Return the bins of the bands of spectral contrast: all below ``lowest``, then octaves, the last open above.

    Parameters
    ----------
    frequencies : ndarray of shape (n_bins,)
        Of the bins, in hertz.
    lowest : float, default=200.0
        Upper edge of the first band, in hertz.
    n_octaves : int, default=6
        Number of bands after the first.
    share : float, default=0.02
        Of the bins of a band, how many make its peak and its valley.

    Returns
    -------
    bands : ndarray of shape (1 + n_octaves, 3), int64
        First bin, bin after the last, and how many bins make a peak or a valley. Bands above half the sample rate are
        empty.
    """
    edges = np.concatenate([[0.0], lowest * 2.0 ** np.arange(n_octaves + 1)])
    bands = np.zeros((n_octaves + 1, 3), dtype=np.int64)
    for octave in range(n_octaves + 1):
        begin = int(np.searchsorted(frequencies, edges[octave]))
        end = int(np.searchsorted(frequencies, edges[octave + 1], side="right"))
        if begin == len(frequencies):
            break
        last = octave == n_octaves
        begin, end = max(begin - (octave > 0), 0), len(frequencies) if last else end
        bands[octave] = begin, max(end - (not last), begin + 1), max(round(share * (end - begin)), 1)
    return bands
