"""The recommended classifier, from paths to genre."""

import os
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skgenre.audio import AudioLoader
from skgenre.classifiers import CNNClassifier
from skgenre.descriptors import TrackDescriptor
from skgenre.features import MelExtractor
from skgenre.multilabel import PerLabelClassifier
from skgenre.pipelines._group_svc import GroupSVC
from skgenre.pipelines._voting import GenreVoting
from skgenre.pretrained import ModuleEmbedder, MusiCNNEmbedder


def make_genre_classifier(
    *,
    pretrained: Any = None,
    duration: float = 30.0,
    memory: Any = None,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> GenreVoting:
    """Make the classifier from paths to genres that we recommend: descriptors and a net, averaged.

    An ordinary scikit-learn estimator, whose parts can be looked at, set and left out:

    - ``"descriptors"``: a support vector machine on each group of ``TrackDescriptor``, averaged by ``GroupSVC``;
    - ``"cnn"``: a ``CNNClassifier`` on the mel spectrogram, in frames of 46 ms, so that it hears 12 s at once;
    - ``"pretrained"``, where weights or an embedder are given: a logistic regression on the embeddings.

    All parts count alike. On a few hundred tracks descriptors tell genres of new artists better than a net from
    scratch, and its say makes their probabilities more honest.

    Parameters
    ----------
    pretrained : str, Path or transformer, default=None
        Weights for ``MusiCNNEmbedder``, a name or a file; or what embeds waveforms in its place, such as a
        ``TorchEmbedder``, which keeps its own ``memory`` and ``n_jobs`` and is given tracks at its ``sample_rate``, or
        at 22,050 Hz where it has none. Weights are read before anything is trained. None trains on the tracks alone.
    duration : float, default=30.0
        Part of each track that is listened to, from its start, in seconds; shorter tracks are filled up with silence.
    memory : str, Path or joblib.Memory, default=None
        Where to keep the features of each track, so that folds, candidates and later runs compute them once.
    n_jobs : int, default=None
        Threads that compute features. None means 1; -1 all processors.
    random_state : int, RandomState instance or None, default=None
        Seeds the net. An int gives the same classifier each time.

    Returns
    -------
    classifier : sklearn.ensemble.VotingClassifier
        Takes paths. It fits as any other, ``fit(paths, y)``, on the genre of each track or on a column of 0 and 1 for
        each of several labels.

    Raises
    ------
    TypeError
        If ``pretrained`` is neither weights nor a transformer.

    See Also
    --------
    compare_protocols : Measures a classifier as it will be used.

    Examples
    --------
    >>> from skgenre import make_genre_classifier
    >>> classifier = make_genre_classifier(memory="features", random_state=0)
    >>> [name for name, _ in classifier.estimators]
    ['descriptors', 'cnn']
    >>> classifier = classifier.set_params(cnn__net__max_epochs=20)

    ``classifier.fit(paths, y).predict("song.mp3")`` then gives the genre of a song.
    """
    features = {"memory": memory, "n_jobs": n_jobs}
    parts: list[tuple[str, Pipeline]] = [
        (
            "descriptors",
            Pipeline(
                [
                    ("load", AudioLoader(duration=duration)),
                    ("describe", TrackDescriptor(**features)),
                    ("machines", GroupSVC(TrackDescriptor().group_slices())),
                ]
            ),
        ),
        (
            "cnn",
            Pipeline(
                [
                    ("load", AudioLoader(duration=duration)),
                    ("mel", MelExtractor(64, hop_length=1024, **features)),
                    ("net", CNNClassifier(random_state=random_state)),
                ]
            ),
        ),
    ]
    if pretrained is not None:
        embed, sample_rate = _embedder(pretrained, features)
        linear = make_pipeline(StandardScaler(), PerLabelClassifier(LogisticRegression(C=0.01, max_iter=1000)))
        steps = [("load", AudioLoader(sample_rate, duration=duration)), ("embed", embed), ("linear", linear)]
        parts.append(("pretrained", Pipeline(steps)))
    return GenreVoting(parts, voting="soft")


def _embedder(pretrained: Any, features: dict[str, Any]) -> tuple[Any, int]:
    """Return what embeds waveforms, and at which rate."""
    if isinstance(pretrained, str | os.PathLike):
        pretrained = MusiCNNEmbedder(pretrained, **features)
    if isinstance(pretrained, type) or not hasattr(pretrained, "transform"):
        raise TypeError(
            "pretrained must be a name or path of weights, or a transformer from waveforms to embeddings, "
            f"got {pretrained!r:.80}"
        )
    if isinstance(pretrained, ModuleEmbedder):
        return pretrained, pretrained._sample_rate
    return pretrained, getattr(pretrained, "sample_rate", None) or AudioLoader().sample_rate
