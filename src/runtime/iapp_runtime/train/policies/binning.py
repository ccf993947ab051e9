"""`cut` and `qcut`: the edges are those of training."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinds import is_rowlike
from ..recorder.derive import derive
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_bins(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Edges are asked for by making the same call once more. Edges that are written out need nothing."""
    output = result[0] if isinstance(result, tuple) else result
    rows = derive(output, parents[:1], call.name) if is_rowlike(output) else None
    wanted = call.bound.get("bins")
    if rows is None or (call.name == "cut" and not isinstance(wanted, (int, np.integer))):
        return False
    if isinstance(result, tuple):
        return False
    _, edges = hooks.library(call.function, call.args, {**call.kwargs, "retbins": True})
    record_rows(
        hooks, call.site, result, rows, parents, "bins",
        edges=np.asarray(edges), how=call.name, dtype=getattr(result, "dtype", None), where=dict(call.bound.where),
    )  # fmt: skip
    return True


def edit_bins(editor: Any, node: ast.AST, executions: list) -> Any:
    """`bins(x, frozen.age_edges, labels=...)`."""
    data = executions[0].data
    values = editor.argument(node, data["where"].get("x"))
    if values is None:
        return None
    plan = editor.plan(node).helper("bins")
    edges = editor.recorded(node, executions, [e.data["edges"] for e in executions], "edges")
    text = f"bins({plan.hole(values)}, {edges}"
    labels = editor.argument(node, data["where"].get("labels"))
    if labels is not None:
        text += f", labels={plan.hole(labels)}"
    elif hasattr(data["dtype"], "categories"):
        dtypes = [e.data["dtype"] for e in executions]
        text += f", dtype={editor.recorded(node, executions, dtypes, 'bins')}"
    for option in ("right", "include_lowest"):
        given = editor.argument(node, data["where"].get(option))
        if given is not None and data["how"] == "cut":
            text += f", {option}={plan.hole(given)}"
    if data["how"] == "qcut":
        text += ", include_lowest=True"
    return plan.done(text + ")")


OBSERVERS = {"cut": observe_bins, "qcut": observe_bins}
EDITORS = {"bins": edit_bins}
