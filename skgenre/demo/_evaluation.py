"""The two ways to score a net: on new artists, and on tracks dealt at random."""

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter
from tqdm import tqdm

from skgenre.report import Evaluation


def plan_folds(genres: np.ndarray, artists: np.ndarray | None, n_splits: int) -> tuple[int, np.ndarray | None]:
    """Choose the number of folds, and the artists to keep apart: None where they cannot be."""
    names, n_tracks = np.unique(genres, return_counts=True)
    if len(names) < 2:
        raise ValueError(f"a classifier needs at least two genres, got {len(names)}: {', '.join(map(str, names))}")
    if n_tracks.min() < 2:
        alone = ", ".join(str(name) for name in names[n_tracks < 2])
        raise ValueError(f"every genre needs at least two tracks that can be read, got one of: {alone}")
    n_folds = min(n_splits, int(n_tracks.min()))
    if artists is None:
        warnings.warn(
            "no artists are known, so only random folds are scored: tracks of one artist on both sides of a split make "
            "the score too good for new artists. A CSV with the columns path, genre and artist brings the honest one.",
            stacklevel=3,
        )
        return n_folds, None
    n_artists = np.array([len(np.unique(artists[genres == name])) for name in names])
    if n_artists.min() < 2:
        alone = ", ".join(str(name) for name in names[n_artists < 2])
        warnings.warn(
            f"only random folds are scored, for all tracks of a genre are by one artist: {alone}. Their score is too "
            "good for new artists.",
            stacklevel=3,
        )
        return n_folds, None
    return min(n_folds, int(n_artists.min())), artists


def evaluate(
    net: Any,
    features: np.ndarray,
    genres: np.ndarray,
    artists: np.ndarray | None,
    n_folds: int,
    *,
    n_jobs: int | None,
    random_state: int,
    verbose: bool,
) -> tuple[Evaluation | None, Evaluation]:
    """Cross-validate by artist (None without artists) and at random, in as many folds."""
    if "n_threads" in net.get_params():
        # Threads round differently by their number; with one in every fold, n_jobs does not change the scores.
        net = clone(net).set_params(n_threads=1)
    at_random = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
    folds: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]]
    folds = [(train, test, None) for train, test in at_random.split(features, genres)]
    if artists is not None:
        by_artist = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random_state)
        folds += [(train, test, artists) for train, test in by_artist.split(features, genres, artists)]
    answers = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_answers)(clone(net), features, genres, groups, train, test) for train, test, groups in folds
    )
    answers = list(tqdm(answers, total=len(folds), desc="Cross-validating", unit="fold", disable=not verbose))
    scored = [
        _score(genres, [test for _, test, _ in folds[part]], answers[part])
        for part in (slice(0, n_folds), slice(n_folds, None))
        if folds[part]
    ]
    return (scored[1] if artists is not None else None), scored[0]


def fit(net: Any, features: np.ndarray, genres: np.ndarray, artists: np.ndarray | None) -> Any:
    """Fit a net, with the artists kept apart in its early stopping if it has one."""
    groups = {"groups": artists} if artists is not None and has_fit_parameter(net, "groups") else {}
    return net.fit(features, genres, **groups)


def _answers(
    net: Any, features: np.ndarray, genres: np.ndarray, artists: np.ndarray | None, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    fit(net, features[train], genres[train], None if artists is None else artists[train])
    return net.predict(features[test])


def _score(genres: np.ndarray, tests: list[np.ndarray], answers: list[np.ndarray]) -> Evaluation:
    predictions = np.empty_like(genres)
    for test, answer in zip(tests, answers, strict=True):
        predictions[test] = answer
    return Evaluation(
        accuracy=np.array([accuracy_score(genres[test], predictions[test]) for test in tests]),
        macro_f1=np.array(
            [f1_score(genres[test], predictions[test], average="macro", zero_division=0) for test in tests]
        ),
        predictions=predictions,
    )
