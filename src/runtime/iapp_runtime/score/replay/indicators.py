"""`get_dummies` with the columns that training had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import pandas as pd

from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import request_rows


def dummies(
    data: Any,
    names: Sequence[Any],
    prefix: Any = None,
    prefix_sep: Any = "_",
    dummy_na: bool = False,
    columns: Optional[Sequence[Any]] = None,
    sparse: bool = False,
    drop_first: bool = False,
    dtype: Any = None,
) -> pd.DataFrame:
    """`pd.get_dummies(data, ...)` with exactly the columns `names`, in that order.

    A category that training did not see gives zeros in all of them. Works on one row as on many: which columns are
    encoded follows from `names`, not from the rows at hand. `drop_first` has no effect of its own: the first category
    is the one without a name.
    """
    cell = np.dtype(dtype) if dtype is not None else default_dtype()
    frame = data if isinstance(data, pd.DataFrame) else None
    wanted = list(names)
    found: dict[Any, np.ndarray] = {}
    if frame is None:
        series = data if isinstance(data, pd.Series) else pd.Series(data)
        found.update(_indicators(series, prefix, prefix_sep, wanted))
        index = series.index
    else:
        known = set(wanted)
        encoded = list(columns) if columns is not None else [name for name in frame.columns if name not in known]
        for i, name in enumerate(encoded):
            label = _of(prefix, name, i, default=name)
            found.update(_indicators(frame[name], label, _of(prefix_sep, name, i, default="_"), wanted))
        index = frame.index
    out: dict[int, Any] = {}
    for position, name in enumerate(wanted):
        if frame is not None and name in frame.columns and not (columns is not None and name in list(columns)):
            out[position] = frame[name].array
        else:
            hit = found.get(_key(name))
            values = np.zeros(len(index), dtype=cell) if hit is None else hit.astype(cell)
            out[position] = pd.arrays.SparseArray(values, fill_value=cell.type(0)) if sparse else values
    result = pd.DataFrame(out, index=index)
    result.columns = names if isinstance(names, pd.Index) else pd.Index(wanted)
    return result


def _indicators(series: pd.Series, prefix: Any, separator: str, wanted: list[Any]) -> dict[Any, np.ndarray]:
    """Name of the indicator column -> where it is set, for the categories of this column that occur and are known."""
    categorical = pd.Categorical(series)
    known = {_key(name) for name in wanted}
    out: dict[Any, np.ndarray] = {}
    levels = [*enumerate(categorical.categories), (-1, np.nan)]
    for code, level in levels:
        here = np.asarray(categorical.codes == code)
        if not here.any():
            continue
        for spelled in _spellings(level):
            name = _key(spelled if prefix is None else f"{prefix}{separator}{spelled}")
            if name in known:
                out[name] = out[name] | here if name in out else here
                break
        else:
            if code != -1 and _was_number(level, prefix, separator, known):
                rows = np.flatnonzero(here)
                raise Refused(
                    request_rows(series, rows), f"{series.name}: text where training had numbers", str(series.name)
                )
    return out


def _spellings(level: Any) -> list[Any]:
    """A number may come as 1 or as 1.0: one missing value in the request turns a column of integers into floats."""
    if isinstance(level, (float, np.floating)) and float(level).is_integer():
        return [level, int(level)]
    if isinstance(level, (int, np.integer)) and not isinstance(level, bool):
        return [level, float(level)]
    if isinstance(level, (bool, np.bool_)):
        return [level, str(level)]
    return [level]


def _was_number(level: Any, prefix: Any, separator: str, known: set[Any]) -> bool:
    return prefix is None and isinstance(level, str) and bool(known) and all(isinstance(n, (int, float)) for n in known)


def _key(name: Any) -> Any:
    return "\0missing" if isinstance(name, float) and name != name else name


def _of(option: Any, name: Any, position: int, default: Any) -> Any:
    """The prefix (or separator) of one column: given for all, by name, or by position."""
    if option is None:
        return default
    if isinstance(option, str):
        return option
    return option[name] if isinstance(option, Mapping) else option[position]


def default_dtype() -> np.dtype:
    """What this pandas makes of `get_dummies` without a dtype: uint8 before 2.0, bool since."""
    return np.dtype("uint8" if int(pd.__version__.split(".")[0]) < 2 else "bool")
