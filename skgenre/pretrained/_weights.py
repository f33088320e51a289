"""Files of published weights: where they are found, that they are the right ones, and what lies in them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from skgenre._optional import import_optional
from skgenre.pretrained._tags import JAMENDO, MTAT


@dataclass(frozen=True)
class Published:
    """A published file: where it is, what it is known by, and the names of the net's answers."""

    url: str
    sha256: str
    tags: tuple[str, ...]


_REPOSITORY = "https://github.com/minzwon/sota-music-tagging-models/raw"
PUBLISHED = {
    "jamendo": Published(
        f"{_REPOSITORY}/ffcd1f90b97a1e923a50c6e5283f147cf9dd7dfd/models/jamendo/musicnn/best_model.pth",
        "66280f4859376377c47f64313c7ac889a3201fdb06a01bf6e94ac6e619081bb5",
        JAMENDO,
    ),
    "mtat": Published(
        f"{_REPOSITORY}/1f4d282693ac19cde4d30b86811fe0ae2452f406/models/mtat/musicnn/best_model.pth",
        "690ace3bb5d49d90dd38fe3ec05a1185350b3bc3742bd7ee941f56b649b2c893",
        MTAT,
    ),
}


def find_weights(weights: str | os.PathLike[str]) -> Path:
    """Return the file of a name, downloaded the first time, or of a path.

    Raises
    ------
    FileNotFoundError
        If there is no such name and no such file.
    ConnectionError
        If the file of a name is not yet there and cannot be downloaded.
    """
    if weights in PUBLISHED:
        return _download(str(weights))
    path = Path(weights)
    if not path.is_file():
        names = ", ".join(f'"{name}"' for name in PUBLISHED)
        raise FileNotFoundError(f"weights must be {names} or the path of a file, got {os.fspath(weights)!r}")
    return path


def read_weights(path: Path, sha256: str | None) -> tuple[dict[str, torch.Tensor], str]:
    """Read a file whose digest is as expected, in a way that runs no code from it.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str or None
        Digest that it must have; None means that of one of the published files.

    Returns
    -------
    state : dict of str to Tensor
        The weights by their names, on the CPU.
    digest : str
        SHA-256 of the file.

    Raises
    ------
    ValueError
        If the digest is another one, or the file holds no weights.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    expected = [known.sha256 for known in PUBLISHED.values()] if sha256 is None else [sha256.lower()]
    if digest not in expected:
        known = "" if sha256 else ", of the published files; weights of your own are read with sha256= their digest"
        raise ValueError(
            f"{path} is damaged or another file: its SHA-256 must be {' or '.join(expected)}{known}; got {digest}"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch may raise at a file that is none of its own
        raise ValueError(f"{path} must hold a state dict that torch.load reads with weights_only=True") from error
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise ValueError(f"{path} must hold a state dict, names with tensors, got {type(state).__name__}")
    return state, digest


def tags_of(digest: str, n_tags: int) -> tuple[str, ...]:
    """Return the names of the answers of a published file, or ``tag0``, ``tag1`` and so on for another one."""
    for known in PUBLISHED.values():
        if known.sha256 == digest:
            return known.tags
    return tuple(f"tag{number}" for number in range(n_tags))


def _download(name: str) -> Path:
    pooch: Any = import_optional("pooch", extra="pretrained")
    known = PUBLISHED[name]
    folder = pooch.os_cache("skgenre")
    try:
        return Path(pooch.retrieve(known.url, f"sha256:{known.sha256}", f"musicnn-{name}.pth", folder))
    except OSError as error:  # requests' own errors are of this kind too
        raise ConnectionError(
            f"the weights {name!r} are not in {folder} and could not be downloaded from {known.url} ({error}): "
            "go online once, or pass the path of the file as weights"
        ) from error
