"""Distances of pairs of vectors, worked out in double precision: a program for each number of dimensions.

A pair has the same distance, to the last digit, however many are asked for at once and on every processor: sixteen
sums, each of every sixteenth dimension, are added at the end. The vectors are read where they stand, and need not be
gathered first.
"""

from collections.abc import Callable
from functools import lru_cache, partial, reduce
from operator import add

import numpy as np
from llvmlite.ir import IRBuilder

from skgenre._lanes import LANES, Doubles, Index, Integers, Lanes, Loop, Memory, Program

FEW = 64
"""Rows found for a query that can be put in order by comparing each with each."""


def ends_and_points(
    vectors: np.ndarray, metric: str, centre: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors as distances are worked out from, float64, and as a search compares them, float32.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_dims), float32
        Finite vectors.
    metric : {"cosine", "euclidean"}
        The distance.
    centre, scale : ndarray of shape (n_dims,) and (1,), float64
        What is subtracted from points, and what these are divided by then, for the Euclidean distance.

    Returns
    -------
    ends : ndarray of shape (n, n_dims), float64
        For the cosine distance at length 1; zero vectors, which have no direction, are NaN.
    points : ndarray of shape (n, n_dims), float32
        Zero vectors are zero. What is too far off for single precision is infinite.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    ends, points = np.empty(vectors.shape), np.empty(vectors.shape, dtype=np.float32)
    if len(vectors):
        _placing(vectors.shape[1], metric).run(vectors, len(vectors), centre, scale, ends, points)
    return ends, points


def distances_of(
    ends: np.ndarray, asked: np.ndarray, vectors: np.ndarray, found: np.ndarray, metric: str
) -> np.ndarray:
    """Return the distances of pairs, of shape (n_pairs,).

    Parameters
    ----------
    ends : ndarray of shape (n_queries, n_dims), float64
        Queries, as ``ends_and_points`` gives them.
    asked, found : ndarray of shape (n_pairs,), int
        Which query, and which row of the vectors, a pair is of; a row that there is not stands for the next there is.
    vectors : ndarray of shape (n_rows, n_dims), float32
        Finite vectors; contiguous.
    metric : {"cosine", "euclidean"}
        The distance.
    """
    distances = np.empty(len(found))
    asked, found = (np.ascontiguousarray(numbers, dtype=np.int64) for numbers in (asked, found))
    if len(found):
        _measuring(vectors.shape[1], metric).run(ends, asked, vectors, found, len(vectors), len(found), distances)
    return distances


def nearest_first(
    ends: np.ndarray, vectors: np.ndarray, found: np.ndarray, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of each query to rows of its own, ascending, and the rows, ascending where these are equal.

    Parameters
    ----------
    ends : ndarray of shape (n_queries, n_dims), float64
        Queries, as ``ends_and_points`` gives them.
    vectors : ndarray of shape (n_rows, n_dims), float32
        Finite vectors; contiguous.
    found : ndarray of shape (n_queries, n_each), int
        Different rows, from one to ``FEW`` for each; -1 stands for none.
    metric : {"cosine", "euclidean"}
        The distance.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_each), float64
        Infinite where there is no row.
    rows : ndarray of shape (n_queries, n_each), int64
        Rows; -1 stands last.
    """
    found = np.ascontiguousarray(found, dtype=np.int64)
    n_queries, n_each = found.shape
    if not 1 <= n_each <= FEW:
        raise ValueError(f"found must hold from 1 to {FEW} rows for each query, got {n_each}")
    distances, rows = np.empty(found.shape), np.empty(found.shape, dtype=np.int64)
    if n_queries:
        program = _ranking(vectors.shape[1], metric)
        program.run(ends, vectors, found, len(vectors), n_queries, n_each, distances, rows)
    return distances, rows


@lru_cache(maxsize=64)
def _placing(n_dims: int, metric: str) -> Program:
    write = partial(_write_placing, n_dims, metric == "cosine")
    return Program(write, Memory, Index, Doubles, Doubles, Doubles, Memory)


@lru_cache(maxsize=64)
def _measuring(n_dims: int, metric: str) -> Program:
    write = partial(_write_measuring, n_dims, metric == "cosine")
    return Program(write, Doubles, Integers, Memory, Integers, Index, Index, Doubles)


@lru_cache(maxsize=64)
def _ranking(n_dims: int, metric: str) -> Program:
    write = partial(_write_ranking, n_dims, metric == "cosine")
    return Program(write, Doubles, Memory, Integers, Index, Index, Index, Doubles, Integers)


def _write_placing(
    n_dims: int, cosine: bool, vectors: Memory, n: Index, centre: Doubles, scale: Doubles, ends: Doubles, points: Memory
) -> None:
    with Loop(points.b, n) as row:
        vector, end, point = (place + row.index * n_dims for place in (vectors, ends, points))
        length = _length(n_dims, vector) if cosine else scale.read_one()

        def place(first: Index | int, n: int) -> None:
            numbers = (vector + first).read(n).doubled()
            placed = (numbers if cosine else numbers - (centre + first).read(n)) / length
            (end + first).write(placed if cosine else numbers, n)
            (point + first).write((placed.if_nan(0) if cosine else placed).halved(), n)

        rest = n_dims % LANES
        if n_dims > rest:
            with Loop(points.b, n_dims - rest, LANES) as run:
                place(run.index, LANES)
        if rest:
            place(n_dims - rest, rest)


def _write_measuring(
    n_dims: int,
    cosine: bool,
    ends: Doubles,
    asked: Integers,
    vectors: Memory,
    found: Integers,
    n_rows: Index,
    n_pairs: Index,
    out: Doubles,
) -> None:
    with Loop(out.b, n_pairs) as pair:
        end = ends + (asked + pair.index).read_index() * n_dims
        row = (found + pair.index).read_index().at_least(0).at_most(n_rows - 1)
        (out + pair.index).write(_distance(n_dims, cosine, end, vectors + row * n_dims), 1)


def _write_ranking(
    n_dims: int,
    cosine: bool,
    ends: Doubles,
    vectors: Memory,
    found: Integers,
    n_rows: Index,
    n_queries: Index,
    n_each: Index,
    distances: Doubles,
    rows: Integers,
) -> None:
    b = ends.b
    far, near = Doubles.room(b, FEW + LANES), Integers.room(b, FEW + LANES)
    with Loop(b, n_queries) as query:
        end, first = ends + query.index * n_dims, query.index * n_each
        with Loop(b, n_each) as pair:
            place = found + first + pair.index
            row, known = place.read_one(), place.read_index().at_least(0).at_most(n_rows - 1)
            distance = _distance(n_dims, cosine, end, vectors + known * n_dims)
            (far + pair.index).write(distance.but(row.is_negative(), np.inf), 1)
            (near + pair.index).write(row, 1)
            (distances + first + pair.index).write_one(np.inf)
            (rows + first + pair.index).write_one(-1)
        (far + n_each).write_all(np.inf)
        (near + n_each).write_all(np.iinfo(np.int64).max)
        with Loop(b, n_each) as pair:
            distance, row = (far + pair.index).read_one(), (near + pair.index).read_one()
            with Loop(b, n_each, LANES, Index) as others:
                nearer, number = (far + others.index).read(), (near + others.index).read()
                before = (nearer < distance) | (nearer.equals(distance) & (number < row))
                others.total = others.total + before.count()
            rank = first + others.total  # those that are none have all the same, and what stands there already
            (distances + rank).write(distance, 1)
            (rows + rank).write(row, 1)


def _distance(n_dims: int, cosine: bool, end: Doubles, vector: Memory) -> Lanes:
    length = _length(n_dims, vector) if cosine else None

    def square(first: Index | int, n: int) -> Lanes:
        near = (vector + first).read(n).doubled()
        difference = (end + first).read(n) - (near / length if length else near)
        return difference * difference

    squared = _sum(n_dims, end.b, square)
    # Half the squared chord is 1 - cos, without its cancellation where vectors are nearly parallel.
    return (squared / 2).at_most(2).if_nan(1) if cosine else squared.root()


def _length(n_dims: int, vector: Memory) -> Lanes:
    def square(first: Index | int, n: int) -> Lanes:
        numbers = (vector + first).read(n).doubled()
        return numbers * numbers

    return _sum(n_dims, vector.b, square).root()


def _sum(n_dims: int, b: IRBuilder, term: Callable[[Index | int, int], Lanes]) -> Lanes:
    """Return the sum over all dimensions of a function's values; it is told the first of sixteen, or of the rest."""
    rest = n_dims % LANES
    totals = []
    if n_dims > rest:
        with Loop(b, n_dims - rest, LANES, Doubles) as run:
            run.total = run.total + term(run.index, LANES)
        totals.append(run.total)
    if rest:
        totals.append(term(n_dims - rest, rest))
    return reduce(add, totals).sum()
