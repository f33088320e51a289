"""Collections of tracks: yours, listed by ``load_tracks``, and synthetic ones, composed by ``make_tracks``."""

from skgenre.datasets._loading import load_tracks
from skgenre.datasets._synthetic import GENRES, make_tracks

__all__ = ["GENRES", "load_tracks", "make_tracks"]
