"""The criterion of the slice: what the served call is given, as an expression of the author's text."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..lineage import SHIFT
from ..recorder.estimators import Candidate
from ..recorder.state import Recording
from .editor import Served
from .refusals import Refused
from .targets import target_columns


def served_of(recording: Recording, candidate: Candidate) -> Served:
    """The source most of the candidate's rows come from, and its rows."""
    rows = candidate.rows
    known = rows.ids[rows.ids >= 0] if rows is not None else np.array([], dtype=np.int64)
    if rows is None or not len(known):
        raise Refused("IAPP_NOTEBOOK_NO_ROWS", "the rows the model is given come from no table that was read", None)
    numbers, counts = np.unique(known >> SHIFT, return_counts=True)
    source = int(numbers[counts.argmax()])
    fits: set[int] = set()
    for other in recording.candidates:
        if other.owner is candidate.owner and other.rows is not None:
            fits |= other.rows.present()
    return Served(source, rows.present(), fits, target_columns(recording, source, candidate))


def criterion_node(recording: Recording, candidate: Candidate) -> Any:
    """The expression to slice from, in the statement of the served call.

    The argument as written; inside a function of the notebook, the name at the call's statement that holds the very
    table. Raises `Refused` when the table is made inside the function.
    """
    statement = recording.statements[candidate.statement]
    node = recording.sites[candidate.site]
    inside = any(part is node for part in ast.walk(statement.node))
    argument = _argument(node, candidate.where)
    if inside and argument is not None and not _in_function(statement.node, node):
        return argument
    for part in ast.walk(statement.node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in candidate.names:
            return part
    raise Refused(
        "IAPP_NOTEBOOK_INSIDE_FUNCTION",
        f"cell {statement.cell.number}: the table the model is given is made inside a function ({' '.join(statement.text().split())[:80]})",
        "make the table outside of the function that calls predict, or let the function return it",
        statement.cell.number,
        statement.line,
        " ".join(statement.text().split())[:200],
    )


def _argument(node: Any, where: Any) -> Any:
    if isinstance(where, int):
        if where < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: where + 1]):
            return node.args[where]
        return None
    return next((k.value for k in node.keywords if k.arg == where), None)


def _in_function(tree: ast.AST, node: ast.AST) -> bool:
    for part in ast.walk(tree):
        if isinstance(part, (ast.FunctionDef, ast.Lambda, ast.ClassDef)) and part is not tree:
            if any(inner is node for inner in ast.walk(part)):
                return True
    return isinstance(tree, (ast.FunctionDef, ast.ClassDef))
