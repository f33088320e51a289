"""All indexes by the name of their algorithm: making one, and loading one."""

import os
from pathlib import Path

from skgenre.neighbors._annoy import AnnoyIndex
from skgenre.neighbors._exact import ExactIndex
from skgenre.neighbors._folders import read_folder
from skgenre.neighbors._index import KIND, Index

INDEXES: dict[str, type[Index]] = {kind.name: kind for kind in (ExactIndex, AnnoyIndex)}


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
