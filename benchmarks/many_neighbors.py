"""Indexes of so many vectors that one graph takes most of an hour to build: measured by themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import Comparison, Music, Size
from benchmarks.neighbors import compare, exact, forest, graphs

TITLE = "Nearest neighbours among millions"
TEXT = """\
As above, but that not all fit into memory at once: first the graphs take turns, then the forest and exact search."""


def measure(size: Size, music: Music) -> list[Comparison]:
    return compare(size.pick(5_000_000, 20_000, 2000), groups_for, size)


def groups_for(n_rows: int, folder: Path) -> Iterator[list[Any]]:
    yield graphs()
    yield [*forest(), *exact()]
