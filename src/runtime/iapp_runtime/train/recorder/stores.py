"""Tables that a statement writes into, by its text: what no row of the run met, a new row may meet.

`df.loc[df["age"] > 120, "age"] = 120` changes nothing where nobody is that old, and is as much a part of the
preparation as any other line. By values alone it would not be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional

from ..kinds import is_rowlike
from ..reads import CHANGES_ARGUMENTS, names_in, root_name

if TYPE_CHECKING:
    from .state import Recording

Columns = Optional[set[Any]]


def written_tables(recording: Recording, node: ast.stmt) -> dict[str, Columns]:
    """Names of tables that the statement writes into or binds, with the columns it reaches: None for any."""
    found: dict[str, Columns] = {}
    for name, columns in _stores(node):
        _add(found, name, columns)
    for name in (names_in(node).binds | _through_loops(node, set(found)) | _through_calls(recording, node)) - set(
        found
    ):
        found[name] = None
    return {name: columns for name, columns in found.items() if _has_rows(recording, name)}


def _has_rows(recording: Recording, name: str) -> bool:
    value = recording.namespace.get(name)
    return is_rowlike(value) and recording.tracker.get(value) is not None


def _add(found: dict[str, Columns], name: str, columns: Columns) -> None:
    known = found.get(name, set())
    found[name] = None if columns is None or known is None else known | columns


def _stores(node: ast.AST) -> Iterable[tuple[str, Columns]]:
    """Stores through a name, and calls that are told to work in place."""
    for part in ast.walk(node):
        place: Any = None
        if isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
            place = part
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            if isinstance(call.func, ast.Attribute) and any(k.arg in ("inplace", None) for k in call.keywords):
                place = call.func.value
            elif isinstance(call.func, ast.Attribute) and call.func.attr in CHANGES_ARGUMENTS:
                yield from ((a.id, None) for a in call.args if isinstance(a, ast.Name))
        name = root_name(place)
        if name is not None:
            yield name, _columns(place)


def _columns(place: ast.AST) -> Columns:
    """The columns of `df["a"]`, `df["a"][mask]`, `df.loc[mask, "a"]` and `df.loc[mask, ["a", "b"]]`."""
    inner: Any = place
    while isinstance(inner, (ast.Subscript, ast.Attribute)) and isinstance(inner.value, (ast.Subscript, ast.Attribute)):
        by_label = isinstance(inner.value, ast.Attribute) and inner.value.attr in ("loc", "at")
        if by_label and isinstance(inner, ast.Subscript) and isinstance(inner.value.value, ast.Name):
            parts = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else []
            return _words(parts[1]) if len(parts) == 2 else None
        inner = inner.value
    return _words(inner.slice) if isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Name) else None


def _words(node: ast.AST) -> Columns:
    parts = node.elts if isinstance(node, ast.List) else [node]
    words = {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return words if len(words) == len(parts) else None


def _through_loops(node: ast.AST, stored: set[str]) -> set[str]:
    """`for table in [train, test]: table.loc[...] = ...` writes into both."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.For) and names_in(part.target).binds & stored:
            found |= names_in(part.iter).reads
    return found


def _through_calls(recording: Recording, node: ast.AST) -> set[str]:
    """Arguments of calls of the notebook's own functions that write into a parameter."""
    found: set[str] = set()
    for part in ast.walk(node):
        if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Name):
            continue
        at = recording.binder.get(part.func.id)
        definition = recording.statements[at].node if at is not None else None
        if isinstance(definition, ast.FunctionDef):
            written = {name for statement in definition.body for name, _ in _stores(statement)}
            given = (*part.args, *(keyword.value for keyword in part.keywords))
            if written & {argument.arg for argument in ast.walk(definition.args) if isinstance(argument, ast.arg)}:
                found |= {value.id for value in given if isinstance(value, ast.Name)}
    return found
