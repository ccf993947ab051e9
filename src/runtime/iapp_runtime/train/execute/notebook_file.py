"""``executed.ipynb``: the notebook's own cells and text with this run's outputs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat


class NotebookFile:
    """Outputs of earlier runs are removed at once, so that what is shown is of this run or absent."""

    def __init__(self, program: dict[str, Any], path: Path) -> None:
        self._path = path
        read: Any = nbformat.read
        self.nb = read(program["notebook"], as_version=4)
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        self._position = {cell["cell"]: cell["position"] for cell in program["cells"]}

    def set(self, cell: int, outputs: list[dict[str, Any]], count: int | None, seconds: float) -> None:
        target = self.nb.cells[self._position[cell]]
        from_dict: Any = nbformat.from_dict
        target.outputs = [from_dict(output) for output in outputs]
        target.execution_count = count
        target.metadata["iapp"] = {"cell": cell, "seconds": round(seconds, 3)}

    def save(self) -> None:
        """Whole or not at all: written beside and renamed. Not validated: an odd notebook stays as odd as it was."""
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            json.dump(self.nb, file, ensure_ascii=False, indent=1)
            file.write("\n")
        os.replace(temporary, self._path)
