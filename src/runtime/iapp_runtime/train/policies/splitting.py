"""`train_test_split`, `shuffle`, resampling: every row of a request is on both sides."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinds import is_rowlike, n_rows
from ..lineage import Rows

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_split(hooks: Hooks, call: Call) -> tuple[bool, Any]:
    """Call `train_test_split` with the row positions as one more array: they come back split the same way."""
    recording = hooks.recording
    known = [recording.rows(array) if is_rowlike(array) else None for array in call.args]
    rows = next((r for r in known if r is not None), None)
    if rows is None or "sklearn" not in call.module:
        return False, None
    parts = hooks.library(call.function, (*call.args, np.arange(len(rows))), call.kwargs)
    train, test = np.asarray(parts[-2]), np.asarray(parts[-1])
    parts = parts[:-2]
    for index, lineage in enumerate(known):
        if lineage is not None:
            recording.set_rows(parts[2 * index], lineage.take(train))
            recording.set_rows(parts[2 * index + 1], lineage.take(test))
    sources = frozenset().union(*(r.sources for r in known if r is not None))
    recording.add(call.site, "live", act="split", sources=sources, copies=2, wheres=list(range(len(call.args))))
    return True, parts


def observe_shuffle(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`sklearn.utils.shuffle(X, y)`: the order is found again by running it on the positions."""
    recording = hooks.recording
    if "sklearn" not in call.module or not call.args:
        return False
    rows = recording.rows(call.args[0])
    if rows is None:
        return False
    outputs = result if isinstance(result, (list, tuple)) else [result]
    for array, output in zip(call.args, outputs):
        lineage = recording.rows(array) if is_rowlike(array) else None
        if lineage is not None and n_rows(output) == len(lineage):
            recording.set_rows(output, _shuffled(array, output, lineage))
    recording.add(
        call.site,
        "live",
        act="split",
        sources=rows.sources,
        copies=1,
        wheres=list(range(len(call.args))),
        single=len(call.args) == 1,
    )
    return True


def _shuffled(array: Any, output: Any, lineage: Rows) -> Rows:
    if hasattr(array, "index") and hasattr(output, "index") and array.index.is_unique:
        return lineage.take(array.index.get_indexer(output.index))
    return Rows(np.full(len(lineage), -1, dtype=np.int64))


def edit_split(editor: Any, node: ast.AST, executions: list) -> Any:
    """A split in the middle of an expression: all arrays, each as often as it was."""
    if not isinstance(node, ast.Call):
        return None
    data = executions[0].data
    plan = editor.plan(node)
    arrays = [editor.argument(node, where) for where in data["wheres"]]
    if any(array is None for array in arrays):
        return None
    holes = [plan.hole(array) for array in arrays]
    if data["copies"] == 1:
        return plan.identity(arrays[0]) if data.get("single") else plan.done(f"({', '.join(holes)},)")
    return plan.helper("split").done(f"split({', '.join(holes)})")


def edit_split_assignment(editor: Any, statement: ast.Assign, executions: list) -> Any:
    """`X_train, X_test, y_train, y_test = train_test_split(X, y)` where some of the names are needed only."""
    call, target = statement.value, statement.targets[0]
    data = executions[0].data
    if not isinstance(target, (ast.Tuple, ast.List)) or not all(isinstance(e, ast.Name) for e in target.elts):
        return None
    arrays = [editor.argument(call, where) for where in data["wheres"]]
    copies = data["copies"]
    if len(target.elts) != copies * len(arrays) or any(array is None for array in arrays):
        return None
    names = [str(getattr(e, "id", "")) for e in target.elts]
    wanted = [(name, arrays[i // copies]) for i, name in enumerate(names) if editor.is_needed(name)]
    if not wanted:
        return None
    plan = editor.plan(statement)
    right = [_whole(editor, plan, array, wanted) for _, array in wanted]
    plan.binds = {name for name, _ in wanted}
    plan.flows = [(name, array) for name, array in wanted]
    return plan.done(f"{', '.join(name for name, _ in wanted)} = {', '.join(right)}")


def _whole(editor: Any, plan: Any, array: ast.AST, wanted: list) -> str:
    shared = sum(other is array for _, other in wanted) > 1
    if shared or (isinstance(array, ast.Name) and editor.is_needed(array.id)):
        plan.helper("keep")
        return f"keep({plan.hole(array)})"
    return plan.hole(array, closed=True)


OBSERVERS = {"shuffle": observe_shuffle}
EDITORS = {"split": edit_split}
