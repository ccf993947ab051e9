"""Calls of Polars that are known to keep the rows of a table or to choose among them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .lineage import Rows
from .polars_values import is_polars_frame

#: Results as long as the table hold its rows in their order. Of other calls (sorting, windows) the length says nothing.
KEEPS = {
    "with_columns", "select", "drop", "rename", "cast", "fill_null", "fill_nan", "to_pandas", "to_numpy", "to_list",
    "to_series", "get_column", "getitem", "clone", "rechunk", "with_row_index", "hstack", "pipe", "to_dummies", "join",
    "is_null", "is_not_null", "is_nan", "is_in", "is_between", "log", "log1p", "exp", "sqrt", "abs", "round", "floor",
    "ceil", "clip", "replace", "replace_strict", "map_elements", "to_frame", "alias", "from_pandas", "array", "asarray",
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor",
    "invert", "neg", "not_", "to_lowercase", "to_uppercase", "strip_chars", "contains", "starts_with", "ends_with",
    "len_chars", "extract", "replace_all", "year", "month", "day", "weekday", "hour", "to_date", "to_datetime",
}  # fmt: skip
#: Calls that choose or reorder rows; which, is seen by running them on the same table with numbered rows.
CHOOSES = {
    "filter", "drop_nulls", "drop_nans", "head", "tail", "slice", "limit", "sort", "reverse", "unique", "top_k",
    "bottom_k", "gather_every",
}  # fmt: skip
_NUMBER = "_iapp_row"
_TRIED = 8


def chosen(name: str, table: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> np.ndarray | None:
    """Positions that a method chose, None when a numbered twin does not tell."""
    if name not in CHOOSES or not is_polars_frame(table) or not is_polars_frame(result):
        return None
    options = dict(kwargs)
    if name in ("unique", "drop_nulls", "drop_nans") and not args and options.get("subset") is None:
        options["subset"] = table.columns
    try:
        twin = getattr(table.with_row_index(_NUMBER), name)(*args, **options)
        places = twin[_NUMBER].to_numpy().astype(np.int64)
        return places if twin.drop(_NUMBER).equals(result) else None
    except Exception:
        return None


def holds_alone(name: str, table: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> bool:
    """Does a call give each row the same when it comes alone? Tried on some rows, those with holes first."""
    if not is_polars_frame(table) or len(table) < 2:
        return True
    holes = np.flatnonzero(table.select(_any_null(table)).to_series().to_numpy())[:_TRIED]
    places = sorted({*holes.tolist(), *np.linspace(0, len(table) - 1, _TRIED).astype(int).tolist()})
    try:
        return all(_alike(getattr(table[[at]], name)(*args, **kwargs), result[[at]]) for at in places)
    except Exception:
        return False


def _alike(left: Any, right: Any) -> bool:
    """The same up to the last digits: one row is divided in another way than many."""
    if left.schema != right.schema or len(left) != len(right):
        return False
    for name, kind in left.schema.items():
        if not str(kind).startswith("Float"):
            if not left[name].equals(right[name]):
                return False
        elif not np.allclose(left[name].to_numpy(), right[name].to_numpy(), rtol=1e-9, atol=0.0, equal_nan=True):
            return False
    return True


def decides_alone(name: str, table: Any, args: tuple[Any, ...], kwargs: dict[str, Any], places: np.ndarray) -> bool:
    """Does a filter decide each row the same when it comes alone? Tried on some that stayed and some that went."""
    gone = np.setdiff1d(np.arange(len(table)), places)
    try:
        return all(len(getattr(table[[int(at)]], name)(*args, **kwargs)) == 1 for at in places[:_TRIED]) and all(
            len(getattr(table[[int(at)]], name)(*args, **kwargs)) == 0 for at in gone[:_TRIED]
        )
    except Exception:
        return False


def _any_null(table: Any) -> Any:
    polars = sys.modules["polars"]
    return polars.any_horizontal(polars.all().is_null()).alias(_NUMBER)


def kept(name: str | None, result: Any, rows: Rows) -> bool:
    """Does a result of this name hold the table's rows as they are?"""
    return name in KEEPS and len(result) == len(rows)
