"""What depends on the other rows or on their order and cannot be learned: refused by name."""

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

_ORDERED = (
    "rank", "shift", "diff", "cumsum", "cumprod", "cummax", "cummin", "cumcount", "pct_change", "interpolate", "ngroup",
    "rankdata", "argsort", "nancumsum",
)  # fmt: skip
_FILLS = ("ffill", "bfill", "pad", "backfill", "fillna")
_WINDOWS = ("rolling", "expanding", "ewm")


def observe_order(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Ranks, shifts, running sums."""
    rows = derive(result, parents, call.name) if is_rowlike(result) else None
    if rows is None or call.bound.get("axis", 0) in (1, "columns"):
        return False
    if call.name == "argsort" and getattr(result, "ndim", 1) != 1:
        return False
    record_rows(hooks, call.site, result, rows, parents, "order", how=call.name)
    return True


def observe_fill(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """A gap filled from the neighbouring row, when there was a gap."""
    if before is None or not is_rowlike(result) or (call.name == "fillna" and call.bound.get("method") is None):
        return False
    if not bool(np.asarray(call.table.isna()).any()):
        return False
    record_rows(hooks, call.site, result, before[1], parents, "order", how=call.name)
    return True


def observe_window(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Statistics of a moving window."""
    if (
        "pandas.core.window" not in type(call.owner).__module__
        and "pandas.api.typing" not in type(call.owner).__module__
    ):
        return False
    if type(call.owner).__name__ not in ("Rolling", "Expanding", "ExponentialMovingWindow", "Window", "RollingGroupby"):
        return False
    rows = derive(result, parents, call.name) if is_rowlike(result) else None
    if rows is None:
        return False
    record_rows(
        hooks, call.site, result, rows, parents, "order", how=f"{type(call.owner).__name__.lower()}().{call.name}"
    )
    return True


def edit_order(editor: Any, node: ast.AST, executions: list) -> Any:
    """Nothing to write: the reason why not."""
    how = executions[0].data["how"]
    raise editor.refusal(
        "IAPP_NOTEBOOK_ROW_ORDER",
        node,
        f"'{editor.text(node)}' depends on the other rows ({how}): a row that comes alone gets another value",
        "compute it from the row itself or from values learned in training, or leave the column out of the model",
    )


OBSERVERS = {
    **dict.fromkeys(_ORDERED, observe_order),
    **dict.fromkeys(_FILLS, observe_fill),
    "*": observe_window,
}
EDITORS = {"order": edit_order}
