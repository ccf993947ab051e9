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
#: Methods that change what they are called on, without being told to.
_CHANGES_OWNER = {"update", "fill", "put", "sort", "partition", "insert", "pop"}


def written_tables(recording: Recording, node: ast.stmt) -> dict[str, Columns]:
    """Names of tables that the statement writes into or binds, with the columns it reaches: None for any.

    Every name of such a table counts, also those through which it is not written: `both = [train, test]` holds the
    same two tables as their own names do.
    """
    found: dict[str, Columns] = {}
    for name, columns in _stores(node):
        _add(found, name, columns)
    for name in _through_calls(recording, node, set()):
        found.setdefault(name, None)
    # Before the names that are only bound: a loop binds its own target, and that alone writes into nothing.
    for name in _through_loops(node, set(found)):
        found[name] = None
    for name in names_in(node).binds:
        found.setdefault(name, None)
    namespace = recording.namespace
    columns_of: dict[int, Columns] = {}
    for name, columns in found.items():
        objects = {id(namespace.get(name))}
        reach(namespace.get(name), objects)
        for one in objects:
            known = columns_of.get(one, set())
            columns_of[one] = None if columns is None or known is None else known | columns
    return {
        name: columns_of[id(value)]
        for name, value in list(namespace.items())
        if id(value) in columns_of and is_rowlike(value) and recording.tracker.get(value) is not None
    }


def reach(value: Any, objects: set[int], depth: int = 0) -> None:
    """Add the identities of what a short list, tuple or dictionary holds."""
    if depth < 2 and isinstance(value, (list, tuple, dict)) and len(value) < 100:
        for item in value.values() if isinstance(value, dict) else value:
            objects.add(id(item))
            reach(item, objects, depth + 1)


def _add(found: dict[str, Columns], name: str, columns: Columns) -> None:
    known = found.get(name, set())
    found[name] = None if columns is None or known is None else known | columns


def _stores(node: ast.AST) -> Iterable[tuple[str, Columns]]:
    """Stores through a name, and calls that are told to work in place."""
    for part in ast.walk(node):
        if isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, None
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
            yield from _named(part)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            yield from _called(part.value)


def _called(call: ast.Call) -> Iterable[tuple[str, Columns]]:
    told = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(call.func, ast.Attribute):
        if "inplace" in told or None in told or call.func.attr in _CHANGES_OWNER:
            yield from _named(call.func.value)
        if call.func.attr in CHANGES_ARGUMENTS or "copy" in told:
            for argument in call.args:
                yield from _named(argument)
    if "out" in told:
        yield from _named(told["out"])


def _named(place: ast.AST) -> Iterable[tuple[str, Columns]]:
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


def _through_calls(recording: Recording, node: ast.AST, seen: set[int]) -> set[str]:
    """Arguments of calls of the notebook's own functions that write into a parameter, themselves or through others."""
    found: set[str] = set()
    for part in ast.walk(node):
        if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Name):
            continue
        at = recording.binder.get(part.func.id)
        definition = recording.statements[at].node if at is not None and at not in seen else None
        if at is None or not isinstance(definition, ast.FunctionDef):
            continue
        body = ast.Module(definition.body, [])
        stored = {name for name, _ in _stores(body)} | _through_calls(recording, body, seen | {at})
        written = stored | _through_loops(body, stored)
        if written & {argument.arg for argument in ast.walk(definition.args) if isinstance(argument, ast.arg)}:
            given = (*part.args, *(keyword.value for keyword in part.keywords))
            found |= {name for value in given for name in names_in(value).reads}
    return found
