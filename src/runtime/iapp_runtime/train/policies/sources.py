"""Where the rows come in: the call that read the served table becomes the request, other tables are what they were."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from .random_numbers import edit_random

#: In place of what nobody knows of a new row. A value that reached the model would be seen by the proof.
UNKNOWN = 'float("nan")'


def edit_source(editor: Any, node: ast.AST, executions: list) -> Any:
    """`pd.read_csv(...)`, `iris.data`."""
    number = executions[0].data["source"]
    plan = editor.plan(node)
    if editor.serves(number):
        part, whole = executions[0].data.get("part"), editor.recording.sources[number].part
        if part == "target" != whole:
            # `df["target"] = iris.target` keeps its place in the table, which may be counted.
            return plan.done(UNKNOWN)
        shape = _pictures(editor.recording, number, part)
        if shape is not None:
            # The rows of the table are the same pictures, flat.
            plan.reads.add("rows")
            return plan.helper("rows_in").done(f"rows_in(rows, SOURCE, REQUIRED, OPTIONAL).reshape((-1, {shape}))")
        if part is not None and part != whole:
            raise editor.refusal(
                "IAPP_NOTEBOOK_PART_UNKNOWN",
                node,
                f"'{editor.text(node)}' is not part of a new row, but the model's input is made of it",
                f"make the model's input from '{whole}' of the data set alone",
            )
        plan.reads.add("rows")
        return plan.helper("rows_in").done("rows_in(rows, SOURCE, REQUIRED, OPTIONAL)")
    if executions[0].data.get("random"):
        return edit_random(editor, node, executions)
    source = editor.recording.sources[number]
    part = executions[0].data.get("part")
    if part is None and source.part is None:
        return plan.done(editor.constant(source.raw, node, hint="table"))
    return None


def _pictures(recording: Any, number: int, part: Any) -> str | None:
    """The shape of a picture, where a part of a data set holds its table as pictures (`digits.images`)."""
    raw = recording.sources[number].raw
    held = next((bunch.get(part) for bunch, source in recording.bunches.values() if source == number), None)
    if not isinstance(held, np.ndarray) or held.ndim < 3 or not isinstance(raw, np.ndarray):
        return None
    flat = held.reshape(len(held), -1)
    if flat.shape != raw.shape or not np.array_equal(flat, raw):
        return None
    return ", ".join(str(size) for size in held.shape[1:])


def edit_source_assignment(editor: Any, statement: ast.Assign, executions: list) -> Any:
    """`X, y = load_iris(return_X_y=True)`: the first part is the table."""
    target = statement.targets[0]
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(target.elts[0], ast.Name):
        return None
    if not editor.serves(executions[0].data["source"]):
        return None
    name = target.elts[0].id
    plan = editor.plan(statement).helper("rows_in")
    # As for `iris.target` above.
    others = [part.id for part in target.elts[1:] if isinstance(part, ast.Name)]
    holes = [other for other in others if editor.need is not None and other in editor.need]
    plan.binds = {name, *holes}
    plan.reads.add("rows")
    unknown = "".join(f"; {hole} = {UNKNOWN}" for hole in holes)
    return plan.done(f"{name} = rows_in(rows, SOURCE, REQUIRED, OPTIONAL){unknown}")


EDITORS = {"source": edit_source}
