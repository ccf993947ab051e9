"""Parquet in and out, as the command line uses it."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from pathlib import Path
from typing import Any

import pytest

from iapp_runtime.data.parquet import main, plain, read, write


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (1.5, 1.5),
        (2**62, 2**62),
        (decimal.Decimal("1.25"), 1.25),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
        (datetime.timedelta(seconds=90), 90.0),
        (b"ab", "ab"),
        ({"a": [float("nan"), 1]}, {"a": [None, 1]}),
        (True, True),
        (None, None),
    ],
)
def test_every_cell_has_a_form_in_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def make(folder: Path, rows: int) -> str:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(folder / "in.parquet")
    parquet.write_table(pa.table({"x": list(range(rows)), "name": ["é"] * rows}), path)
    return path


@pytest.mark.parametrize("rows", [1, 2000, 4501])
def test_rows_come_in_order_and_go_back_with_their_answers(tmp_path: Path, rows: int) -> None:
    path = make(tmp_path, rows)
    out = io.StringIO()
    read(path, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines == [{"x": i, "name": "é"} for i in range(rows)]
    answers = (json.dumps({"prediction": i, "label": "yes"}) for i in range(rows))
    write(path, str(tmp_path / "out.parquet"), answers, ["prediction"])
    import pyarrow.parquet as parquet

    table = parquet.read_table(str(tmp_path / "out.parquet"))
    assert table.column_names == ["x", "name", "prediction", "label"]
    assert str(table.schema.field("prediction").type) == "double"
    assert table["prediction"].to_pylist() == [float(i) for i in range(rows)]


def test_too_few_answers_are_an_error(tmp_path: Path) -> None:
    path = make(tmp_path, 3)
    with pytest.raises(ValueError, match="fewer answers"):
        write(path, str(tmp_path / "out.parquet"), iter(['{"prediction": 1}']))


def test_what_is_no_parquet_is_told_by_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "x.parquet").write_text("no")
    assert main(["read", str(tmp_path / "x.parquet")]) == 4
    assert main(["read", str(tmp_path / "missing.parquet")]) == 4
    assert capsys.readouterr().err
