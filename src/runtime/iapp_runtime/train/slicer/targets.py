"""Columns that are the target, or made of it: not known when scoring."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pandas as pd

from ..reads import names_in
from ..recorder.state import Recording
from .columns import stored_columns


def target_columns(recording: Recording, source: int, candidate: Any) -> set[str]:
    """The target's column of the raw table and the columns made from it, by following `y` back through the text."""
    raw = recording.sources[source].raw
    known = {str(c) for c in getattr(raw, "columns", [])} | _assigned_columns(recording)
    return _spread(recording, _target_of(recording, source, candidate, known))


def _assigned_columns(recording: Recording) -> set[str]:
    """Columns that a statement of the notebook sets."""
    return {
        name
        for statement in recording.statements
        for names in stored_columns(statement.node).values()
        for name in names
    }


def _target_of(recording: Recording, source: int, candidate: Any, known: set[str]) -> set[str]:
    """The column `y` was last taken from, and where that one was made of another one, that too."""
    fits = [c for c in recording.candidates if c.owner is candidate.owner and c.target is not None]
    for fit in reversed(fits):
        words = _follow(recording, fit.target_node(recording), fit.statement, 0)
        if fit.target_name in known:
            return {fit.target_name} | words
        column = _equal_column(recording, source, fit)
        if column is not None:
            return {column}
        if words & known:
            return words & known
    return set()


def _equal_column(recording: Recording, source: int, fit: Any) -> str | None:
    """The raw column that the target's values are those of."""
    raw = recording.sources[source].raw
    values = np.asarray(fit.target, dtype=object)
    if not isinstance(raw, pd.DataFrame) or fit.rows is None or values.shape != (len(fit.rows),):
        return None
    positions = fit.rows.positions(source)
    if not len(positions) or bool((positions < 0).any()):
        return None
    for name in raw.columns[::-1]:
        column = raw[name] if raw.columns.is_unique else None
        if column is not None and bool(np.all(column.to_numpy(dtype=object)[positions] == values)):
            return str(name)
    return None


def _follow(recording: Recording, node: Any, before: int, depth: int) -> set[str]:
    """Column names in the expression that a name was last bound to."""
    if node is None or depth > 6:
        return set()
    words = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    words |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    raw = {str(c) for source in recording.sources for c in getattr(source.raw, "columns", [])}
    if words & raw:
        return words & raw
    for word in words:
        for index in range(before - 1, -1, -1):
            value = _assigned(recording.statements[index].node, word)
            if value is not None:
                return {word} | _follow(recording, value, index, depth + 1)
    for name in names_in(node).reads:
        for index in range(before - 1, -1, -1):
            value = _bound_to(recording.statements[index].node, name)
            if value is not None:
                found = _follow(recording, value, index, depth + 1)
                if found:
                    return found
                break
    return set()


def _bound_to(node: ast.AST, name: str) -> Any:
    """The expression a simple assignment gives to a name; of a split, the array that the name is a part of."""
    if not isinstance(node, ast.Assign):
        return None
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id == name:
            return node.value
        if isinstance(target, (ast.Tuple, ast.List)):
            for place, part in enumerate(target.elts):
                if isinstance(part, ast.Name) and part.id == name:
                    return _part(node.value, place, len(target.elts))
    return None


def _assigned(node: ast.AST, column: str) -> Any:
    """The expression that a column is set to."""
    if not isinstance(node, ast.Assign):
        return None
    for target in node.targets:
        key = target.slice if isinstance(target, ast.Subscript) else None
        if isinstance(key, ast.Constant) and key.value == column:
            return node.value
    return None


def _part(value: Any, place: int, count: int) -> Any:
    if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == count:
        return value.elts[place]
    if isinstance(value, ast.Call) and value.args:
        copies = count // len(value.args) if count % len(value.args) == 0 else 1
        return value.args[min(place // max(copies, 1), len(value.args) - 1)]
    return None


def _spread(recording: Recording, targets: set[str]) -> set[str]:
    """Columns assigned from an expression that mentions one of them."""
    found = set(targets)
    for statement in recording.statements:
        node = statement.node
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            key = target.slice if isinstance(target, ast.Subscript) else None
            word = key.value if isinstance(key, ast.Constant) else None
            if isinstance(word, str) and _columns_named(node.value) & found:
                found.add(word)
    return found


def _columns_named(node: ast.AST) -> set[str]:
    """Words that stand where a column's name does: in brackets or behind a dot. A map's keys are no columns."""
    found = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript):
            found |= {n.value for n in ast.walk(part.slice) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found
