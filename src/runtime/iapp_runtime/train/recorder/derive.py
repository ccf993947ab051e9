"""Lineage of a result, from the lineage of what it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..kinds import TABLES, is_rowlike, n_rows
from ..lineage import Rows
from ..polars_calls import kept
from ..polars_values import is_polars

# Methods that choose or reorder rows of a table and keep their labels.
SELECTS = {
    "query", "dropna", "drop", "drop_duplicates", "sample", "head", "tail", "nlargest", "nsmallest", "sort_values",
    "sort_index", "filter", "truncate", "take", "reindex", "loc", "iloc", "getitem",
}  # fmt: skip
# Results as long as the table by accident only.
_NEVER = {
    "unique",
    "value_counts",
    "columns",
    "keys",
    "dtypes",
    "describe",
    "corr",
    "cov",
    "nunique",
    "mode",
    "axes",
    "info",
}
Parents = list[tuple[Any, Rows]]


def derive(result: Any, parents: Parents, name: str | None) -> Rows | None:
    """Rows of `result`, or None when it is not row-aligned. `name`: method or operator that made it."""
    if not is_rowlike(result) or name in _NEVER:
        return None
    count = n_rows(result)
    best: Rows | None = None
    for parent, rows in parents:
        if is_polars(parent) or is_polars(result):
            # The same length says little: many calls of Polars sort.
            best = best or (rows if kept(name, result, rows) else None)
        elif isinstance(result, TABLES) and isinstance(parent, TABLES):
            if count == len(rows) and (result.index is parent.index or result.index.equals(parent.index)):
                return rows
            if name in SELECTS and parent.index.is_unique:
                places = parent.index.get_indexer(result.index)
                if len(places) and bool((places >= 0).all()):
                    return rows.take(places)
            if count == len(rows) and not _by_column(result, parent):
                best = best or rows
        elif count == len(rows) and not (isinstance(result, pd.Index) and name == "columns"):
            best = best or rows
    return best


def _by_column(result: Any, parent: Any) -> bool:
    """True for one number per column of the parent (`df.isnull().sum()` of a square table)."""
    return isinstance(parent, pd.DataFrame) and result.index.equals(parent.columns)


def positions_of(method: str, table: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> np.ndarray | None:
    """Positions a row-selecting method keeps, by running it on the table with its positions as labels.

    For tables whose labels repeat or are renumbered, where labels cannot tell.
    """
    twin = table.copy(deep=False)
    twin.index = pd.RangeIndex(len(table))
    options = {key: value for key, value in kwargs.items() if key not in ("inplace", "ignore_index")}
    try:
        return np.asarray(getattr(twin, method)(*args, **options).index)
    except Exception:
        return None
