"""Why a classifier gives its answer for a track."""

from typing import Any

import numpy as np
from sklearn.ensemble import VotingClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgenre._labels import label_probabilities
from skgenre.explanations._columns import as_fitted, explain_row
from skgenre.explanations._explanation import Explanation, of_net
from skgenre.explanations._hearing import Heard, hear, one_row, steps_of, unwrap
from skgenre.explanations._methods import check_method, check_n_samples
from skgenre.explanations._score import log_odds
from skgenre.explanations._tracks import attribute_track, choose_settings, is_exclusive, weights_of


def explain(
    pipeline: Any,
    track: Any,
    method: str = "occlusion",
    target: Any = None,
    *,
    part: str | None = None,
    background: Any = None,
    patch: tuple[int, int] | None = None,
    n_samples: int | None = None,
    random_state: Any = None,
) -> Explanation:
    """Explain the answer of a classifier for a track: what in the sound speaks for a genre, and what against it.

    For a net that is a map over time and frequency; for a model of a table of descriptors, a value for each of them.

    Parameters
    ----------
    pipeline : Pipeline, net, search, or VotingClassifier of Pipelines
        A fitted classifier. A Pipeline ends in ``CNNClassifier`` or ``RNNClassifier``, or in any classifier of a table,
        such as ``TrackDescriptor`` or ``FrameStatistics`` gives.
    track : str, Path, open binary file, ndarray of shape (n_samples,), or ndarray of shape (n_bands, n_frames)
        The track, as the pipeline takes one; for a net alone, its features, and for a classifier that takes a table
        itself, its row of shape (n_columns,).
    method : {"occlusion", "integrated_gradients", "grad_cam", "shap"}, default="occlusion"
        How to find out what matters.

        ``"occlusion"``
            Hides patches of the spectrogram, one at a time, and measures what is lost; of a table, one column at a
            time, behind values of the background.
        ``"integrated_gradients"``
            Adds up gradients on the way from nothing to the track: for each cell by itself. Nets only.
        ``"grad_cam"``
            Weighs what the last convolution over bands and time gives by its gradients: quick and coarse, and without
            a unit. Nets only.
        ``"shap"``
            Shapley values: what a patch or column adds, averaged over the orders in which they may come. Exact for
            linear models and for decision trees, random forests, extra trees and ``GradientBoostingClassifier``;
            elsewhere some orders are drawn.

        The two in the middle take the extra ``explain``.
    target : object, default=None
        The genre to speak for. None means the one that is predicted.
    part : str, default=None
        Where ``pipeline`` is a vote, as :func:`make_genre_classifier` makes it, the name of the part to explain.
    background : array-like of tracks, or of their features, or a table of them, default=None
        Tracks to compare with: what is hidden is replaced by theirs. For a net None means the mean of each band over
        its training tracks. A model of a table needs one: the paths or the table of some dozens of tracks, of all
        genres.
    patch : tuple of (int, int), default=None
        Bands and frames that are hidden together in ``"occlusion"`` and ``"shap"``. None means an eighth of the bands
        and 16 frames.
    n_samples : int, default=None
        Steps of ``"integrated_gradients"``, 32 where it is None, or orders of ``"shap"``, 4 for a net and 10 for a
        table. For ``"occlusion"`` of a table, tracks of the background to draw, 10.
    random_state : int, RandomState instance or None, default=None
        Seeds what is drawn.

    Returns
    -------
    explanation : Explanation
        Look at it with ``plot()``, or let a notebook show it; listen to it with ``to_audio()``.

    Raises
    ------
    AudioError
        If the track does not decode.
    ImportError
        If the method takes a package that is not installed.
    sklearn.exceptions.NotFittedError
        If the pipeline is not fitted.
    TypeError
        If the pipeline ends in nothing that can be explained.
    ValueError
        If the method is unknown or not for this model, the target is no class, or a part or background is needed.

    See Also
    --------
    measure_faithfulness : Checks an explanation.
    explain_neighbors : Explains why tracks are similar.

    Notes
    -----
    Of a net the log-odds of the genre are explained, the logarithm of how much more likely it is than all others: an
    attribution of 1 multiplies these odds by 2.7. Those of overlapping segments are added up with the weight that each
    has in the pooled answer. Of other models the decision is explained, or the probability where they have none.

    References
    ----------
    M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks", 2017.

    R. Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization", 2017.

    S. Lundberg and S.-I. Lee, "A unified approach to interpreting model predictions", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import CNNClassifier, explain
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 16, 50)).astype("float32")
    >>> X[10:, 8:, 20:30] += 4  # what tells the two apart
    >>> net = CNNClassifier(max_epochs=20, random_state=0).fit(X, np.repeat(["calm", "loud"], 10))
    >>> explanation = explain(net, X[15], patch=(4, 5))
    >>> explanation.target
    'loud'
    >>> [(segment.start, segment.stop) for segment in explanation.top_segments(1, duration=10)]
    [(21.0, 31.0)]
    """
    check_method(method)
    whole = unwrap(pipeline)
    inner = part_of(whole, part)
    heard = hear(inner, track)
    names = _names_of_classes(whole)
    own = _probabilities(heard)
    if target is not None and target not in names:
        raise ValueError(f"target must be one of {', '.join(map(repr, names))}, got {target!r}")
    if target is None:
        of_whole = own if inner is whole else label_probabilities(whole, one_row(track, n_dims=1))[0]
        target = names[int(np.argmax(of_whole))]
    column = names.index(target)
    about = {
        "title": heard.title,
        "target": target,
        "method": method,
        "probability": None if _has_no_probabilities(heard.model) else float(own[column]),
        "part": part,
        "column": column,
    }
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    if heard.row is not None:
        return _explain_table(heard, about, background, n_samples, seed)
    return _explain_net(heard, about, background, patch, n_samples, seed)


def _explain_net(heard: Heard, about: dict, background: Any, patch: Any, n_samples: Any, seed: int) -> Explanation:
    net, matrix, column = heard.model, heard.matrix, about["column"]
    if background is not None:
        matrices = heard.take_through(background)
        if np.ndim(matrices[0]) != 2:
            raise ValueError("background must hold tracks, or matrices (n_bands, n_frames) of them, got a lone matrix")
        background = np.mean([np.mean(one, axis=1) for one in matrices], axis=0)
    settings = choose_settings(net, about["method"], background, patch, n_samples, seed)
    weights = weights_of(net, matrix, column)
    found = attribute_track(net, matrix, log_odds(column, exclusive=is_exclusive(net)), weights, settings)
    return Explanation(**about, unit="log-odds", **of_net(heard, found, settings))


def _explain_table(heard: Heard, about: dict, background: Any, n_samples: Any, seed: int) -> Explanation:
    method = about["method"]
    if method not in ("occlusion", "shap"):
        name = type(heard.model).__name__
        raise ValueError(f"method={method!r} is for nets; for {name} it must be 'occlusion' or 'shap'")
    check_n_samples(n_samples)
    if background is None:
        raise ValueError(
            f"background must hold some dozens of tracks to compare with, for {type(heard.model).__name__} takes a "
            "table of descriptors: pass their paths, or the table; got None"
        )
    table = np.asarray(heard.take_through(background), dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(heard.row):
        raise ValueError(f"background must have the {len(heard.row)} columns of the model, got shape {table.shape}")
    values, score, base_score, unit = explain_row(
        heard.model,
        heard.row,
        table,
        target=about["column"],
        method=method,
        n_samples=n_samples,
        rng=np.random.default_rng(seed),
    )
    names = [f"x{number}" for number in range(len(values))] if heard.names is None else heard.names
    order = np.argsort(-np.abs(values), kind="stable")
    descriptors = {str(names[place]): float(values[place]) for place in order}
    return Explanation(
        **about,
        unit=unit,
        descriptors=descriptors,
        score=score,
        base_score=base_score,
        waveform=heard.waveform,
        sample_rate=heard.sample_rate,
    )


def part_of(whole: Any, part: str | None) -> Any:
    """Return the part of a vote that is to be explained; what is no vote is explained as a whole."""
    if not isinstance(whole, VotingClassifier):
        if part is not None:
            raise ValueError(f"part must be None, for {type(whole).__name__} has no parts that vote, got {part!r}")
        return whole
    check_is_fitted(whole)
    parts = {name: one for name, one in whole.named_estimators_.items() if one != "drop"}
    if part not in parts:
        raise ValueError(f"part must name the part of the vote to explain, one of {list(parts)}, got {part!r}")
    return parts[part]


def net_of(pipeline: Any, part: str | None) -> Any:
    """Return the net that a pipeline, or a part of a vote, ends in."""
    return list(steps_of(part_of(unwrap(pipeline), part)))[-1]


def _names_of_classes(model: Any) -> list:
    """Return the genres by column; the labels of tracks that may have several are known by their numbers."""
    if not is_exclusive(model):
        return list(range(len(model.classes_)))
    return np.asarray(model.classes_).tolist()


def _has_no_probabilities(model: Any) -> bool:
    return not hasattr(model, "predict_proba")


def _probabilities(heard: Heard) -> np.ndarray:
    """Return the probability of each class, or where the model gives none its decisions."""
    rows = [heard.matrix] if heard.row is None else as_fitted(heard.model, heard.row[None])
    if not _has_no_probabilities(heard.model):
        return label_probabilities(heard.model, rows)[0]
    decisions = heard.model.decision_function(rows)
    return decisions[0] if decisions.ndim == 2 else np.array([-decisions[0], decisions[0]])
