"""Fingerprints: what a statement changed is observed, not guessed."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pandas as pd

from .kinds import is_sparse
from .networks import is_any_tensor, tensor_print
from .polars_values import is_polars, print_of

_SAMPLED = 64 << 20
_LONG = 500_000
_NESTED = (pd.DataFrame, pd.Series, np.ndarray, list)


def of_array(array: Any) -> Any:
    """Fingerprint of one column or array. Objects by identity; very large ones by every 17th item."""
    if isinstance(array, np.ndarray):
        return _of_ndarray(array)
    for inner in ("_codes", "_ndarray", "_data"):
        if hasattr(array, inner):
            return (of_array(getattr(array, inner)), str(array.dtype), of_array(getattr(array, "_mask", None)))
    if hasattr(array, "_pa_array"):  # Arrow data never changes in place
        return id(array._pa_array)
    return id(array)


def _of_ndarray(array: np.ndarray) -> Any:
    if array.size == 0:
        return 0
    if array.nbytes > _SAMPLED:
        array = array[..., ::17] if array.ndim > 1 else array[::17]
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array.T if array.flags.f_contiguous else array)
    if array.dtype == object:
        return zlib.crc32(array.tobytes())
    try:
        data: Any = array.reshape(-1).view(np.uint8)
        return zlib.crc32(data)
    except (TypeError, ValueError):
        return zlib.crc32(array.tobytes())


def of_columns(frame: pd.DataFrame) -> dict[Any, Any]:
    """Fingerprint of each column by name; blocks are read in place, without making a Series of each column."""
    found: dict[Any, Any] = {}
    columns = frame.columns
    try:
        for block in frame._mgr.blocks:
            places = block.mgr_locs.as_array
            values = block.values
            if getattr(values, "ndim", 1) == 2 and values.shape[0] == len(places):
                whole = None if values.flags.c_contiguous and len(places) <= 500 else of_array(values)
                for row, place in enumerate(places):
                    found[columns[place]] = (of_array(values[row]) if whole is None else whole, values.dtype.str)
            else:
                for place in places:
                    found[columns[place]] = (of_array(values), str(values.dtype))
    except AttributeError:
        for place, name in enumerate(columns):
            found[name] = of_array(frame.iloc[:, place].to_numpy())
    return found


def of_value(value: Any, depth: int = 0) -> Any:
    """Fingerprint of any value; containers by the identities of their items and by the tables among them."""
    try:
        if isinstance(value, pd.DataFrame):
            return ("frame", value.shape, id(value.index), tuple(of_columns(value).items()))
        if isinstance(value, pd.Series):
            return ("series", value.shape, id(value.index), of_array(value._values))
        if isinstance(value, np.ndarray):
            return ("array", value.shape, _of_ndarray(value))
        if is_sparse(value):
            return ("sparse", value.shape, value.nnz)
        if is_polars(value):
            return print_of(value)
        if is_any_tensor(value):
            return ("tensor", tuple(value.shape), tensor_print(value))
        if isinstance(value, (list, tuple)):
            ids = hash(tuple(map(id, value if len(value) < _LONG else value[::17])))
            inner = (
                [of_value(item, depth + 1) for item in value if isinstance(item, _NESTED)]
                if _small(value, depth)
                else []
            )
            return ("items", len(value), ids, tuple(inner))
        if isinstance(value, dict):
            inner = (
                [of_value(item, depth + 1) for item in value.values() if isinstance(item, _NESTED)]
                if _small(value, depth)
                else []
            )
            return ("dict", len(value), hash(tuple(map(id, value.values()))), tuple(inner))
        if isinstance(value, set):
            return ("set", len(value), hash(frozenset(map(id, value))))
    except Exception as error:
        return ("unreadable", type(error).__name__)
    return None


def _small(value: Any, depth: int) -> bool:
    return depth < 2 and len(value) < 50
