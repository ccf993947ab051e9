"""Edits that replace a whole statement: assignments of splits, filters in place, `df = the same df`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..policies.sources import edit_source_assignment
from ..policies.splitting import edit_split_assignment

if TYPE_CHECKING:
    from .editor import Editor
    from .plan import Plan


def plan_statement(editor: Editor, node: ast.stmt) -> Plan | None:
    """The plan for a statement as a whole, None when its expressions are edited one by one."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return _assignment(editor, node)
    if isinstance(node, ast.Expr):
        return _expression(editor, node)
    return None


def _assignment(editor: Editor, node: ast.Assign) -> Plan | None:
    if isinstance(node.value, ast.Tuple):
        return _side_by_side(editor, node, node.targets[0], node.value)
    executions, _ = editor.seen(node.value)
    acts = {execution.act for execution in executions}
    if acts == {"split"}:
        return edit_split_assignment(editor, node, executions)
    if acts == {"source"} and isinstance(node.targets[0], (ast.Tuple, ast.List)):
        return edit_source_assignment(editor, node, executions)
    if not acts & {"mask", "select", "position"} or not isinstance(node.targets[0], ast.Name):
        return None
    inner = editor._site_plan(node.value)
    return _same_name(editor, node, inner, node.targets[0].id) if inner is not None else None


def _side_by_side(editor: Editor, node: ast.Assign, target: Any, value: ast.Tuple) -> Plan | None:
    """`X, y = iris.data, iris.target` where some of the names are needed only."""
    if not isinstance(target, (ast.Tuple, ast.List)) or len(target.elts) != len(value.elts):
        return None
    if not all(isinstance(part, ast.Name) for part in target.elts):
        return None
    pairs = [(str(getattr(name, "id", "")), part) for name, part in zip(target.elts, value.elts)]
    wanted = [(name, part) for name, part in pairs if editor.is_needed(name)]
    if not wanted or len(wanted) == len(pairs):
        return None
    plan = editor.plan(node)
    plan.binds = {name for name, _ in wanted}
    plan.flows = list(wanted)
    right = ", ".join(plan.hole(part, closed=True) for _, part in wanted)
    return plan.done(f"{', '.join(name for name, _ in wanted)} = {right}")


def _expression(editor: Editor, node: ast.Expr) -> Plan | None:
    """`df.dropna(inplace=True)` is a check; `df.sort_values(inplace=True)` is nothing."""
    executions, _ = editor.seen(node.value)
    if not executions or not all(e.act == "select" and e.data.get("inplace") for e in executions):
        return None
    inner = editor._site_plan(node.value)
    if inner is None:
        return None
    return _whole(editor, node, inner)


def _same_name(editor: Editor, node: ast.Assign, inner: Plan, name: str) -> Plan | None:
    """`df = df[mask]`: only the check is left. None when the name is another one."""
    if not isinstance(inner.same_as, ast.Name) or inner.same_as.id != name:
        return None
    return _whole(editor, node, inner)


def _whole(editor: Editor, node: Any, inner: Plan) -> Plan:
    plan = editor.plan(node)
    plan.binds = set()
    plan.holes = inner.holes if inner.check else []
    plan.same_as = inner.same_as
    if inner.check is not None:
        plan.helper("check")
    plan.reads = {inner.same_as.id} if isinstance(inner.same_as, ast.Name) and inner.check else set()
    return plan.done(inner.check or "")
