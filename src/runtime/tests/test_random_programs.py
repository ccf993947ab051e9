"""Whatever row-wise preparation a notebook holds: the module made from its run answers new rows as it should."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from random_programs import REGIONS, RandomProgram, random_program, raw_table, reference
from random_tables import Frame
from record_helper import as_rows, equal, first_difference, record

# 500 in all by default: the newest libraries get the larger part, and others than the oldest. More for a longer look.
NEW = sys.version_info >= (3, 10)
COUNT = int(os.environ.get("IAPP_TEST_PROGRAMS", "350" if NEW else "150"))
FIRST = int(os.environ.get("IAPP_TEST_FIRST", "0" if NEW else "100000"))
TRAINING, FRESH = 300, 1000


def program_for(seed: int, training: Frame) -> RandomProgram:
    """The seed's program; another one where its notebook itself would fail (a constant column, scaled)."""
    while reference(random_program(seed), training, training)[0].isna().any(axis=None):
        seed += 1_000_000
    return random_program(seed)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_program_answers_new_rows_as_its_notebook_would(seed, tmp_path, monkeypatch):
    training, fresh = raw_table(1000 + seed, TRAINING), raw_table(500_000 + seed, FRESH)
    program = program_for(seed, training)
    training.to_csv(tmp_path / "rows.csv", index=False)
    REGIONS.to_csv(tmp_path / "regions.csv", index=False)
    run = record(program.cells, tmp_path, monkeypatch)
    text = "\n\n".join(program.cells)
    assert run.document["status"] == "ok", (run.document["refusal"], text)
    module = run.module()
    known, wanted = reference(program, training, fresh)
    positions = run.expected("rows")
    # First the statement of what is right: on the notebook's own rows it gives the notebook's own features.
    assert equal(known.iloc[positions], run.expected("features")), (
        first_difference(known.iloc[positions], run.expected("features")), text)  # fmt: skip
    rows = as_rows(fresh, np.arange(FRESH), {"target"})
    got = module.features(rows)
    assert equal(got, wanted), (first_difference(got, wanted), text, run.text)
    for i in range(0, FRESH, 97):
        assert equal(module.features([rows[i]]), wanted.iloc[[i]]), (i, text, run.text)
    assert len(module.predict(rows)) == FRESH
