"""Edits of one statement: for every place in it, what was seen there and what scoring does instead."""

from __future__ import annotations

import ast
from typing import Any

from ..lineage import Rows
from ..program import Statement
from ..recorder.log import Execution
from ..recorder.state import Recording
from .access import Access, find_access, loops_around, near
from .dropped import plan_drop
from .entries import Entries
from .naming import hint_for, snake, words_of
from .plan import Plan, escape
from .refusals import Refused

Need = dict[str, Any]


class Served:
    """What the slice is cut for: the source whose rows are served and the rows that reach the model."""

    def __init__(self, source: int, rows: set[int], fits: set[int], targets: set[str]) -> None:
        self.source = source
        self.rows = rows
        self.fits = fits
        self.targets = targets


class Notes:
    """What the edits of a slice have to say beside the text."""

    def __init__(self) -> None:
        self.checks: dict[int, dict[str, Any]] = {}


class Editor:
    """Plans the edits of one statement, for its executions during the given statements of the slice."""

    def __init__(
        self,
        recording: Recording,
        statement: Statement,
        during: list[int],
        served: Served,
        entries: Entries,
        notes: Notes,
        need: Need | None,
    ) -> None:
        self.recording = recording
        self.statement = statement
        self.during = during
        self.served = served
        self.entries = entries
        self.notes = notes
        self.need = need
        self.plans: dict[int, Plan] = {}
        self.turns: dict[int, int] = {}

    # ---- planning
    def run(self, root: Any = None) -> dict[int, Plan]:
        """Plans by `id(node)`, for the statement or one expression of it."""
        self._visit(self.statement.node if root is None else root)
        return self.plans

    def _visit(self, node: Any) -> None:
        plan = self._statement_plan(node) if isinstance(node, ast.stmt) else self._site_plan(node)
        if plan is not None:
            self.plans[id(node)] = plan
            for hole in plan.holes:
                self._visit(hole)
            return
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _site_plan(self, node: Any) -> Plan | None:
        from ..policies import EDITORS

        executions, kinds = self.seen(node)
        if not executions:
            return plan_drop(self, node)
        acts = {execution.act for execution in executions}
        if acts == {"row_statistic"}:
            values = [e.value for e in executions]
            steady = all(near(values[0], value) for value in values[1:])
            return self.plan(node).done(self.constant(values[0], node, "")) if steady else None
        if kinds == {"frozen"} and acts == {None}:
            return self.frozen(node, executions)
        if len(acts) == 1 and None not in acts:
            editor = EDITORS.get(str(next(iter(acts))))
            return editor(self, node, executions) if editor is not None else None
        return None

    def _statement_plan(self, node: ast.stmt) -> Plan | None:
        from .statements import plan_statement

        return plan_statement(self, node)

    def seen(self, node: Any) -> tuple[list[Execution], set[str]]:
        """Kept executions of a node for the served rows, and all kinds seen."""
        site = int(getattr(node, "site", -1))
        executions: list[Execution] = []
        kinds: set[str] = set()
        for index in self.during:
            log = self.recording.logs.get((index, site))
            if log is None:
                continue
            if log.overflow or (self.recording.facts[index].degraded and log.executions):
                raise self.refusal(
                    "IAPP_NOTEBOOK_TOO_OFTEN",
                    node,
                    f"'{self.text(node)}' was executed {log.seen} times with values that differ",
                    None,
                )
            executions += [e for e in log.executions if self._in_turn(e)]
            kinds |= log.kinds
        ours = [e for e in executions if not e.sources or self.is_served(e.sources)]
        if ours and len(ours) < len(executions):
            executions = ours
            kinds = {e.kind for e in ours} | (kinds - {"frozen"} if kinds != {"frozen"} else set())
        return executions, kinds

    def _in_turn(self, execution: Execution) -> bool:
        """Of loops of which one turn is followed: was it that turn?"""
        return all(self.turns.get(site, turn) == turn for site, _, turn in execution.context)

    # ---- what policies ask
    def plan(self, node: Any) -> Plan:
        """A new, empty plan."""
        return Plan(self, node)

    def text(self, node: Any) -> str:
        """The author's text on one line, shortened."""
        text = (
            " ".join(self.statement.text(node).split()) if hasattr(node, "lineno") else str(getattr(node, "value", ""))
        )
        return text if len(text) <= 100 else text[:97] + "..."

    def argument(self, call: Any, where: Any) -> Any:
        """The expression written for an argument, None when it was not written out."""
        if not isinstance(call, ast.Call) or where is None:
            return None
        if isinstance(where, int):
            if where >= len(call.args) or any(isinstance(a, ast.Starred) for a in call.args[: where + 1]):
                return None
            return call.args[where]
        return next((k.value for k in call.keywords if k.arg == where), None)

    def serves(self, source: int) -> bool:
        """Is this the served source?"""
        return source == self.served.source

    def is_served(self, sources: Any) -> bool:
        """Do these sources include the served one?"""
        return self.served.source in sources

    def is_needed(self, name: str) -> bool:
        """Is a name needed after this statement? Everything is, inside functions and blocks."""
        return self.need is None or name in self.need

    def filter_kind(self, executions: list[Execution]) -> str:
        """clean, split or partition (see the page on notebooks)."""
        kinds = {self._kind(e.data["before"], e.data["after"]) for e in executions}
        if "partition" in kinds:
            return "partition"
        return "split" if kinds == {"split"} else "clean"

    def _kind(self, before: Rows, after: Rows) -> str:
        kept = after.present()
        gone = before.present() - kept
        if (kept and not kept & self.served.rows) or gone & self.served.rows:
            return "partition"
        return "split" if gone & self.served.fits else "clean"

    def is_mask(self, node: Any) -> bool:
        """Was a row mask applied at this node?"""
        return any(e.act == "mask" for e in self.seen(node)[0])

    def not_checkable(self, node: Any) -> bool:
        """Does a condition read the target, which is not known when scoring?"""
        return bool(words_of(node) & self.served.targets)

    def checked_columns(self, node: Any, subset: Any, executions: list[Execution]) -> list[Any] | None:
        """Columns in which a hole makes a row unusable: those asked for that are needed. None for a series."""
        known = executions[0].data.get("columns")
        if known is None:
            return None
        asked = [subset] if isinstance(subset, str) else list(subset) if subset is not None else list(known)
        wanted = self.wanted(node)
        return [c for c in asked if c not in self.served.targets and (wanted is None or c in wanted)]

    def wanted(self, node: Any) -> set[Any] | None:
        """Columns needed of what this statement makes, None when not known."""
        statement = self.statement.node
        name = None
        if (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            name = statement.targets[0].id if statement.value is node else None
        if isinstance(statement, ast.Expr) and statement.value is node and isinstance(node, ast.Call):
            owner = getattr(node.func, "value", None)
            name = owner.id if isinstance(owner, ast.Name) else None
        return self.need.get(name) if self.need is not None and name is not None else None

    def live_places(self, node: Any, live: list[bool]) -> list[int]:
        """Positions, in a list kept in a name, of the tables that stay: the list holds those alone."""
        return list(range(sum(live)))

    # ---- values and models
    def frozen(self, node: Any, executions: list[Execution]) -> Plan:
        """The recorded value instead of the expression."""
        return self.plan(node).done(self.recorded(node, executions, [e.value for e in executions], ""))

    def recorded(self, node: Any, executions: list[Execution], values: list[Any], suffix: str, of: Any = None) -> str:
        """Reference to values recorded at a node, one for each execution."""
        access = find_access(values, executions, loops_around(self.statement.node, node))
        hint = hint_for(node if of is None else of, suffix)
        return self._entry("frozen", hint, access, node)

    def constant(self, value: Any, node: Any, hint: str) -> str:
        """Reference to one value."""
        return self._entry("frozen", hint_for(node, hint), Access("constant", value), node)

    def literal(self, values: list[Any], suffix: str, node: Any) -> str:
        """A short list written out, a long one frozen."""
        text = escape(repr(values))
        return (
            text if len(text) <= 70 and all(isinstance(v, str) for v in values) else self.constant(values, node, suffix)
        )

    def model(self, node: Any, executions: list[Execution]) -> str:
        """Reference to the estimator as fitted at a call."""
        states = [e.data["state"] for e in executions]
        loops = loops_around(self.statement.node, node)
        access = find_access(states, executions, loops, equal=lambda a, b: a is b)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else node
        hint = owner.id if isinstance(owner, ast.Name) else snake(type(states[0].value).__name__)
        return self._entry("model", hint, access, node)

    def _entry(self, kind: str, hint: str, access: Access, node: Any) -> str:
        origin = (self.statement, node)
        return self.entries.add(kind, hint, access.how, access.value, access.key, origin).mark

    # ---- words
    def message(self, node: Any, executions: list[Execution], words: str) -> str:
        """Text of a check, as a literal for a template."""
        return escape(repr(f"cell {self.statement.cell.number}: {words}"))

    def repr(self, value: Any) -> str:
        """A literal for a template."""
        return escape(repr(value))

    def note_check(self, node: Any, executions: list[Execution], words: str, columns: list[Any] | None = None) -> None:
        """A filter that became a check."""
        self._note(node, executions, words, columns, True)

    def note_unchecked(self, node: Any, executions: list[Execution], words: str) -> None:
        """A filter that cannot be checked for a new row, and is left out."""
        self._note(node, executions, f"{words}: not checked", None, False)

    def _note(
        self, node: Any, executions: list[Execution], words: str, columns: list[Any] | None, checked: bool
    ) -> None:
        data = executions[0].data
        before, after = len(data["before"]), len(data["after"])
        self.notes.checks[node.site] = {
            "cell": self.statement.cell.number,
            "text": words,
            "dropped": max(0, before - after),
            "of": before,
            "columns": [str(c) for c in columns or sorted(words_of(node) & self._columns())],
            "checked": checked,
        }

    def _columns(self) -> set[str]:
        return {str(c) for c in self.raw_columns()}

    def raw_columns(self) -> list[Any]:
        """Columns of the served table as it was read."""
        return list(getattr(self.recording.sources[self.served.source].raw, "columns", []))

    def refusal(self, code: str, node: Any, reason: str, remedy: str | None) -> Refused:
        """A refusal that names this place."""
        line = getattr(node, "lineno", self.statement.line)
        return Refused(
            code,
            f"cell {self.statement.cell.number}: {reason}",
            remedy,
            self.statement.cell.number,
            line,
            self.text(self.statement.node),
        )
