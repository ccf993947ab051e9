"""Statistics of groups put back to the rows: looked up by the group's key in what training learned."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..kinds import is_groups
from ..recorder.derive import derive
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_groupby(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`df.groupby(by)`: remember what it groups by."""
    if is_groups(result) and call.bound.get("by") is not None:
        hooks.recording.group_by.put(result, call.bound.get("by"))
    return False


def observe_transform(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`df.groupby(by)[column].transform(...)`, and `.apply(...)` that gives each row a value."""
    if not is_groups(call.owner) or not isinstance(result, pd.Series):
        return False
    rows = derive(result, parents, "transform")
    values = getattr(call.owner, "_selected_obj", None)
    if rows is None or not isinstance(values, pd.Series) or not result.index.equals(values.index):
        return False
    keys, names = _keys(hooks, call.owner)
    table, fill = _learn(values, result, keys) if keys is not None else (None, False)
    record_rows(hooks, call.site, result, rows, parents, "group", table=table, fill=fill, names=names)
    return True


def _keys(hooks: Hooks, groups: Any) -> tuple[list[Any] | None, Any]:
    """The key of each row, and the column names it is made of (None: the grouping was by something else)."""
    parents = hooks.recording.parents((groups,))
    table: Any = parents[0][0] if parents else groups.obj
    by: Any = hooks.recording.group_by.find(groups)
    if isinstance(by, str) and isinstance(table, pd.DataFrame):
        return list(table[by]), by
    if isinstance(by, (list, tuple)) and isinstance(table, pd.DataFrame) and all(isinstance(b, str) for b in by):
        if len(by) == 1:
            return list(table[by[0]]), by[0]
        return list(zip(*(list(table[name]) for name in by))), list(by)
    if isinstance(by, pd.Series) and len(by) == len(table):
        return by.tolist(), None
    return None, None


def _learn(values: pd.Series, result: pd.Series, keys: list[Any]) -> tuple[dict[Any, Any] | None, bool]:
    """One number per group, or (fill) one number for the gaps of each group; None when it is neither."""
    given, made = values.to_numpy(dtype=object), result.to_numpy(dtype=object)
    statistic = _one_each(keys, made, np.ones(len(keys), dtype=bool))
    if statistic is not None:
        return statistic, False
    gaps = np.asarray(pd.isna(values))
    unchanged = all(g == m for g, m, gap in zip(given, made, gaps) if not gap)
    return (_one_each(keys, made, gaps), True) if unchanged else (None, False)


def _one_each(keys: list[Any], made: np.ndarray, use: np.ndarray) -> dict[Any, Any] | None:
    table: dict[Any, Any] = {}
    for key, value, used in zip(keys, made, use):
        if not used or pd.isna(key if not isinstance(key, tuple) else key[0]):
            continue
        if key in table and not (table[key] == value or (pd.isna(table[key]) and pd.isna(value))):
            return None
        table[key] = value
    return table


def edit_group(editor: Any, node: ast.AST, executions: list) -> Any:
    """`by_group(df["Age"], df["Title"], frozen.age_by_title, fill=True)`."""
    data = executions[0].data
    values, table, by = _parts(node)
    if data["table"] is None or values is None or by is None:
        raise editor.refusal(
            "IAPP_NOTEBOOK_GROUPS",
            node,
            f"'{editor.text(node)}' gives a value that is neither one per group nor a fill of gaps by group",
            "write it as a statistic per group that is mapped to the rows",
        )
    plan = editor.plan(node).helper("by_group")
    learned = editor.recorded(node, executions, [e.data["table"] for e in executions], "by_group")
    holder = plan.hole(table, tight=True)
    column = f"{holder}[{plan.hole(values)}]" if values is not table else holder
    names = data["names"]
    if isinstance(names, str):
        keys = f"{holder}[{editor.repr(names)}]"
    elif isinstance(names, list):
        keys = "[" + ", ".join(f"{holder}[{editor.repr(name)}]" for name in names) + "]"
    else:
        keys = plan.hole(by)
    return plan.done(f"by_group({column}, {keys}, {learned}{', fill=True' if data['fill'] else ''})")


def _parts(node: ast.AST) -> tuple[ast.AST | None, Any, ast.AST | None]:
    """(column, table, by) of `table.groupby(by)[column].transform(f)`; column is the table for a grouped series."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None, None, None
    inner = node.func.value
    column: ast.AST | None = None
    if isinstance(inner, ast.Subscript):
        column, inner = inner.slice, inner.value
    elif isinstance(inner, ast.Attribute):
        column, inner = ast.Constant(inner.attr), inner.value
    if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Attribute) or inner.func.attr != "groupby":
        return None, None, None
    by = inner.args[0] if inner.args else next((k.value for k in inner.keywords if k.arg == "by"), None)
    table = inner.func.value
    return (column if column is not None else table), table, by


OBSERVERS = {"groupby": observe_groupby, "transform": observe_transform, "apply": observe_transform}
EDITORS = {"group": edit_group}
