"""What all tests share: one torch thread, no window for plots, and music to work on."""

import os

# Set before numpy and torch are loaded, and inherited by the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"

from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
EMOTIFY = ROOT.parent / "shared" / "data" / "emotify_dev"

# A machine that does other work beside the tests must not fail them by being slow.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config):
    """Have librosa's numba functions compiled and cached before worker processes start.

    Workers that compile them at the same time mix up each other's cache, and crash (numba issue 10128).
    """
    if not hasattr(config, "workerinput"):
        librosa.estimate_tuning(y=np.sin(np.arange(4096.0)), sr=22050)


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def emotify():
    """Return the real music: a Bunch of 266 half-minute mp3 excerpts in 4 genres, with their artists."""
    if not (EMOTIFY / "index.csv").is_file():
        pytest.skip("the real music is not there: ../shared/data/emotify_dev")
    from skgenre import load_tracks

    return load_tracks(EMOTIFY / "index.csv")


@pytest.fixture(scope="session")
def tracks(tmp_path_factory):
    """Return a small set of synthetic music: 3 genres, 4 artists in each, 8 tracks in each, 3 seconds long."""
    from skgenre import make_tracks

    return make_tracks(
        tmp_path_factory.mktemp("tracks"),
        n_tracks_per_genre=8,
        n_artists_per_genre=4,
        genres=("classical", "disco", "metal"),
        duration=3.0,
        random_state=0,
    )
