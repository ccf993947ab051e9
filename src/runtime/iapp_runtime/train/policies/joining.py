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
    return _stacked(hooks, call, result, parents, list(parts), where)


def observe_append(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`DataFrame.append` and `Series.append`, which pandas had until 2.0: of a table, or of single rows."""
    if call.table is None or not is_rowlike(result):
        return False
    name = next((name for name in ("other", "to_append") if name in call.bound.values), None)
    other = call.bound.get(name) if name is not None else None
    parts = [call.table, *(other if isinstance(other, (list, tuple)) else [other])]
    where = call.bound.where.get(name) if name is not None else None
    return _stacked(hooks, call, result, parents, parts, where, "append")


def _stacked(hooks: Hooks, call: Call, result: Any, parents: list, parts: list, where: Any, act: str = "stack") -> bool:
    counts = [n_rows(part) if is_rowlike(part) else 1 for part in parts]
    if n_rows(result) != sum(counts):
        return False
    lineages = [hooks.recording.rows(part) if is_rowlike(part) else None for part in parts]
    ids = [unknown_rows(count) if rows is None else rows.ids for count, rows in zip(counts, lineages)]
    joined = Rows(np.concatenate(ids))
    if not joined.sources:
        return False
    sources = [rows.sources if rows is not None else frozenset() for rows in lineages]
    record_rows(
        hooks, call.site, result, joined, parents, act, parts=sources, empty=[count == 0 for count in counts],
        again=_repeats(ids), where=where, names=result.columns if isinstance(result, pd.DataFrame) else None,
    )  # fmt: skip
    return True


def _repeats(parts: list[np.ndarray]) -> list[bool]:
    """For each part, whether all its rows are in the ones before: rows repeated to weigh more in training."""
    found = []
    for i, ids in enumerate(parts):
        seen = np.concatenate(parts[:i]) if i else ids[:0]
        found.append(bool(len(ids)) and bool((ids >= 0).all()) and bool(np.isin(ids, seen).all()))
    return found


def edit_stack(editor: Any, node: ast.AST, executions: list) -> Any:
    """`pd.concat([train, test])` is the served part alone; parts of one table are stacked and put in request order."""
    data = executions[0].data
    objects = editor.argument(node, data["where"])
    written = isinstance(objects, (ast.List, ast.Tuple))
    again = data["again"] if written else [False] * len(data["parts"])
    live = [editor.is_served(sources) and not twice for sources, twice in zip(data["parts"], again)]
    if objects is None or (all(live) and len(executions) > 1):
        return None
    plan = editor.plan(node)
    foreign = [i for i, sources in enumerate(data["parts"]) if not live[i] and not data["empty"][i]]
    if not foreign:
        return None
    if data["names"] is None:
        places = [i for i, use in enumerate(live) if use]
        if written and len(places) == 1:
            return plan.identity(objects.elts[places[0]])
        return None
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns")
    plan.helper("concat_rows")
    if written:
        kept = [part for part, use in zip(objects.elts, live) if use]
        return plan.done(
            f"concat_rows([{', '.join(plan.hole(part) for part in kept)}], {list(range(len(kept)))}, {names})"
        )
    places = editor.live_places(objects, live)
    return plan.done(f"concat_rows({plan.hole(objects)}, {places}, {names})")


def edit_append(editor: Any, node: ast.AST, executions: list) -> Any:
    """`train.append(test)` is the served one of the two; of two parts of one table neither is left out."""
    data = executions[0].data
    other = editor.argument(node, data["where"])
    owner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if owner is None or other is None or (len(executions) > 1 and data["names"] is not None):
        return None
    live = [editor.is_served(sources) and not twice for sources, twice in zip(data["parts"], data["again"])]
    if all(live):
        return None
    if len(live) == 2 and live[1]:
        kept = other
    elif live[0] and not any(live[1:]):
        kept = owner
    else:
        return None
    plan = editor.plan(node)
    if data["names"] is None:
        return plan.identity(kept)
    names = editor.recorded(node, executions, [e.data["names"] for e in executions], "columns")
    plan.helper("concat_rows")
    return plan.done(f"concat_rows([{plan.hole(kept)}], [0], {names})")


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
    "append": observe_append, "merge": observe_merge, "join": observe_merge,
}  # fmt: skip
EDITORS = {"stack": edit_stack, "append": edit_append, "display": edit_display}
