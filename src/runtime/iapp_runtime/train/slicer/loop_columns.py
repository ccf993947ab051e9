"""Loops over columns, of which scoring needs some only (not the target, mostly): they go over those."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from ..reads import root_name
from .plan import Plan


def loop_keys(editor: Any, plans: dict[int, Plan], node: ast.stmt, need: Mapping[str, Any]) -> dict[str, Any]:
    """Column names the loop's variable takes, by the variable's name; empty when it is no loop over names.

    Replaces the iterable of `for c in columns: df[c] = ...` by the columns needed, when some are not.
    """
    if not isinstance(node, ast.For) or not isinstance(node.target, ast.Name):
        return {}
    variable = node.target.id
    turns = _turns(editor, node)
    if not turns or not all(isinstance(turn, str) for turn in turns):
        return {}
    tables = _stored_by(node, variable, plans) or set()
    wanted: set[Any] = set()
    for table in tables:
        if table in need:
            if need[table] is None:
                return {variable: frozenset(turns)}
            wanted |= need[table]
    left = [turn for turn in turns if turn in wanted]
    if not tables or len(left) == len(turns):
        return {variable: frozenset(turns)}
    plan = editor.plan(node.iter)
    name = node.iter.id if isinstance(node.iter, ast.Name) else "columns"
    plans[id(node.iter)] = plan.done(editor.literal(left, f"{name}_needed", node.iter))
    return {variable: frozenset(left)}


def _stored_by(node: ast.For, variable: str, plans: Mapping[int, Plan]) -> set[str] | None:
    """Tables whose column `variable` the loop sets; None when the loop changes anything else that is kept."""
    tables: set[str] = set()
    for statement in node.body:
        plan = plans.get(id(statement))
        if plan is not None and not plan.template:
            continue
        for part in _remaining(statement, plans):
            if isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
                table = root_name(part.value)
                key = part.slice if isinstance(part, ast.Subscript) else None
                if isinstance(key, ast.Tuple) and key.elts:
                    key = key.elts[-1]
                if table is None or not isinstance(key, ast.Name) or key.id != variable:
                    return None
                tables.add(table)
            elif isinstance(part, (ast.Return, ast.Break, ast.Expr)) or (
                isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name)
            ):
                return None
    return tables or None


def _remaining(node: ast.AST, plans: Mapping[int, Plan]) -> list[ast.AST]:
    plan = plans.get(id(node))
    if plan is not None and not plan.template:
        return []
    return [node, *(part for child in ast.iter_child_nodes(node) for part in _remaining(child, plans))]


def _turns(editor: Any, node: ast.For) -> list[Any]:
    """The loop's items, in order, from the turns that were logged inside it."""
    found: dict[Any, None] = {}
    for index in editor.during:
        for item in editor.recording.turns.get((index, node.site), []):  # type: ignore[attr-defined]
            found[item] = None
    return list(found)
