"""Putting tables together: only the request's rows of a stack, and other tables as they were."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..kinds import is_rowlike, n_rows
from ..lineage import Rows, unknown_rows
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_stack(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`pd.concat`, `np.vstack`, `np.concatenate` along the rows."""
    bound = call.bound
    parts = bound.get("objs", bound.get("tup", bound.get("arrays", call.args[0] if call.args else None)))
    where = bound.where.get("objs", bound.where.get("tup", 0))
    if not isinstance(parts, (list, tuple)) or not parts or not is_rowlike(result):
        return False
    if call.name != "vstack" and bound.get("axis", call.args[1] if len(call.args) > 1 else 0) not in (
        0,
        "index",
        "rows",
    ):
        return False
    if n_rows(result) != sum(n_rows(part) for part in parts):
        return False
    lineages = [hooks.recording.rows(part) if is_rowlike(part) else None for part in parts]
    ids = [unknown_rows(n_rows(p)) if rows is None else rows.ids for p, rows in zip(parts, lineages)]
    joined = Rows(np.concatenate(ids))
    if not joined.sources:
        return False
    sources = [rows.sources if rows is not None else frozenset() for rows in lineages]
    empty = [n_rows(part) == 0 for part in parts]
    names = result.columns if isinstance(result, pd.DataFrame) else None
    record_rows(
        hooks, call.site, result, joined, parents, "stack", parts=sources, empty=empty, where=where, names=names
    )
    return True


def edit_stack(editor: Any, node: ast.AST, executions: list) -> Any:
    """`pd.concat([train, test])` is the served part alone; parts of one table are stacked and put in request order."""
    data = executions[0].data
    objects = editor.argument(node, data["where"])
    live = [editor.is_served(sources) for sources in data["parts"]]
    if objects is None or (all(live) and len(executions) > 1):
        return None
    plan = editor.plan(node)
    foreign = [i for i, sources in enumerate(data["parts"]) if not live[i] and not data["empty"][i]]
    if not foreign:
        return None
    if data["names"] is None:
        places = [i for i, use in enumerate(live) if use]
        if isinstance(objects, (ast.List, ast.Tuple)) and len(places) == 1:
            return plan.identity(objects.elts[places[0]])
        return None
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns")
    plan.helper("concat_rows")
    if isinstance(objects, (ast.List, ast.Tuple)):
        kept = [part for part, use in zip(objects.elts, live) if use]
        return plan.done(
            f"concat_rows([{', '.join(plan.hole(part) for part in kept)}], {list(range(len(kept)))}, {names})"
        )
    places = editor.live_places(objects, live)
    return plan.done(f"concat_rows({plan.hole(objects)}, {places}, {names})")


def observe_merge(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Lineage through `merge` and `join`: the left table's positions travel along as one more column."""
    left = call.table if call.table is not None else call.bound.get("left")
    rows = hooks.recording.rows(left) if isinstance(left, pd.DataFrame) else None
    if rows is None or not isinstance(result, pd.DataFrame):
        return False
    twin = left.copy(deep=False)
    marker = "iapp row number"
    twin[marker] = np.arange(len(twin))
    if call.table is not None:
        joined = hooks.library(getattr(twin, call.name), call.args, call.kwargs)
    else:
        args = (twin, *call.args[1:]) if call.args else call.args
        kwargs = call.kwargs if call.args else {**call.kwargs, "left": twin}
        joined = hooks.library(call.function, args, kwargs)
    if marker not in joined.columns or len(joined) != len(result):
        return False
    places = joined[marker].to_numpy(dtype=float)
    known = ~np.isnan(places)
    ids = unknown_rows(len(places))
    ids[known] = rows.ids[places[known].astype(int)]
    record_rows(hooks, call.site, result, Rows(ids), [(left, rows)])
    return True


def edit_display(editor: Any, node: ast.AST, executions: list) -> Any:
    """`[train, test]`: only the tables that hold rows of the request."""
    items = executions[0].data["items"]
    if not isinstance(node, ast.List) or len(items) != len(node.elts):
        return None
    keep = [sources is None or editor.is_served(sources) for sources in items]
    if all(keep) or not any(keep):
        return None
    plan = editor.plan(node)
    return plan.done(f"[{', '.join(plan.hole(part) for part, use in zip(node.elts, keep) if use)}]")


OBSERVERS = {
    "concat": observe_stack, "vstack": observe_stack, "concatenate": observe_stack,
    "merge": observe_merge, "join": observe_merge,
}  # fmt: skip
EDITORS = {"stack": edit_stack, "display": edit_display}
