"""Indexes of so many vectors that one graph takes most of an hour to build: measured by themselves."""

from benchmarks.indexes import Ours
from benchmarks.measuring import Comparison, Music, Size
from benchmarks.neighbors import compare, exact, graph, milvus

TITLE = "Nearest neighbours among millions"
TEXT = """\
As above. Of 5,000,000 vectors one graph is built, and voyager by itself searches that; Milvus Lite stands beside exact
search."""


def measure(size: Size, music: Music) -> list[Comparison]:
    of_graph = compare(size.pick(5_000_000, 20_000, 2000), lambda n_rows, folder: [*graph(), *exact()], size)
    of_milvus = compare(
        size.pick(1_000_000, 10_000, 1000), lambda n_rows, folder: [milvus(folder), Ours("exact")], size
    )
    return of_graph + of_milvus
