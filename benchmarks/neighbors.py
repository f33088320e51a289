"""Indexes of vectors: what building, keeping and asking them costs, side by side with the libraries they rest on."""

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from benchmarks.indexes import (
    BUILD_EFFORT,
    LINKS,
    RECALL,
    THREADS,
    TREES,
    BareAnnoy,
    BareFaiss,
    BareUsearch,
    BareVoyager,
    K,
    Ours,
    missed,
)
from benchmarks.measuring import Comparison, Figure, Music, Size
from benchmarks.memory import STATUS, own_memory
from skgenre.neighbors import ExactIndex

TITLE = "Nearest neighbours"
TEXT = f"""\
Clustered vectors of 128 dimensions, Euclidean distances, {K} neighbours; the queries are drawn as the vectors are, and
are not among them. Approximate indexes are set to a recall of {RECALL}: skgenre's by ``tune_effort``, which does not
see these queries, and the libraries by the least effort that reaches it on these very queries. voyager and annoy by
themselves search the graph and the forest that skgenre built, with the same effort: the ratio shows what skgenre adds,
checks, distances in double precision, their order. Graphs have {LINKS} links and a build effort of {BUILD_EFFORT} and
are built by {THREADS} threads, skgenre's cluster by cluster and the others in the order of the vectors; forests have
{TREES} trees and are grown by one; queries are answered by one. The time that skgenre takes to build holds the choice
of the effort, by exact search. Memory is what the process holds more after building than before, the vectors being
mapped from a file; skgenre keeps these to compute distances, and faiss and usearch hold copies. The goal of 333 µs is
3,000 queries per second and core. Milvus Lite answers from its server, over the network's loopback, and what it keeps
in its own file is not counted on disk. Fewer queries are put to the slow: to annoy and Milvus from 10,000 vectors on,
to exact search from a million on. Before each turn a contender answers as many other queries, so that it does not find
the caches as the one before left them, and every other round is in reverse order, for the second on a graph finds in
the caches what the first one was asked."""

HAVE_FAISS, HAVE_USEARCH = (find_spec(name) is not None for name in ("faiss", "usearch"))
N_DIMS = 128
FEW = 256
GOALS = {1_000_000: {"batch": 333.0, "p99": 5.0}}


def measure(size: Size, music: Music) -> list[Comparison]:
    comparisons: list[Comparison] = []
    for n_rows in size.pick((10_000, 100_000, 1_000_000), (10_000, 100_000), (2000,)):
        comparisons += compare(n_rows, lambda n_rows, folder: [contenders_for(n_rows, folder)], size)
    return comparisons


def make_vectors(path: Path, n_rows: int, n_queries: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write vectors around 1,000 centres, spread along few directions more than along others, and give them mapped.

    With them come queries, and as many others.
    """
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((1000, N_DIMS), dtype=np.float32)
    directions = np.linalg.qr(rng.standard_normal((N_DIMS, N_DIMS)))[0].astype(np.float32)
    directions *= 5 * np.arange(1, N_DIMS + 1, dtype=np.float32)[:, None] ** -0.5

    def draw(n: int) -> np.ndarray:
        return centres[rng.integers(1000, size=n)] + rng.standard_normal((n, N_DIMS), dtype=np.float32) @ directions

    queries = draw(n_queries)
    vectors = open_memmap(path, mode="w+", dtype=np.float32, shape=(n_rows, N_DIMS))
    for start in range(0, n_rows, 100_000):
        vectors[start : start + 100_000] = draw(min(100_000, n_rows - start))
    vectors.flush()
    return np.load(path, mmap_mode="r"), queries, draw(n_queries)


def contenders_for(n_rows: int, folder: Path) -> list[Any]:
    contenders = [*graphs(), *exact()]
    if n_rows <= 100_000:
        contenders.append(Ours("voyager", n_links=LINKS, build_effort=BUILD_EFFORT, n_threads=THREADS, storage="e4m3"))
    contenders += forest()
    if n_rows <= 100_000:
        contenders.append(milvus(folder))
    return contenders


def graphs() -> list[Any]:
    ours = Ours("voyager", n_links=LINKS, build_effort=BUILD_EFFORT, n_threads=THREADS)
    return [
        ours,
        BareVoyager(ours),
        *([BareFaiss()] if HAVE_FAISS else []),
        *([BareUsearch()] if HAVE_USEARCH else []),
    ]


def forest() -> list[Any]:
    ours = Ours("annoy", n_trees=TREES, n_queries=FEW)
    return [ours, BareAnnoy(ours)]


def exact() -> list[Any]:
    return [Ours("exact"), *([BareFaiss(exact=True)] if HAVE_FAISS else [])]


def milvus(folder: Path) -> Ours:
    uri, patience = str(folder / "milvus.db"), 3600  # seconds: Milvus Lite takes half an hour over a million vectors
    return Ours("milvus", uri=uri, n_links=LINKS, build_effort=BUILD_EFFORT, n_queries=FEW, timeout=patience)


def asked_of(who: str, queries: np.ndarray, n_rows: int) -> np.ndarray:
    """Return so many of the queries as take seconds."""
    if n_rows >= 1_000_000 and ("exact" in who or "annoy" in who):
        return queries[:64]
    return queries[:FEW] if n_rows >= 10_000 and ("annoy" in who or "milvus" in who) else queries


def compare(n_rows: int, groups_for: Callable[[int, Path], Iterable[list[Any]]], size: Size) -> list[Comparison]:
    """Measure groups of contenders, one after the other; those of a group take turns and are in memory together."""
    if n_rows * N_DIMS * 28 > free_memory():
        print(f"{n_rows:,} vectors are not measured, for want of memory", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors, queries, others = make_vectors(folder / "vectors.npy", n_rows, size.pick(2000, 500, 50))
        farthest = ExactIndex("euclidean").build(vectors).query(queries, K)[0][:, -1]
        measured, n_rounds = Measured(), size.pick(16 if n_rows <= 100_000 else 8, 4, 2)
        for contenders in groups_for(n_rows, folder):
            measure_group(measured, contenders, vectors, queries, others, farthest, folder, n_rounds)
        return tables(n_rows, measured)


@dataclass
class Measured:
    """What is known of each contender: seconds of its rounds, what is measured once, and its recall as a note."""

    batch: dict[str, list[np.ndarray]] = field(default_factory=dict)
    lone: dict[str, list[np.ndarray]] = field(default_factory=dict)
    once: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: {what: {} for what in ("build", "memory", "disk", "load", "missed")}
    )
    notes: dict[str, str] = field(default_factory=dict)


def measure_group(
    measured: Measured,
    contenders: list[Any],
    vectors: np.ndarray,
    queries: np.ndarray,
    others: np.ndarray,
    farthest: np.ndarray,
    folder: Path,
    n_rounds: int,
) -> None:
    once, asked = measured.once, {}
    for one in contenders:
        gc.collect()
        before, start = own_memory() if STATUS.exists() else np.nan, time.perf_counter()
        one.build(vectors)
        once["build"][one.who] = [time.perf_counter() - start]
        once["memory"][one.who] = [(own_memory() if STATUS.exists() else np.nan) - before]
        one.tune(queries, vectors, farthest)
        asked[one.who] = asked_of(one.who, queries, len(vectors))
        share = missed(one.search(asked[one.who]), asked[one.who], vectors, farthest[: len(asked[one.who])])
        once["missed"][one.who] = [100 * share]
        measured.notes[one.who] = f"recall {1 - share:.3f}"
        once["disk"][one.who], once["load"][one.who] = on_disk(one, folder / "saved")
    warm = {one.who: asked_of(one.who, others, len(vectors)) for one in contenders}
    measured.batch |= in_turns(contenders, in_batches, warm, asked, n_rounds)
    measured.lone |= in_turns(contenders, one_at_a_time, tenth(warm), tenth(asked), n_rounds)


def tables(n_rows: int, measured: Measured) -> list[Comparison]:
    """Return the comparisons of a collection, those that share a graph or a forest once more for what skgenre adds."""
    once, batch, lone, notes = measured.once, measured.batch, measured.lone, measured.notes
    of, goals = f"{n_rows:,} vectors", GOALS.get(n_rows, {}) if "skgenre, voyager" in batch else {}
    for bare in ("voyager", "annoy"):
        for what in ("build", "memory", "missed"):
            once[what].pop(bare, None)  # it is skgenre's own

    def figures(values: dict[str, list[float]]) -> list[Figure]:
        return [Figure(who, numbers, notes[who]) for who, numbers in values.items()]

    batches = {who: [1e6 * seconds.mean() for seconds in rounds] for who, rounds in batch.items()}
    single = {who: [1e3 * second for seconds in rounds for second in seconds] for who, rounds in lone.items()}
    worst = {who: [1e3 * np.percentile(seconds, 99) for seconds in rounds] for who, rounds in lone.items()}
    comparisons = [
        Comparison(f"a query in batches, {of}", "µs", figures(batches), at_most=goals.get("batch")),
        Comparison(f"a query alone, {of}", "ms", figures(single), latency=True),
        Comparison(f"p99 of a query alone, {of}", "ms", figures(worst), at_most=goals.get("p99")),
    ]
    for who, bare in (("skgenre, voyager", "voyager"), ("skgenre, annoy", "annoy")):
        if bare in batches:
            goal = 0.9 if n_rows >= 100_000 else None
            for how, unit, values in (("in batches", "µs", batches), ("alone", "ms", single)):
                pair = figures({who: values[who], bare: values[bare]})
                comparisons.append(Comparison(f"what is added to {bare} {how}, {of}", unit, pair, at_least=goal))
    units = {"build": "s", "memory": "MB", "disk": "MB", "load": "s", "missed": "%"}
    names = {"build": "build", "memory": "memory", "disk": "on disk", "load": "load", "missed": "neighbours missed"}
    for what, unit in units.items():
        goal = 5.0 if what == "missed" else None
        comparisons.append(Comparison(f"{names[what]}, {of}", unit, figures(once[what]), at_most=goal))
    return comparisons


def tenth(queries: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {who: some[: max(10, len(some) // 10)] for who, some in queries.items()}


def in_turns(
    contenders: list[Any],
    ask: Callable[[Any, np.ndarray], np.ndarray],
    warm: dict[str, np.ndarray],
    asked: dict[str, np.ndarray],
    n_rounds: int,
) -> dict[str, list[np.ndarray]]:
    """Time contenders in turns, each after queries that warm the caches for it, every other round in reverse order."""
    taken: dict[str, list[np.ndarray]] = {one.who: [] for one in contenders}
    for number in range(n_rounds):
        for one in contenders if number % 2 == 0 else contenders[::-1]:
            ask(one, warm[one.who])
            taken[one.who].append(ask(one, asked[one.who]))
    return taken


def in_batches(one: Any, queries: np.ndarray) -> np.ndarray:
    start = time.perf_counter()
    one.search(queries)
    return np.array([time.perf_counter() - start]) / len(queries)


def one_at_a_time(one: Any, queries: np.ndarray) -> np.ndarray:
    seconds = np.empty(len(queries))
    for number in range(len(queries)):
        start = time.perf_counter()
        one.search(queries[number : number + 1])
        seconds[number] = time.perf_counter() - start
    return seconds


def on_disk(one: Any, folder: Path) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory(dir=folder.parent) as saved:
        one.save(Path(saved))
        megabytes = sum(path.stat().st_size for path in Path(saved).rglob("*") if path.is_file()) / 2**20
        start = time.perf_counter()
        loaded = one.load(Path(saved))
        seconds = time.perf_counter() - start
        del loaded
    return [megabytes], [seconds]


def free_memory() -> float:
    """Return the bytes that are free, or as good as free; infinity where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return float("inf")
    line = next(line for line in text.splitlines() if line.startswith("MemAvailable"))
    return 1024 * int(line.split()[1])
