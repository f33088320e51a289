"""GTZAN, listed with the part of the fault-filtered split and the artist of each excerpt.

``gtzan.csv`` holds what others found out about the thousand excerpts. The parts are those of Kereliuk, Sturm and
Larsen (2015): no artist is in two of them but by three songs of several artists (reggae.00087, disco.00047, pop.00012),
and repeated, distorted and mislabelled excerpts are in none. Artists and titles are those of Sturm's index (2012), two
artists in one spelling where it has two; of 81 excerpts in the parts the artist is not known.
"""

import csv
import os
import re
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from skgenre.audio import AudioError, decode
from skgenre.datasets._loading import _READ, _frame, lies_in_itself

PARTS = ("train", "valid", "test")
"""The parts of the fault-filtered split, of 443, 197 and 290 excerpts."""

_TRIED = 0.1
"""Seconds from the start of each excerpt that are decoded, to tell whether it is audio."""

_NAMED = 8
"""Files that a message names; more are counted."""


@cache
def gtzan_list() -> dict[str, dict[str, str]]:
    """Return the row of each excerpt, by names such as ``"blues.00000"``: track, part, artist, title and genre.

    ``part`` is empty where the filter leaves the excerpt out, ``artist`` and ``title`` where they are not known.
    """
    text = files("skgenre").joinpath("datasets", "gtzan.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["track"]: {**row, "genre": row["track"].partition(".")[0]} for row in rows}


def gtzan_name(path: str | os.PathLike[str]) -> str | None:
    """Return the name, as in ``gtzan_list``, of the excerpt that a file holds; None where it is none of GTZAN's.

    Parameters
    ----------
    path : str or Path
        A file such as ``genres/blues/blues.00000.au``, ``blues.00000.wav`` or ``blues00000.mp3``.
    """
    match = re.fullmatch(r"([a-z]+)[._-]?(\d{5})(\.\w+)?", os.path.basename(os.fspath(path)).lower())
    name = f"{match[1]}.{match[2]}" if match else None
    return name if name in gtzan_list() else None


def load_gtzan(
    folder: str | os.PathLike[str],
    *,
    part: str | Sequence[str] | None = None,
    on_missing: str = "warn",
) -> Bunch:
    """List the excerpts of a copy of GTZAN with their genres, artists and parts of the fault-filtered split.

    Nothing is downloaded. Excerpts are found by their names (``blues.00000``, with or without the first dot) in any
    format that is read, however deep the folders. The start of each is decoded, which takes a second or so, and those
    that do not decode are left out with a warning: in most copies that is ``jazz.00054``. :func:`audit_tracks` decodes
    them to their ends.

    Parameters
    ----------
    folder : path
        Your copy of GTZAN, for example the folder ``genres`` with ``blues/blues.00000.wav`` and so on.
    part : {"train", "valid", "test"} or a sequence of them, default=None
        List only these parts of the split. None lists all thousand excerpts, the 70 that the split leaves out too.
    on_missing : {"warn", "raise"}, default="warn"
        What to do where some excerpts asked for are not in the folder, or do not decode.

    Returns
    -------
    tracks : :class:`~sklearn.utils.Bunch`
        As from :func:`load_tracks`, sorted by name: ``paths``, ``target``, ``target_names``, ``groups`` and ``frame``
        (with the columns path, genre, artist, title, track and part); and ``part``, an array of str of shape
        (n_tracks,), ``""`` where the split leaves an excerpt out. Where the artist is not known, the group is the
        excerpt's own name.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, it holds none of the excerpts, or, with ``on_missing="raise"``, lacks some.
    ValueError
        If a parameter is none of its values, an excerpt is there twice, none of them decodes, or, with
        ``on_missing="raise"``, all are there and some do not decode.

    Warns
    -----
    UserWarning
        With ``on_missing="warn"``, if some excerpts are missing or do not decode.

    See Also
    --------
    GTZANSplit : The split as a cross-validation splitter.

    References
    ----------
    C. Kereliuk, B. L. Sturm, J. Larsen: Deep learning and music adversaries, IEEE Transactions on Multimedia, 2015.
    B. L. Sturm: An analysis of the GTZAN music genre dataset, ACM workshop MIRUM, 2012.
    G. Tzanetakis, P. Cook: Musical genre classification of audio signals, IEEE Transactions on Speech and Audio
    Processing, 2002.

    Examples
    --------
    >>> import warnings
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import soundfile
    >>> from skgenre import load_gtzan
    >>> with TemporaryDirectory() as folder, warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # that 998 excerpts are missing here
    ...     for name in ["blues.00029.wav", "disco.00017.au"]:
    ...         soundfile.write(Path(folder, name), [0.1, -0.1], 22050)
    ...     tracks = load_gtzan(folder)
    >>> tracks.part.tolist(), tracks.groups.tolist()
    (['train', 'train'], ['Kelly Joe Phelps', 'Ottawan'])
    """
    folder = Path(folder)
    if on_missing not in ("warn", "raise"):
        raise ValueError(f"on_missing must be 'warn' or 'raise', got {on_missing!r}")
    parts = check_parts(part, "part") if part is not None else None
    if not folder.is_dir():
        raise FileNotFoundError(f"folder must be a folder with GTZAN's excerpts, there is no {str(folder)!r}")
    wanted = {name: row for name, row in gtzan_list().items() if parts is None or row["part"] in parts}
    found = {name: path for name, path in _find(folder).items() if name in wanted}
    if not found:
        raise FileNotFoundError(
            f"folder must hold GTZAN's excerpts, such as {min(wanted)}.wav; {str(folder)!r} has none of those asked for"
        )
    missing = [name for name in wanted if name not in found]
    damaged = _damaged(found)
    if missing or damaged:
        message = _left_out(folder, missing, damaged, len(wanted))
        if on_missing == "raise" or len(damaged) == len(found):
            raise FileNotFoundError(message) if missing and on_missing == "raise" else ValueError(message)
        warnings.warn(message, stacklevel=2)
    rows = [
        {"path": path.relative_to(folder).as_posix(), **wanted[name]}
        for name, path in sorted(found.items())
        if name not in damaged
    ]
    target = np.array([row["genre"] for row in rows])
    return Bunch(
        paths=np.array([str(folder / row["path"]) for row in rows], dtype=object),
        target=target,
        target_names=np.unique(target).tolist(),
        groups=np.array([row["artist"] or row["track"] for row in rows]),
        part=np.array([row["part"] for row in rows]),
        frame=_frame(rows),
    )


def check_parts(parts: str | Sequence[str], parameter: str) -> tuple[str, ...]:
    """Return parts of the split as a tuple, or raise a ValueError that names the parameter."""
    names = tuple(parts) if isinstance(parts, Iterable) and not isinstance(parts, str) else (parts,)
    if not names or not set(names) <= set(PARTS):
        raise ValueError(f"{parameter} must be one of {PARTS} or several of them, got {parts!r}")
    return names


def _find(folder: Path) -> dict[str, Path]:
    """Return the file of each excerpt that is somewhere in a folder."""
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(n for n in folders if not (n.startswith(".") or lies_in_itself(Path(parent, n))))
        for path in (Path(parent, name) for name in sorted(names) if not name.startswith(".")):
            name = gtzan_name(path) if path.suffix.lower() in _READ else None
            if name in found:
                raise ValueError(
                    f"folder holds {name} twice, {str(found[name])!r} and {str(path)!r}: name the folder of one copy"
                )
            if name:
                found[name] = path
    return found


def _damaged(found: dict[str, Path]) -> dict[str, str]:
    """Return what is wrong with those whose start does not decode."""
    faults = {}
    for name, path in sorted(found.items()):
        try:
            decode(str(path), 22050, duration=_TRIED)
        except AudioError as error:
            faults[name] = error.cause
    return faults


def _left_out(folder: Path, missing: Sequence[str], damaged: dict[str, str], n_wanted: int) -> str:
    parts = []
    if damaged:
        named = _some([f"{name} ({fault})" for name, fault in damaged.items()])
        parts.append(f"{len(damaged)} that {'do' if len(damaged) > 1 else 'does'} not decode, {named}")
    if missing:
        parts.append(f"{len(missing)} not in {str(folder)!r}, {_some(sorted(missing))}")
    n_left_out = len(damaged) + len(missing)
    return f"left out {n_left_out} of {n_wanted} excerpts of GTZAN: {'; '.join(parts)}"


def _some(texts: Sequence[str]) -> str:
    rest = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
