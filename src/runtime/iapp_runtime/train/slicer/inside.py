"""A served call inside a loop or a function of the notebook: the statements before it there, taken out one by one.

Of a loop, the turn in which the served call was made is followed; a function's parameters become its arguments.
"""

from __future__ import annotations

import ast
from typing import Any

from ..kinds import SCALARS
from ..program import Statement
from ..reads import exposed
from ..recorder.estimators import Candidate
from .access import match
from .cut import Cut, Kept
from .prune import Pruner
from .refusals import Refused


class Argument:
    """`name = expression`: a parameter of a function that is taken apart, or a loop's variable (`mark`: its value)."""

    def __init__(self, name: str, expression: Kept | None, mark: str | None, statement: Statement) -> None:
        self.name = name
        self.expression = expression
        self.mark = mark
        self.statement = statement


class Inside:
    """Walks from a top-level statement down to the served call, then back up, collecting what is needed."""

    def __init__(self, cut: Cut, candidate: Candidate) -> None:
        self.cut = cut
        self.candidate = candidate
        self.at = candidate.statement
        self.turns = {site: turn for site, _, turn in candidate.context}
        self.items = {site: key for site, key, _ in candidate.context}
        self.target = cut.recording.sites[candidate.site]
        self.steps: list[tuple[str, Statement, Any]] = []
        self.found: list[Kept | Argument] = []

    def run(self, argument: Any) -> tuple[list[Kept | Argument], Kept, set[str]]:
        """Kept parts in execution order, the expression the model is given, names needed before the statement."""
        statement = self.cut.recording.statements[self.at]
        owner = self._descend(statement, statement.node, 0)
        criterion = self._expression(owner, argument)
        need = set(criterion.reads)
        for kind, owner, part in reversed(self.steps):
            if kind == "block":
                need = self._block(owner, part, need)
            elif kind == "loop":
                need = self._loop(owner, part, need)
            else:
                need = self._call(owner, part, need)
        return self.found[::-1], criterion, need

    # ---- down
    def _descend(self, owner: Statement, node: ast.stmt, depth: int) -> Statement:
        if depth > 12:
            raise self._refusal()
        if isinstance(node, ast.For):
            self.steps.append(("loop", owner, node))
        for block in _blocks(node):
            for place, inner in enumerate(block):
                if self._leads(inner):
                    self.steps.append(("block", owner, block[:place]))
                    return self._descend(owner, inner, depth + 1)
        if any(part is self.target for part in ast.walk(node)):
            return owner
        for call in ast.walk(node):
            name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None
            binder = self.cut.recording.binder.get(name) if name is not None else None
            inner_statement = self.cut.recording.statements[binder] if binder is not None else None
            if (
                inner_statement is not None
                and isinstance(inner_statement.node, ast.FunctionDef)
                and self._leads(inner_statement.node)
            ):
                self.steps.append(("call", owner, (call, inner_statement.node)))
                return self._descend(inner_statement, inner_statement.node, depth + 1)
        raise self._refusal()

    def _leads(self, node: ast.AST, depth: int = 0) -> bool:
        """Is the served call in this code, or in a function that it calls?"""
        for part in ast.walk(node):
            if part is self.target:
                return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and depth < 4:
                binder = self.cut.recording.binder.get(part.func.id)
                inner = self.cut.recording.statements[binder].node if binder is not None else None
                if isinstance(inner, ast.FunctionDef) and inner is not node and self._leads(inner, depth + 1):
                    return True
        return False

    # ---- up
    def _editor(self, owner: Statement, need: set[str] | None) -> Any:
        editor = self.cut.editor(owner, [self.at], None if need is None else dict.fromkeys(need))
        editor.turns = self.turns
        return editor

    def _expression(self, owner: Statement, node: Any) -> Kept:
        return Kept(owner, node, self._editor(owner, None).run(node), "expression", self.at)

    def _block(self, owner: Statement, block: list[ast.stmt], need: set[str]) -> set[str]:
        for node in reversed(block):
            editor = self._editor(owner, need)
            plans = editor.run(node)
            pruner = Pruner(editor, plans, self.cut.users)
            pruner.statement(node, need)
            if not pruner._effects(node) & need:
                continue
            kept = Kept(owner, node, plans, "statement", self.at)
            self.found.append(kept)
            if isinstance(node, ast.Assign) or id(node) in plans:
                need = need - kept.binds
            need = need | exposed(node, plans)
        return need

    def _loop(self, owner: Statement, node: ast.For, need: set[str]) -> set[str]:
        names = {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
        batches = self.cut.recording.batches.get((self.at, node.site), {})  # type: ignore[attr-defined]
        parts = node.target.elts if isinstance(node.target, (ast.Tuple, ast.List)) else [node.target]
        whole = {part.id: batches[n] for n, part in enumerate(parts) if n in batches and isinstance(part, ast.Name)}
        for name in sorted(names & need & set(whole)):
            # All batches together are the table that the loader was made of.
            self.found.append(Argument(name, None, whole[name], owner))
        need = {whole.get(name, name) for name in need}
        for name in sorted(names & need):
            value = _item(node.target, self.items.get(node.site), name)  # type: ignore[attr-defined]
            if value is None or not isinstance(value, SCALARS):
                raise self._refusal(f"'{name}', which changes from turn to turn")
            entry = self.cut.entries.add("frozen", name, "constant", value, None, (owner, node.target))
            self.found.append(Argument(name, None, entry.mark, owner))
        return need - names

    def _call(self, owner: Statement, part: tuple[ast.Call, ast.FunctionDef], need: set[str]) -> set[str]:
        call, function = part
        given = _arguments(call, function)
        parameters = {a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
        outer: set[str] = need - parameters
        for name in sorted(need & parameters):
            node = given.get(name)
            if node is None:
                raise self._refusal(f"the parameter '{name}' of {function.name}, whose argument is not written out")
            expression = self._expression(owner, node)
            outer |= expression.reads
            if not (isinstance(node, ast.Name) and node.id == name):
                self.found.append(Argument(name, expression, None, owner))
        return outer

    def _refusal(self, why: str | None = None) -> Refused:
        statement = self.cut.recording.statements[self.at]
        text = " ".join(statement.text().split())
        reason = f"it depends on {why}" if why else f"it is made inside other code ({text[:80]})"
        return Refused(
            "IAPP_NOTEBOOK_INSIDE_FUNCTION",
            f"cell {statement.cell.number}: the table the model is given cannot be made on its own: {reason}",
            "make the table at the top level of a cell, before the code that calls predict",
            statement.cell.number,
            statement.line,
            text[:200],
        )


def _blocks(node: Any) -> list[list[ast.stmt]]:
    found = [getattr(node, field, None) for field in ("body", "orelse", "finalbody")]
    found += [handler.body for handler in getattr(node, "handlers", [])]
    return [block for block in found if isinstance(block, list) and block and isinstance(block[0], ast.stmt)]


def _item(target: ast.AST, item: Any, name: str) -> Any:
    return dict(match(target, item)).get(name)


def _arguments(call: ast.Call, function: ast.FunctionDef) -> dict[str, Any]:
    """The expression for each parameter: as called, else the default."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    defaults = function.args.defaults
    given: dict[str, Any] = dict(zip(names[len(names) - len(defaults) :], defaults))
    given.update({a.arg: d for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults) if d is not None})
    given.update({name: value for name, value in zip(names, call.args) if not isinstance(value, ast.Starred)})
    given.update({k.arg: k.value for k in call.keywords if k.arg is not None})
    return given
