"""Choosing rows of a Polars table: a filter that cleaned the training data becomes a check, an order the identity."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..kinds import columns_of
from ..polars_calls import CHOOSES, chosen, decides_alone, holds_alone
from ..polars_values import is_polars
from ..recorder.results import record_rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks

_FILTERS = {"filter", "drop_nulls", "drop_nans"}


def observe_choice(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`df.filter(...)`, `df.sort(...)`, `df.drop_nulls()` of Polars."""
    if not is_polars(call.owner) or not parents:
        return False
    rows = hooks.recording.rows(call.owner)
    places = chosen(call.name, call.owner, call.args, call.kwargs, result) if rows is not None else None
    if rows is None or places is None:
        return False
    after = rows.take(places)
    data = {"before": rows, "after": after, "how": call.name, "bound": call.bound, "columns": columns_of(call.owner)}
    data["alone"] = call.name not in _FILTERS or decides_alone(call.name, call.owner, call.args, call.kwargs, places)
    record_rows(hooks, call.site, result, after, parents[:1], "polars_choice", **data)
    return True


def observe_whole(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`df.with_columns(...)`: an expression may reach over all rows (a mean, a window, a running sum)."""
    rows = hooks.recording.rows(call.owner) if is_polars(call.owner) else None
    if rows is None or not parents or len(result) != len(rows):
        return False
    if holds_alone(call.name, call.owner, call.args, call.kwargs, result):
        return False
    record_rows(hooks, call.site, result, rows, parents[:1], "polars_whole")
    return True


def edit_whole(editor: Any, node: ast.AST, executions: list) -> Any:
    """Refused: what stands in the expression would be computed from the rows of a request."""
    raise editor.refusal(
        "IAPP_NOTEBOOK_POLARS_WHOLE",
        node,
        f"an expression of '{editor.text(node)}' gives another value when a row comes alone: it is computed from all "
        "rows together",
        "compute it first and use its value: mean = df['x'].mean(), or stats = df.group_by('key').agg(...) and "
        "df.join(stats, on='key', how='left')",
    )


def edit_choice(editor: Any, node: ast.AST, executions: list) -> Any:
    """The check, the identity, or the author's own line where the rows are treated differently."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    data = executions[0].data
    owner, how = node.func.value, data["how"]
    kind = editor.filter_kind(executions)
    if kind == "partition" and how in _FILTERS:
        return None
    plan = editor.plan(node)
    if how not in _FILTERS or kind == "split":
        return plan.identity(owner)
    words = editor.text(node)
    if how == "filter" and (editor.not_checkable(node) or not data["alone"]):
        editor.note_unchecked(node, executions, words)
        return plan.identity(owner)
    editor.note_check(node, executions, words)
    message = editor.message(node, executions, f"rows must stay in {words}")
    table = plan.hole(owner)
    if how == "filter":
        conditions = [plan.hole(argument) for argument in node.args]
        conditions += [f"{word.arg}={plan.hole(word.value)}" for word in node.keywords]
        choice = f"table.filter({', '.join(conditions)})"
    else:
        subset = data["bound"].get("subset")
        columns = editor.checked_columns(node, subset, executions) or []
        choice = f"table.{how}({editor.repr([str(column) for column in columns])})" if columns else "table"
    plan.same_as = owner
    return plan.helper("checked_rows").done(f"checked_rows({table}, lambda table: {choice}, {message})")


OBSERVERS = {
    **dict.fromkeys(sorted(CHOOSES), observe_choice),
    **dict.fromkeys(("with_columns", "select"), observe_whole),
}
EDITORS = {"polars_choice": edit_choice, "polars_whole": edit_whole}
