"""The driver with a real kernel: events, outputs, failures, limits and the end by signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

RUNTIME = Path(__file__).resolve().parents[1]


def prepare(folder: Path, cells: list[str], **limits) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(notebook, str(folder / "nb.ipynb"))
    run = folder / "run"
    run.mkdir()
    program = {
        "schema": "iapp.program/1",
        "notebook": str(folder / "nb.ipynb"),
        "workdir": str(folder),
        "language_version": None,
        "cells": [
            {"cell": n, "position": n - 1, "id": None, "source": source, "skip": False, "directives": [], "magics": []}
            for n, source in enumerate(cells, 1)
        ],
        "parameters": [],
        "serve": {"name": None, "cell": None},
        "limits": {"cell_seconds": None, "run_seconds": None, "output_bytes_per_cell": 100_000, **limits},
        "stop_on_error": False,
        "env": {"GREETING": "hello"},
    }
    (run / "program.json").write_text(json.dumps(program))
    return run


def start(run: Path, *flags: str) -> subprocess.Popen:
    env = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    command = [sys.executable, "-m", "iapp_runtime.train", "run", str(run), *flags]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def execute(run: Path, *flags: str) -> list[dict]:
    process = start(run, *flags)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr.decode()
    return events(run)


def events(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "events.ndjson").read_text().splitlines()]


def test_runs_on_after_a_failing_cell_and_keeps_outputs(tmp_path):
    cells = ["import os\nprint(os.environ['GREETING'], os.getcwd())", "def f():\n    return 1 / 0\nf()", "1 + 1"]
    run = prepare(tmp_path, cells)
    said = execute(run, "--no-record")
    ends = [event for event in said if event["code"] == "cell.end"]
    assert [end["error"] and end["error"]["ename"] for end in ends] == [None, "ZeroDivisionError", None]
    assert ends[1]["error"]["line"] == 3
    assert ends[1]["error"]["traceback"][-1] == "cell 2, line 2, in f: return 1 / 0"
    executed = nbformat.read(str(run / "executed.ipynb"), as_version=4)
    assert executed.cells[0].outputs[0]["text"] == f"hello {tmp_path}\n"
    assert executed.cells[2].outputs[0]["data"]["text/plain"] == "2"
    logs = [json.loads(line) for line in (run / "logs.ndjson").read_text().splitlines()]
    assert (logs[0]["cell"], logs[0]["line"]) == (1, f"hello {tmp_path}")


def test_input_is_answered_from_the_stored_output_and_is_else_an_error(tmp_path):
    run = prepare(tmp_path, ["n = int(input('How many? '))\nprint(n + 1)", "input('And? ')"])
    program = json.loads((run / "program.json").read_text())
    program["answers"] = {"1": [{"text": "How many? 41", "typed": False}]}
    (run / "program.json").write_text(json.dumps(program))
    ends = [event for event in execute(run, "--no-record") if event["code"] == "cell.end"]
    assert [end["error"] and end["error"]["ename"] for end in ends] == [None, "NoStoredAnswer"]
    executed = nbformat.read(str(run / "executed.ipynb"), as_version=4)
    assert executed.cells[0].outputs[0]["text"] == "How many? 41\n42\n"


def test_a_flood_of_output_is_bounded(tmp_path):
    run = prepare(tmp_path, ["for i in range(200000):\n    print('line', i)"])
    execute(run, "--no-record")
    text = (run / "executed.ipynb").read_text()
    assert len(text) < 400_000
    assert "line 0\\n" in text and "line 199999\\n" in text and "left out here" in text


@pytest.mark.parametrize(
    ("source", "reason"), [("import os\nos._exit(3)", "exit"), ("import os\nos.kill(os.getpid(), 11)", "signal")]
)
def test_the_death_of_the_kernel_is_told_with_its_cell(tmp_path, source, reason):
    run = prepare(tmp_path, ["x = 1", source, "y = 2"])
    said = execute(run, "--no-record")
    death = next(event for event in said if event["code"] == "kernel.died")
    assert (death["cell"], death["reason"]) == (2, reason)
    record = json.loads((run / "record.json").read_text())
    assert record["refusal"]["code"] == "IAPP_NOTEBOOK_KERNEL_DIED"
    assert record["refusal"]["cell"] == 2


def test_a_cell_over_its_limit_is_interrupted(tmp_path):
    run = prepare(tmp_path, ["import time\ntime.sleep(600)", "print('after')"], cell_seconds=2)
    ends = [event for event in execute(run, "--no-record") if event["code"] == "cell.end"]
    assert ends[0]["error"]["ename"] == "TimeoutError"
    assert ends[1]["error"] is None


def test_sigterm_ends_the_kernel_and_what_it_started(tmp_path):
    mark = f"iapp-test-{os.getpid()}"
    child = (
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{mark}'], start_new_session=True)"
    )
    run = prepare(tmp_path, [f"import subprocess, sys\n{child}\nprint('started')", "import time\ntime.sleep(600)"])
    process = start(run, "--no-record")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(
        event["code"] == "cell.start" and event["cell"] == 2
        for event in (events(run) if (run / "events.ndjson").exists() else [])
    ):
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert events(run)[-1] == {**events(run)[-1], "code": "run.end", "status": "interrupted"}
    if sys.platform == "linux":
        assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if _reads(p, mark)]


def _reads(path: Path, mark: str) -> bool:
    try:
        return mark in path.read_text(errors="replace") and "pytest" not in path.read_text(errors="replace")
    except OSError:
        return False


def test_records_what_it_runs(tmp_path):
    (tmp_path / "d.csv").write_text("a,y\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(60)))
    cells = [
        "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
        "df = pd.read_csv('d.csv')",
        "m = LogisticRegression().fit(df[['a']], df['y'])\np = m.predict(df[['a']])",
    ]
    run = prepare(tmp_path, cells)
    execute(run)
    record = json.loads((run / "record.json").read_text())
    assert record["status"] == "ok", record["refusal"]
    assert (record["served"]["name"], record["source"]["call"]) == ("m", "pd.read_csv('d.csv')")
    assert [file["path"] for file in record["data_files"]] == [str(tmp_path / "d.csv")]
