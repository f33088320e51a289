"""What every subject uses: the size of a run, contenders timed in turns, and comparisons of their figures."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np


class Size(IntEnum):
    """How much is measured: ``size.pick(a, b, c)`` is a for the full run, b for the quick and c for the tiniest."""

    FULL = 0
    QUICK = 1
    TINY = 2

    def pick(self, full: Any, quick: Any, tiny: Any) -> Any:
        return (full, quick, tiny)[self]


@dataclass(frozen=True)
class Music:
    """Files of the same music: 22,050 Hz mono wav and 44,100 Hz stereo mp3."""

    wav: list[str]
    mp3: list[str]


@dataclass
class Figure:
    """What was measured of one contender, a value for each round."""

    who: str
    values: list[float]
    note: str = ""

    def __post_init__(self) -> None:
        self.values = [float(f"{value:.4g}") for value in self.values]

    @property
    def median(self) -> float:
        return float(np.median(self.values))

    @property
    def p99(self) -> float:
        return float(np.percentile(self.values, 99))


@dataclass
class Comparison:
    """Figures for one task, skgenre's first; less is better.

    ``at_least`` is the goal for the ratio of the second figure to skgenre's, ``at_most`` the goal for skgenre's figure.
    """

    task: str
    unit: str
    figures: list[Figure]
    at_least: float | None = None
    at_most: float | None = None
    latency: bool = False
    """Whether the slowest rounds matter, and p99 is shown."""

    def ratio(self, other: Figure) -> float:
        """Return how many times skgenre's the other's median is; not finite where skgenre's is nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.divide(other.median, self.figures[0].median))

    def spread(self, other: Figure) -> tuple[float, float]:
        """Return the quartiles of the ratios of the single rounds."""
        n_rounds = min(len(other.values), len(self.figures[0].values))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.array(other.values[:n_rounds]) / np.array(self.figures[0].values[:n_rounds])
        return tuple(float(quartile) for quartile in np.percentile(ratios, [25, 75]))

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.at_least is not None:
            return self.ratio(self.figures[1]) >= self.at_least
        return None if self.at_most is None else self.figures[0].median <= self.at_most


def take_turns(contenders: dict[str, Callable[[], Any]], n_rounds: int, *, scale: float = 1e3) -> list[Figure]:
    """Time contenders in turns, A B A B, after one call of each that does not count; ``scale=1e3`` gives ms."""
    for run in contenders.values():
        run()
    seconds: dict[str, list[float]] = {who: [] for who in contenders}
    for _ in range(n_rounds):
        for who, run in contenders.items():
            start = time.perf_counter()
            run()
            seconds[who].append(time.perf_counter() - start)
    return [Figure(who, [scale * value for value in values]) for who, values in seconds.items()]
