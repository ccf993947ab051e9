"""How many rows there are: live where the table is in the request, else what it was."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..networks import is_tensor

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_len(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`len(df)`."""
    if call.function is not len or not parents:
        return False
    rows = hooks.recording.tracker.get(call.args[0])
    if rows is None:
        return False
    hooks.recording.add(call.site, "live", act="count", sources=rows.sources, value=result)
    return True


def observe_size(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`tensor.size(0)`."""
    if not parents or not is_tensor(call.owner):
        return False
    hooks.recording.add(call.site, "live", act="shape", sources=parents[0][1].sources, value=result)
    return True


def edit_count(editor: Any, node: ast.AST, executions: list) -> Any:
    """Left as written for rows of the request; a recorded number for other tables."""
    if any(editor.is_served(execution.sources) for execution in executions):
        return None
    return editor.frozen(node, executions)


OBSERVERS = {"len": observe_len, "size": observe_size}
EDITORS = {"count": edit_count, "shape": edit_count}
