"""Ready classifiers: from paths to genre, and of groups of descriptors."""

from skgenre.pipelines._genre import make_genre_classifier
from skgenre.pipelines._group_svc import GroupSVC

__all__ = ["GroupSVC", "make_genre_classifier"]
