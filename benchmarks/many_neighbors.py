"""Indexes of so many vectors that one graph takes most of an hour to build: measured by themselves."""

from pathlib import Path
from typing import Any

from benchmarks.indexes import BUILD_EFFORT, LINKS, THREADS, BareFaiss, BareVoyager, Ours
from benchmarks.measuring import Comparison, Music, Size
from benchmarks.neighbors import compare, milvus

TITLE = "Nearest neighbours among millions"
TEXT = """\
As above. Of 5,000,000 vectors one graph is built, and voyager by itself searches that; Milvus Lite stands beside exact
search."""


def measure(size: Size, music: Music) -> list[Comparison]:
    comparisons = compare(size.pick(5_000_000, 20_000, 2000), graph, size)
    return comparisons + compare(size.pick(1_000_000, 10_000, 1000), server, size)


def graph(n_rows: int, folder: Path) -> list[Any]:
    ours = Ours("voyager", n_links=LINKS, build_effort=BUILD_EFFORT, n_threads=THREADS)
    return [ours, BareVoyager(ours), Ours("exact"), BareFaiss(exact=True)]


def server(n_rows: int, folder: Path) -> list[Any]:
    return [milvus(folder), Ours("exact")]
