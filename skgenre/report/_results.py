"""What a study of a collection has found, and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skgenre.audio import Waveforms


@dataclass(frozen=True)
class Evaluation:
    """The outcome of one cross-validation.

    Parameters
    ----------
    accuracy, macro_f1 : ndarray of shape (n_folds,)
        Scores on the tracks left out, fold by fold, from 0 to 1.
    predictions : ndarray of shape (n_tracks,)
        The genre each track was given by the net that had not seen it.
    """

    accuracy: np.ndarray
    macro_f1: np.ndarray
    predictions: np.ndarray


@dataclass(frozen=True)
class Neighbours:
    """A track and the tracks most similar to it.

    Parameters
    ----------
    track : int
        Row of the track.
    rows : sequence of int
        Rows of its neighbours, the nearest first.
    similarities : sequence of float
        Their cosine similarities, at most 1.
    """

    track: int
    rows: Sequence[int]
    similarities: Sequence[float]


@dataclass(frozen=True)
class Results:
    """All that the report tells.

    Parameters
    ----------
    tracks : Waveforms
        The audio of the tracks, for the clips.
    titles, genres : sequence of str
        One a track.
    artists : sequence of str or None
        One a track, where known.
    by_artist : Evaluation or None
        Cross-validation with every artist on one side of each split; None where it could not be made.
    at_random : Evaluation
        Cross-validation with tracks dealt at random.
    history : mapping of str to sequence of float
        The final net's ``history_``.
    best_epoch : int or None
        The epoch whose weights the final net keeps.
    embeddings : ndarray of shape (n_tracks, n_dims)
        The final net's embeddings of the tracks.
    neighbours : sequence of Neighbours
        For a few tracks.
    unreadable : mapping of str to str
        Files that were left out, and why.
    settings : mapping of str to str
        How it was made, one line each.
    """

    tracks: Waveforms
    titles: Sequence[str]
    genres: Sequence[str]
    artists: Sequence[str] | None
    by_artist: Evaluation | None
    at_random: Evaluation
    history: Mapping[str, Sequence[float]]
    best_epoch: int | None
    embeddings: np.ndarray
    neighbours: Sequence[Neighbours]
    unreadable: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def genre_names(self) -> list[str]:
        """The genres that occur, in order."""
        return sorted(set(self.genres))

    @property
    def chance(self) -> tuple[float, float]:
        """Accuracy and macro F1 of guessing.

        The better of two ways to guess: always the commonest genre (for accuracy), and at random in the genres'
        proportions (for macro F1).
        """
        _, counts = np.unique(np.asarray(self.genres), return_counts=True)
        return counts.max() / counts.sum(), 1 / len(counts)


def explain_gap(results: Results) -> str:
    """Say in plain words how the two ways to split compare and which score to believe.

    Parameters
    ----------
    results : Results
        The scores.

    Returns
    -------
    text : str
        A few sentences.
    """
    if results.by_artist is None:
        return (
            "The tracks could not be split by artist, so only random folds were scored. Tracks of one artist may then "
            "be in both the training and the test part, and the net may know the artist instead of the genre: expect "
            "less on new artists, often by ten points or more."
        )
    dealt, grouped = results.at_random.accuracy, results.by_artist.accuracy
    points = 100 * (dealt.mean() - grouped.mean())
    scatter = 100 * np.sqrt((dealt.var(ddof=1) + grouped.var(ddof=1)) / len(dealt))
    if points < max(2, scatter):
        within = ", which is within the scatter of the folds" if points > -max(2, scatter) else ""
        return (
            f"Random folds give {points:+.0f} points of accuracy{within}, so here hearing an artist in training does "
            "not show to help. Believe the score by artist all the same: it is what to expect of artists the net never "
            "heard."
        )
    return (
        f"Random folds look {points:.0f} points better in accuracy, but that is a leak, not skill: they put other "
        "tracks of the same artists into training, so the net can recognise a voice, a studio or a sound instead of "
        "the genre. Believe the score by artist: it is what to expect of artists the net never heard."
    )
