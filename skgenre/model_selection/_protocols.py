"""One model scored under several protocols, side by side."""

import time
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.preprocessing import normalize
from sklearn.utils import check_consistent_length
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from skgenre.audio import as_rows
from skgenre.model_selection._one_genre import not_known, one_artist_each, one_genre_each
from skgenre.model_selection._protocols_results import ProtocolComparison, ProtocolScores
from skgenre.model_selection._protocols_segments import cut_tracks

_NAMES = ("grouped", "random", "segment")


@dataclass(frozen=True)
class _Protocol:
    """What is to be done under a protocol."""

    name: str
    estimator: Any
    X: Any
    y: np.ndarray
    tracks: np.ndarray
    groups: np.ndarray | None
    """What the fits are given, where they ask for it."""
    splitter: Any
    apart: np.ndarray | None = None
    """What the splitter keeps apart; None where the protocol keeps nothing apart."""

    def folds(self, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        splitter = _seeded(self.splitter, seed) if getattr(self.splitter, "shuffle", False) else self.splitter
        every = np.arange(len(self.y))  # rows may be named by boolean masks
        try:
            return [(every[train], every[test]) for train, test in splitter.split(self.X, self.y, self.apart)]
        except IndexError as error:
            raise ValueError(f"the folds of {self.name!r} must be of the {len(every)} rows: {error}") from error


def compare_protocols(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    protocols: Sequence[str] | Mapping[str, Any] = _NAMES,
    n_splits: int = 5,
    seeds: int | Iterable[int] = 5,
    n_segments: int = 10,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> ProtocolComparison:
    """Score a model under several protocols, over several seeds.

    The protocol is worth more points than the model, so a score without it says little. ``"grouped"`` tells how the
    model will do on artists that it has not heard. The other two are there to show what they add:

    - ``"grouped"``: no artist is in training and test at once. Folds are those of
      ``StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)``.
    - ``"random"``: tracks are shuffled, so a model that knows an artist's voice or studio does well. Folds are those
      of ``StratifiedKFold(n_splits, shuffle=True, random_state=seed)``.
    - ``"segment"``: wrong on purpose. Tracks are cut into segments, the segments are shuffled as if they were tracks
      and scored one by one, so pieces of one recording are on both sides of every split.

    Only these folds differ. Under each protocol ``groups`` go on to whatever in the estimator asks for them by metadata
    routing: the nets, whose early stopping is then artist-disjoint too, and the splitter of a search.

    Parameters
    ----------
    estimator : estimator
        A classifier, usually a Pipeline from paths to genres. It is cloned for every fit.
    X : array-like of shape (n_tracks, ...)
        Tracks, as the estimator takes them: paths, features of shape (n_tracks, n_bands, n_frames) or any other rows.
        For ``"segment"`` they have to be paths or waveforms behind an ``AudioLoader(duration=...)``, or such features.
    y : array-like of shape (n_tracks,)
        The genre of each track. Several labels are scored by ``cross_validate`` with ``make_multilabel_scorer``.
    groups : array-like of shape (n_tracks,), default=None
        The artist of each track; where it is ``""``, None or NaN, and so not known, the track is a group of its own.
        Needed for ``"grouped"``, and for an estimator that cannot do without them.
    protocols : sequence of str or mapping of str to splitter, default=("grouped", "random", "segment")
        Names of protocols; or a mapping of names of your own to these or to splitters (or lists of training and test
        rows, by number or by a boolean mask), to which ``groups`` are passed. A splitter that shuffles gets each seed
        as its ``random_state``; every seed has to test the same rows, each at most once.
    n_splits : int, default=5
        Number of folds of the three named protocols.
    seeds : int or iterable of int, default=5
        Seeds of the folds and of every ``random_state`` in the estimator, those of nested estimators too, and of the
        splitters of searches that have none. An integer ``n`` means 0 to ``n - 1``.
    n_segments : int, default=10
        Equal parts that ``"segment"`` cuts a track into.
    n_jobs : int, default=None
        Fits done at once. None means 1, -1 all processors.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    comparison : ProtocolComparison
        A mapping of each protocol's name to its scores; ``comparison.frame`` is a table of them.

    Raises
    ------
    ValueError
        If ``y`` has several columns or lacks the genre of a track, a protocol is unknown, ``"grouped"`` has no
        ``groups``, ``"segment"`` cannot cut ``X``, or folds overlap.

    See Also
    --------
    ProtocolsDisplay : Draws the comparison.
    expected_calibration_error : How the calibration error is defined.

    Notes
    -----
    The answers of all folds of a seed are pooled, each given by the fold that had not trained on the track, and scored
    at once: accuracy, macro F1, log-loss and calibration error in ten bins, the last two where the model has
    ``predict_proba``. The table shows means over seeds, and as ``sd`` the standard deviation of the accuracy over
    seeds: how much chance there is in training and in the choice of folds.

    ``low`` and ``high`` bound the accuracy with 95 % confidence, as a percentile bootstrap over artists: whole artists
    are drawn with replacement, since tracks of one artist are right or wrong together; without ``groups``, tracks are
    drawn. That is the uncertainty of having heard these artists and not others. It is the larger one, does not shrink
    with more seeds, and an interval made of the seeds would leave it out, for all seeds are scored on the same tracks.

    ``seconds`` are those of fitting and predicting, summed over folds. Where features are not stored, they hold the
    extraction: give the extractors a ``memory=``, and a file is decoded once for all protocols, folds and seeds.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skgenre import compare_protocols
    >>> rng = np.random.default_rng(0)
    >>> artists = np.repeat(np.arange(20), 5)
    >>> genres = np.where(artists % 2, "folk", "rock")
    >>> X = rng.normal(size=(20, 3))[artists] + 0.1 * rng.normal(size=(100, 3))  # each artist has a sound, no genre has
    >>> found = compare_protocols(KNeighborsClassifier(1), X, genres, artists, protocols=("random", "grouped"), seeds=2)
    >>> bool(found["random"].accuracy.mean() > 0.9), bool(found["grouped"].accuracy.mean() < 0.7)
    (True, True)
    """
    X = as_rows(X)
    y = one_genre_each(y, "Score several labels by cross_validate with make_multilabel_scorer.")
    if (unknown := not_known(y)).any():
        row = int(unknown.argmax())
        raise ValueError(f"y must hold the genre of each track, got {y.tolist()[row]!r} for row {row}")
    check_classification_targets(y)
    if len(genres := np.unique(y)) == 1:
        raise ValueError(f"y must hold at least two genres, got one class: {genres[0]}")
    groups = None if groups is None else one_artist_each(groups)
    check_consistent_length(X, y, groups)
    chosen = _check_seeds(seeds)
    planned = [
        _plan(name, splitter, estimator, X, y, groups, n_splits, n_segments)
        for name, splitter in _check_protocols(protocols, groups).items()
    ]
    split = [[protocol.folds(seed) for seed in chosen] for protocol in planned]
    for protocol, of_seeds in zip(planned, split, strict=True):
        _check_folds(protocol.name, of_seeds)
    jobs = [
        (number, seed, train, test)
        for number, of_seeds in enumerate(split)
        for seed, of_seed in zip(chosen, of_seeds, strict=True)
        for train, test in of_seed
    ]
    answers = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_answer)(planned[number], seed, train, test) for number, seed, train, test in jobs
    )
    answers = tqdm(answers, total=len(jobs), desc="Comparing protocols", unit="fit", disable=not verbose)
    done: list[list[list[tuple]]] = [[] for _ in planned]
    for (number, _), folds in groupby(zip(jobs, answers, strict=True), key=lambda item: item[0][:2]):
        done[number].append([(test, *answer) for (_, _, _, test), answer in folds])
    return ProtocolComparison(
        [_pool(protocol, seeds, groups) for protocol, seeds in zip(planned, done, strict=True)], chosen
    )


def _check_seeds(seeds: Any) -> list[int]:
    several = range(seeds) if isinstance(seeds, Integral) else seeds
    chosen = list(several) if isinstance(several, Iterable) else []
    fine = all(isinstance(seed, Integral) and 0 <= int(seed) < 2**32 for seed in chosen)
    if not fine or not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"seeds must be a number from 1 on, or different integers from 0 to 2**32 - 1, got {seeds!r}")
    return [int(seed) for seed in chosen]


def _check_protocols(protocols: Any, groups: Any) -> dict[str, Any]:
    if not isinstance(protocols, Mapping):
        protocols = {name: name for name in ([protocols] if isinstance(protocols, str) else protocols)}
    names = [splitter for splitter in protocols.values() if isinstance(splitter, str)]
    unknown = [name for name in names if name not in _NAMES]
    if unknown or not protocols or not all(isinstance(name, str) for name in protocols):
        got = unknown or list(protocols)
        raise ValueError(f"protocols must be of {', '.join(_NAMES)}, or a mapping of names to splitters, got {got}")
    if groups is None and "grouped" in names:
        raise ValueError("the protocol 'grouped' needs groups: the artist of each track")
    return dict(protocols)


def _plan(
    name: str, splitter: Any, estimator: Any, X: Any, y: np.ndarray, groups: Any, n_splits: int, n_segments: int
) -> _Protocol:
    tracks = np.arange(len(y))
    if not isinstance(splitter, str):
        return _Protocol(name, estimator, X, y, tracks, groups, check_cv(splitter, y, classifier=True), groups)
    if splitter == "grouped":
        return _Protocol(name, estimator, X, y, tracks, groups, StratifiedGroupKFold(n_splits, shuffle=True), groups)
    if splitter == "segment":
        estimator, X, tracks = cut_tracks(estimator, X, n_segments)
    given = None if groups is None else groups[tracks]
    return _Protocol(name, estimator, X, y[tracks], tracks, given, StratifiedKFold(n_splits, shuffle=True))


def _check_folds(name: str, seeds: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]]) -> None:
    """Raise ``ValueError`` before anything is fitted where the answers of folds could not be pooled."""
    if not all(seeds):
        raise ValueError(f"the folds of {name!r} must be one at least, got none")
    tested = [np.sort(np.concatenate([test for _, test in folds])) for folds in seeds]
    if any(len(np.unique(rows)) < len(rows) or not np.array_equal(rows, tested[0]) for rows in tested):
        raise ValueError(f"the folds of {name!r} must test the same rows with every seed, each at most once")
    for train, test in (fold for folds in seeds for fold in folds):
        if not len(train) or not len(test):
            raise ValueError(
                f"the folds of {name!r} must train and test on some rows, got {len(train)} and {len(test)}"
            )
        if len(both := np.intersect1d(train, test)):
            raise ValueError(
                f"the folds of {name!r} must not test rows that they train on, got {len(both)}: {both[:5]}"
            )


def _answer(protocol: _Protocol, seed: int, train: np.ndarray, test: np.ndarray) -> tuple:
    """Fit on one part and answer on the other: predictions, probabilities with their classes, seconds."""
    start = time.perf_counter()
    model = clone(protocol.estimator)
    params = model.get_params()
    model.set_params(**{name: seed for name in params if name.split("__")[-1] == "random_state"})
    # A search has a splitter, whose seed is no parameter.
    inner = {name: splitter for name, splitter in params.items() if name.split("__")[-1] == "cv"}
    unseeded = {name: part for name, part in inner.items() if getattr(part, "random_state", seed) is None}
    model.set_params(**{name: _seeded(splitter, seed) for name, splitter in unseeded.items()})
    with config_context(enable_metadata_routing=True):
        metadata = {}
        if protocol.groups is not None and get_routing_for_object(model).consumes("fit", ["groups"]):
            metadata["groups"] = protocol.groups[train]
        model.fit(_take(protocol.X, train), protocol.y[train], **metadata)
        segments = _take(protocol.X, test)
        predictions = model.predict(segments)
        probabilities = (model.predict_proba(segments), model.classes_) if hasattr(model, "predict_proba") else None
    return predictions, probabilities, time.perf_counter() - start


def _seeded(splitter: Any, seed: int) -> Any:
    splitter = copy(splitter)
    splitter.random_state = seed
    return splitter


def _take(X: Any, rows: np.ndarray) -> Any:
    if isinstance(X, list | tuple):
        return [X[row] for row in rows]
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _pool(protocol: _Protocol, seeds: list[list[tuple]], groups: np.ndarray | None) -> ProtocolScores:
    """Bring the answers of all folds into the order of the rows."""
    classes = np.unique(protocol.y)
    rows = np.sort(np.concatenate([test for test, *_ in seeds[0]]))
    predictions = np.empty((len(seeds), len(rows)), dtype=protocol.y.dtype)
    probabilities = np.zeros((len(seeds), len(rows), len(classes)))
    for number, folds in enumerate(seeds):
        for test, answers, probability, _ in folds:
            places = np.searchsorted(rows, test)
            predictions[number, places] = answers
            if probability is not None:
                # A genre that a fold had no training tracks of keeps a probability of zero.
                columns = np.searchsorted(classes, probability[1])
                # Of a float32 model they sum to one in its own precision only.
                probabilities[number, places[:, None], columns] = normalize(probability[0].astype(float), "l1")
    tracks = protocol.tracks[rows]
    return ProtocolScores(
        protocol.name,
        protocol.y[rows],
        predictions,
        probabilities if seeds[0][0][2] is not None else None,
        classes,
        tracks,
        tracks if groups is None else groups[tracks],
        np.array([sum(seconds for *_, seconds in folds) for folds in seeds]),
    )
