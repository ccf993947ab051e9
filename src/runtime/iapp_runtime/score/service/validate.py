"""Rows against the contract: what is wrong is named by row, column and reason, and no value is ever repeated."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Optional

from .contract import Column, Contract
from .errors import Problem, ServiceError, malformed

#: Beyond it no column of 64-bit integers holds a number.
MOST_INTEGER = 2**63 - 1

#: A value that is of the column's type, or the reason why it is not accepted.
Check = Callable[[Any], tuple[Any, Optional[str]]]


@dataclass
class Checked:
    """Rows ready for the module, and what was noticed on the way."""

    rows: list[dict[str, Any]]
    problems: list[Problem] = field(default_factory=list)
    #: (column, "unseen" | "below" | "above") -> how often: accepted, counted, flagged.
    odd: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Columns that the contract does not have: ignored and counted.
    extra: int = 0


class Validator:
    """Built once from a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._columns = {column.name: column for column in contract.columns}
        self._checks = {column.name: _check_of(column, contract.limits.string_length) for column in contract.columns}
        self._required = [column.name for column in contract.columns if column.required]

    def check(self, rows: list[Any]) -> Checked:
        """Raises ServiceError 413 when there are too many rows; everything else is in the result."""
        limit = self._contract.limits.rows
        if len(rows) > limit:
            raise ServiceError(413, "too_large", f"a request may hold {limit} rows; send fewer at a time")
        checked = Checked([])
        for number, row in enumerate(rows):
            as_dict = self._as_dict(row)
            if as_dict is None:
                checked.problems.append(Problem(number, None, "type", self._shape()))
            else:
                checked.rows.append(self._row(number, as_dict, checked))
        return checked

    def _row(self, number: int, row: dict[str, Any], checked: Checked) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in row.items():
            column = self._columns.get(name)
            if column is None:
                checked.extra += 1
                continue
            if value is None:
                self._missing(number, column, kept, checked)
                continue
            value, reason = self._checks[name](value)
            if reason is None:
                reason = self._unusual(column, value, checked)
            if reason is None:
                kept[name] = value
            else:
                checked.problems.append(Problem(number, name, reason))
        for name in self._required:
            if name not in row:
                checked.problems.append(Problem(number, name, "missing"))
        return kept

    def _missing(self, number: int, column: Column, kept: dict[str, Any], checked: Checked) -> None:
        if column.nullable:
            kept[column.name] = None
        elif column.required:
            checked.problems.append(Problem(number, column.name, "missing"))
        # An optional column without a value takes its default, as if it had not been sent.

    def _unusual(self, column: Column, value: Any, checked: Checked) -> Optional[str]:
        """A reason in strict mode; else it is counted and accepted."""
        found: Optional[str] = None
        if column.type == "category":
            if column.categories is not None and value not in column.categories:
                found = "unseen"
        elif type(value) in (int, float):
            if _is_number(column.minimum) and value < column.minimum:
                found = "below"
            elif _is_number(column.maximum) and value > column.maximum:
                found = "above"
        if found is None:
            return None
        if self._contract.strict and column.required:
            return "category" if found == "unseen" else "range"
        checked.odd[column.name, found] += 1
        return None

    def _as_dict(self, row: Any) -> Optional[dict[str, Any]]:
        if type(row) is dict:
            return row
        names = list(self._columns)
        if self._contract.rows == "array" and type(row) is list:
            return dict(zip(names, row)) if len(row) == len(names) else None
        if self._contract.rows == "text" and type(row) is str:
            return {names[0]: row}
        return None

    def _shape(self) -> str:
        if self._contract.rows == "array":
            return f"a row is a list of {len(self._columns)} numbers, or an object with its columns"
        if self._contract.rows == "text":
            return "a row is a text, or an object with the text as its only field"
        return "a row is an object with the contract's columns"


def rows_of(document: Any, contract: Contract) -> list[Any]:
    """The rows of a JSON body: `{"rows": [...]}`, or one bare object.

    Raises:
        ServiceError: 400 when the body is neither.
    """
    if type(document) is dict:
        rows = document.get("rows")
        if type(rows) is list and contract.column("rows") is None:
            return rows
        if "rows" in document and contract.column("rows") is None:
            raise malformed('"rows" is not a list')
        return [document]
    raise malformed('the body is neither {"rows": [...]} nor one row as an object')


def _check_of(column: Column, longest: int) -> Check:
    def text(value: Any) -> tuple[Any, Optional[str]]:
        if type(value) is not str:
            return value, "type"
        return value, "size" if len(value) > longest else None

    def moment(value: Any) -> tuple[Any, Optional[str]]:
        value, reason = text(value)
        return value, reason or (None if _is_moment(value) else "type")

    def category(value: Any) -> tuple[Any, Optional[str]]:
        kinds = {_kind(one) for one in column.categories or ()} or {"text"}
        if _kind(value) not in kinds:
            return value, "type"
        return value, "size" if type(value) is str and len(value) > longest else None

    checks: dict[str, Check] = {
        "integer": _integer,
        "number": _number,
        "boolean": lambda value: (value, None if type(value) is bool else "type"),
        "string": text,
        "datetime": moment,
        "category": category,
    }
    return checks[column.type]


def _integer(value: Any) -> tuple[Any, Optional[str]]:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        return value, "nonfinite" if _is_nonfinite(value) else "type"
    return value, "range" if abs(value) > MOST_INTEGER else None


def _number(value: Any) -> tuple[Any, Optional[str]]:
    if type(value) is int:
        # Beyond a double's range `float()` would raise in the model's own code.
        return value, "range" if abs(value) > 10**300 else None
    if type(value) is float:
        return value, "nonfinite" if _is_nonfinite(value) else None
    return value, "type"


def _is_nonfinite(value: Any) -> bool:
    return type(value) is float and (value != value or value in (float("inf"), float("-inf")))


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _kind(value: Any) -> str:
    if type(value) is bool:
        return "boolean"
    if type(value) in (int, float):
        return "number"
    return "text" if type(value) is str else "other"


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?\Z")


def _is_moment(text: str) -> bool:
    """ISO 8601 as `pandas.to_datetime` reads it: a date, or a date and time with or without a zone."""
    if _MOMENT.match(text) is None:
        return False
    try:
        datetime.strptime(text[:10], "%Y-%m-%d")
    except ValueError:
        return False
    return True
