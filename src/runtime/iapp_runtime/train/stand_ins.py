"""What stands in for the author and the author's machine while the cells run."""

from __future__ import annotations

import builtins
import getpass
import json
from pathlib import Path
from typing import Any

from .answers import Answers
from .paths import Paths


class StandIns:
    """Installed in this process until `close`. What was used is told in `remarks`, as warnings of the record are."""

    def __init__(self, program: dict[str, Any], shell: Any) -> None:
        self.remarks: list[dict[str, Any]] = []
        self._answers = Answers(program.get("answers") or {}, self.remarks)
        self._paths = Paths(program.get("paths") or {}, self.remarks)
        self._kernel = getattr(shell, "kernel", None)
        self._before = (builtins.input, getpass.getpass)
        builtins.input, getpass.getpass = self._answers.input, self._answers.getpass
        if self._kernel is not None:  # it puts its own methods in place whenever a cell is run
            self._kernel.raw_input, self._kernel.getpass = self._answers.input, self._answers.getpass

    def begin_cell(self, number: int) -> None:
        """The next cell that runs is this one."""
        self._answers.begin(number)
        self._paths.begin(number)

    def close(self) -> None:
        """Give the process its own functions back."""
        builtins.input, getpass.getpass = self._before
        self._paths.close()


_installed: StandIns | None = None


def install(run_dir: str) -> None:
    """Called once in the kernel, before the first cell."""
    global _installed
    from IPython import get_ipython

    program = json.loads((Path(run_dir) / "program.json").read_text("utf-8"))
    _installed = StandIns(program, get_ipython())


def begin(cell: int) -> None:
    """Called before each cell."""
    if _installed is not None:
        _installed.begin_cell(cell)


def close() -> list[dict[str, Any]]:
    """Called once, after the last cell. Gives what was used, for the record."""
    if _installed is None:
        return []
    _installed.close()
    return _installed.remarks
