"""Who has heard what, read from files of lines such as ``user, track, plays``."""

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from numbers import Integral
from pathlib import Path
from typing import IO, Any

import numpy as np
from scipy.sparse import coo_matrix
from sklearn.utils import Bunch

from skgenre._rows import one_column
from skgenre.audio import as_rows

_NAMED = 5
"""Bad lines that a message names; more are counted."""

_KNOWN = ("user", "track", "plays")


def load_interactions(
    file: str | os.PathLike[str],
    *,
    tracks: Any = None,
    columns: Sequence[str | None] = ("user", "track", "plays"),
    separator: str = "\t",
    skip_rows: int = 0,
    on_bad_lines: str = "raise",
) -> Bunch:
    r"""Read who has heard what from a file with a line for each user and track, or for each play.

    The defaults fit the triplets of the Million Song Dataset's taste profiles. For the files of Last.fm's 360,000
    users say ``columns=("user", None, "track", "plays")``, which takes artists for tracks, and for those of its 1,000
    users, with a line for each play, ``columns=("user", None, None, None, "track", None)`` and
    ``on_bad_lines="skip"``, for many tracks have no id there; titles, in the last column, are those of several songs.

    Parameters
    ----------
    file : path
        Text in UTF-8; with a name that ends in ``.gz``, compressed.
    tracks : array-like of shape (n_tracks,), default=None
        Ids of the tracks that you have, for example the embeddings of, in the order that the columns shall have. Lines
        of others are left out. None means all tracks that the file names, sorted.
    columns : sequence of {"user", "track", "plays", None}, default=("user", "track", "plays")
        What the columns are; None is not read. Without "plays" each line is one play. Lines of the same user and track
        are added up.
    separator : str, default=tab
        What stands between columns. There is no quoting.
    skip_rows : int, default=0
        Lines at the beginning that are no data, as a header.
    on_bad_lines : {"raise", "skip"}, default="raise"
        What to do where lines have too few or too many columns, no user, no track, or plays that are no number from 0
        on: raise an error that names the lines, or leave them out. Empty lines are always left out.

    Returns
    -------
    history : :class:`~sklearn.utils.Bunch`
        With the attributes

        interactions : csr_matrix of shape (n_users, n_tracks), float64
            How often each user has heard each track.
        users : ndarray of shape (n_users,) of str objects
            Ids of the users, sorted.
        tracks : ndarray of shape (n_tracks,) of str objects
            Ids of the tracks.
        bad_lines : list of int
            Numbers of the lines left out, from 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a parameter is none of its values, the file holds bad lines or no good ones, or is not UTF-8 or gzip.

    References
    ----------
    T. Bertin-Mahieux, D. Ellis, B. Whitman and P. Lamere, "The Million Song Dataset", 2011.

    Ò. Celma, "Music Recommendation and Discovery", 2010.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skgenre import load_interactions
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "triplets.txt")
    ...     _ = file.write_text("ann\tsong 1\t3\nann\tsong 2\t1\nbo\tsong 1\t5\n")
    ...     history = load_interactions(file)
    >>> history.users.tolist(), history.tracks.tolist()
    (['ann', 'bo'], ['song 1', 'song 2'])
    >>> history.interactions.toarray()
    array([[3., 1.],
           [5., 0.]])
    """
    columns = tuple(columns) if isinstance(columns, Iterable) and not isinstance(columns, str) else (columns,)
    _check(columns, separator, skip_rows, on_bad_lines)
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"file must be a file of interactions, there is no {str(path)!r}")
    users: dict[str, int] = {}
    known = _rows_of(tracks)
    found: dict[str, int] = dict(known)
    rows, cols, plays, bad = [], [], [], []
    try:
        with _open(path) as lines:
            for number, parsed, fault in _parsed(lines, columns, separator, skip_rows):
                if parsed is None:
                    bad.append((number, fault))
                    continue
                if known and parsed[1] not in known:
                    continue
                rows.append(users.setdefault(parsed[0], len(users)))
                cols.append(found.setdefault(parsed[1], len(found)))
                plays.append(parsed[2])
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{str(path)!r} must be UTF-8, or gzip if its name ends in .gz: {error}") from error
    if bad and on_bad_lines == "raise":
        some = "; ".join(f"line {number}: {fault}" for number, fault in bad[:_NAMED])
        raise ValueError(f"{str(path)!r} has {len(bad)} bad lines: {some}{'; ...' if len(bad) > _NAMED else ''}")
    if not rows:
        of = " of the tracks asked for" if known else ""
        raise ValueError(f"{str(path)!r} must hold at least one line{of}, it has none")
    user_names, user_places = _sorted(users)
    track_names, track_places = (np.array([*known], dtype=object), np.arange(len(known))) if known else _sorted(found)
    entries = np.array(plays), (user_places[rows], track_places[cols])
    interactions = coo_matrix(entries, shape=(len(user_names), len(track_names))).tocsr()
    interactions.eliminate_zeros()
    if not np.isfinite(interactions.data).all():
        raise ValueError(f"{str(path)!r} must hold plays whose sums are finite, got infinity for a user and a track")
    return Bunch(
        interactions=interactions,
        users=user_names,
        tracks=track_names,
        bad_lines=[number for number, _ in bad],
    )


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
    return path.open(encoding="utf-8-sig", newline="\n")


def _parsed(lines: IO[str], columns: tuple, separator: str, skip_rows: int) -> Iterator[tuple[int, Any, str]]:
    """Yield the number of each line that is not empty, and its user, track and plays, or None and what is wrong."""
    user, track = columns.index("user"), columns.index("track")
    plays = columns.index("plays") if "plays" in columns else None
    for number, line in islice(enumerate(lines, 1), skip_rows, None):
        line = line.rstrip("\r\n")
        if not line:
            continue
        fields = line.split(separator)
        if len(fields) != len(columns):
            yield number, None, f"{len(fields)} columns in place of {len(columns)}"
        elif not fields[user] or not fields[track]:
            yield number, None, f"no {'track' if fields[user] else 'user'}"
        elif plays is None:
            yield number, (fields[user], fields[track], 1.0), ""
        else:
            count = _count(fields[plays])
            fault = "" if count is not None else f"plays must be a number from 0 on, got {fields[plays]!r}"
            yield number, None if count is None else (fields[user], fields[track], count), fault


def _count(text: str) -> float | None:
    try:
        count = float(text)
    except ValueError:
        return None
    return count if 0 <= count < np.inf and "_" not in text else None


def _sorted(names: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return names sorted, and the place of each by the number it had."""
    array = np.array([*names], dtype=object)
    order = np.argsort(array, kind="stable")
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order))
    return array[order], places


def _rows_of(tracks: Any) -> dict[str, int]:
    """Return the column of each track asked for; nothing where all are."""
    if tracks is None:
        return {}
    tracks = one_column(tracks, "tracks")
    names = [str(track) for track in as_rows(tracks)] if isinstance(tracks, Iterable) else []
    if isinstance(tracks, str) or not names or len(set(names)) < len(names):
        raise ValueError(f"tracks must hold at least one id, and each once, got {tracks!r}")
    return {name: column for column, name in enumerate(names)}


def _check(columns: tuple, separator: Any, skip_rows: Any, on_bad_lines: Any) -> None:
    named = [column for column in columns if column is not None]
    known = all(column in _KNOWN for column in named)
    if not known or not {"user", "track"} <= set(named) or len(set(named)) < len(named):
        raise ValueError(f"columns must name 'user' and 'track', and at most 'plays', once each, got {columns}")
    if not isinstance(separator, str) or not separator:
        raise ValueError(f"separator must be a str that is not empty, got {separator!r}")
    if not isinstance(skip_rows, Integral) or skip_rows < 0:
        raise ValueError(f"skip_rows must be an int from 0 on, got {skip_rows!r}")
    if on_bad_lines not in ("raise", "skip"):
        raise ValueError(f"on_bad_lines must be 'raise' or 'skip', got {on_bad_lines!r}")
