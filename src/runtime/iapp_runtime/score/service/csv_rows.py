"""CSV bodies: a header line, then one row a line, read as the notebook's read_csv would read them."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from .contract import Column, Contract
from .errors import malformed

#: What pandas' read_csv takes for a missing value by default. A column whose training values hold one of
#: these as a category keeps it as text.
MISSING = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    ]
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}


def decode_csv(body: bytes, contract: Contract) -> list[dict[str, Any]]:
    """Rows as dicts of typed values; what does not read as its column's type stays text, for validation to name.

    A byte order mark is skipped, as read_csv does (spreadsheets write one).

    Raises:
        ServiceError: 400 when it is no CSV: not UTF-8, no header, a column twice, a line of another length.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise malformed("the body is not valid UTF-8") from None
    if "\0" in text:
        raise malformed("the body holds a NUL character")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next((line for line in lines if line), None)
        if header is None:
            raise malformed("the CSV body has no header line")
        if len(set(header)) != len(header):
            raise malformed("the CSV header names a column twice")
        readers = [_reader(contract.column(name)) for name in header]
        rows: list[dict[str, Any]] = []
        for line in lines:
            if not line:
                continue
            if len(line) != len(header):
                raise malformed(f"CSV row {len(rows)} has {len(line)} fields, the header has {len(header)}")
            rows.append({name: read(cell) for name, read, cell in zip(header, readers, line)})
            if len(rows) > contract.limits.rows:
                break  # validation refuses the request; reading on would only cost
        return rows
    except csv.Error as error:
        raise malformed(f"the body is not CSV: {error}") from None


def _reader(column: Column | None) -> Any:
    if column is None:
        return lambda cell: cell
    kept = frozenset(value for value in column.categories or () if isinstance(value, str))
    convert = _CONVERT[_kind(column)]
    return lambda cell: None if cell in MISSING and cell not in kept else convert(cell)


def _kind(column: Column) -> str:
    """Categories are read as the kind of their values; columns of several kinds stay text."""
    if column.type != "category":
        return column.type
    kinds = {type(value) for value in column.categories or ()}
    if kinds == {bool}:
        return "boolean"
    return "number" if kinds and kinds <= {int, float} else "string"


def _number(cell: str) -> Any:
    text = cell.strip(" \t")
    if _INTEGER.match(text):
        return int(text)
    # float() alone would also take "nan", "infinity" and "1_000".
    return float(text) if _NUMBER.match(text) else cell


def _boolean(cell: str) -> Any:
    return _BOOLEANS.get(cell.strip(" \t"), cell)


def _text(cell: str) -> Any:
    return cell


_CONVERT = {
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "string": _text,
    "datetime": _text,
    "category": _text,
}
