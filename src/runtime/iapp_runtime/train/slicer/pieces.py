"""Pieces of record.json: the author's statements with their edits."""

from __future__ import annotations

import ast
import re
from typing import Any

from .cut import Kept
from .entries import Entries


class Writer:
    """Turns kept statements into pieces, once everything is named."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.helpers: set[str] = set()

    def piece(self, kept: Kept, kind: str | None = None) -> dict[str, Any]:
        """`Piece` of the contract."""
        statement = kept.statement
        edits: list[dict[str, Any]] = []
        self._edits(kept, kept.node, edits)
        line = statement.line if kept.kind == "statement" else kept.node.lineno
        return {
            "cell": statement.cell.number,
            "line": line,
            "span": list(statement.span(kept.node)),
            "kind": kind or kept.kind,
            "edits": sorted(edits, key=lambda e: (e["span"][0], -e["span"][1])),
            "binds": sorted(kept.binds),
            "reads": sorted(kept.reads - {"rows"}),
            "note": None,
        }

    def _edits(self, kept: Kept, node: ast.AST, edits: list[dict[str, Any]]) -> None:
        plan = kept.plans.get(id(node))
        if plan is None:
            for child in ast.iter_child_nodes(node):
                self._edits(kept, child, edits)
            return
        template = self.entries.fill(plan.template)
        used = sorted({int(n) for n in re.findall(r"(?<!\{)\{(\d+)\}", template)})
        for new, old in enumerate(used):
            template = re.sub(rf"(?<!\{{)\{{{old}\}}", f"{{{new}}}", template)
        holes = [plan.holes[old] for old in used]
        self.helpers |= {name for name in plan.helpers if f"{name}(" in template}
        if isinstance(node, ast.stmt) and not template and _shares_line(kept.statement, node):
            template = "pass"
        edits.append(
            {
                "span": list(kept.statement.span(node)),
                "template": template,
                "holes": [list(kept.statement.span(hole)) for hole in holes],
            }
        )
        for hole in holes:
            self._edits(kept, hole, edits)


def _shares_line(statement: Any, node: ast.stmt) -> bool:
    start, end = statement.span(node)
    data = statement.source.data
    before = data[data.rfind(b"\n", 0, start) + 1 : start]
    stop = data.find(b"\n", end)
    after = data[end : stop if stop >= 0 else len(data)].split(b"#")[0]
    return bool(before.strip()) or bool(after.strip())
