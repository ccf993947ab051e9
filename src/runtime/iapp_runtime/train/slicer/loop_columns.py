"""Loops over columns that also touch columns scoring does not need (the target, mostly): the loop goes over the others."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from ..reads import root_name
from ..recorder.facts import StatementFacts
from .plan import Plan


def only_needed_columns(
    editor: Any, plans: dict[int, Plan], node: ast.stmt, need: Mapping[str, Any], facts: StatementFacts
) -> None:
    """Replace the iterable of `for c in columns: df[c] = ...` by the columns needed, when some are not."""
    if not isinstance(node, ast.For) or not isinstance(node.target, ast.Name):
        return
    variable = node.target.id
    tables = _stored_by(node, variable, plans)
    if tables is None:
        return
    turns = _turns(editor, node)
    wanted: set[Any] = set()
    for table in tables:
        if table in need:
            if need[table] is None:
                return
            wanted |= need[table]
    left = [turn for turn in turns if turn in wanted]
    if not turns or len(left) == len(turns) or any(turn is None for turn in turns):
        return
    plan = editor.plan(node.iter)
    name = node.iter.id if isinstance(node.iter, ast.Name) else "columns"
    plans[id(node.iter)] = plan.done(editor.literal(left, f"{name}_needed", node.iter))


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
            elif isinstance(part, (ast.Return, ast.Break, ast.Expr, ast.AugAssign)):
                if (
                    isinstance(part, ast.Expr)
                    or not isinstance(part, ast.AugAssign)
                    or isinstance(part.target, ast.Name)
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
