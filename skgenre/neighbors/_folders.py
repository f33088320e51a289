"""Folders that are saved whole or not at all, and read by many processes."""

import json
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from filelock import FileLock

FORMAT = 1
"""Number of the layout; raised with each change that an older version could not read."""

MANIFEST = "manifest.json"

T = TypeVar("T")


def save_folder(folder: str | os.PathLike, kind: str, write: Callable[[Path], dict]) -> None:
    """Save files into a folder, in place of what was saved there before.

    The files go into a new folder inside; then one rename puts a new manifest in place of the old. Whatever happens
    before leaves the old state whole, and no reader sees a mixture. Who has the old files open keeps them.

    Parameters
    ----------
    folder : str or path
        Where to save; made if need be.
    kind : str
        What is saved, as ``read_folder`` will ask for.
    write : callable
        Is given an empty folder, writes files into it, and returns what the manifest shall say: plain JSON.

    Raises
    ------
    ValueError
        If the folder holds something of another kind.

    Examples
    --------
    >>> import tempfile
    >>> from skgenre.neighbors import read_folder, save_folder
    >>> def write(inside):
    ...     (inside / "greeting.txt").write_text("hello")
    ...     return {"language": "en"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_folder(folder, "greeting", write)
    ...     read_folder(folder, "greeting", lambda said, inside: (said, (inside / "greeting.txt").read_text()))
    ({'language': 'en'}, 'hello')
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        if (folder / MANIFEST).exists():
            _check_kind(folder, _manifest(folder), kind)
        inside = folder / f"data-{uuid.uuid4().hex[:16]}"
        inside.mkdir()
        try:
            content = write(inside)
            files = {str(path.relative_to(inside)): _seal(path) for path in sorted(inside.rglob("*")) if path.is_file()}
            manifest = {"format": FORMAT, "kind": kind, "data": inside.name, "files": files, "content": content}
            new = inside / MANIFEST
            new.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            _flush(new)
            _flush(inside)
            os.replace(new, folder / MANIFEST)
        except BaseException:
            shutil.rmtree(inside, ignore_errors=True)
            raise
        _flush(folder)
        for old in folder.glob("data-*"):
            if old != inside:
                shutil.rmtree(old, ignore_errors=True)


def read_folder(folder: str | os.PathLike, kind: str, read: Callable[[dict, Path], T], *, verify: bool = True) -> T:
    """Read what ``save_folder`` saved, while others may save anew.

    Parameters
    ----------
    folder : str or path
        Where it was saved.
    kind : str
        What is expected there.
    read : callable
        Is given what the manifest says and the folder of the files, and returns what it makes of them. It must open all
        that it will need.
    verify : bool, default=True
        Whether to read all files and compare their checksums. False compares their sizes alone.

    Returns
    -------
    result
        What ``read`` returned.

    Raises
    ------
    FileNotFoundError
        If nothing was saved there.
    ValueError
        If it is of another kind, was saved by a newer version, or is damaged; the message names the file.
    """
    folder = Path(folder)
    while True:
        manifest = _manifest(folder)
        _check_kind(folder, manifest, kind)
        inside = folder / manifest["data"]
        try:
            for name, seal in manifest["files"].items():
                _check_seal(inside / name, seal, verify)
            return read(manifest["content"], inside)
        except FileNotFoundError as error:
            # Saved anew in the meantime?
            if _manifest(folder)["data"] == manifest["data"]:
                raise ValueError(f"{folder} is damaged: {error.filename} is missing") from error


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        number = manifest["format"]
        if number == FORMAT and not manifest.keys() >= {"kind", "data", "files", "content"}:
            raise KeyError("kind")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"nothing was saved in {folder}: it holds no {MANIFEST}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged, or was not written by skgenre: {error!r}") from error
    if number != FORMAT:
        raise ValueError(f"{path} is of format {number!r}, this version of skgenre reads {FORMAT}")
    return manifest


def _check_kind(folder: Path, manifest: dict[str, Any], kind: str) -> None:
    if manifest["kind"] != kind:
        raise ValueError(f"{folder} holds a saved {manifest['kind']}, not {kind}")


def _seal(path: Path) -> dict[str, int]:
    _flush(path)
    return {"bytes": path.stat().st_size, "crc32": _checksum(path)}


def _check_seal(path: Path, seal: dict[str, int], verify: bool) -> None:
    size = path.stat().st_size
    if size != seal["bytes"]:
        raise ValueError(f"{path} is damaged: it should hold {seal['bytes']} bytes, and holds {size}")
    if verify and _checksum(path) != seal["crc32"]:
        raise ValueError(f"{path} is damaged: its checksum is wrong")


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(2**20):
            checksum = crc32(block, checksum)
    return checksum


def _flush(path: Path) -> None:
    """Have the disk hold what was written; the entries of a folder too, where the system lets one."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
