"""`scale` and `zscore` of whole columns: with the statistics of training."""

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


def observe_scale(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`preprocessing.scale(X)`, `stats.zscore(x)` over rows."""
    if not ("sklearn" in call.module or "scipy" in call.module) or not is_rowlike(result):
        return False
    table = call.bound.get("X", call.bound.get("a", call.args[0] if call.args else None))
    rows = derive(result, parents, call.name)
    if rows is None or table is None or call.bound.get("axis", 0) not in (0, None):
        return False
    values = np.asarray(table, dtype=float)
    where = call.bound.where.get("X", call.bound.where.get("a", 0))
    spread = np.nanstd(values, axis=0, ddof=int(call.bound.get("ddof", 0) or 0))
    spread = np.where(spread == 0, 1.0, spread) if "sklearn" in call.module else spread
    record_rows(
        hooks, call.site, result, rows, parents, "scaled", mean=np.nanmean(values, axis=0), std=spread, where=where
    )
    return True


def edit_scaled(editor: Any, node: ast.AST, executions: list) -> Any:
    """`scaled(x, frozen.x_mean, frozen.x_std)`."""
    table = editor.argument(node, executions[0].data["where"])
    if table is None or len(executions) != 1:
        return None
    data = executions[0].data
    plan = editor.plan(node).helper("scaled")
    mean = editor.constant(data["mean"], node, hint="mean")
    std = editor.constant(data["std"], node, hint="std")
    return plan.done(f"scaled({plan.hole(table)}, {mean}, {std})")


OBSERVERS = {"scale": observe_scale, "zscore": observe_scale}
EDITORS = {"scaled": edit_scaled}
