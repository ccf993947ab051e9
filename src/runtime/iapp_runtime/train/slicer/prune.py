"""Statements inside loops, branches and functions that scoring does not need: prints, plots, names nothing reads."""

from __future__ import annotations

import ast
from typing import Any

from ..reads import mutated, names_in, root_name
from .plan import Plan

_CONTROL = (
    ast.Return,
    ast.Break,
    ast.Continue,
    ast.Raise,
    ast.Pass,
    ast.Global,
    ast.Nonlocal,
    ast.Assert,
    ast.Import,
    ast.ImportFrom,
)
_SHUFFLES = {"shuffle", "append", "extend", "insert", "update", "setdefault", "put", "fill", "copyto", "setattr"}


class Pruner:
    """Adds plans that drop dead statements of blocks. `users`: names of the notebook's own functions."""

    def __init__(self, editor: Any, plans: dict[int, Plan], users: set[str]) -> None:
        self.editor = editor
        self.plans = plans
        self.users = users

    def statement(self, node: ast.stmt, live: set[str]) -> None:
        """Prune the blocks of a compound statement; `live`: names needed after it."""
        if isinstance(node, (ast.For, ast.While)):
            self._loop(node, live)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            outer = {n for part in ast.walk(node) if isinstance(part, (ast.Global, ast.Nonlocal)) for n in part.names}
            self.block(node.body, {a.arg for a in every} | outer)
        elif isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    self.statement(part, set())
        else:
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    self.block(block, live)

    def _loop(self, node: Any, live: set[str]) -> None:
        """Names read at the start of a turn are live at the end of the one before; repeat until nothing changes."""
        again = self._tables_in_turn(node)
        while True:
            before = dict(self.plans)
            start = self.block(node.body, live | again)
            if isinstance(node, ast.While):
                start |= names_in(node.test, self.plans).reads
            if start <= live | again:
                break
            again |= start
            self.plans.clear()
            self.plans.update(before)
        if node.orelse:
            self.block(node.orelse, live)

    def _tables_in_turn(self, node: Any) -> set[str]:
        """Loop variables that hold a table: what is done to them is done to the table itself."""
        if not isinstance(node, ast.For):
            return set()
        turns = self.editor.recording.turns
        items = [item for index in self.editor.during for item in turns.get((index, getattr(node, "site", -1)), [])]
        if all(item is not None for item in items) and items:
            return set()
        return {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}

    def block(self, body: list[ast.stmt], live: set[str]) -> set[str]:
        """Drop what is dead, from the end backwards; returns the names live at the start."""
        live = set(live) | _aliases(body)
        kept = 0
        for node in reversed(body):
            plan = self.plans.get(id(node))
            if plan is None and not isinstance(node, _CONTROL):
                if isinstance(node, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
                    self.statement(node, live)
                if not self._effects(node) & live and not _leaves(node) and not _asks_base(node):
                    self._drop(node)
                    continue
            if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
                live -= {t.id for t in node.targets}  # type: ignore[attr-defined]
            live |= names_in(node, self.plans).reads
            kept += plan is None or bool(plan.template)
        if not kept and body:
            first = body[0]
            self.plans[id(first)] = self.editor.plan(first).done("pass")
            self.plans[id(first)].binds = set()
        return live

    def _drop(self, node: ast.stmt) -> None:
        plan = self.editor.plan(node)
        plan.binds = set()
        self.plans[id(node)] = plan.done("")

    def _effects(self, node: ast.stmt) -> set[str]:
        """Names that a statement binds or may change in place."""
        names = names_in(node, self.plans)
        found = set(names.binds)
        for part in ast.walk(node):
            plan = self.plans.get(id(part))
            if plan is not None and plan.binds == set():
                if plan.reads:
                    found |= plan.reads  # a check stays as long as its table does
                continue
            if isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
                found |= {name for name in (root_name(part.value),) if name is not None}
            elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
                found |= self._call_effects(part.value)
        return found

    def _call_effects(self, call: ast.Call) -> set[str]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        found = {root_name(call.func)} if isinstance(call.func, ast.Attribute) else set()
        if name in _SHUFFLES or name in self.users:
            found |= {root_name(argument) for argument in call.args}
        return {n for n in found if n is not None}


def _leaves(node: ast.stmt) -> bool:
    return any(isinstance(part, (ast.Return, ast.Break, ast.Continue, ast.Raise)) for part in ast.walk(node))


def _asks_base(node: ast.AST) -> bool:
    """`super().__init__()`: without it an object of the class would be half made."""
    return any(isinstance(part, ast.Name) and part.id == "super" for part in ast.walk(node))


def _aliases(body: list[ast.stmt]) -> set[str]:
    """Names that may stand for (a part of) an object known by another name, and through which it is changed."""
    aliases: set[str] = set()
    changed: set[str] = set()
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Subscript, ast.Attribute)):
            aliases |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        changed |= mutated(node)
    return aliases & changed
