"""The criterion of the slice: what the served call is given, as an expression of the author's text."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from ..lineage import SHIFT
from ..reads import mutated, names_in
from ..recorder.estimators import Candidate
from ..recorder.state import Recording
from .cut import Cut, Kept
from .editor import Served
from .inside import Inside
from .refusals import Refused
from .targets import target_columns

_COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)


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


def criterion(cut: Cut, candidate: Candidate) -> tuple[Kept, list[Any], set[str]]:
    """The expression to slice from; parts of the same statement that come before it; names needed before the statement.

    The argument as written where it is at the top level; inside a function of the notebook, the name at the call's
    statement that holds the very table, else the parts of the function or loop that make it.
    """
    recording = cut.recording
    statement = recording.statements[candidate.statement]
    node = recording.sites[candidate.site]
    argument = argument_of(node, candidate.where)
    inside = any(part is node for part in ast.walk(statement.node))
    bound = names_in(statement.node).binds | mutated(statement.node) if isinstance(statement.node, _COMPOUND) else set()
    at_top = inside and argument is not None and not _in_function(statement.node, node)
    if at_top and not names_in(argument).reads & bound:
        kept = cut.expression(candidate.statement, argument)
        return kept, [], kept.reads
    for part in ast.walk(statement.node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in set(candidate.names) - bound:
            kept = cut.expression(candidate.statement, part)
            return kept, [], kept.reads
    if argument is None:
        raise Refused(
            "IAPP_NOTEBOOK_INSIDE_FUNCTION",
            f"cell {statement.cell.number}: the argument of {candidate.method} is not written out",
            None,
        )
    parts, kept, need = Inside(cut, candidate).run(argument)
    return kept, parts, need


def argument_of(node: Any, where: Any) -> Any:
    """The expression at a position or keyword of a call."""
    if isinstance(where, int):
        if where < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args[: where + 1]):
            return node.args[where]
        return None
    return next((k.value for k in node.keywords if k.arg == where), None)


def _in_function(tree: ast.AST, node: ast.AST) -> bool:
    for part in ast.walk(tree):
        function = isinstance(part, (ast.FunctionDef, ast.Lambda, ast.ClassDef)) and part is not tree
        if function and any(inner is node for inner in ast.walk(part)):
            return True
    return isinstance(tree, (ast.FunctionDef, ast.ClassDef))
