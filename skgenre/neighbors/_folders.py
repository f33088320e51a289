"""Folders that are saved whole or not at all, and read by many processes."""

import json
import os
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import numpy as np

from skgenre._locks import locked

FORMAT = 1
"""Number of the layout; raised with each change that an older version could not read."""

MANIFEST = "manifest.json"

OURS = re.compile("data-[0-9a-f]{16}")
"""Names of the folders that are made, and cleared away, beside the manifest."""

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
        If the folder is a file, or holds something of another kind.

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
    if folder.is_file():
        raise ValueError(f"folder must be a folder to save in, {str(folder)!r} is a file")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        if (folder / MANIFEST).exists():
            _check_kind(folder, _manifest(folder), kind)
        inside = folder / f"data-{uuid.uuid4().hex[:16]}"
        inside.mkdir()
        try:
            content = write(inside)
            parts = sorted(inside.rglob("*"))
            files = {path.relative_to(inside).as_posix(): _seal(path) for path in parts if path.is_file()}
            manifest = {"format": FORMAT, "kind": kind, "data": inside.name, "files": files, "content": content}
            new = inside / MANIFEST
            new.write_text(_json({**manifest, "crc32": _sum(manifest)}, indent=1), encoding="utf-8")
            _flush(new)
            for part in [*filter(Path.is_dir, parts), inside]:
                _flush(part)
            os.replace(new, folder / MANIFEST)
        except BaseException:
            shutil.rmtree(inside, ignore_errors=True)
            raise
        _flush(folder)
        for old in folder.iterdir():
            if OURS.fullmatch(old.name) and old != inside:
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
        except Exception as error:
            if _manifest(folder)["data"] != manifest["data"]:
                continue  # saved anew in the meantime
            if isinstance(error, FileNotFoundError):
                raise ValueError(f"{folder} is damaged: {error.filename} is missing") from error
            raise


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        number = manifest["format"]
        if number == FORMAT and manifest.pop("crc32") != _sum(manifest):
            raise ValueError("its checksum is wrong")
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "is a file" if folder.is_file() else f"holds no {MANIFEST}"
        raise FileNotFoundError(f"nothing was saved in {folder}: it {what}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged, or was not written by skgenre: {error!r}") from error
    if number != FORMAT:
        raise ValueError(f"{path} is of format {number!r}, this version of skgenre reads {FORMAT}")
    return manifest


def _sum(manifest: dict[str, Any]) -> int:
    """Return the checksum of what a manifest says, whatever the layout of its text."""
    said = json.loads(_json(manifest))
    return crc32(json.dumps(said, sort_keys=True).encode())


def _json(content: dict[str, Any], **layout: Any) -> str:
    return json.dumps(content, default=_plain, **layout)


def _plain(value: Any) -> Any:
    """Return what JSON has for numbers of numpy and paths, which parameters may be."""
    return value.item() if isinstance(value, np.generic) else os.fspath(value)


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
