"""Explanations checked: whether the answer hangs on what they point at, and they on what the net has learned."""

import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.metrics import auc
from sklearn.utils import check_random_state

from skgenre._labels import label_probabilities
from skgenre._names import shorten
from skgenre.explanations._explain import net_of
from skgenre.explanations._explanation import Explanation
from skgenre.explanations._pictures import LONGEST_NAME, new_axes
from skgenre.explanations._score import log_odds
from skgenre.explanations._tracks import Settings, attribute_track, is_exclusive, weights_of
from skgenre.metrics import deletion_curve, insertion_curve

_COLOURS = {"deletion": "#0072B2", "insertion": "#D55E00"}


@dataclass(eq=False, repr=False)
class Faithfulness:
    """What becomes of the answer as the weightiest cells are hidden, or shown; :func:`measure_faithfulness` makes it.

    Parameters
    ----------
    explanation : Explanation
        What was checked.
    shares : ndarray of shape (n_steps + 1,)
        Shares of the cells, from 0 to 1.
    deletion : ndarray of shape (n_steps + 1,)
        Probability of the genre with that share hidden.
    insertion : ndarray of shape (n_steps + 1,)
        Probability of the genre with only that share shown.
    random_deletion, random_insertion : ndarray of shape (n_random, n_steps + 1)
        The same by chance.
    """

    explanation: Explanation
    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    @property
    def deletion_auc(self) -> float:
        """Area below the curve of deletion, from 0 to 1: the lower, the better."""
        return float(auc(self.shares, self.deletion))

    @property
    def insertion_auc(self) -> float:
        """Area below the curve of insertion, from 0 to 1: the higher, the better."""
        return float(auc(self.shares, self.insertion))

    @property
    def random_deletion_auc(self) -> float:
        """Mean area below the curves of deletion by chance."""
        return float(np.mean([auc(self.shares, curve) for curve in self.random_deletion]))

    @property
    def random_insertion_auc(self) -> float:
        """Mean area below the curves of insertion by chance."""
        return float(np.mean([auc(self.shares, curve) for curve in self.random_insertion]))

    def plot(self, ax: Any = None) -> Self:
        """Draw the curves, and those by chance faintly.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        faithfulness : Faithfulness
            The object itself, with ``ax_`` and ``figure_``.
        """
        ax = new_axes(6, 4) if ax is None else ax
        self.ax_, self.figure_ = ax, ax.figure
        for name, colour in _COLOURS.items():
            by_chance, area = getattr(self, f"random_{name}"), getattr(self, f"{name}_auc")
            chance = getattr(self, f"random_{name}_auc")
            ax.plot(100 * self.shares, by_chance.T, color=colour, alpha=0.15, linewidth=1)
            label = f"{name}: area {area:.2f}, by chance {chance:.2f}"
            ax.plot(100 * self.shares, getattr(self, name), color=colour, linewidth=2.5, label=label)
        ax.set(xlim=(0, 100), ylim=(0, 1.02), xlabel="Cells hidden (deletion) or shown (insertion), in %")
        ax.set_ylabel(f"Probability of\n{shorten(str(self.explanation.target), LONGEST_NAME)!r}", parse_math=False)
        title = f"Hidden and shown by {self.explanation.method.replace('_', ' ')}; faint: by chance"
        ax.set_title(title, fontsize="medium")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(loc="best", framealpha=0.9, edgecolor="none", fontsize="small")
        return self

    def __repr__(self) -> str:
        return (
            f"<Faithfulness of {self.explanation.method}: deletion {self.deletion_auc:.3f} (by chance "
            f"{self.random_deletion_auc:.3f}), insertion {self.insertion_auc:.3f} (by chance "
            f"{self.random_insertion_auc:.3f})>"
        )


def measure_faithfulness(
    pipeline: Any, explanation: Explanation, *, n_steps: int = 20, n_random: int = 10, random_state: Any = None
) -> Faithfulness:
    """Check whether the answer hangs on what an explanation points at.

    The cells of the track are hidden, the weightiest first, and shown again, the weightiest first, and the net is asked
    each time. By chance the same map is moved along time and bands by random amounts, so that it is as coarse or fine
    as the explanation and only its place is wrong.

    Parameters
    ----------
    pipeline : Pipeline, net, search, or VotingClassifier
        What was explained.
    explanation : Explanation
        By a net.
    n_steps : int, default=20
        Steps in which the whole track is hidden.
    n_random : int, default=10
        Orders by chance.
    random_state : int, RandomState instance or None, default=None
        Seeds them.

    Returns
    -------
    faithfulness : Faithfulness
        The curves, with ``plot()``.

    Raises
    ------
    ValueError
        If the explanation is one of descriptors or of neighbours, or a number is less than one.

    See Also
    --------
    deletion_curve : One curve, of any function.
    compare_with_random_weights : Checks whether an explanation tells of what was learned.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import CNNClassifier, explain, measure_faithfulness
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 16, 50)).astype("float32")
    >>> X[10:, 8:, 20:30] += 4
    >>> net = CNNClassifier(max_epochs=20, random_state=0).fit(X, np.repeat(["calm", "loud"], 10))
    >>> faithfulness = measure_faithfulness(net, explain(net, X[15], patch=(4, 5)), random_state=0)
    >>> faithfulness.deletion_auc < faithfulness.random_deletion_auc
    True
    """
    if n_random < 1:
        raise ValueError(f"n_random must be at least 1, got {n_random}")
    net, settings = _checked(pipeline, explanation)
    column, features, attribution = explanation.column, explanation.features, explanation.attribution

    def predict(X: np.ndarray) -> np.ndarray:
        return label_probabilities(net, X)[:, column]

    def curves(order: np.ndarray) -> list[np.ndarray]:
        cells = features, order, settings.baseline
        return [curve(predict, *cells, n_steps=n_steps)[1] for curve in (deletion_curve, insertion_curve)]

    rng = check_random_state(random_state)
    moves = [tuple(int(rng.randint(size)) for size in attribution.shape) for _ in range(n_random)]
    deletion, insertion = curves(attribution)
    by_chance = np.array([curves(np.roll(attribution, move, axis=(0, 1))) for move in moves])
    shares = np.linspace(0, 1, n_steps + 1)
    return Faithfulness(explanation, shares, deletion, insertion, by_chance[:, 0], by_chance[:, 1])


def compare_with_random_weights(pipeline: Any, explanation: Explanation, *, random_state: Any = None) -> float:
    """Explain again with a net whose weights are shuffled, so that it knows nothing, and compare.

    A method that draws the same map for shuffled weights shows the track, not what the net knows of it.

    Parameters
    ----------
    pipeline : Pipeline, net, search, or VotingClassifier
        What was explained; it stays as it is.
    explanation : Explanation
        By a net.
    random_state : int, RandomState instance or None, default=None
        Seeds the shuffling.

    Returns
    -------
    correlation : float
        Rank correlation between the two maps: 1 where they are the same, near 0 where they have nothing in common.

    Raises
    ------
    ValueError
        If the explanation is one of descriptors or of neighbours.

    References
    ----------
    J. Adebayo et al., "Sanity checks for saliency maps", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre import CNNClassifier, compare_with_random_weights, explain
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 16, 50)).astype("float32")
    >>> X[10:, 8:, 20:30] += 4
    >>> net = CNNClassifier(max_epochs=20, random_state=0).fit(X, np.repeat(["calm", "loud"], 10))
    >>> abs(compare_with_random_weights(net, explain(net, X[15], patch=(4, 5)), random_state=0)) < 0.5
    True
    """
    net, settings = _checked(pipeline, explanation)
    ignorant = copy.deepcopy(net)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    shuffle_weights(ignorant.net_.module_, seed)
    matrix, column = explanation.features, explanation.column
    weights = weights_of(ignorant, matrix, column)
    read = log_odds(column, exclusive=is_exclusive(net))
    found = attribute_track(ignorant, matrix, read, weights, settings)
    return float(spearmanr(explanation.attribution, found.values, axis=None).statistic)


def shuffle_weights(module: torch.nn.Module, seed: int) -> None:
    """Shuffle the weights within each layer: as large as before, and what was learned is gone."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))


def _checked(pipeline: Any, explanation: Explanation) -> tuple[Any, Settings]:
    if explanation.attribution is None or explanation.settings is None:
        raise ValueError("explanation must be of a net, with an attribution over time; got one of descriptors")
    if explanation.column is None:
        raise ValueError("explanation must be of a genre, as explain gives it; got one of the similarity to a track")
    return net_of(pipeline, explanation.part), explanation.settings
