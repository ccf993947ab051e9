"""Rows of the raw table as a client would send them: through JSON and back, by the types a contract knows."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from . import cells


class NotSendable(ValueError):
    """A row holds a value JSON has no form for (an infinite number, bytes); `position` counts among the given rows."""

    def __init__(self, position: int, column: Optional[str], value: Any) -> None:
        self.position, self.column = position, column
        super().__init__(f"a {type(value).__name__} cannot be sent as JSON")


def json_rows(raw: Any, rows: Sequence[int], only: Optional[Sequence[str]] = None) -> list[Any]:
    """The rows at these positions after a round trip through JSON.

    A table gives one object a row with the column names as keys (`only` these, when given), a column its values under
    its name, an array one list a row, a list its items. Raises `NotSendable`.
    """
    part = cells.take(raw, np.asarray(rows, dtype=int))
    if cells.is_frame(part):
        names = [str(name) for name in part.columns]
        lists = [_column(name, part.iloc[:, i]) for i, name in enumerate(names) if only is None or name in only]
        kept = [name for name in names if only is None or name in only]
        out: list[Any] = (
            [dict(zip(kept, values)) for values in zip(*lists)] if lists else [{} for _ in range(len(part))]
        )
    elif cells.is_series(part):
        name = "value" if part.name is None else str(part.name)
        out = [{name: value} for value in _column(name, part)]
    else:
        if getattr(part, "ndim", 1) > 2:
            part = part.reshape(len(part), -1)
        out = [_value(item, None, i) for i, item in enumerate(part)]
    return json.loads(json.dumps(out, allow_nan=False))


def _column(name: str, values: Any) -> list[Any]:
    values = cells.array(values)
    if values.dtype.kind in "iub":
        return values.tolist()
    return [_value(value, name, i) for i, value in enumerate(values)]


def to_json(value: Any) -> Any:
    """One value as JSON has it: missing as null, dates in ISO form, numbers as plain numbers. Raises `NotSendable`."""
    return _value(value, None, 0)


def _value(value: Any, column: Optional[str], position: int) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if cells.is_missing(value):
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise NotSendable(position, column, value)
        return float(value)
    if isinstance(value, np.datetime64):
        text = str(np.datetime_as_string(value))
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _value(item, column, position) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_value(item, column, position) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__name__ == "Decimal":
        return float(value)
    raise NotSendable(position, column, value)


def sendable(raw: Any, rows: Sequence[int]) -> tuple[list[int], list[tuple[int, str]]]:
    """Splits positions into those whose rows JSON can carry, and the others with the reason."""
    good = [int(row) for row in rows]
    bad: list[tuple[int, str]] = []
    try:
        json_rows(raw, good)
        return good, bad
    except NotSendable:
        pass
    kept = []
    for row in good:
        try:
            json_rows(raw, [row])
            kept.append(row)
        except NotSendable as problem:
            bad.append((row, f"{problem.column or 'value'}: {problem}"))
    return kept, bad
