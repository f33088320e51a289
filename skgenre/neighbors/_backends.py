"""All indexes by the name of their algorithm: making one, and loading one."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from skgenre.neighbors._annoy import AnnoyIndex
from skgenre.neighbors._exact import ExactIndex
from skgenre.neighbors._folders import read_folder
from skgenre.neighbors._index import Index
from skgenre.neighbors._milvus import MilvusIndex
from skgenre.neighbors._saving import KIND
from skgenre.neighbors._voyager import VoyagerIndex

INDEXES: dict[str, type[Index]] = {kind.name: kind for kind in (ExactIndex, AnnoyIndex, VoyagerIndex, MilvusIndex)}

EXACT_UP_TO = 100_000
"""Rows up to which "auto" compares with every one: a query then takes a few milliseconds."""


def make_index(
    algorithm: str, metric: str = "cosine", *, n_rows: int | None = None, seed: int = 0, **options: Any
) -> Index:
    """Make an index by the name of its algorithm; ``build`` fills it.

    Parameters
    ----------
    algorithm : {"auto", "exact", "annoy", "voyager", "milvus"}
        The algorithm. "auto" is exact up to 100,000 rows; beyond it is Voyager's where it is installed, else Annoy's.
        The ``name`` of the index says which was chosen.
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance between vectors.
    n_rows : int, default=None
        How many rows it will be built on, for "auto" to choose by. None means few.
    seed : int, default=0
        Seed of the algorithms that draw numbers.
    **options
        Further parameters of the class that stands for the algorithm, such as ``n_trees``.

    Returns
    -------
    index : Index
        The index, not built yet.

    Raises
    ------
    ImportError
        If the algorithm needs a package that is not installed; the message names the extra.
    ValueError
        If there is no such algorithm.

    Examples
    --------
    >>> from skgenre.neighbors import make_index
    >>> make_index("auto", "euclidean", n_rows=1000).name
    'exact'
    """
    if algorithm == "auto":
        algorithm = "exact" if (n_rows or 0) <= EXACT_UP_TO else "voyager" if find_spec("voyager") else "annoy"
    if algorithm not in INDEXES:
        raise ValueError(f"algorithm must be one of {['auto', *INDEXES]}, got {algorithm!r}")
    kind = INDEXES[algorithm]
    if "seed" in kind.parameters:
        options["seed"] = seed
    return kind(metric, **options)


def load_index(folder: str | os.PathLike, *, mmap: bool = True, verify: bool = True) -> Index:
    """Load an index that ``Index.save`` saved.

    Parameters
    ----------
    folder : str or path
        The folder.
    mmap : bool, default=True
        Whether to map the vectors into memory, which processes that load the same folder then share, rather than to
        read them. Only load mapped what nobody writes over in place; ``Index.save`` never does.
    verify : bool, default=True
        Whether to read all files once and compare their checksums.

    Returns
    -------
    index : Index
        The index, of the class that was saved.

    Raises
    ------
    FileNotFoundError
        If no index was saved there.
    ValueError
        If it is damaged, something else, or was saved by a newer version; the message names the file.

    Examples
    --------
    >>> import tempfile
    >>> from skgenre.neighbors import ExactIndex, load_index
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ExactIndex("euclidean").build([[0, 0], [3, 4], [6, 8]]).save(folder)
    ...     load_index(folder, mmap=False).query([[0, 0]], n_neighbors=2)
    (array([[0., 5.]]), array([[0, 1]]))
    """
    return read_folder(folder, KIND, lambda content, inside: read_index(content, inside, mmap=mmap), verify=verify)


def read_index(content: dict, folder: Path, *, mmap: bool = True) -> Index:
    """Read an index from the files that ``Index.write`` wrote, and from what it returned then."""
    if content.get("index") not in INDEXES:
        raise ValueError(f"{folder} holds an index of an unknown kind, {content.get('index')!r}")
    return INDEXES[content["index"]].read(content, folder, mmap=mmap)
