"""Tables made of an array: labels that were taken from the rows themselves are left out."""

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


OBSERVERS = {"DataFrame": observe_frame}
EDITORS = {"frame": edit_frame}
