"""The proof of the proof: two hundred faults planted in modules of the trap notebooks, and it must catch each one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from planted_faults import faults
from record_helper import as_rows, equal, record
from run_folders import with_contract
from trap_data import write_tables
from traps import TRAPS, missing, parse

from iapp_runtime.train.events import Events
from iapp_runtime.train.probe import probe
from iapp_runtime.train.prove import prove
from iapp_runtime.train.scoring_module import ScoringModule

LEAST = 200
#: Half of what the traps themselves are run on: each fault is proved on all of them.
ROWS = 100
USED = {
    "median_fill",
    "mean_fill_by_group",
    "fill_from_pivot_table",
    "dummies_joined",
    "encoders_in_dict",
    "one_encoder_many_columns",
    "scaler_refitted",
    "scaled_by_hand",
    "rare_to_other",
    "frequency_encoding",
    "target_encoding",
    "title_by_pattern",
    "units_in_text",
    "age_in_days_since_last",
    "factorize_codes",
    "category_codes",
    "merged_reference",
    "merged_group_statistics",
    "mask_assignment",
    "renamed_columns",
}


def proved(folder: Path) -> bool:
    events = Events.open(None, folder)
    found = prove(folder, events)
    events.close()
    return bool(found["equal"])


def outputs(folder: Path, rows: list[Any]) -> list[Any]:
    """Features and answers of all rows together, and of every third alone."""
    module = ScoringModule(folder).module
    return [f(part) for part in [rows, *([row] for row in rows[::3])] for f in (module.features, module.predict)]


def does_the_same(folder: Path, rows: list[Any], right: list[Any]) -> bool:
    """A change that changes nothing is no fault: no row, in a batch or alone, is answered otherwise."""
    try:
        found = outputs(folder, rows)
    except Exception:
        return False
    return all(equal(a, b) for a, b in zip(found, right))


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the proof is the same program with all libraries")
def test_every_planted_fault_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caught, missed, same = 0, [], 0
    for path in TRAPS:
        said, cells = parse(path.read_text(encoding="utf-8"))
        if path.stem not in USED or missing(said.get("needs", "")) is not None:
            continue
        home = tmp_path / path.stem
        home.mkdir()
        write_tables(home, ROWS)
        run = record(cells, home, monkeypatch)
        run.module()
        folder = run.folder
        events = Events.open(None, folder)
        assert probe(folder, events)["equal"], path.stem
        events.close()
        with_contract(folder)
        assert proved(folder), path.stem
        rows = as_rows(run.expected("raw"), run.expected("rows"))
        right = outputs(folder, rows)
        before = {name: (folder / name).read_text() for name in ("score.py", "frozen.json")}
        for kind, files in faults(folder):
            for name, text in files.items():
                (folder / name).write_text(text)
            if not proved(folder):
                caught += 1
            elif does_the_same(folder, rows, right):
                same += 1
            else:
                missed.append(f"{path.stem}: {kind}")
            for name, text in before.items():
                (folder / name).write_text(text)
    assert not missed, "\n".join(missed)
    assert caught >= LEAST, f"{caught} caught, {same} changed nothing"
