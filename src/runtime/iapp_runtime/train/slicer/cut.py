"""The backward slice: from what the model is given to the raw table, statement by statement."""

from __future__ import annotations

import ast
import types
from typing import Any

from ..kinds import is_estimator
from ..program import Statement
from ..reads import exposed, names_in
from ..recorder.facts import StatementFacts
from ..recorder.state import Recording
from ..snapshot import freeze
from .columns import ColumnUse, Wanted, stored_columns
from .editor import Editor, Notes, Served
from .entries import Entries
from .plan import Plan
from .prune import Pruner

_COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef)


class Kept:
    """A statement (or an expression of one) of the slice with its edits."""

    def __init__(self, statement: Statement, node: Any, plans: dict[int, Plan], kind: str, at: int) -> None:
        self.statement = statement
        self.node = node
        self.plans = plans
        self.kind = kind
        self.at = at
        self.keys: dict[str, Any] = {}
        self.use_names()

    def use_names(self) -> None:
        """Names that the edited text reads and binds."""
        self.reads = exposed(self.node, self.plans)
        self.binds = names_in(self.node, self.plans).binds


class Live:
    """A name whose value was learned: read at statement `at`, value as it was then."""

    def __init__(self, name: str, at: int, value: Any, state: Any) -> None:
        self.name = name
        self.at = at
        self.value = value
        self.state = state


class Cut:
    """Result of slicing: kept statements in reverse order, live names, functions, imports."""

    def __init__(self, recording: Recording, served: Served, entries: Entries) -> None:
        self.recording = recording
        self.served = served
        self.entries = entries
        self.notes = Notes()
        self.kept: list[Kept] = []
        self.live: list[Live] = []
        self.functions: dict[str, tuple[int, int]] = {}
        self.function_reads: dict[str, set[str]] = {}
        self.row_functions: set[str] = set()
        self.imports: dict[str, int] = {}
        self._seen: set[Any] = set()
        self.need_at: dict[int, set[str]] = {}
        raw = recording.sources[served.source].raw
        self.raw_columns = set(getattr(raw, "columns", [])) | served.targets
        self.users = {name for name, value in recording.namespace.items() if recording.is_users(value)}

    # ---- one statement
    def editor(self, statement: Statement, during: list[int], need: dict[str, Wanted] | None) -> Editor:
        """An editor for a statement's executions during some statements."""
        return Editor(self.recording, statement, during, self.served, self.entries, self.notes, need)

    def keep(self, index: int, need: dict[str, Wanted]) -> Kept:
        """Plan a top-level statement that changes something needed."""
        statement = self.recording.statements[index]
        editor = self.editor(statement, [index], need)
        plans = editor.run()
        if any(isinstance(part, (ast.Await, ast.AsyncFor, ast.AsyncWith)) for part in ast.walk(statement.node)):
            raise editor.refusal(
                "IAPP_NOTEBOOK_AWAIT",
                statement.node,
                f"'{editor.text(statement.node)}' waits for something, and the model's input comes from it",
                "fetch what is waited for in a statement of its own, before the rows are read",
            )
        if isinstance(statement.node, _COMPOUND):
            from .loop_columns import loop_keys

            Pruner(editor, plans, self.users).statement(statement.node, set(need))
            keys = loop_keys(editor, plans, statement.node, need)
            kept = Kept(statement, statement.node, plans, "statement", index)
            kept.keys = keys
            return kept
        return Kept(statement, statement.node, plans, "statement", index)

    def expression(self, index: int, node: Any) -> Kept:
        """Plan one expression of a statement."""
        statement = self.recording.statements[index]
        plans = self.editor(statement, [index], None).run(node)
        return Kept(statement, node, plans, "expression", index)

    # ---- names
    def read(self, names: set[str], at: int, need: dict[str, Wanted], uses: dict[str, Wanted]) -> None:
        """Account for names read at a statement: rows to be followed further back, or values and code to take along."""
        facts = self.recording.facts[at]
        for name in sorted(names):
            if name not in self.recording.namespace and name not in facts.binders:
                continue
            if name not in facts.reads:
                self._at_the_end(name, facts)
            row = facts.rows.get(name)
            if row is not None and (self.served.source in row.sources or name not in facts.values):
                wanted = uses.get(name)
                known = row.columns
                wanted = set(known) if wanted is None and known is not None else wanted
                if name in need and (need[name] is None or wanted is None):
                    need[name] = None
                else:
                    need[name] = wanted if wanted is None else set(wanted) | set(need.get(name) or ())
            else:
                need.pop(name, None)
                self._value(name, at, facts, need)

    def _at_the_end(self, name: str, facts: StatementFacts) -> None:
        """A name that only code inside a stored model reads: it is what it was when the notebook ended."""
        facts.reads.add(name)
        value = self.recording.namespace.get(name)
        if name in self.recording.binder:
            facts.binders[name] = self.recording.binder[name]
        if self.recording.is_users(value):
            facts.users.add(name)
        elif not isinstance(value, types.ModuleType):
            facts.values[name] = freeze(value)
            if is_estimator(value):
                facts.estimators[name] = self.recording.estimator_state(value)

    def _value(self, name: str, at: int, facts: StatementFacts, need: dict[str, Wanted]) -> None:
        binder = facts.binders.get(name)
        if binder is not None and is_import(self.recording.statements[binder].node, name):
            self.imports.setdefault(name, binder)
        elif name in facts.users and binder is not None:
            self._function(name, binder, at, need)
        elif name in facts.values and self._starts_empty(name, facts, binder):
            need[name] = None
        elif name in facts.values:
            self.live.append(Live(name, at, facts.values[name], facts.estimators.get(name)))

    def _starts_empty(self, name: str, facts: StatementFacts, binder: int | None) -> bool:
        """`flags = []` before the loop that fills it: the author's line says it best."""
        value = facts.values[name]
        if binder is None or not isinstance(value, (list, dict, set, str, int)) or value:
            return False
        node: Any = self.recording.statements[binder].node
        empty = isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        return empty and name in facts.changed and isinstance(node.value, (ast.List, ast.Dict, ast.Constant))

    def _function(self, name: str, binder: int, at: int, need: dict[str, Wanted]) -> None:
        """A function or class of the notebook: take it along, with everything its remaining text reads."""
        if self.functions.get(name, (binder, at))[0] != binder:
            self.functions[f"{name}@{binder}"] = (binder, at)
        else:
            self.functions.setdefault(name, (binder, at))
        key = (name, binder, at)
        if key in self._seen:
            return
        self._seen.add(key)
        statement = self.recording.statements[binder]
        editor = self.editor(statement, [at], None)
        plans = editor.run()
        Pruner(editor, plans, self.users).statement(statement.node, set())
        reads = names_in(statement.node, plans).reads - {name}
        facts = self.recording.facts[at]
        if any(n in facts.rows and self.served.source in facts.rows[n].sources for n in reads):
            self.row_functions.add(name)
        self.function_reads[name] = self.function_reads.get(name, set()) | reads
        use = ColumnUse(plans, {n: fact.columns for n, fact in facts.rows.items()}, self.raw_columns)
        use.expression(statement.node, None)
        self.read(reads, at, need, use.uses)

    # ---- the slice
    def run(self, criterion: Kept, parts: list[Any], names: set[str]) -> None:
        """Slice backwards from an expression, or (with parts of the same statement before it) from names."""
        need: dict[str, Wanted] = {}
        if parts:
            self.read(names, criterion.at, need, {})
        else:
            self._account(criterion, need, {}, criterion.at)
        self.back(criterion.at - 1, need)

    def back(self, last: int, need: dict[str, Wanted]) -> dict[str, Wanted]:
        """Keep the statements up to `last` that change what is needed."""
        for index in range(last, -1, -1):
            facts = self.recording.facts[index]
            self.need_at[index] = set(need) | {live.name for live in self.live} | set(self.functions)
            if not facts.ran or isinstance(self.recording.statements[index].node, (ast.FunctionDef, ast.ClassDef)):
                continue
            if not relevant(facts, need):
                continue
            kept = self.keep(index, need)
            if kept.node is not None and id(kept.node) in kept.plans and kept.plans[id(kept.node)].template == "":
                continue
            self.kept.append(kept)
            self._account(kept, need, dict(need), index)
        return need

    def _account(self, kept: Kept, need: dict[str, Wanted], after: dict[str, Wanted], at: int) -> None:
        """Update what is needed before a kept statement."""
        facts = self.recording.facts[at]
        columns = {n: fact.columns for n, fact in facts.rows.items()}
        use = ColumnUse(kept.plans, columns, self.raw_columns, {**facts.values, **kept.keys})
        if kept.kind == "statement":
            use.statement(kept.node, {n: self._concrete(w, n, facts) for n, w in after.items()})
            for name in killed(kept):
                need.pop(name, None)
            if id(kept.node) not in kept.plans:
                for name, stored in stored_columns(kept.node).items():
                    if need.get(name) is not None:
                        need[name] = need[name] - stored
        else:
            use.expression(kept.node, None)
        self.read(kept.reads, at, need, use.uses)

    def _concrete(self, wanted: Wanted, name: str, facts: StatementFacts) -> Wanted:
        after = facts.rows_after.get(name)
        return set(after.columns) if wanted is None and after is not None and after.columns is not None else wanted


def relevant(facts: StatementFacts, need: dict[str, Wanted]) -> bool:
    """Did the statement change anything that is needed?"""
    for name, columns in facts.changed.items():
        if name not in need:
            continue
        wanted = need[name]
        if columns is None or wanted is None or columns & wanted:
            return True
    return False


def killed(kept: Kept) -> set[str]:
    """Names that the statement binds anew, whatever they were before."""
    plan = kept.plans.get(id(kept.node))
    if plan is not None:
        return set(plan.binds or ())
    node = kept.node
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    parts = [p for t in targets for p in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def is_import(node: ast.AST, name: str) -> bool:
    """Does the statement bind the name by an import (also inside `try`)?"""
    from ..reads import imported

    for part in ast.walk(node):
        if isinstance(part, (ast.Import, ast.ImportFrom)) and (
            name in imported(part) or any(alias.name == "*" for alias in part.names)
        ):
            return True
    return False
