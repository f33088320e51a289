"""Collections of tracks: yours, listed by ``load_tracks``, and synthetic ones, composed by ``make_tracks``.

Of GTZAN, ``load_gtzan`` lists your copy with its artists and its fault-filtered split.
"""

from skgenre.datasets._gtzan import PARTS, check_parts, gtzan_list, gtzan_name, load_gtzan
from skgenre.datasets._loading import load_tracks
from skgenre.datasets._synthetic import GENRES, make_tracks

__all__ = ["GENRES", "PARTS", "check_parts", "gtzan_list", "gtzan_name", "load_gtzan", "load_tracks", "make_tracks"]
