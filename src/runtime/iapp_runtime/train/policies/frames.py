"""Tables made of other values: labels taken from the rows themselves are left out, a constant is added or not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..recorder.derive import derive
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_frame(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`pd.DataFrame(digits.data, digits.target)`: the index holds row values, mostly the target."""
    if call.function is not pd.DataFrame:
        return False
    data, index = call.bound.get("data"), call.bound.get("index")
    recording = hooks.recording
    if not isinstance(data, np.ndarray) or not isinstance(index, np.ndarray) or recording.tracker.get(index) is None:
        return False
    rows = derive(result, parents, call.name)
    if rows is None:
        return False
    record_rows(hooks, call.site, result, rows, parents, "frame", where=dict(call.bound.where))
    return True


def edit_frame(editor: Any, node: ast.AST, executions: list) -> Any:
    """The same call without the labels; rows of a request are numbered."""
    where = executions[0].data["where"]
    data = editor.argument(node, where.get("data"))
    if data is None or not isinstance(node, ast.Call):
        return None
    plan = editor.plan(node)
    text = f"{plan.hole(node.func)}({plan.hole(data)}"
    for name, place in where.items():
        argument = editor.argument(node, place) if name not in ("data", "index") else None
        if argument is not None:
            text += f", {name}={plan.hole(argument)}"
    return plan.done(text + ")")


def observe_constant(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`sm.add_constant(X)`: left to itself it adds none where some column is constant, as all are in one row."""
    if "statsmodels" not in call.module or call.bound.get("has_constant", "skip") != "skip":
        return False
    rows = derive(result, parents, call.name)
    data = call.bound.get("data")
    if rows is None or getattr(data, "ndim", 0) not in (1, 2) or getattr(result, "ndim", 0) != 2:
        return False
    added = result.shape[1] > (data.shape[1] if data.ndim == 2 else 1)
    record_rows(hooks, call.site, result, rows, parents, "constant", added=added, where=dict(call.bound.where))
    return True


def edit_constant(editor: Any, node: ast.AST, executions: list) -> Any:
    """Added always, or never, as it was in training."""
    where = executions[0].data["where"]
    data = editor.argument(node, where.get("data"))
    added = {execution.data["added"] for execution in executions}
    if data is None or not isinstance(node, ast.Call) or len(added) > 1 or "has_constant" in where:
        return None
    plan = editor.plan(node)
    if not added.pop():
        return plan.identity(data)
    front = editor.argument(node, where.get("prepend"))
    prepend = f", prepend={plan.hole(front)}" if front is not None else ""
    return plan.done(f'{plan.hole(node.func)}({plan.hole(data)}{prepend}, has_constant="add")')


OBSERVERS = {"DataFrame": observe_frame, "add_constant": observe_constant}
EDITORS = {"frame": edit_frame, "constant": edit_constant}
