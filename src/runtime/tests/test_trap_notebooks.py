"""Every trap notebook comes out as its head says: see traps.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_helper import as_rows, equal, prove, record
from trap_data import write_tables
from traps import TRAPS, missing, order_of, parse

VALUES = 8


def names(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")}


def columns_read(run: Any, by: str) -> set[str]:
    """Raw columns whose change shows in the model's input (or answers): each gets another of its values in all rows."""
    module = run.module()
    raw, positions = run.expected("raw"), run.expected("rows")
    rows = as_rows(raw, positions)
    function = getattr(module, by)
    before = function(rows)
    if not hasattr(raw, "columns"):
        # Of pictures all numbers count, or what is said of them is wrong.
        moved = {i for i in range(len(rows[0])) if not equal(function([_moved(row, i) for row in rows]), before)}
        return {"*"} if len(moved) == len(rows[0]) else {str(i) for i in moved}
    return {column for column in raw.columns if _matters(function, rows, before, column, raw[column])}


def _moved(row: Any, place: int) -> Any:
    part = row[place]
    return [*row[:place], (np.asarray(part) + 3).tolist(), *row[place + 1 :]]


def _matters(function: Any, rows: list[Any], before: Any, column: str, values: Any) -> bool:
    known = values.dropna().sort_values().unique()
    for place in np.linspace(0, len(known) - 1, min(VALUES, len(known))).astype(int):
        other = known[place].item() if hasattr(known[place], "item") else known[place]
        try:
            if not equal(function([{**row, column: other} for row in rows]), before):
                return True
        except Exception:
            return True
    return False


@pytest.mark.parametrize("path", TRAPS, ids=lambda path: path.stem)
def test_trap(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, cells = parse(path.read_text(encoding="utf-8"))
    lacking = missing(said.get("needs", ""))
    if lacking is not None:
        pytest.skip(f"needs {lacking}")
    write_tables(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    run = record(cells, tmp_path, monkeypatch, order_of(said))
    if "refused" in said:
        assert run.document["status"] == "refused", "it was taken"
        refusal = run.document["refusal"]
        told = f"{refusal['reason']} | {refusal['statement']} | {refusal['remedy']}"
        for words in said["refused"].split(" | "):
            assert words in told, told
        return
    prove(run)
    assert run.document["served"]["name"] == said["served"]
    read = columns_read(run, said.get("by", "features"))
    assert names(said["required"]) == read, f"reads {sorted(read)}\n{run.text}"
    needed = {piece["cell"] for piece in run.document["features"]}
    dropped = {int(cell) for cell in names(said["dropped"])} if "dropped" in said else set()
    assert not needed & dropped, run.text


def test_there_is_a_trap_for_each_known_kind() -> None:
    assert len(TRAPS) >= 80
