"""When two answers are the same: the rules by which probe and proof compare.

Labels, text, integers and times are the same only when equal. Missing equals missing, -0.0 equals 0.0. Floating
numbers are the same when bit-equal, or within a relative bound: libraries of linear algebra add in another order when
the number of rows or the layout in memory differs, which moves the last digits. A difference far below the size of the
column (rounding left over from a subtraction) counts as rounding too. Numbers that are 32-bit by nature have a wider
bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from . import cells
from .objects import same_objects

RELATIVE = 1e-9
SHARE_OF_COLUMN = 1e-13
RELATIVE_32 = 1e-5
SHARE_OF_COLUMN_32 = 1e-6


@dataclass(frozen=True)
class Difference:
    """Where two answers part: row counted in the compared order, column by name or position, both values as text."""

    row: Optional[int]
    column: Optional[str]
    expected: str
    actual: str


@dataclass(frozen=True)
class Comparison:
    """`exact`: bit-equal. `equal`: within the rules. `max_difference`: the largest absolute one between numbers."""

    equal: bool
    exact: bool
    max_difference: float
    first: Optional[Difference] = None
    single_precision: bool = False

    def merged(self, other: Comparison) -> Comparison:
        """Both together; the first difference is the earlier one's."""
        return Comparison(
            self.equal and other.equal,
            self.exact and other.exact,
            max(self.max_difference, other.max_difference),
            self.first or other.first,
            self.single_precision or other.single_precision,
        )


SAME = Comparison(True, True, 0.0)


def compare(expected: Any, actual: Any, reference: Any = None, exact: bool = False) -> Comparison:
    """Compares two tables, matrices or lists row by row.

    `reference` (default `expected`) holds the columns at full length, for their size and precision. With `exact` only
    bit-equal numbers are the same.
    """
    if expected is None or actual is None:
        return SAME if expected is None and actual is None else _differs(None, "-", _kind(expected), _kind(actual))
    n, m = cells.count(expected), cells.count(actual)
    if n != m:
        return _differs(None, None, f"{n} rows", f"{m} rows")
    if cells.is_frame(expected) != cells.is_frame(actual):
        return _differs(None, None, _kind(expected), _kind(actual))
    ours, theirs = cells.columns(expected), cells.columns(actual)
    sizes = cells.columns(expected if reference is None else reference)
    wrong = _layout(ours, theirs)
    if wrong is not None:
        return wrong
    out = SAME
    for (name, a), (_, b), (_, size) in zip(ours, theirs, sizes):
        out = out.merged(_values(name, a, b, size, exact))
    return out


def count_different(a: np.ndarray, b: np.ndarray) -> int:
    """How many rows of two arrays of answers differ, numbers by more than `RELATIVE`; all, where the shapes do."""
    if a.shape != b.shape:
        return len(a)
    if a.dtype.kind in "biufc" and b.dtype.kind in "biufc":
        same = np.isclose(a, b, rtol=RELATIVE, atol=0.0, equal_nan=True)
    else:
        same, _ = same_objects(a, b, RELATIVE)
    return int((~same.reshape(len(a), -1).all(axis=1)).sum())


def _layout(ours: list, theirs: list) -> Optional[Comparison]:
    """Other columns, or the same ones in another order."""
    a, b = [name for name, _ in ours], [name for name, _ in theirs]
    if len(a) != len(b):
        gone = [str(name) for name in a if name not in b] or [str(name) for name in b if name not in a]
        return _differs(None, gone[0] if gone else None, f"{len(a)} columns", f"{len(b)} columns")
    named = [(x, y) for x, y in zip(a, b) if x is not None and y is not None and x != y]
    if named:
        return _differs(None, named[0][0], f"column {named[0][0]!r}", f"column {named[0][1]!r} in its place")
    for (name, x), (_, y) in zip(ours, theirs):
        if x.shape[1:] != y.shape[1:]:
            return _differs(None, name, f"shape {tuple(x.shape)}", f"shape {tuple(y.shape)}")
    return None


def _values(name: Optional[str], a: Any, b: Any, size: Any, exact: bool) -> Comparison:
    if cells.is_sparse(a) or cells.is_sparse(b):
        return _sparse(a, b, size, exact)
    if a.dtype.kind in "biufc" and b.dtype.kind in "biufc":
        return _numbers(name, a, b, size, exact)
    if a.dtype.kind == b.dtype.kind and a.dtype.kind in "mMUS":
        same = (a == b) | (cells.missing(a) & cells.missing(b))
        return SAME if same.all() else _first(name, a, b, ~same, 0.0, False)
    same, rounded = same_objects(a, b, 0.0 if exact else RELATIVE)
    if not same.all():
        return _first(name, a, b, ~same, 0.0, False)
    return SAME if not rounded else Comparison(True, False, rounded)


def _numbers(name: Optional[str], a: np.ndarray, b: np.ndarray, size: Any, exact: bool) -> Comparison:
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        same = a == b
        return SAME if same.all() else _first(name, a, b, ~same, _largest(a, b, ~same), False)
    with np.errstate(all="ignore"):
        same = (a == b) | ((a != a) & (b != b))
        if same.all():
            return SAME
        single = is_single(a) or is_single(np.asarray(size))
        wide = complex if a.dtype.kind == "c" or b.dtype.kind == "c" else float
        x, y = a.astype(wide), b.astype(wide)
        gap = np.abs(x - y)
        relative, share = (RELATIVE_32, SHARE_OF_COLUMN_32) if single else (RELATIVE, SHARE_OF_COLUMN)
        near = gap <= np.maximum(relative * np.maximum(np.abs(x), np.abs(y)), share * _column_size(size))
        near &= np.isfinite(gap)
    bad = ~same if exact else ~(same | near)
    gap[same] = 0.0
    largest = float(gap.max()) if np.isfinite(gap).all() else float("inf")
    if bad.any():
        return _first(name, a, b, bad, largest, single)
    return Comparison(True, False, largest, None, single)


def _column_size(size: Any) -> Any:
    """Largest finite magnitude of each column."""
    values = np.abs(np.asarray(size, dtype=complex if np.asarray(size).dtype.kind == "c" else float))
    values = np.where(np.isfinite(values), values, 0.0)
    return values.max(axis=0) if values.ndim and values.shape[0] else 0.0


def is_single(values: Any) -> bool:
    """Numbers of 32 bits or fewer, by type or because every one of them is exactly such a number."""
    if values.dtype.kind != "f":
        return False
    if values.dtype.itemsize <= 4:
        return True
    finite = values[np.isfinite(values)]
    fractions = finite[finite != np.round(finite)]
    # Halves and quarters fit 32 bits by chance; many long fractions do not.
    if len(fractions) < 20 or bool((fractions * 4096.0 == np.round(fractions * 4096.0)).mean() > 0.5):
        return False
    return bool((fractions.astype(np.float32).astype(float) == fractions).all())


def _sparse(a: Any, b: Any, size: Any, exact: bool) -> Comparison:
    if not (cells.is_sparse(a) and cells.is_sparse(b)):
        return _differs(None, None, _kind(a), _kind(b))
    gap = (a.tocsr() - b.tocsr()).tocoo()
    at = np.flatnonzero(gap.data != 0)  # NaN != 0 as well
    if not len(at):
        return SAME
    rows, places = gap.row[at], gap.col[at]
    order = np.lexsort((places, rows))
    rows, places = rows[order], places[order]
    x = np.asarray(a.tocsr()[rows, places]).ravel()
    y = np.asarray(b.tocsr()[rows, places]).ravel()
    scale = np.full(len(x), float(np.abs(size.data).max()) if cells.is_sparse(size) and size.nnz else 0.0)
    found = _numbers(None, x, y, scale, exact)
    if found.first is None or found.first.row is None:
        return found
    k = found.first.row
    where = Difference(int(rows[k]), str(int(places[k])), found.first.expected, found.first.actual)
    return Comparison(found.equal, found.exact, found.max_difference, where, found.single_precision)


def _first(name: Optional[str], a: Any, b: Any, bad: np.ndarray, largest: float, single: bool) -> Comparison:
    where = np.unravel_index(int(np.flatnonzero(bad.ravel())[0]), bad.shape)
    column = name if len(where) < 2 else ", ".join(str(int(i)) for i in where[1:])
    row = int(where[0]) if where else None
    return Comparison(False, False, largest, Difference(row, column, show(a[where]), show(b[where])), single)


def _largest(a: np.ndarray, b: np.ndarray, bad: np.ndarray) -> float:
    return float(np.abs(a[bad].astype(float) - b[bad].astype(float)).max())


def _differs(row: Optional[int], column: Optional[str], expected: str, actual: str) -> Comparison:
    return Comparison(False, False, float("inf"), Difference(row, column, expected, actual))


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def show(value: Any) -> str:
    """A value as text, numbers with every digit, cut at 200 characters."""
    if isinstance(value, np.generic):
        value = value.item()
    text = repr(value)
    return text if len(text) <= 200 else text[:199] + "…"
