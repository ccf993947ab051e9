"""Small notebooks, each for one trap that a public notebook once set, with the right outcome stated in its head.

A trap is a file of `test/fixtures/notebooks` in the percent format: a comment that says what it is about, lines `# key: value`, and cells
after `# %%`. Keys: `served` (the model's name), `required` (columns that must be in the answer's way), `unused` (columns that must not be),
`refused` (words of the refusal), `dropped` (cells that scoring must not need), `by` (`predict`, where the
model itself makes the features), `needs` (packages or versions: `pandas<2, lightgbm`).
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_helper import as_rows, equal, prove, record
from trap_data import write_tables

TRAPS = sorted((Path(__file__).resolve().parents[3] / "test/fixtures/notebooks").glob("*.py"))
VALUES = 8
KEYS = {"served", "required", "unused", "refused", "dropped", "needs", "by"}


def parse(text: str) -> tuple[dict[str, str], list[str]]:
    """Head and cells of a trap."""
    head, *cells = re.split(r"(?m)^# %%.*\n", text)
    said = dict(re.findall(r"(?m)^# (\w+): (.+)$", head))
    assert set(said) <= KEYS, set(said) - KEYS
    assert ("served" in said) != ("refused" in said)
    return said, [cell.strip("\n") for cell in cells]


def missing(needs: str) -> str | None:
    """What a trap needs and this environment does not have."""
    for need in filter(None, (part.strip() for part in needs.split(","))):
        name, sign, wanted = re.match(r"([\w-]+)\s*(<|>=)?\s*([\d.]*)", need).groups()  # type: ignore[union-attr]
        try:
            here = tuple(map(int, re.findall(r"\d+", version(name))[:2]))
        except PackageNotFoundError:
            return need
        asked = tuple(map(int, re.findall(r"\d+", wanted)[:2]))
        if (sign == "<" and here >= asked) or (sign == ">=" and here < asked):
            return need
    return None


def names(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")}


def columns_read(run: Any, by: str) -> set[str]:
    """Raw columns whose change changes the model's input, or its answers: each is set to one of its other values in all rows."""
    module = run.module()
    raw, positions = run.expected("raw"), run.expected("rows")
    rows = as_rows(raw, positions)
    function = getattr(module, by)
    before = function(rows)
    return {column for column in raw.columns if _matters(function, rows, before, column, raw[column])}


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
    run = record(cells, tmp_path, monkeypatch)
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
