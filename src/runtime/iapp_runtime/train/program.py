"""The program as planned by the CLI: cells, and the statements in them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any


class Statement:
    """One top-level statement of a code cell."""

    __slots__ = ("cell", "index", "node", "source")

    def __init__(self, index: int, cell: Cell, node: ast.stmt) -> None:
        self.index = index
        self.cell = cell
        self.node = node
        self.source = cell.text

    @property
    def line(self) -> int:
        """First line of the statement in its cell, 1-based; decorators included."""
        decorators = getattr(self.node, "decorator_list", [])
        return min([self.node.lineno, *(d.lineno for d in decorators)])

    def span(self, node: ast.AST | None = None) -> tuple[int, int]:
        """Byte span of the statement, or of a node in it, in the cell's masked source."""
        return self.cell.text.span(self.node if node is None else node)

    def text(self, node: ast.AST | None = None) -> str:
        """The author's own text of the statement or of a node in it."""
        start, end = self.span(node)
        return self.cell.text.data[start:end].decode("utf-8", "replace")


class Text:
    """A cell's masked source with fast conversion from (line, column) to bytes."""

    def __init__(self, source: str) -> None:
        self.data = source.encode("utf-8")
        self._starts = [0]
        for line in self.data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """Byte offset of a 1-based line and a 0-based UTF-8 column, as `ast` counts them."""
        return min(self._starts[min(line - 1, len(self._starts) - 1)] + column, len(self.data))

    def span(self, node: Any) -> tuple[int, int]:
        """Byte span of a node; of a definition from its first decorator on."""
        line, column = node.lineno, node.col_offset
        for decorator in getattr(node, "decorator_list", []):
            if decorator.lineno < line:
                line = decorator.lineno
        return self.offset(line, column), self.offset(node.end_lineno, node.end_col_offset)


class Cell:
    """One code cell: number, masked source, directives, magics to run."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.number: int = document["cell"]
        self.source: str = document["source"]
        self.text = Text(self.source)
        self.skip: bool = bool(document.get("skip")) or "skip" in document.get("directives", [])
        self.directives: list[str] = list(document.get("directives", []))
        self.magics: list[dict[str, Any]] = list(document.get("magics", []))


class Program:
    """program.json."""

    def __init__(self, document: dict[str, Any]) -> None:
        schema = document.get("schema", "")
        if not str(schema).startswith("iapp.program/1"):
            raise ValueError(f"this runtime reads iapp.program/1, not {schema!r}")
        self.document = document
        self.workdir = Path(document.get("workdir") or ".")
        #: In the order in which they are run, which may not be that of their numbers.
        self.cells = {cell["cell"]: Cell(cell) for cell in document["cells"]}
        serve = document.get("serve") or {}
        self.remarks: list[dict[str, Any]] = list(document.get("remarks") or [])
        self.missing: dict[str, str] = dict(document.get("missing") or {})
        self.serve_name: str | None = serve.get("name")
        self.serve_cell: int | None = serve.get("cell")

    def runs_before(self, one: int, other: int) -> bool:
        """Whether the cell `one` is run before the cell `other`."""
        place = list(self.cells)
        return place.index(one) < place.index(other)

    @classmethod
    def load(cls, run_dir: Path) -> Program:
        """Read RUN_DIR/program.json."""
        return cls(json.loads((run_dir / "program.json").read_text("utf-8")))
