"""What is known of one statement after it ran."""

from __future__ import annotations

from typing import Any

from ..lineage import Rows
from ..program import Cell


class RowFact:
    """A row-aligned name at one moment: sources its rows come from, the rows themselves, column names of a frame."""

    __slots__ = ("columns", "rows", "sources")

    def __init__(self, sources: frozenset[int], rows: Rows | None, columns: tuple[Any, ...] | None) -> None:
        self.sources = sources
        self.rows = rows
        self.columns = columns


class Failure:
    """A statement that raised."""

    __slots__ = ("ename", "evalue", "line", "missing", "traceback")

    def __init__(self, line: int, ename: str, evalue: str, traceback: list[str], missing: str | None) -> None:
        self.line = line
        self.ename = ename
        self.evalue = evalue
        self.traceback = traceback
        self.missing = missing


class Unread:
    """A cell that Python cannot parse, so that no statement of it is known."""

    __slots__ = ("cell", "ename", "evalue", "line")

    def __init__(self, cell: Cell, line: int, ename: str, evalue: str) -> None:
        self.cell = cell
        self.line = line
        self.ename = ename
        self.evalue = evalue


class StatementFacts:
    """Names read (through functions too), their state before the statement, and what it changed."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.ran = False
        self.ok = False
        self.failure: Failure | None = None
        self.reads: set[str] = set()
        self.rows: dict[str, RowFact] = {}
        self.values: dict[str, Any] = {}
        self.estimators: dict[str, Any] = {}
        self.binders: dict[str, int] = {}
        self.users: set[str] = set()
        self.changed: dict[str, set[Any] | None] = {}
        self.rows_after: dict[str, RowFact] = {}
        self.samples: dict[str, dict[str, Any]] = {}
        self.counts: set[str] = set()
        self.predictions: dict[str, int] = {}
        self.predictions_read: dict[str, int] = {}
        self.degraded = False
        self.plotted = False
