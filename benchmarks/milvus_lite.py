"""Milvus Lite with a million vectors, over which it takes half an hour: measured by itself."""

from benchmarks.indexes import Ours
from benchmarks.measuring import Comparison, Music, Size
from benchmarks.neighbors import compare, milvus

TITLE = "Nearest neighbours in Milvus Lite"
TEXT = """\
As above, of a collection on Milvus Lite that is at its limits, beside exact search."""


def measure(size: Size, music: Music) -> list[Comparison]:
    n_rows = size.pick(1_000_000, 10_000, 1000)
    return compare(n_rows, lambda n_rows, folder: [[milvus(folder), Ours("exact")]], size)
