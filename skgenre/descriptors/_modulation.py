"""Modulation: at which rates the loudness of each band goes up and down."""

import numpy as np

from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import Frames
from skgenre.spectral import modulation_spectra

SECONDS = 6.0
"""Length of a stretch."""
RATES = np.array([0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0])
"""Centres of the bands of modulation, in hertz: half an octave each."""


def describe_modulation(frames: Frames) -> Columns:
    """Return the modulation spectrum of each band in decibels, the 0.6 quantile over stretches of six seconds."""
    columns = Columns()
    size = max(int(SECONDS * frames.rate), 2)
    spectra = np.log(modulation_spectra(frames.bands, RATES / frames.rate, size, max(size // 4, 1)) + 0.01)
    rates = [f"{rate:g}" for rate in RATES]
    columns.add("band{}_{}hz", np.quantile(spectra, 0.6, axis=0), range(1, 1 + spectra.shape[1]), rates)
    return columns
