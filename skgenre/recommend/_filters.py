"""Which tracks a question is about: what is known of them, and who is left out."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from functools import partial
from numbers import Number, Real
from typing import Any

import numpy as np

from skgenre._labels import is_missing

_LISTS = {list, set, np.ndarray}
_TIMES: dict[str, tuple[type, ...]] = {"M": (np.datetime64, date), "m": (np.timedelta64, timedelta)}


def check_metadata(metadata: Any, n_tracks: int, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Return the columns of a DataFrame, or of a mapping of names to columns, as arrays.

    Parameters
    ----------
    metadata : DataFrame, mapping of str to array-like, or None
        One row a track, by position.
    n_tracks : int
        Number of tracks.
    names : collection of str, default=None
        The columns there must be. None takes any.

    Returns
    -------
    columns : dict of str to ndarray of shape (n_tracks,)
        The columns.

    Raises
    ------
    ValueError
        If a column has another length, or the names differ.

    Examples
    --------
    >>> from skgenre.recommend._filters import check_metadata
    >>> check_metadata({"year": [1959, 1964]}, 2)
    {'year': array([1959, 1964])}
    """
    if metadata is None:
        metadata = {}
    if not hasattr(metadata, "columns") and not isinstance(metadata, Mapping):
        raise TypeError(f"metadata must be a DataFrame or a mapping of columns, got {type(metadata).__name__}")
    keys = metadata.columns if hasattr(metadata, "columns") else metadata
    for name in dict.fromkeys(keys):
        if isinstance(metadata[name], str) or not isinstance(metadata[name], Iterable):
            raise ValueError(f"metadata {name!r} must hold one value per track, got {metadata[name]!r}")
    if len({str(name) for name in keys}) < len(keys):
        raise ValueError(f"metadata must have columns of different names, got {sorted(map(str, keys))}")
    columns = {str(name): _column(metadata[name]) for name in keys}
    for name, column in columns.items():
        if column.shape != (n_tracks,):
            raise ValueError(
                f"metadata {name!r} must hold one value per track, got {len(column)} for {n_tracks} tracks"
            )
    if names is not None and set(columns) != set(names):
        raise ValueError(f"metadata must have the columns {sorted(names)} as in fit, got {sorted(columns)}")
    return columns


def _column(values: Any) -> np.ndarray:
    try:
        array = np.array(values)  # a copy, so that the caller's can change
    except ValueError:  # lists of unequal length have no shape
        array = np.empty((0, 0))
    if array.ndim == 1 and array.dtype.kind not in "US":
        dates = as_dates(array) if array.dtype == object and isinstance(_first(array), date) else None
        return array if dates is None else dates
    # Strings as objects, so that longer ones can join them; numpy.array would turn tuples into a second axis.
    values = list(values)
    return np.fromiter(values, dtype=object, count=len(values))


def _first(column: np.ndarray) -> Any:
    return next((value for value in column if not is_missing(value)), None)


def as_dates(column: np.ndarray) -> np.ndarray | None:
    """Return objects as dates in microseconds, NaT where one is missing; None where some are none without a zone."""
    dates = np.full(len(column), np.datetime64("NaT"), dtype="M8[us]")
    for row, value in enumerate(column):
        if is_missing(value):
            continue
        if not isinstance(value, str | np.datetime64 | date) or getattr(value, "tzinfo", None) is not None:
            return None
        try:
            dates[row] = value.to_numpy() if hasattr(value, "to_numpy") else np.datetime64(value)
        except ValueError:
            return None
    return dates


def rows_where(where: Any, columns: Mapping[str, np.ndarray], n_tracks: int) -> np.ndarray:
    """Return which tracks fit a condition.

    Parameters
    ----------
    where : mask, mapping or callable
        A boolean array of shape (n_tracks,); or for each column the value, a collection of values, or a callable that
        takes the column and returns a mask; or a callable that takes the columns and returns a mask. A list, set or
        array in a column fits if one of its values does.
    columns : mapping of str to ndarray of shape (n_tracks,)
        What is known of the tracks.
    n_tracks : int
        Number of tracks.

    Returns
    -------
    mask : ndarray of shape (n_tracks,), bool
        Which tracks fit.

    Raises
    ------
    TypeError
        If a value is not hashable.
    ValueError
        If a column is not known, or the mask is none.

    Examples
    --------
    >>> import numpy as np
    >>> from skgenre.recommend._filters import rows_where
    >>> columns = {"genre": np.array(["jazz", "folk", "jazz"]), "year": np.array([1959, 1964, 1971])}
    >>> rows_where({"genre": "jazz", "year": range(1950, 1960)}, columns, 3)
    array([ True, False, False])
    """
    columns = {name: read_only(column) for name, column in columns.items()}
    if isinstance(where, Mapping):
        mask = np.ones(n_tracks, dtype=bool)
        for name, wanted in where.items():
            parameter = f"where[{name!r}]"
            mask &= _mask(_fits(_known(name, columns), wanted, parameter), parameter, n_tracks)
        return mask
    if callable(where):
        return _mask(where(_Columns(columns)), "what the callable where returns", n_tracks)
    return _mask(where, "where", n_tracks)


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view by which nobody can change what is known."""
    view = array.view()
    view.flags.writeable = False
    return view


class _Columns(dict):
    """Columns that name those there are where one is asked for that there is not."""

    def __missing__(self, name: Any) -> Any:
        return _known(name, self)


def _known(name: Any, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    if name in columns.keys():  # noqa: SIM118
        return columns[name]
    if not columns:
        raise ValueError(f"where asks for the column {name!r}, but no metadata was given to fit")
    near = get_close_matches(str(name), columns, n=1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"where must name columns of the metadata, {sorted(columns)}, got {name!r}{hint}")


def _fits(column: np.ndarray, wanted: Any, parameter: str) -> Any:
    if isinstance(wanted, Callable):  # type: ignore[arg-type]
        return wanted(column)
    lone = isinstance(wanted, str) or not isinstance(wanted, Collection)
    if not isinstance(wanted, range):
        asked = np.fromiter([wanted] if lone else wanted, dtype=object)
        if (missing := _are_missing(asked)).any():  # which equals nothing, not even itself
            return _are_missing(column) | _fits(column, asked[~missing].tolist(), parameter)
    if column.dtype.kind in _TIMES:
        try:
            return np.isin(column, _times(wanted, column.dtype.kind))
        except ValueError as error:
            raise ValueError(f"{parameter} must hold dates, got {wanted!r:.80}: {error}") from None
    has_lists = column.dtype == object and not _LISTS.isdisjoint(map(type, column.tolist()))
    if isinstance(wanted, range) and column.dtype.kind in "iuf" and len(wanted):
        low, high = sorted((wanted[0], wanted[-1]))
        within = (column >= low) & (column <= high)
        if column.dtype.kind == "f" or abs(wanted.step) > 1:
            exact = column[within].astype(object)  # numbers of Python do not overflow
            within[within] = (exact - low) % abs(wanted.step) == 0
        return within
    if isinstance(wanted, str | Number) and column.dtype != object:
        return np.asarray(column == wanted)
    if isinstance(wanted, Iterator):
        raise TypeError(f"{parameter} must be a value, a collection of values or a callable, got {wanted!r:.80}")
    if isinstance(wanted, range):
        holds = partial(_holds_any_of if has_lists else _is_in, wanted)
        return np.fromiter(map(holds, column.tolist()), dtype=bool, count=len(column))
    try:
        values = {wanted} if lone else set(wanted.tolist() if isinstance(wanted, np.ndarray) else wanted)
        if column.dtype.kind in "iuf" and all(isinstance(value, Real) for value in values):
            return np.isin(column, list(values))
        fits = partial(_holds_any, values) if has_lists else values.__contains__
        return np.fromiter(map(fits, column.tolist()), dtype=bool, count=len(column))
    except TypeError as error:
        what = "a value, a collection of values or a callable, all values hashable or in the column lists of such"
        raise TypeError(f"{parameter} must be {what}, got {wanted!r:.80}: {error}") from None


def _are_missing(values: np.ndarray) -> np.ndarray:
    """Tell which values are missing; of a list in a column none is."""
    if values.dtype == object:
        return np.fromiter((type(one) not in _LISTS and is_missing(one) for one in values), bool, len(values))
    return np.isnan(values) if values.dtype.kind in "fmM" else np.zeros(len(values), dtype=bool)


def _is_in(numbers: range, value: Any) -> bool:
    """Tell whether a range holds a number; by itself it goes through all of its own for what is no int."""
    if not isinstance(value, Real) or not math.isfinite(value):
        return False
    return value == (whole := math.floor(value)) and whole in numbers


def _holds_any_of(numbers: range, value: Any) -> bool:
    values = value if type(value) in _LISTS else [value]
    return any(_is_in(numbers, one) for one in values)


def _holds_any(values: set, value: Any) -> bool:
    return not values.isdisjoint(value) if type(value) in _LISTS else value in values


def _times(wanted: Any, kind: str) -> np.ndarray:
    """Return the dates, or the durations, among what is wanted, as numpy has them: without a time zone."""
    values = list(wanted) if isinstance(wanted, Collection) and not isinstance(wanted, str) else [wanted]
    if kind == "M":
        values = [np.datetime64(value) if isinstance(value, str) else value for value in values]
    times = [value for value in values if isinstance(value, _TIMES[kind]) and getattr(value, "tzinfo", None) is None]
    # numpy would read pandas' types as Python's, which know no nanoseconds.
    return np.array([value.to_numpy() if hasattr(value, "to_numpy") else value for value in times], dtype=f"{kind}8")


def _mask(mask: Any, name: str, n_tracks: int) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype != bool or mask.shape != (n_tracks,):
        raise ValueError(
            f"{name} must be a boolean mask of the {n_tracks} tracks, got {mask.dtype} of shape {mask.shape}"
        )
    return mask
