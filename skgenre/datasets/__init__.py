"""Collections of tracks: yours, listed by ``load_tracks``, and synthetic ones, composed by ``make_tracks``.

``load_interactions`` reads who has heard what, ``make_listening_history`` makes it up, with the tastes behind it known.
Of GTZAN, ``load_gtzan`` lists your copy with its artists and its fault-filtered split.
"""

from skgenre.datasets._gtzan import PARTS, check_parts, gtzan_list, gtzan_name, load_gtzan
from skgenre.datasets._interactions import load_interactions
from skgenre.datasets._listening import make_listening_history
from skgenre.datasets._loading import load_tracks
from skgenre.datasets._synthetic import GENRES, make_tracks

__all__ = [
    "GENRES",
    "PARTS",
    "check_parts",
    "gtzan_list",
    "gtzan_name",
    "load_gtzan",
    "load_interactions",
    "load_tracks",
    "make_listening_history",
    "make_tracks",
]
