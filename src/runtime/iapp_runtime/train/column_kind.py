"""What type a column of the raw table has for a client: by its dtype, or by its values where that says nothing."""

from __future__ import annotations

import datetime
from typing import Any, Optional

import numpy as np

from . import cells
from .json_rows import to_json

# A text column with at most this many values, each seen ten times on average, is a set of categories.
MOST_CATEGORIES = 200


def kind_of(column: Any) -> str:
    """`integer`, `number`, `boolean`, `datetime`, `category` or `string`."""
    name = str(column.dtype)
    if name == "category":
        return "category"
    code = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    for codes, kind in (("iu", "integer"), ("f", "number"), ("b", "boolean"), ("M", "datetime")):
        if code and code in codes:
            return kind
    if name.startswith("datetime64"):
        return "datetime"
    if name[:3].lower() == "int" or name[:4].lower() == "uint":
        return "integer"
    if name.startswith("Float"):
        return "number"
    if name == "boolean":
        return "boolean"
    return _by_values(present(column))


def present(column: Any) -> list[Any]:
    """The values that are not missing."""
    values = cells.array(column)
    return list(values[~cells.missing(values)])


def _by_values(values: list[Any]) -> str:
    kinds = {_kind_of_value(value) for value in values}
    if not kinds or kinds == {"string"}:
        return "category" if values and _few(values) else "string"
    if len(kinds) == 1:
        return kinds.pop()
    if kinds == {"integer", "number"}:
        return "number"
    # Text and numbers mixed: a client may send either, as the data has it.
    return "category"


def _kind_of_value(value: Any) -> str:
    for types, kind in (
        (str, "string"),
        ((bool, np.bool_), "boolean"),
        ((int, np.integer), "integer"),
        ((float, np.floating), "number"),
        ((datetime.date, np.datetime64), "datetime"),
    ):
        if isinstance(value, types):  # type: ignore[arg-type]
            return kind
    return "string"


def _few(values: list[Any]) -> bool:
    distinct = len(set(values))
    return distinct <= MOST_CATEGORIES and distinct * 10 <= max(len(values), 200)


def categories_of(column: Any) -> Optional[list[Any]]:
    """The distinct values as JSON has them: declared order for a categorical column, else sorted; at most 1000."""
    if str(column.dtype) == "category":
        return [to_json(value) for value in column.cat.categories][:1000]
    values = {to_json(value) for value in present(column) if isinstance(value, (str, int, float, np.generic))}
    return sorted(values, key=lambda value: (str(type(value)), value))[:1000] or None


def extremes_of(column: Any) -> tuple[Any, Any]:
    """Smallest and largest finite value as JSON has them, or None and None."""
    values = cells.array(column)
    values = values[~cells.missing(values)]
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not len(values):
        return None, None
    return to_json(min(values)), to_json(max(values))
