"""What the targets of a net mean: one genre of each track, or several labels.

Both answer the same questions, so that nothing else in this room asks which of them it has.
"""

from typing import Any

import numpy as np

from skgenre._labels import read_genres, read_labels
from skgenre.classifiers._one_genre import OneGenre
from skgenre.classifiers._several_labels import SeveralLabels

Targets = OneGenre | SeveralLabels


def read_targets(y: Any) -> tuple[type[Targets], np.ndarray]:
    """Tell what targets mean, and return them checked."""
    labels = read_labels(y)
    if labels is None:
        return OneGenre, read_genres(y)
    return SeveralLabels, SeveralLabels.read(labels)
