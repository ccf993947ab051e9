"""Which columns of which tables the remaining text of a statement reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .plan import Plan

Wanted = Any  # a set of column names, or None for all
# Methods whose result has the columns it was called with, or fewer, each made from itself alone.
_PASS = {
    "drop", "copy", "fillna", "astype", "replace", "dropna", "sort_values", "sort_index", "head", "tail", "sample",
    "drop_duplicates", "reset_index", "query", "round", "clip", "abs", "isnull", "isna", "notnull", "notna", "where",
    "mask",
}  # fmt: skip
_ROWS_ONLY = {"index", "shape", "empty"}


class ColumnUse:
    """Collects `uses[name] = set of columns or None (all)`."""

    def __init__(
        self,
        plans: Mapping[int, Plan],
        columns: Mapping[str, tuple[Any, ...] | None],
        raw: set[Any],
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.values = values or {}
        self.plans = plans
        self.columns = columns
        self.raw = raw
        self.uses: dict[str, Wanted] = {}

    def add(self, name: str, wanted: Wanted) -> None:
        """One more use of a name."""
        known = self.columns.get(name)
        if wanted is None and known is not None:
            wanted = set(known)
        if wanted is None or self.uses.get(name, set()) is None:
            self.uses[name] = None
        else:
            self.uses[name] = set(wanted) | self.uses.get(name, set())

    def statement(self, node: ast.stmt, after: Mapping[str, Wanted]) -> None:
        """Uses of a statement whose names are wanted afterwards as `after` says."""
        plan = self.plans.get(id(node))
        if plan is not None:
            if plan.flows:
                for name, part in plan.flows:
                    self.expression(part, after.get(name))
            else:
                for hole in plan.holes:
                    whole = plan.same_as is hole
                    self.expression(hole, set() if whole else None)
            return
        if isinstance(node, ast.Assign):
            self._assign(node.targets, node.value, after)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assign([node.target], node.value, after)
        elif isinstance(node, ast.AugAssign):
            self.expression(_loaded(node.target), None)
            self.expression(node.value, None)
        elif isinstance(node, ast.Expr) and self._in_place(node.value) is not None:
            self.expression(node.value, after.get(self._in_place(node.value) or ""))
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                self._store(target)
        else:
            self.expression(node, None)

    def _in_place(self, node: Any) -> str | None:
        owner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        return owner.id if isinstance(owner, ast.Name) and owner.id in self.columns else None

    def _assign(self, targets: list[ast.expr], value: ast.expr, after: Mapping[str, Wanted]) -> None:
        one = targets[0] if len(targets) == 1 else None
        wanted = after.get(one.id) if isinstance(one, ast.Name) else None
        for target in targets:
            self._store(target)
        self.expression(value, wanted)

    def _store(self, target: ast.AST) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._store(part)
        elif isinstance(target, ast.Subscript):
            self._store_base(target.value)
            self.expression(target.slice, None)
        elif isinstance(target, ast.Attribute) and target.attr == "columns" and isinstance(target.value, ast.Name):
            self.add(target.value.id, None)  # from here back the columns have other names
        elif isinstance(target, ast.Attribute):
            self._store_base(target.value)

    def _store_base(self, base: ast.AST) -> None:
        if isinstance(base, ast.Name):
            self.add(base.id, set())
        elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
            self.add(base.value.id, set())
        else:
            self.expression(base, None)

    def expression(self, node: ast.AST, wanted: Wanted) -> None:
        """Uses of an expression of whose columns `wanted` are needed."""
        plan = self.plans.get(id(node))
        if plan is not None:
            self._plan(plan, wanted)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.add(node.id, wanted)
        elif isinstance(node, ast.Subscript):
            self._subscript(node, wanted)
        elif isinstance(node, ast.Attribute):
            self._attribute(node, wanted)
        elif isinstance(node, ast.Call):
            self._call(node, wanted)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    self.statement(child, {})
                else:
                    self.expression(child, None)

    def _plan(self, plan: Plan, wanted: Wanted) -> None:
        for hole in plan.holes:
            if hole is plan.same_as:
                self.expression(hole, wanted)
            elif hole is plan.encodes:
                self.expression(hole, self._encoded(hole, wanted))
            elif plan.selects is not None and hole is plan.selects[0]:
                self.expression(hole, set(plan.selects[1]))
            else:
                self.expression(hole, None)

    def _encoded(self, node: ast.AST, wanted: Wanted) -> Wanted:
        """Columns of a table that the wanted dummies are made of."""
        known = self.columns.get(node.id) if isinstance(node, ast.Name) else None
        if wanted is None or known is None:
            return None
        return {c for c in known if any(w == c or str(w).startswith(f"{c}_") for w in wanted)}

    def _subscript(self, node: ast.Subscript, wanted: Wanted) -> None:
        names = self._names(node.slice)
        if names is not None and isinstance(node.value, (ast.Name, ast.Call)):
            self.expression(node.value, names)
            return
        if isinstance(node.value, ast.Attribute) and node.value.attr in ("loc", "iloc"):
            pair = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            names = self._names(pair[1]) if len(pair) > 1 and node.value.attr == "loc" else None
            self.expression(node.value.value, names if names is not None else (wanted if len(pair) == 1 else None))
            for part in pair:
                self.expression(part, None)
            return
        masked = isinstance(node.slice, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.Call))
        self.expression(node.value, wanted if masked else None)
        self.expression(node.slice, None)

    def _names(self, node: ast.AST) -> set[Any] | None:
        """Columns a subscript asks for, written out or held in a name whose value is known."""
        value = self.values.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(value, str):
            return {value}
        if isinstance(value, (list, tuple, pd.Index)) and len(value) and all(isinstance(item, str) for item in value):
            return set(value)
        if isinstance(value, frozenset):
            return set(value)
        return _constants(node)

    def _dropped(self, node: ast.Call) -> set[Any]:
        """Columns that a `drop` names, written out or by a name: what it takes away must have been there."""
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        return _strings(node).union(*(self._names(part) or set() for part in parts))

    def _attribute(self, node: ast.Attribute, wanted: Wanted) -> None:
        known = self.columns.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if known is not None and node.attr in known:
            self.expression(node.value, {node.attr})
        elif node.attr in _ROWS_ONLY:
            self.expression(node.value, set())
        else:
            self.expression(node.value, None)

    def _call(self, node: ast.Call, wanted: Wanted) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in _PASS:
            passed = wanted
            if wanted is not None and node.func.attr == "drop":
                passed = set(wanted) | {c for c in self._dropped(node) if c not in self.raw}
            self.expression(node.func.value, passed)
        else:
            self.expression(node.func, None)
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.expression(part, None)


def _constants(node: ast.AST) -> set[Any] | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, (ast.List, ast.Tuple)) and node.elts and all(isinstance(e, ast.Constant) for e in node.elts):
        return {e.value for e in node.elts}  # type: ignore[attr-defined]
    return None


def _strings(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _loaded(target: Any) -> Any:
    """The target of `x += 1` as something read."""
    twin = type(target)(**{field: getattr(target, field) for field in target._fields if field != "ctx"}, ctx=ast.Load())
    return ast.copy_location(twin, target)


def stored_columns(node: ast.stmt) -> dict[str, set[Any]]:
    """Columns that a statement sets as a whole: `df["a"] = ...`, `df[["a", "b"]] = ...`."""
    found: dict[str, set[Any]] = {}
    targets = node.targets if isinstance(node, ast.Assign) else []
    for target in targets:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            names = _constants(target.slice)
            if names is not None:
                found.setdefault(target.value.id, set()).update(names)
    return found
