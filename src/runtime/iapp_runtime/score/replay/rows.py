"""From the rows of a request to the raw table as the notebook read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from iapp_runtime.score.replay.casts import cast, is_missing
from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import begin

Names = Mapping[Any, Any]


def rows_in(rows: Any, source: Mapping[str, Any], required: Names, optional: Names) -> Any:
    """Starts a request and returns its rows as the raw thing: frame, series, array or list, as `source["kind"]` says.

    `rows`: a list of dicts (by column name), of lists (by position) or of bare values (one column), or the raw thing
    itself. `source["columns"]`: name -> dtype as recorded, or `{"dtype", "categories", "ordered"}`. Columns of
    `optional` that are absent get their default. The labels are 0, 1, 2, ...: the positions in the request.
    Raises `Refused` for an absent required column, or for a value that has another type than the column.
    """
    kind = source["kind"]
    begin(len(rows) if hasattr(rows, "__len__") else 0)
    if kind == "frame":
        return _frame(rows, source["columns"], optional)
    if kind == "polars":
        from iapp_runtime.score.replay.polars_rows import polars_table

        columns = source["columns"]
        names = [str(name) for name in columns]
        values = {name: _column(rows, name, i, optional) for i, name in enumerate(names)}
        return polars_table(columns, values)
    if kind == "series":
        return _series(rows, source["columns"], optional)
    if kind == "array":
        return _array(rows, source, optional)
    return _list(rows, source, optional)


def _frame(rows: Any, columns: Names, optional: Names) -> Any:
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        return _from_frame(rows, columns, optional)
    index = pd.RangeIndex(len(rows))
    data: dict[int, Any] = {}
    for i, (name, dtype) in enumerate(columns.items()):
        data[i] = _as_series(cast(_column(rows, name, i, optional), dtype, name), index)
    frame = pd.DataFrame(data, index=index)
    frame.columns = _labels(columns)
    return frame


def _as_series(values: Any, index: Any, name: Any = None) -> Any:
    """The dtype is given again: pandas left to itself makes strings of objects."""
    import pandas as pd

    return pd.Series(values, index=index, name=name, dtype=values.dtype)


def _from_frame(rows: Any, columns: Names, optional: Names) -> Any:
    """Columns of the recorded dtype are taken as they are: nothing is changed by passing through here."""
    import pandas as pd

    index = pd.RangeIndex(len(rows))
    data: dict[int, Any] = {}
    for i, (name, dtype) in enumerate(columns.items()):
        if name in rows.columns:
            values = rows[name].reset_index(drop=True)
            same = str(values.dtype) == (dtype.get("dtype", "category") if isinstance(dtype, Mapping) else dtype)
            data[i] = values.copy() if same else _as_series(cast(values.tolist(), dtype, name), index)
        else:
            default = [_default(name, optional, list(range(len(rows))))] * len(rows)
            data[i] = _as_series(cast(default, dtype, name), index)
    frame = pd.DataFrame(data, index=index)
    frame.columns = _labels(columns)
    return frame


def _series(rows: Any, columns: Names, optional: Names) -> Any:
    import pandas as pd

    name, dtype = next(iter(columns.items()))
    if isinstance(rows, pd.Series):
        return rows.reset_index(drop=True)
    return _as_series(cast(_column(rows, name, 0, optional), dtype, name), pd.RangeIndex(len(rows)), name)


def _array(rows: Any, source: Mapping[str, Any], optional: Names) -> Any:
    """`source["shape"]`: the shape of one row; without it one number a column."""
    import numpy as np

    if isinstance(rows, np.ndarray):
        return rows.copy()
    columns: Names = source["columns"]
    shape = source.get("shape")
    dtype = np.dtype(next(iter(columns.values()))) if columns else np.dtype(source.get("dtype", "float64"))
    if shape is not None and len(shape) != 1:
        return _nested(rows, tuple(shape), dtype, [str(name) for name in columns])
    parts = [cast(_column(rows, name, i, optional), str(dtype), name) for i, name in enumerate(columns)]
    out = np.empty((len(rows), len(columns)), dtype=np.result_type(*parts) if parts else dtype)
    for i, part in enumerate(parts):
        out[:, i] = part
    return out


def _nested(rows: Sequence[Any], shape: tuple, dtype: Any, names: list[str]) -> Any:
    """A row comes as nested lists, as one list of all its numbers, or by the places of the numbers in that list."""
    import numpy as np

    out = np.empty((len(rows), *shape), dtype=dtype)
    for i, row in enumerate(rows):
        try:
            given = [row[name] for name in names] if isinstance(row, Mapping) else row
            values = np.asarray(given, dtype=dtype if dtype.kind not in "iu" else float)
            out[i] = values.astype(dtype).reshape(shape)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Refused([i], f"a row is not of the shape {list(shape)}") from None
        if not np.array_equal(out[i].reshape(values.shape), values, equal_nan=dtype.kind == "f"):
            raise Refused([i], f"a row holds numbers that are not of the type {dtype}")
    return out


def _list(rows: Any, source: Mapping[str, Any], optional: Names) -> list[Any]:
    columns: Names = source["columns"]
    if len(columns) <= 1 and source.get("item") not in ("dict", "list", "tuple"):
        name = next(iter(columns), "value")
        values = _column(rows, name, 0, optional)
        return [None if is_missing(value) else value for value in values]
    parts = [_column(rows, name, i, optional) for i, name in enumerate(columns)]
    if source.get("item") == "dict":
        return [dict(zip(columns, row)) for row in zip(*parts)]
    make = tuple if source.get("item") == "tuple" else list
    return [make(row) for row in zip(*parts)]


def _column(rows: Sequence[Any], name: Any, position: int, optional: Names) -> list[Any]:
    """One column of the request, from rows by name or by position."""
    text = str(name)
    out: list[Any] = []
    absent: list[int] = []
    for i, row in enumerate(rows):
        if isinstance(row, Mapping):
            if name in row:
                out.append(row[name])
                continue
            if text in row:
                out.append(row[text])
                continue
        elif isinstance(row, (list, tuple)) or hasattr(row, "tolist"):
            if position < len(row):
                out.append(row[position])
                continue
        elif position == 0:
            out.append(row)
            continue
        absent.append(i)
        out.append(None)
    if absent:
        default = _default(name, optional, absent)
        for i in absent:
            out[i] = default
    return out


def _default(name: Any, optional: Names, rows: list[int]) -> Optional[Any]:
    if name not in optional:
        raise Refused(rows, f"{name}: this column is needed", str(name))
    return optional[name]


def _labels(columns: Names) -> Any:
    import pandas as pd

    names = list(columns)
    return (
        pd.Index(names, tupleize_cols=False)
        if not all(isinstance(n, tuple) for n in names)
        else pd.MultiIndex.from_tuples(names)
    )
