"""A recurrent net as a classifier."""

from numbers import Integral
from typing import Any

import torch

from skgenre import modules
from skgenre._sklearn import Interval
from skgenre.classifiers._base import NetClassifier


class RNNClassifier(NetClassifier):
    """Classify tracks by a convolutional front, a gated recurrent unit and attention over time.

    Trained and asked like ``CNNClassifier``; its embedding is the attention-weighted mean of the recurrent states.

    Parameters
    ----------
    channels : tuple of int, default=(8, 16, 32, 128)
        Channels of each convolution. All but the last go over bands and time, and the last over time alone.
    n_hidden : int, default=64
        States of the recurrent unit, in each of the two directions.
    dropout : float, default=0.4
        Share of the embedding dropped in training.
    max_epochs : int, default=80
        Epochs at most. An epoch visits one random crop of each track. With ``warm_start`` earlier fits count.
    lr : float, default=3e-3
        Step size of the optimiser, AdamW. In ``fit`` it rises to this over the first tenth of the training, and then
        falls to zero along a cosine. It is constant where early stopping may end the training, in ``partial_fit``, and
        where a scheduler among ``callbacks`` sets it.
    weight_decay : float, default=0.05
        Decay of the weights, as AdamW takes it.
    batch_size : int, default=32
        Crops per step of training at most; fewer where that makes the batches of an epoch more even.
    patience : int, default=10
        Epochs without a lower validation loss after which training stops. The weights of the best epoch are kept.
    validation_fraction : float, default=None
        Share of the tracks that early stopping watches, stratified by genre or label, and disjoint by group where
        groups are given. None trains on all tracks for ``max_epochs`` and keeps the last weights. The thresholds of
        several labels are tuned on these tracks; without them they are one half.
    segment_frames : int, default=256
        Frames of a crop, and of a segment in prediction; never more than the longest track in ``fit`` has.
    segment_overlap : float, default=0.5
        Share of a segment that the next one repeats in prediction.
    pooling : {"mean", "max", "vote"}, default="mean"
        How the probabilities of segments become those of a track: mean, maximum scaled to sum to one, or share of
        segments won. Of several labels: mean, maximum, or share of segments with a probability of at least one half.
    augment : bool or tuple of {"mask", "equalize", "transpose", "mixstyle", "stretch"}, default=True
        What to do to the crops: mask a stretch of frames and a range of bands (SpecAugment), raise and lower bands
        along a random smooth curve, move up or down by up to a 32nd of the bands, take on part of another crop's mean
        and deviation in each band (MixStyle), play up to a quarter faster or slower. True masks, equalizes and, where
        neighbouring bands move together as those of a spectrogram do, transposes.
    mixup : float, default=0.2
        Parameter of the Beta distribution by which crops are blended in training; 0 for none.
    label_smoothing : float, default=0.1
        Share of a target that is spread over all genres, so that no answer has to be sure. Of several labels each
        target gives way by this share to how frequent the label is.
    class_weight : dict, array-like or "balanced", default=None
        Weight of each genre in the loss: a dict by genre, or ``"balanced"``, by how rare it is. Where tracks have
        several labels it is the weight of a label's presence against its absence: a dict by column, an array of shape
        (n_labels,), or ``"balanced"``, by which both weigh the same.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the last fit's weights, until ``max_epochs`` in all. What the net is made of stays
        as it was: its layers, ``dropout``, ``label_smoothing``, ``segment_frames``, ``device`` and ``precision``; of
        several labels ``class_weight`` too. On the same tracks early stopping watches the same part of them, and keeps
        the best epoch of those to come.
    device : str, default="auto"
        Where to compute, as torch names it: ``"cpu"``, ``"cuda"``, ``"cuda:1"``. ``"auto"`` takes a GPU if any.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        What the net computes in. ``"auto"`` takes bfloat16 on a GPU that knows it and on a CPU with AMX.
    n_threads : int, default=1
        Threads of torch in ``fit``. Fixed, for results differ in their last digits with the number of threads;
        several fits at once, as with ``n_jobs`` in a search, use the cores better than several threads in one.
    callbacks : list of skorch.callbacks.Callback or of (str, Callback), default=None
        Called by skorch during training, as they are; but for those that score batches, for these are crops.
    verbose : bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, crops, augmentation and the validation split. The same integer gives the same net.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or (n_labels, 2)
        The genres; of several labels ``[0, 1]`` for each.
    thresholds_ : ndarray of shape (n_labels,)
        Probability from which on ``predict`` answers with a label; there where tracks have several.
    pos_weight_ : ndarray of shape (n_labels,)
        Weight of each label's presence in the loss; there where tracks have several.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.
    history_ : dict of list
        ``epoch``, ``train_loss``, ``train_accuracy``, ``train_f1``, ``duration`` in s and, with a validation split,
        ``valid_loss``, ``valid_accuracy``, ``valid_f1``, one entry per epoch. Training scores are those of the
        augmented crops, validation scores those of whole tracks; F1 is macro-averaged. Of several labels the accuracy
        is the share of labels, over all tracks, that a threshold of one half answers rightly, and F1 is its too.
    best_epoch_ : int
        The epoch, from 1, whose weights are kept.
    segment_frames_ : int
        Frames of a segment.
    n_epochs_ : int
        Epochs of ``max_epochs`` used up.
    n_bands_ : int
        Number of bands.
    n_features_in_ : int
        Number of bands (of columns for a 2-D array).

    See Also
    --------
    CNNClassifier : A convolutional net with the same parameters.

    References
    ----------
    K. Choi, G. Fazekas, M. Sandler and K. Cho, "Convolutional recurrent neural networks for music classification",
    2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import RNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 4, 50)) + np.repeat([0, 3], 10)[:, None, None]
    >>> y = np.repeat(["calm", "loud"], 10)
    >>> net = RNNClassifier(max_epochs=5, random_state=0).fit(X, y)
    >>> net.predict_proba(X[:1]).shape
    (1, 2)
    """

    _parameter_constraints: dict = {
        **NetClassifier._parameter_constraints,
        "channels": [tuple, list],
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        channels: tuple[int, ...] = (8, 16, 32, 128),
        *,
        n_hidden: int = 64,
        dropout: float = 0.4,
        max_epochs: int = 80,
        lr: float = 3e-3,
        weight_decay: float = 0.05,
        batch_size: int = 32,
        patience: int = 10,
        validation_fraction: float | None = None,
        segment_frames: int = 256,
        segment_overlap: float = 0.5,
        pooling: str = "mean",
        augment: bool | tuple[str, ...] = True,
        mixup: float = 0.2,
        label_smoothing: float = 0.1,
        class_weight: Any = None,
        warm_start: bool = False,
        device: str = "auto",
        precision: str = "auto",
        n_threads: int = 1,
        callbacks: Any = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.channels = channels
        self.n_hidden = n_hidden
        self.dropout = dropout
        self.max_epochs = max_epochs
        self.lr = lr
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.segment_frames = segment_frames
        self.segment_overlap = segment_overlap
        self.pooling = pooling
        self.augment = augment
        self.mixup = mixup
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.device = device
        self.precision = precision
        self.n_threads = n_threads
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def _module(self) -> type[torch.nn.Module]:
        return modules.ConvGRU

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "n_hidden": self.n_hidden}
