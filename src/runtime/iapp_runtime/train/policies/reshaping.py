"""Calls whose columns depend on the rows at hand: the columns are those of training, in that order."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..recorder.derive import derive
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks

_EXPANDS = ("split", "rsplit", "extract", "partition", "pivot", "pivot_table", "unstack", "crosstab")


def observe_dummies(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`pd.get_dummies(...)` and `x.str.get_dummies(...)`."""
    rows = derive(result, parents, call.name) if isinstance(result, pd.DataFrame) else None
    if rows is None:
        return False
    act = "dummies" if call.table is None and "data" in call.bound.where else "expand"
    record_rows(
        hooks, call.site, result, rows, parents, act,
        names=result.columns, where=dict(call.bound.where), fill=0,
    )  # fmt: skip
    return True


def edit_dummies(editor: Any, node: ast.AST, executions: list) -> Any:
    """`dummies(df, frozen.dummy_columns, ...)`."""
    where = executions[0].data["where"]
    data = editor.argument(node, where.get("data"))
    if data is None or not isinstance(node, ast.Call):
        return None
    plan = editor.plan(node).helper("dummies")
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns", of=data)
    text = f"dummies({plan.hole(data)}, {names}"
    plan.encodes = data
    for name, place in where.items():
        argument = editor.argument(node, place) if name != "data" else None
        if argument is not None:
            text += f", {name}={plan.hole(argument)}"
    return plan.done(text + ")")


def observe_expansion(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Columns that the values bring: `x.str.split(expand=True)`, pivots."""
    rows = derive(result, parents, call.name) if isinstance(result, pd.DataFrame) else None
    if rows is None:
        return False
    record_rows(hooks, call.site, result, rows, parents, "expand", names=result.columns, fill=None)
    return True


def edit_expansion(editor: Any, node: ast.AST, executions: list) -> Any:
    """`expand(the call, frozen.columns)`."""
    plan = editor.plan(node).helper("expand")
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns")
    fill = ", fill=0" if executions[0].data["fill"] == 0 else ""
    return plan.done(f"expand({plan.inside(node)}, {names}{fill})")


def observe_types(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`df.select_dtypes(...)`, `df.dropna(axis=1)`: a choice of columns that was made by looking at the rows."""
    if before is None or not isinstance(result, pd.DataFrame) or len(result) != len(before[1]):
        return False
    if call.name == "dropna" and call.bound.get("axis", 0) not in (1, "columns"):
        return False
    record_rows(hooks, call.site, result, before[1], parents, "columns", names=list(result.columns))
    return True


def edit_columns(editor: Any, node: ast.AST, executions: list) -> Any:
    """`df[frozen.number_columns]`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    plan = editor.plan(node)
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns")
    plan.selects = (node.func.value, executions[0].data["names"])
    return plan.done(f"{plan.hole(node.func.value, tight=True)}[{names}]")


OBSERVERS = {
    "get_dummies": observe_dummies,
    "select_dtypes": observe_types,
    "dropna": observe_types,
    **dict.fromkeys(_EXPANDS, observe_expansion),
}
EDITORS = {"dummies": edit_dummies, "expand": edit_expansion, "columns": edit_columns}
