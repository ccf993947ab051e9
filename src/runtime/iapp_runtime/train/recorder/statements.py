"""What is noted before and after each top-level statement."""

from __future__ import annotations

import ast
import time
import types
from typing import Any

import pandas as pd

from ..fingerprint import of_value
from ..kinds import IMMUTABLE, columns_of, is_estimator, is_rowlike, n_rows
from ..program import Cell, Statement
from ..reads import names_in
from ..snapshot import freeze
from .changes import Changes
from .facts import RowFact, StatementFacts
from .row_counts import row_counts
from .state import Recording

# Tables up to this size are copied when a statement also reads rows of another source; larger ones are followed back.
_COPIED = 64 << 20


class Observer:
    """Keeps the facts of every statement of a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.copies: dict[tuple[int, Any], tuple[Any, Any]] = {}
        self.closures: dict[int, set[str]] = {}
        self.changes = Changes(recording, self.row_fact)

    # ---- before
    def begin(self, cell: Cell, node: ast.stmt) -> Statement:
        """A statement is about to run: which names it can read, and what they hold."""
        started = time.perf_counter()
        recording = self.recording
        statement = Statement(len(recording.statements), cell, node)
        facts = StatementFacts(statement.index)
        recording.statements.append(statement)
        recording.facts.append(facts)
        recording.statement = statement.index
        recording.loop_rows = []
        facts.ran = True
        facts.reads = self._closure(node)
        try:
            self._state(facts)
        except Exception as error:
            recording.fault(error)
        recording.tracking_seconds += time.perf_counter() - started
        return statement

    def skipped(self, cell: Cell, node: ast.stmt) -> None:
        """A statement that does not run because one before it in the cell failed."""
        statement = Statement(len(self.recording.statements), cell, node)
        self.recording.statements.append(statement)
        self.recording.facts.append(StatementFacts(statement.index))

    def _closure(self, node: ast.AST) -> set[str]:
        """Names the statement reads, also through functions and classes of the notebook that it can reach."""
        recording = self.recording
        found: set[str] = set()
        todo = list(names_in(node).reads)
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            value = recording.namespace.get(name)
            if recording.is_users(value) or recording.is_users(type(value)):
                owner = name if recording.is_users(value) else type(value).__name__
                binder = recording.binder.get(owner)
                if binder is not None:
                    if binder not in self.closures:
                        self.closures[binder] = names_in(recording.statements[binder].node).reads
                    todo.extend(self.closures[binder])
                    todo.append(owner)
        return found

    def _state(self, facts: StatementFacts) -> None:
        recording = self.recording
        plain: list[str] = []
        for name in facts.reads:
            if name not in recording.namespace or name.startswith("_iapp"):
                continue
            value = recording.namespace[name]
            if name in recording.binder:
                facts.binders[name] = recording.binder[name]
            if recording.is_users(value):
                facts.users.add(name)
            elif isinstance(value, types.ModuleType):
                continue
            elif name in recording.counts and recording.counts[name][0] == id(value):
                facts.rows[name] = RowFact(recording.counts[name][1], None, None)
            else:
                row = self.row_fact(value)
                if row is not None:
                    facts.rows[name] = row
                    made = recording.made_from(value)
                    if made is not None:
                        facts.predictions_read[name] = made
                else:
                    plain.append(name)
        sources = {s for fact in facts.rows.values() for s in fact.sources}
        for name in plain:
            facts.values[name] = self._copy(name, facts)
        if len(sources) > 1:
            for name, fact in facts.rows.items():
                if (
                    len(fact.sources) < len(sources)
                    and _size(recording.namespace[name]) <= _COPIED
                    and fact.rows is not None
                ):
                    facts.values[name] = self._copy(name, facts)

    def _copy(self, name: str, facts: StatementFacts) -> Any:
        value = self.recording.namespace[name]
        if is_estimator(value):
            state = self.recording.estimator_state(value)
            facts.estimators[name] = state
            return state.value
        if isinstance(value, IMMUTABLE):
            return value
        key = (id(value), of_value(value))
        if key[1] is None:
            return freeze(value)
        if key not in self.copies or self.copies[key][0] is not value:
            self.copies[key] = (value, freeze(value))
        return self.copies[key][1]

    def row_fact(self, value: Any, depth: int = 0) -> RowFact | None:
        """Is this value row-aligned, or does it hold something that is?"""
        recording = self.recording
        if is_rowlike(value):
            rows = recording.rows(value)
            if rows is not None:
                return RowFact(rows.sources, rows, columns_of(value))
        if depth < 2 and isinstance(value, (list, tuple, dict)) and 0 < len(value) < 100:
            inner = [self.row_fact(v, depth + 1) for v in (value.values() if isinstance(value, dict) else value)]
            sources = [fact.sources for fact in inner if fact is not None]
            if sources:
                return RowFact(frozenset().union(*sources), None, None)
        if id(value) in recording.bunches and recording.bunches[id(value)][0] is value:
            return None
        parents = recording.lazy.get(id(value))
        if parents is not None and parents[0] is value:
            return RowFact(frozenset().union(*(rows.sources for _, rows in parents[1])), None, None)
        return None

    # ---- after
    def end(self, statement: Statement, ok: bool) -> None:
        """The statement ran: what it changed."""
        started = time.perf_counter()
        recording = self.recording
        facts = recording.facts[statement.index]
        facts.ok = ok
        try:
            self._adopt(statement, facts)
            self.changes.note(statement, facts)
        except Exception as error:
            recording.fault(error)
        held = {id(value) for value in recording.namespace.values()}
        recording.lazy = {key: entry for key, entry in recording.lazy.items() if key in held}
        recording.tracking_seconds += time.perf_counter() - started

    def _adopt(self, statement: Statement, facts: StatementFacts) -> None:
        """Lists filled by a loop over rows have those rows; `x += 1` keeps those of x; `n = len(df)` is a row count."""
        recording = self.recording
        names = names_in(statement.node)
        for name in names.binds | names.reads:
            value = recording.namespace.get(name)
            if not is_rowlike(value) or recording.tracker.get(value) is not None:
                continue
            for rows in recording.loop_rows:
                if len(rows) == n_rows(value) and not _holds_tables(value):
                    recording.set_rows(value, rows)
            before = facts.rows.get(name)
            if isinstance(statement.node, ast.AugAssign) and before is not None and before.rows is not None:
                recording.set_rows(value, before.rows)
        for name in names.binds:
            recording.counts.pop(name, None)
        for name, sources in row_counts(recording, statement).items():
            recording.counts[name] = (id(recording.namespace.get(name)), sources)
        for name in names.binds:
            recording.binder[name] = statement.index


def _holds_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], (pd.DataFrame, pd.Series))


def _size(value: Any) -> int:
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage(index=False).sum())
    return int(getattr(value, "nbytes", 0) or 0)
