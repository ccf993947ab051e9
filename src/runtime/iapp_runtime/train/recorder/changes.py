"""What a statement changed: names that hold something else after it, and tables that it writes into."""

from __future__ import annotations

import types
from typing import Any, Callable

import numpy as np
import pandas as pd

from ..fingerprint import of_columns, of_value
from ..kinds import IMMUTABLE, is_sparse, take
from ..lineage import Rows
from ..networks import is_tensor, plain
from ..program import Statement
from ..reads import names_in
from ..snapshot import freeze
from .facts import RowFact, StatementFacts
from .state import Recording
from .stores import reach, written_tables

#: What the shell itself keeps among the user's names: its history grows with every cell.
SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


class Changes:
    """Versions of all names of a recording, and what each statement made of them."""

    def __init__(self, recording: Recording, row_fact: Callable[[Any], RowFact | None]) -> None:
        self.recording = recording
        self.row_fact = row_fact
        self.versions: dict[str, tuple[int, Any]] = {}

    def note(self, statement: Statement, facts: StatementFacts) -> None:
        """Compare what the names hold with what they held, and add what the statement writes into by its text."""
        recording = self.recording
        names = names_in(statement.node)
        touched = {id(recording.namespace[n]) for n in facts.reads | names.binds if n in recording.namespace}
        for name in facts.reads | names.binds:
            reach(recording.namespace.get(name), touched)
        prints: dict[int, Any] = {}
        for name, value in list(recording.namespace.items()):
            if (name.startswith("_") or name in SHELL_NAMES) and name not in names.binds:
                continue
            if isinstance(value, IMMUTABLE):
                old = self.versions.get(name)
                if name in names.binds or old is None or old[0] != id(value):
                    if (
                        name not in names.binds
                        and old is None
                        and isinstance(value, types.ModuleType)
                        and name not in facts.binders
                    ):
                        recording.binder.setdefault(name, statement.index)
                    facts.changed[name] = None
                    self.versions[name] = (id(value), None)
                    if name not in names.binds:
                        recording.binder.setdefault(name, statement.index)
                continue
            if not (
                name not in self.versions
                or self.versions[name][0] != id(value)
                or id(value) in touched
                or _holds(value, touched)
            ):
                continue
            if id(value) not in prints:
                prints[id(value)] = of_columns(value) if isinstance(value, pd.DataFrame) else of_value(value)
            self._compare(name, value, prints[id(value)], facts)
            if name not in recording.binder:
                recording.binder[name] = statement.index
        for name, columns in written_tables(recording, statement.node).items():
            self._written(name, columns, facts)

    def _compare(self, name: str, value: Any, now: Any, facts: StatementFacts) -> None:
        old = self.versions.get(name)
        marked = (now, id(value.index), value.columns) if isinstance(value, pd.DataFrame) else now
        self.versions[name] = (id(value), marked)
        if old is None or old[0] != id(value):
            facts.changed[name] = None
        elif isinstance(value, pd.DataFrame) and isinstance(old[1], tuple) and isinstance(old[1][0], dict):
            before, index, _ = old[1]
            columns = {c for c in now if c not in before or before[c] != now[c]}
            # Without a column the whole table is another one: what reads all of it reads less.
            if set(before) - set(now) or index != id(value.index):
                facts.changed[name] = None
            elif columns:
                facts.changed[name] = columns
            else:
                return
        elif old[1] == now:
            return
        else:
            facts.changed[name] = None
        row = self.row_fact(value)
        if row is not None:
            facts.rows_after[name] = row
            if row.rows is not None:
                self._sample(name, value, row.rows, facts)
            made = self.recording.made_from(value)
            if made is not None:
                facts.predictions[name] = made
                self.recording.finals[(made, name, facts.index)] = freeze(value)

    def _written(self, name: str, columns: set[Any] | None, facts: StatementFacts) -> None:
        """A table that the statement writes into, although (in some columns) no value became another one."""
        value = self.recording.namespace[name]
        known = facts.changed.get(name, set())
        facts.changed[name] = None if columns is None or known is None else known | columns
        row = self.row_fact(value)
        if row is not None:
            facts.rows_after.setdefault(name, row)

    def _sample(self, name: str, value: Any, rows: Rows, facts: StatementFacts) -> None:
        """Values at the probe rows, for finding the first statement that differs."""
        if is_sparse(value) or (isinstance(value, pd.DataFrame) and value.shape[1] > 500):
            return
        for source in rows.sources:
            positions = rows.positions(source)
            at = np.flatnonzero(np.isin(positions, self.recording.sources[source].probe))[:64]
            if len(at):
                part = take(value, at)
                columns = [str(c) for c in value.columns] if isinstance(value, pd.DataFrame) else None
                values = (
                    part.to_numpy(dtype=object)
                    if isinstance(part, (pd.DataFrame, pd.Series))
                    else np.asarray(plain(part) if is_tensor(part) else part, dtype=object)
                )
                facts.samples.setdefault(name, {})[str(source)] = (positions[at], columns, values)


def _holds(value: Any, touched: set[int]) -> bool:
    objects: set[int] = set()
    reach(value, objects)
    return not objects.isdisjoint(touched)
