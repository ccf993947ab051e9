"""One column of a request with the dtype that reading the training data gave it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from iapp_runtime.score.replay.refused import Refused


def _pandas() -> Any:
    """Loaded when a table is asked for: a model of texts or arrays goes without."""
    import pandas

    return pandas


def is_missing(value: Any) -> bool:
    return (
        value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NaTType", "NAType")
    )


def cast(values: list[Any], dtype: Any, name: Any) -> Any:
    """The values as a numpy or pandas array of `dtype` (or, with holes, of what reading a file with holes would give).

    Raises `Refused`, naming the rows and the column, for values of another type; no value is bent to fit.
    """
    holes = [is_missing(value) for value in values]
    if isinstance(dtype, Mapping):
        if "categories" in dtype:
            return _category(values, holes, dtype, name)
        dtype = dtype["dtype"]
    for prefix, convert in CONVERSIONS.items():
        if dtype.startswith(prefix):
            return convert(values, holes, dtype, name)
    if dtype == "category":
        raise TypeError(f"the categories of column {name!r} are not recorded: rows can only come as a table")
    raise TypeError(f"column {name!r}: values of dtype {dtype} cannot be made from a request")


def _refuse(rows: list[int], name: Any, what: str) -> None:
    if rows:
        raise Refused(rows, f"{name}: {what}", str(name))


def _others(values: list[Any], holes: list[bool], fits: Callable[[Any], bool]) -> list[int]:
    return [i for i, value in enumerate(values) if not holes[i] and not fits(value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and (not isinstance(value, (float, np.floating)) or float(value).is_integer())


def _integer(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    _refuse(_others(values, holes, _is_whole), name, "not a whole number")
    limits = np.iinfo(dtype)
    _refuse(_others(values, holes, lambda v: limits.min <= int(v) <= limits.max), name, f"outside the range of {dtype}")
    if any(holes):  # as read_csv: a column of integers with a hole is one of floats
        return np.array([math.nan if hole else float(value) for value, hole in zip(values, holes)], dtype="float64")
    return np.array([int(value) for value in values], dtype=dtype)


def _float(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    _refuse(_others(values, holes, _is_number), name, "not a number")
    _refuse(_others(values, holes, _fits_float), name, "outside the range of numbers")
    return np.array([math.nan if hole else float(value) for value, hole in zip(values, holes)], dtype=dtype)


def _fits_float(value: Any) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _bool(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    _refuse(_others(values, holes, lambda value: isinstance(value, (bool, np.bool_))), name, "neither true nor false")
    if not any(holes):
        return np.array([bool(value) for value in values], dtype=bool)
    return _objects([math.nan if hole else bool(value) for value, hole in zip(values, holes)])


def _object(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    return _objects([math.nan if hole else value for value, hole in zip(values, holes)])


def _objects(values: list[Any]) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out


def _string(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    pd = _pandas()
    _refuse(_others(values, holes, lambda value: isinstance(value, str)), name, "not text")
    return pd.array([None if hole else str(value) for value, hole in zip(values, holes)], dtype=dtype)


def _moment(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    pd = _pandas()
    zoned = "," in dtype
    stamps: list[Any] = []
    bad: list[int] = []
    for i, value in enumerate(values):
        stamp = pd.NaT
        if not holes[i]:
            try:
                stamp = pd.NaT if _is_number(value) or isinstance(value, bool) else pd.Timestamp(value)
            except (ValueError, TypeError, OverflowError):
                stamp = pd.NaT
            if stamp is pd.NaT or (stamp.tzinfo is not None) != zoned:
                bad.append(i)
        stamps.append(stamp)
    _refuse(bad, name, "not a time with a time zone" if zoned else "not a date or time (without time zone)")
    if zoned:
        return (
            pd.Series(pd.to_datetime(pd.Series(stamps, dtype=object), utc=True))
            .dt.tz_convert(dtype.split(",")[1].strip(" ]"))
            .astype(dtype)
            .array
        )
    return pd.Series(stamps, dtype=dtype).array


def _span(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    pd = _pandas()
    spans: list[Any] = []
    bad: list[int] = []
    for i, value in enumerate(values):
        try:
            spans.append(pd.NaT if holes[i] else pd.Timedelta(value))
        except (ValueError, TypeError, OverflowError):
            spans.append(pd.NaT)
            bad.append(i)
    _refuse(bad, name, "not a span of time")
    return pd.Series(spans, dtype=dtype).array


def _nullable(values: list[Any], holes: list[bool], dtype: str, name: Any) -> Any:
    pd = _pandas()
    if dtype == "boolean":
        _refuse(
            _others(values, holes, lambda value: isinstance(value, (bool, np.bool_))), name, "neither true nor false"
        )
    elif dtype.startswith("Float"):
        _refuse(_others(values, holes, _is_number), name, "not a number")
    else:
        _refuse(_others(values, holes, _is_whole), name, "not a whole number")
        limits = np.iinfo(dtype.lower())
        _refuse(
            _others(values, holes, lambda v: limits.min <= int(v) <= limits.max), name, f"outside the range of {dtype}"
        )
        values = [None if hole else int(value) for value, hole in zip(values, holes)]
    return pd.array([None if hole else value for value, hole in zip(values, holes)], dtype=dtype)


def _category(values: list[Any], holes: list[bool], dtype: Mapping, name: Any) -> Any:
    pd = _pandas()
    kind = pd.CategoricalDtype(list(dtype["categories"]), bool(dtype.get("ordered", False)))
    known = set(dtype["categories"])
    unseen = [
        i for i, value in enumerate(values) if not holes[i] and (isinstance(value, (list, dict)) or value not in known)
    ]
    _refuse(unseen, name, "a value that was never seen in training")
    return pd.Categorical([None if hole else value for value, hole in zip(values, holes)], dtype=kind)


Conversion = Callable[[list[Any], list[bool], str, Any], Any]
CONVERSIONS: dict[str, Conversion] = {
    "boolean": _nullable,
    "Int": _nullable,
    "UInt": _nullable,
    "Float": _nullable,
    "bool": _bool,
    "int": _integer,
    "uint": _integer,
    "float": _float,
    "object": _object,
    "str": _string,
    "datetime64": _moment,
    "timedelta64": _span,
}
