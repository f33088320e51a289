"""Reading a collection: a folder of genre folders, or a CSV that lists tracks."""

import csv
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.utils import Bunch

_READ = (".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".snd", ".w64", ".wav")
_NOT_READ = (".aac", ".ape", ".m4a", ".mp4", ".mpc", ".wma", ".wv")  # audio, but none that libsndfile decodes
_INDEX = "index.csv"

Rows = list[dict[str, str]]


def load_tracks(folder_or_csv: str | os.PathLike[str], *, separator: str | None = "|") -> Bunch:
    """List the tracks of a collection with their genres and, where known, their artists.

    Nothing is decoded: the paths go into :class:`skgenre.AudioLoader`. With artists, pass ``groups`` to the splitter,
    so that no artist is in training and test at once.

    Parameters
    ----------
    folder_or_csv : path
        One of

        - a folder with one folder of audio files for each genre, as deep as you like: its name is the genre. Files
          that are not audio (wav, flac, ogg, opus, mp3, aiff and the like) and hidden ones are passed over;
        - a CSV file in UTF-8 with the columns ``path`` and ``genre`` and, if the artists are known, ``artist``. Paths
          are relative to the folder of the CSV. Several genres of a track are written ``rock|pop``. Other columns are
          kept in ``frame``;
        - a folder that holds such a CSV by the name ``index.csv``.

    separator : str, default="|"
        What stands between several genres of a track. None takes every genre as it is written.

    Returns
    -------
    tracks : :class:`~sklearn.utils.Bunch`
        With the attributes

        - ``paths``, an object array of str, of shape (n_tracks,);
        - ``target``, the genre of each track: an array of str, of shape (n_tracks,). Where any track has several
          genres it is an array of int, of shape (n_tracks, n_genres), with 1 for each genre of a track and 0 for the
          others, as classifiers of several labels take it;
        - ``target_names``, the sorted list of genres: the names of the columns where there are several;
        - ``groups``, the artist of each track: an array of str, of shape (n_tracks,), or None where no artist is
          known. Tracks without an artist share the group ``""``, since two of them may be by the same one;
        - ``frame``, all columns as a DataFrame of str; None where pandas is not installed.

        Tracks of a folder are sorted by path; those of a CSV are in its order.

    Raises
    ------
    FileNotFoundError
        If the folder or CSV does not exist, or a file listed in the CSV does not.
    ValueError
        If there is no track, a column is missing or there twice, a row has no path or no genre, the CSV is not in
        UTF-8 or is none, or ``separator`` is no text.

    Warns
    -----
    UserWarning
        If a genre folder holds audio in formats that are not read, such as m4a, or folders that cannot be read; or if
        an ``index.csv`` in the folder is passed over, for it lacks the columns ``path`` and ``genre``.

    Examples
    --------
    >>> import os
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skgenre import load_tracks
    >>> with TemporaryDirectory() as folder:
    ...     for name in ["jazz/one.mp3", "jazz/cover.jpg", "rock/two.flac"]:
    ...         file = Path(folder, name)
    ...         file.parent.mkdir(exist_ok=True)
    ...         file.touch()
    ...     tracks = load_tracks(folder)
    >>> [Path(path).name for path in tracks.paths]
    ['one.mp3', 'two.flac']
    >>> tracks.target.tolist()
    ['jazz', 'rock']

    Several genres of a track become columns.

    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "one.mp3").touch()
    ...     _ = Path(folder, "index.csv").write_text(os.linesep.join(["path,genre", "one.mp3,rock|pop"]))
    ...     tracks = load_tracks(folder)
    >>> tracks.target_names, tracks.target.tolist()
    (['pop', 'rock'], [[1, 1]])
    """
    if separator is not None and (not isinstance(separator, str) or not separator.strip()):
        raise ValueError(f"separator must be None or text to stand between genres, got {separator!r}")
    source = Path(folder_or_csv)
    if source.is_file():
        rows = _read_csv(source)
    elif not source.is_dir():
        raise FileNotFoundError(f"folder_or_csv must be a folder or a CSV file, there is no {str(source)!r}")
    elif {"path", "genre"} <= set(columns := _columns(source / _INDEX)):
        rows = _read_csv(source / _INDEX)
    else:
        if columns:
            message = f"{str(source / _INDEX)!r} is passed over: it has no columns 'path' and 'genre', but {columns}"
            warnings.warn(message, stacklevel=2)
        rows = _walk(source)
    folder = source.parent if source.is_file() else source
    paths = [str(folder / row["path"]) for row in rows]
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        raise FileNotFoundError(
            f"{str(source)!r} lists {len(missing)} of {len(paths)} files that do not exist, the first is {missing[0]!r}"
        )
    return _bunch(paths, rows, separator)


def _bunch(paths: list[str], rows: Rows, separator: str | None) -> Bunch:
    target, target_names = _target([row["genre"] for row in rows], separator)
    artists = [row.get("artist", "").strip() for row in rows]
    return Bunch(
        paths=np.array(paths, dtype=object),
        target=target,
        target_names=target_names,
        groups=np.array(artists) if any(artists) else None,
        frame=_frame(rows),
    )


def _target(genres: list[str], separator: str | None) -> tuple[np.ndarray, list[str]]:
    """Return the genre of each track, or a column for each where any track has several, and the names of all."""
    if separator is None or not any(separator in genre for genre in genres):
        return np.array(genres), np.unique(genres).tolist()
    named = [[name for part in genre.split(separator) if (name := part.strip())] for genre in genres]
    if nameless := [genre for genre, names in zip(genres, named, strict=True) if not names]:
        raise ValueError(f"genre must name at least one genre beside {separator!r}, got {nameless[0]!r}")
    binarizer = MultiLabelBinarizer()
    target = binarizer.fit_transform(named)
    return target, list(binarizer.classes_)


def _frame(rows: Rows) -> Any:
    """Return the rows as a DataFrame where pandas is installed, else None."""
    try:
        import pandas
    except ImportError:
        return None
    try:
        return pandas.DataFrame(rows)
    except UnicodeEncodeError:  # pyarrow, which pandas keeps text in, takes no names of files that are not UTF-8
        return pandas.DataFrame(rows, dtype=object)


def _walk(folder: Path) -> Rows:
    """List the audio files in each folder of a folder."""
    rows: Rows = []
    unreadable = []
    closed: list[OSError] = []
    for genre in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for parent, names, files in os.walk(genre, followlinks=True, onerror=closed.append):
            names[:] = [name for name in names if not (name.startswith(".") or lies_in_itself(Path(parent, name)))]
            for path in (Path(parent, file) for file in files if not file.startswith(".")):
                if path.suffix.lower() in _READ:
                    rows.append({"path": path.relative_to(folder).as_posix(), "genre": genre.name})
                elif path.suffix.lower() in _NOT_READ:
                    unreadable.append(path)
    if unreadable:
        warnings.warn(
            f"passed over {len(unreadable)} files whose format is not read, the first is {str(min(unreadable))!r}; "
            "convert them to flac, ogg or mp3",
            stacklevel=3,
        )
    if closed:
        first = min(closed, key=lambda error: str(error.filename))
        warnings.warn(f"passed over {len(closed)} folders that cannot be read, the first: {first}", stacklevel=3)
    if not rows:
        raise ValueError(
            f"folder_or_csv must be a folder of genre folders with audio files, or hold an {_INDEX} with the columns "
            f"path and genre; found neither in {str(folder)!r}"
        )
    return sorted(rows, key=lambda row: row["path"])


def lies_in_itself(folder: Path) -> bool:
    """Tell whether a folder is a link to one that it lies in."""
    return folder.is_symlink() and any(folder.samefile(parent) for parent in folder.absolute().parents)


def _columns(file: Path, errors: str = "replace") -> list[str]:
    """Return the columns of a CSV; none if there is no such file."""
    if not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8-sig", newline="", errors=errors) as lines:
            return next(csv.reader(lines), [])
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(file)!r} must be encoded in UTF-8: {error}") from error
    except csv.Error as error:
        raise ValueError(f"{str(file)!r} must be a CSV file, its first line is none: {error}") from error


def _read_csv(file: Path) -> Rows:
    """Read the rows of a CSV and check that each has a path and a genre."""
    columns = _columns(file, errors="strict")
    for name in ("path", "genre"):
        if name not in columns:
            raise ValueError(f"{str(file)!r} must have a column {name!r}, found the columns {columns}")
    for name in ("path", "genre", "artist"):
        if columns.count(name) > 1:
            raise ValueError(f"{str(file)!r} must have one column {name!r}, found the columns {columns}")
    rows: Rows = []
    faults: dict[str, list[int]] = {"path": [], "genre": []}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="", restkey="")
            for row in reader:
                row.pop("", None)
                row["genre"] = row["genre"].strip()
                for name, where in faults.items():
                    if not row[name]:
                        where.append(reader.line_num)
                rows.append(row)
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(file)!r} must be encoded in UTF-8: {error}") from error
    except csv.Error as error:
        raise ValueError(f"{str(file)!r} must be a CSV file, line {reader.line_num + 1} is none: {error}") from error
    for name, where in faults.items():
        if where:
            raise ValueError(f"{str(file)!r} has no {name} in {len(where)} rows, the first ends in line {where[0]}")
    if not rows:
        raise ValueError(f"{str(file)!r} must list at least one track, it has only a header")
    return rows
