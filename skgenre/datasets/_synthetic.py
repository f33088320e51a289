"""Synthetic music with known genres and artists, to try things on without any data."""

import csv
import os
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import soundfile
from joblib import Parallel, delayed  # noqa
from sklearn.utils import Bunch, check_random_state
from tqdm import tqdm

from skgenre.datasets._artists import draw_artist
from skgenre.datasets._loading import load_tracks
from skgenre.datasets._mixing import perform
from skgenre.datasets._scores import compose
from skgenre.datasets._styles import STYLES

GENRES = tuple(STYLES)

def make_tracks(
    folder: str | os.PathLike[str],
    n_tracks_per_genre: int = 20,
    n_artists_per_genre: int = 5,
    genres=GENRES,
    *,
    duration: float = 10.0,
    sample_rate: int = 22050,
    random_state=None,
    verbose: bool = False,
) -> Bunch:
    pass

def _track(genre, artist_no, track_no, root, duration, sample_rate):
    g = GENRES.index(genre)
    artist = draw_artist(genre, np.random.default_rng(np.random.SeedSequence(root, spawn_key=(g, artist_no))))
    a, b = np.random.SeedSequence(root, spawn_key=(g, artist_no, track_no)).spawn(2)
    score = compose(artist, duration, np.random.default_rng(a))
    return perform(score, artist, duration, sample_rate, np.random.default_rng(b))
