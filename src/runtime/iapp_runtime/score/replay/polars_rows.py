"""Tables of Polars: the rows of a request as one, and the notebook's own filters as checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import numpy as np

from iapp_runtime.score.replay.checks import check
from iapp_runtime.score.replay.refused import Refused

_NUMBER = "_iapp_row"


def polars_table(columns: Mapping[str, str], values: Mapping[str, list[Any]]) -> Any:
    """A data frame of these columns; `columns`: name -> Polars' name of the type as the notebook's table had it."""
    import polars as pl

    made = []
    for name, kind in columns.items():
        try:
            made.append(_series(pl, name, kind, values[name]))
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            raise Refused([], f"{name}: not a value of the type {kind}", name) from None
    return pl.DataFrame(made)


def _series(pl: Any, name: str, kind: str, values: list[Any]) -> Any:
    if kind == "Date":
        return pl.Series(name, values, dtype=pl.String).str.slice(0, 10).str.to_date(strict=True)
    if kind.startswith("Datetime"):
        return pl.Series(name, values, dtype=pl.String).str.to_datetime(strict=True).cast(pl.Datetime("us"))
    if kind.startswith("Float"):
        values = [None if value is None else float(value) for value in values]
    return pl.Series(name, values, dtype=getattr(pl, kind), strict=True)


def checked_rows(table: Any, choose: Callable[[Any], Any], message: str) -> Any:
    """The same rows, after a check that `choose` (the notebook's own filter) would keep each of them."""
    kept = choose(table.with_row_index(_NUMBER))[_NUMBER].to_numpy()
    check(np.isin(np.arange(len(table)), kept), message)
    return table
