"""Functions, classes and imports that go along."""

from __future__ import annotations

import ast
from typing import Any

from ..reads import imported
from ..recorder.state import Recording
from .cut import Cut, Kept
from .prune import Pruner


def definitions(cut: Cut, during: list[int]) -> list[tuple[str, Kept]]:
    """Each function or class with the edits that hold for all statements of the slice that run it."""
    found: dict[int, tuple[str, Kept]] = {}
    for name, (binder, at) in cut.functions.items():
        name = name.split("@")[0]
        if binder in found:
            continue
        statement = cut.recording.statements[binder]
        editor = cut.editor(statement, sorted({*during, at}), None)
        plans = editor.run()
        Pruner(editor, plans, cut.users).statement(statement.node, set())
        found[binder] = (name, Kept(statement, statement.node, plans, "statement", binder))
    return [found[binder] for binder in sorted(found)]


def nested(cut: Cut, local: set[str]) -> set[str]:
    """Functions that read rows or names bound inside `features`, directly or through each other."""
    found = set(cut.row_functions)
    for name, reads in cut.function_reads.items():
        if reads & local:
            found.add(name)
    while True:
        more = {n for n, reads in cut.function_reads.items() if reads & found} - found
        if not more:
            return found
        found |= more


def imports(recording: Recording, names: dict[str, int]) -> list[dict[str, Any]]:
    """The author's imports that bind any of these names."""
    wanted: dict[int, set[str]] = {}
    for name, binder in names.items():
        wanted.setdefault(binder, set()).add(name)
    found: list[dict[str, Any]] = []
    for binder in sorted(wanted):
        statement = recording.statements[binder]
        for node in ast.walk(statement.node):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                text, binds = _narrowed(statement, node, wanted[binder])
                if text:
                    found.append(
                        {
                            "cell": statement.cell.number,
                            "span": list(statement.span(node)),
                            "text": text,
                            "binds": binds,
                        }
                    )
                    wanted[binder] -= set(binds)
    return found


def _narrowed(statement: Any, node: ast.Import | ast.ImportFrom, names: set[str]) -> tuple[str, list[str]]:
    """The import with only the names needed; as written when that is all of them."""
    if any(alias.name == "*" for alias in node.names):
        return statement.text(node), sorted(names)
    kept = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) in names]
    if not kept:
        return "", []
    if len(kept) == len(node.names):
        return statement.text(node), sorted(imported(node))
    twin = ast.Import(kept) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, kept, node.level)
    return ast.unparse(ast.copy_location(twin, node)), sorted(imported(twin))
