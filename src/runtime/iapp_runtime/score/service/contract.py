"""The input contract of a bundle (contract.json), read once at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SCHEMA = "iapp.contract/1"
TYPES = ("integer", "number", "boolean", "string", "datetime", "category")


class ContractError(ValueError):
    """contract.json is not one this service understands."""


@dataclass(frozen=True)
class Column:
    """One raw column as training saw it. `min`, `max` and `categories` are what was seen, not what is allowed."""

    name: str
    type: str
    dtype: str
    required: bool
    nullable: bool
    minimum: Any = None
    maximum: Any = None
    categories: tuple[Any, ...] | None = None
    example: Any = None
    default: Any = None
    target: bool = False


@dataclass(frozen=True)
class Limits:
    """What one request may hold."""

    rows: int = 10_000
    body_bytes: int = 16 * 1024 * 1024
    string_length: int = 100_000


@dataclass(frozen=True)
class Output:
    """What the predictions are."""

    task: str = "other"
    type: str = "number"
    classes: tuple[Any, ...] | None = None
    proba: bool = False


@dataclass(frozen=True)
class Contract:
    """Columns, output and limits. `rows` is `table`, `array` (rows are lists) or `text` (rows are strings)."""

    rows: str
    columns: tuple[Column, ...]
    output: Output
    limits: Limits
    strict: bool
    document: dict[str, Any] = field(repr=False)

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)


def parse_contract(document: Any) -> Contract:
    """Reads contract.json.

    Raises:
        ContractError: it is of another schema, or lacks something; the message names what.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ContractError(f"contract.json is not of schema {SCHEMA}")
    rows = document.get("rows", "table")
    if rows not in ("table", "array", "text"):
        raise ContractError(f"contract.json: rows is {rows!r}, not table, array or text")
    columns = tuple(_column(entry, index) for index, entry in enumerate(document.get("columns") or []))
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ContractError("contract.json: two columns have the same name")
    if rows == "text" and len(columns) != 1:
        raise ContractError("contract.json: a text contract has exactly one column")
    output = document.get("output") or {}
    classes = output.get("classes")
    limits = document.get("limits") or {}
    defaults = Limits()
    return Contract(
        rows=rows,
        columns=columns,
        output=Output(
            task=str(output.get("task", "other")),
            type=str(output.get("type", "number")),
            classes=None if classes is None else tuple(classes),
            proba=bool(output.get("proba", False)),
        ),
        limits=Limits(
            rows=_positive(limits, "rows", defaults.rows),
            body_bytes=_positive(limits, "body_bytes", defaults.body_bytes),
            string_length=_positive(limits, "string_length", defaults.string_length),
        ),
        strict=bool(document.get("strict", False)),
        document=document,
    )


def _column(entry: Any, index: int) -> Column:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ContractError(f"contract.json: column {index} has no name")
    if entry.get("type") not in TYPES:
        raise ContractError(f"contract.json: column {entry['name']!r} has type {entry.get('type')!r}")
    categories = entry.get("categories")
    return Column(
        name=entry["name"],
        type=entry["type"],
        dtype=str(entry.get("dtype", "object")),
        required=bool(entry.get("required", True)),
        nullable=bool(entry.get("nullable", False)),
        minimum=entry.get("min"),
        maximum=entry.get("max"),
        categories=None if categories is None else tuple(categories),
        example=entry.get("example"),
        default=entry.get("default"),
        target=bool(entry.get("target", False)),
    )


def _positive(limits: dict[str, Any], name: str, default: int) -> int:
    value = limits.get(name, default)
    if type(value) is not int or value < 1:
        raise ContractError(f"contract.json: limits.{name} is {value!r}, not a positive number")
    return value
