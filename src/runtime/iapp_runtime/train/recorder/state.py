"""Everything one recording holds, and the questions the hooks ask of it."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..kinds import TABLES, is_groups, is_lazy, is_rowlike, n_rows
from ..lineage import ByIdentity, Rows, Tracker, source_rows
from ..program import Program, Statement
from ..snapshot import deep_snapshot, freeze, snapshot, state_key
from .derive import Parents
from .facts import StatementFacts, Unread
from .log import Execution, SiteLog

ADOPT_FROM = 20
PROBE_ROWS = 64
_NESTING = 200


class Source:
    """A table as it came into the program."""

    def __init__(
        self, number: int, statement: int, site: int, call: str, raw: Any, part: str | int | None, whole: Any
    ) -> None:
        self.number = number
        self.statement = statement
        self.site = site
        self.call = call
        self.raw = raw
        self.part = part
        self.whole = whole
        self.literal = False
        rng = np.random.RandomState(0)
        count = n_rows(raw)
        self.probe = np.sort(rng.choice(count, min(PROBE_ROWS, count), replace=False))


class EstimatorState:
    """An estimator as fitted at one moment."""

    def __init__(self, number: int, owner: Any, value: Any) -> None:
        self.number = number
        self.owner = owner
        self.value = value
        self.name: str | None = None
        # The rows that it was fitted on, and the statement that did.
        self.learned_from: Rows | None = None
        self.statement: int | None = None


class Recording:
    """State of a recording: statements and their facts, lineage, sources, site logs, estimator states, candidates."""

    def __init__(self, program: Program, namespace: dict[str, Any]) -> None:
        self.program = program
        self.namespace = namespace
        self.statements: list[Statement] = []
        self.facts: list[StatementFacts] = []
        self.unread: list[Unread] = []
        self.sites: list[Any] = []
        self.logs: dict[tuple[int, int], SiteLog] = {}
        self.tracker = Tracker()
        self.predictions = ByIdentity()
        self.sources: list[Source] = []
        self.lengths: dict[int, Rows] = {}
        self.lazy: dict[int, tuple[Any, Parents]] = {}
        self.bunches: dict[int, tuple[Any, int]] = {}
        self.states: dict[Any, EstimatorState] = {}
        self.by_value: dict[int, EstimatorState] = {}
        self.partial: dict[int, int] = {}
        self.candidates: list[Any] = []
        self.dumped: list[tuple[int, Any]] = []
        # Calls of the notebook's functions with plain values, by place.
        self.asked: dict[tuple[int, int], Any] = {}
        self.forecasts: list[Any] = []
        # Loops over batches: by statement and site, the table that each part of a batch is made of.
        self.batches: dict[tuple[int, int], dict[int, str]] = {}
        self.filters: list[dict[str, Any]] = []
        self.loop_rows: list[Rows] = []
        self.not_rows = ByIdentity()
        self.events = 0
        self.turns: dict[tuple[int, int], list[Any]] = {}
        self.group_by = ByIdentity()
        self.built: dict[int, tuple[Any, ...]] = {}
        self.copies: dict[Any, tuple[Any, Any]] = {}
        self.binder: dict[str, int] = {}
        self.finals: dict[tuple[int, str, int], Any] = {}
        self.counts: dict[str, tuple[int, frozenset[int]]] = {}
        self.statement = -1
        self.context: tuple[Any, ...] = ()
        self.faults: list[str] = []
        self.tracking_seconds = 0.0
        self.user_seconds = 0.0
        self.order = 0

    # ---- lineage
    def rows(self, value: Any) -> Rows | None:
        """Lineage of a value: its own, or adopted when an untracked table is exactly as long as a known one."""
        found = self.tracker.get(value)
        if found is not None:
            return found
        if isinstance(value, (list, np.ndarray, *TABLES)) and is_rowlike(value):
            count = n_rows(value)
            if count >= ADOPT_FROM and count in self.lengths and not self.is_not_rows(value) and _plain_items(value):
                return self.lengths[count]
        return None

    def is_not_rows(self, value: Any) -> bool:
        """True when the value was seen to hold no rows although it may be as long as the table."""
        return bool(self.not_rows.find(value))

    def set_rows(self, value: Any, rows: Rows) -> None:
        """Attach lineage."""
        if is_rowlike(value) and n_rows(value) == len(rows):
            self.tracker.set(value, rows)
            if len(rows) >= ADOPT_FROM:
                self.lengths[len(rows)] = rows

    def parents(self, values: Iterable[Any], depth: int = 0) -> Parents:
        """The row-aligned values among operands, looking into lazy views and small containers."""
        found: Parents = []
        for value in values:
            if type(value) in (str, int, float, bool, type(None)):
                continue
            if id(value) in self.lazy and self.lazy[id(value)][0] is value:
                found += self.lazy[id(value)][1]
            elif is_rowlike(value):
                rows = self.rows(value)
                if rows is not None:
                    found.append((value, rows))
                elif isinstance(value, list) and len(value) < _NESTING and depth < 2:
                    found += self.parents([v for v in value if is_rowlike(v) or isinstance(v, tuple)], depth + 1)
            elif is_lazy(value):
                held = next(
                    (
                        o
                        for o in (getattr(value, n, None) for n in ("obj", "_data", "_parent", "_orig"))
                        if o is not None
                    ),
                    None,
                )
                rows = self.rows(held) if held is not None and is_rowlike(held) else None
                if rows is not None:
                    found.append((held, rows))
            elif isinstance(value, (tuple, dict)) and len(value) < _NESTING and depth < 2:
                inner = value.values() if isinstance(value, dict) else value
                found += self.parents([v for v in inner if is_rowlike(v) or isinstance(v, (tuple, dict))], depth + 1)
        if found and not depth:
            self.events += 1
        return found

    def new_source(
        self, site: int, call: str, raw: Any, part: str | int | None = None, whole: Any = None
    ) -> Source | None:
        """Register a table that comes in from outside; returns None when it is too small to be one."""
        if not is_rowlike(raw) or n_rows(raw) < 2:
            return None
        source = Source(len(self.sources), self.statement, site, call, freeze(raw), part, freeze(whole))
        self.sources.append(source)
        self.set_rows(raw, source_rows(source.number, n_rows(raw)))
        return source

    def set_lazy(self, value: Any, parents: Parents, owner: Any = None) -> None:
        """Note what a lazy view is a view of; a column of groups is grouped as its owner is."""
        self.lazy[id(value)] = (value, parents)
        by = self.group_by.find(owner) if owner is not None else None
        if by is not None and is_groups(value):
            self.group_by.put(value, by)

    # ---- logs
    def log(self, site: int) -> SiteLog:
        """The log of a site in the running statement."""
        key = (self.statement, site)
        found = self.logs.get(key)
        if found is None:
            found = self.logs[key] = SiteLog()
        return found

    def add(
        self,
        site: int,
        kind: str,
        value: Any = None,
        act: str | None = None,
        sources: frozenset[int] = frozenset(),
        **data: Any,
    ) -> Execution:
        """Log one execution of a site."""
        execution = Execution(kind, self.context, value, act, data, sources)
        self.log(site).add(execution)
        return execution

    def next_turn(self) -> int:
        """A number of its own for each turn of a loop."""
        self.order += 1
        return self.order

    # ---- estimators
    def estimator_state(self, estimator: Any) -> EstimatorState:
        """The estimator's present state; equal states are one object."""
        key = (state_key(estimator), self.partial.get(id(estimator), 0))
        found = self.states.get(key)
        if found is None:
            deep = id(estimator) in self.partial or bool(getattr(estimator, "warm_start", False))
            copied = deep_snapshot(estimator) if deep else snapshot(estimator)
            found = EstimatorState(len(self.states), estimator, copied)
            self.states[key] = found
            self.by_value[id(copied)] = found
        return found

    # ---- predictions followed forward
    def made_from(self, value: Any) -> int | None:
        """Number of the candidate whose predictions alone made this value."""
        found = self.predictions.find(value)
        return None if found is None else int(found)

    def mark_prediction(self, value: Any, candidate: int) -> None:
        """Note that a value is made of one candidate's predictions and nothing else that has rows."""
        self.predictions.put(value, candidate)

    # ---- functions of the notebook
    def is_users(self, function: Any) -> bool:
        """True for functions, methods and classes that the notebook itself defines."""
        if isinstance(function, types.MethodType):
            function = function.__func__
        if isinstance(function, types.FunctionType):
            return function.__globals__ is self.namespace
        return (
            isinstance(function, type)
            and function.__module__ == self.namespace.get("__name__", "__main__")
            and not issubclass(function, BaseException)
        )

    def fault(self, error: BaseException) -> None:
        """Remember a fault of our own; the user's run goes on."""
        import traceback

        if len(self.faults) < 20:
            self.faults.append("".join(traceback.format_exception(type(error), error, error.__traceback__))[-4000:])


def _plain_items(value: Any) -> bool:
    """Lists are adopted as rows when they hold values, not tables, names of steps or estimators."""
    if not isinstance(value, list):
        return True
    return bool(value) and isinstance(
        value[0], (str, int, float, bool, list, tuple, dict, np.ndarray, np.generic, type(None))
    )
