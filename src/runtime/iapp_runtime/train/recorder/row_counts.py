"""Names that hold a number of rows."""

from __future__ import annotations

import ast

from ..program import Statement
from .state import Recording


def row_counts(recording: Recording, statement: Statement) -> dict[str, frozenset[int]]:
    """Names bound to a number of rows: `n = len(df)`, `n = df.shape[0]`, `n, m = df.shape`."""
    node = statement.node
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return {}
    target, value = node.targets[0], node.value
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant) and value.slice.value == 0:
        value = value.value
    log = recording.logs.get((statement.index, getattr(value, "site", -1)))
    acts = [e for e in log.executions if e.act in ("count", "shape")] if log is not None else []
    if not acts:
        return {}
    if isinstance(target, (ast.Tuple, ast.List)) and target.elts:
        target = target.elts[0]
    elif acts[0].act == "shape" and value is node.value:
        return {}
    return {target.id: acts[0].sources} if isinstance(target, ast.Name) else {}
