"""Records all trap notebooks that can run here and prints, as JSON, the cells that each one's scoring module needs.

For the test that holds `iapp check`, which runs nothing, against the run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

from record_helper import program
from trap_data import write_tables
from traps import TRAPS, missing, order_of, parse

from iapp_runtime.train.in_kernel import record_program


def needed(cells: list[str], order: list[int] | None) -> list[int] | None:
    """Code cells whose statements are in the scoring module; None when the run was refused."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_tables(here)
        os.chdir(here)
        record_program(program(cells, here, order), here / "run")
        document = json.loads((here / "run/record.json").read_text())
    if document["status"] != "ok":
        return None
    pieces = [piece for part in ("definitions", "features", "post") for piece in document[part]]
    # The statement that reads the table is no longer there: its place takes the request's rows.
    return sorted({p["cell"] for p in pieces if not any("rows_in(" in edit["template"] for edit in p["edits"])})


if __name__ == "__main__":
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for path in TRAPS:
            said, cells = parse(path.read_text(encoding="utf-8"))
            if missing(said.get("needs", "")) is None:
                order = order_of(said)
                found[path.stem] = {
                    "cells": cells,
                    "counts": [int(count) for count in said.get("counts", "").split()],
                    "order": order,
                    "needed": needed(cells, order),
                    "served": said.get("served"),
                }
    json.dump(found, sys.stdout)
