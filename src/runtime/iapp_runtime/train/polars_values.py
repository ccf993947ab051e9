"""Tables of Polars, seen without importing it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd


def is_polars(value: Any) -> bool:
    """True for data frames and series of Polars that hold their rows (a lazy frame holds none)."""
    polars = sys.modules.get("polars")
    return is_polars_frame(value) or (polars is not None and isinstance(value, getattr(polars, "Series", ())))


def is_polars_frame(value: Any) -> bool:
    """True for data frames of Polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(value, getattr(polars, "DataFrame", ()))


def print_of(value: Any) -> Any:
    """Fingerprint: names, types, and all values."""
    try:
        frame = value if is_polars_frame(value) else value.to_frame()
        hashes = frame.hash_rows(seed=3).to_numpy()
        places = np.arange(1, len(hashes) + 1, dtype=np.uint64)
        return ("polars", tuple(map(str, frame.schema.items())), len(hashes), int((hashes * places).sum()))
    except Exception:
        return ("polars", id(value))


def as_pandas(table: Any) -> Any:
    """The same values in pandas, with types that JSON can be told by. Needs no pyarrow."""
    if not is_polars_frame(table):
        return table.to_list() if is_polars(table) else table
    return pd.DataFrame({name: _column(table[name]) for name in table.columns})


def _column(series: Any) -> Any:
    kind, values, holes = str(series.dtype), series.to_list(), series.null_count()
    if kind.startswith(("Int", "UInt")):
        return pd.Series(values, dtype="Int64" if holes else "int64")
    if kind.startswith("Float"):
        return pd.Series(values, dtype="float64")
    if kind == "Boolean":
        return pd.Series(values, dtype="boolean" if holes else "bool")
    if kind.startswith("Datetime"):
        return pd.Series(pd.to_datetime(values))
    return pd.Series([value.isoformat() if hasattr(value, "isoformat") else value for value in values], dtype=object)
