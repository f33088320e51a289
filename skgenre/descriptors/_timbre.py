"""Timbre: cepstral coefficients and the shape of the spectrum, how they move, and how they move together."""

import numpy as np

from skgenre import spectral
from skgenre.descriptors._columns import Columns
from skgenre.descriptors._frames import FLOOR, Frames


def describe_timbre(frames: Frames) -> Columns:
    """Return MFCC, their deltas, and the shape of the spectrum, summarised over time."""
    columns = Columns()
    mfcc, delta, delta2 = np.split(spectral.with_deltas(frames.mfcc, 2), 3)
    columns.add_statistics("mfcc{}", mfcc, ("mean", "std", "change", "q10", "q50", "q90"))
    columns.add_statistics("mfcc{}_delta", delta, ("std",))
    columns.add_statistics("mfcc{}_delta2", delta2, ("std",))
    shape = {
        "contrast{}": frames.contrast,
        "flatness": 10 * np.log10(np.maximum(frames.flatness, FLOOR)),
        "centroid": np.log(frames.centroid + 1),  # what is heard is the ratio of frequencies
        "bandwidth": np.log(frames.bandwidth + 1),
        "rolloff{}": np.log(frames.rolloff + 1),
        "zero_crossings": frames.zero_crossings,
    }
    for name, rows in shape.items():
        columns.add_statistics(name, rows, ("mean", "std", "change"))
    return columns


def describe_covariance(frames: Frames) -> Columns:
    """Return the normal distribution nearest to the MFCC: means, logarithms of deviations, and correlations."""
    columns = Columns()
    mfcc = frames.mfcc.astype(np.float64)
    deviation = mfcc.std(axis=1)
    columns.add("mfcc{}_mean", mfcc.mean(axis=1))
    columns.add("mfcc{}_logstd", np.log(deviation + 1e-3))
    scaled = (mfcc - mfcc.mean(axis=1, keepdims=True)) / np.maximum(deviation, 1e-6)[:, None]
    columns.add_pairs("mfcc{}_with_mfcc{}", scaled @ scaled.T / scaled.shape[1])
    return columns
