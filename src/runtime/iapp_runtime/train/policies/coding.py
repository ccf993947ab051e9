"""Codes made from the values at hand: `factorize`, `astype("category")`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..kinds import is_rowlike, n_rows
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_factorize(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`pd.factorize(x)`, `x.factorize()`."""
    if not parents or not isinstance(result, tuple):
        return False
    rows = parents[0][1]
    if n_rows(result[0]) != len(rows):
        return False
    hooks.recording.set_rows(result[0], rows)
    where = call.bound.where.get("values", 0) if call.table is None else None
    hooks.recording.add(call.site, "live", act="codes", sources=rows.sources, uniques=pd.Index(result[1]), where=where)
    return True


def edit_codes(editor: Any, node: ast.AST, executions: list) -> Any:
    """`codes(x, frozen.x_uniques)`."""
    where = executions[0].data["where"]
    if not isinstance(node, ast.Call):
        return None
    values = editor.argument(node, where) if where is not None else getattr(node.func, "value", None)
    if values is None:
        return None
    plan = editor.plan(node).helper("codes")
    uniques = editor.recorded(node, executions, [e.data["uniques"] for e in executions], "uniques")
    return plan.done(f"codes({plan.hole(values)}, {uniques})")


def observe_category(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`x.astype("category")` of a column: its categories are those of training."""
    if call.table is None or not isinstance(result, pd.Series) or not isinstance(result.dtype, pd.CategoricalDtype):
        return False
    if call.bound.get("dtype") != "category" or before is None or not is_rowlike(result):
        return False
    record_rows(hooks, call.site, result, before[1], parents, "category", dtype=result.dtype)
    return True


def edit_category(editor: Any, node: ast.AST, executions: list) -> Any:
    """`as_recorded(x, frozen.x_category)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    plan = editor.plan(node).helper("as_recorded")
    dtype = editor.recorded(node, executions, [e.data["dtype"] for e in executions], "category")
    return plan.done(f"as_recorded({plan.hole(node.func.value)}, {dtype})")


OBSERVERS = {"factorize": observe_factorize, "astype": observe_category}
EDITORS = {"codes": edit_codes, "category": edit_category}
