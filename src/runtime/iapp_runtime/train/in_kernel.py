"""The recorder's side of the kernel. The driver talks to it by hidden cells:

    from iapp_runtime.train import in_kernel
    in_kernel.install(RUN_DIR)           # once, before the first cell; reads RUN_DIR/program.json
    in_kernel.begin_cell(n)              # before each cell; then run its *masked* source as the next cell
    in_kernel.finish(RUN_DIR, failures)  # after the last; writes record.json, objects/, expected/

`failures`: what only the driver knows of (time limits), `[{"cell", "line", "ename", "evalue", "traceback"}]`.
Only the cell that runs next after `begin_cell` is observed, so the driver's other hidden cells are not. Magics with the
action "run" are executed here, at their place. A cell with nothing but magics runs them within `begin_cell`.
`finish` never raises for what a notebook does: faults of our own become a refusal with the code IAPP_NOTEBOOK_INTERNAL.
"""

from __future__ import annotations

import atexit
import json
import time
import traceback
from pathlib import Path
from typing import Any

from . import stand_ins
from .document import write_record
from .program import Program
from .recorder.facts import Failure
from .shell import Stepper
from .used_files import FileWatch


class Session:
    """One recording in this process."""

    def __init__(self, shell: Any, program: Program) -> None:
        self.stepper = Stepper(shell, program)
        self.files = FileWatch(program.workdir)
        self.started = time.perf_counter()


_session: Session | None = None


def install(run_dir: str | Path) -> None:
    """Start observing the cells of RUN_DIR/program.json in this kernel."""
    global _session
    from IPython import get_ipython

    _session = Session(get_ipython(), Program.load(Path(run_dir)))


def begin_cell(number: int) -> None:
    """The next cell the kernel runs is code cell `number` of the program."""
    if _session is not None:
        _session.files.cell = number
        _session.stepper.begin_cell(number)


def finish(run_dir: str | Path, failures: list[dict[str, Any]] | None = None) -> None:
    """Choose, slice, freeze, and write the record."""
    folder = Path(run_dir)
    try:
        if _session is None:
            raise RuntimeError("the recorder was not installed")
        _session.files.cell = None
        _session.stepper.close()
        _session.stepper.recording.program.remarks += stand_ins.close()
        _add_failures(_session, failures or [])
        write_record(_session.stepper.recording, folder, _session.files, time.perf_counter() - _session.started)
    except Exception:
        _write_fault(folder, traceback.format_exc())


def _add_failures(session: Session, failures: list[dict[str, Any]]) -> None:
    """Failures that only the driver saw (a cell over its time limit) belong to the statement that was running."""
    recording = session.stepper.recording
    for failure in failures:
        facts = [f for f in recording.facts if recording.statements[f.index].cell.number == failure["cell"]]
        if facts and not any(f.failure is not None for f in facts):
            last = [f for f in facts if f.ran][-1]
            last.ok = False
            last.failure = Failure(
                failure.get("line") or recording.statements[last.index].line,
                failure["ename"],
                failure["evalue"],
                failure.get("traceback") or [],
                None,
            )


def _write_fault(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recorder.log").write_text(text, "utf-8")
    refusal = {
        "code": "IAPP_NOTEBOOK_INTERNAL", "cell": None, "line": None, "statement": None,
        "reason": f"the recorder failed: {text.strip().splitlines()[-1][:300]}",
        "remedy": "recorder.log in the run's folder has the details",
    }  # fmt: skip
    empty: dict[str, Any] = {
        name: []
        for name in (
            "cells",
            "failures",
            "imports",
            "definitions",
            "features",
            "post",
            "frozen",
            "models",
            "helpers",
            "checks",
            "warnings",
            "data_files",
            "modules",
        )
    }
    nothing = dict.fromkeys(
        ("served", "source", "result", "predict", "proba", "classes", "post_result", "post_input", "stored_outputs")
    )
    timing = {"run_seconds": 0.0, "user_seconds": 0.0, "tracking_seconds": 0.0}
    document = {
        "schema": "iapp.record/1",
        "status": "refused",
        "refusal": refusal,
        "python": "",
        "packages": {},
        "task": "other",
        "timing": timing,
        **empty,
        **nothing,
    }
    (folder / "record.json").write_text(json.dumps(document), "utf-8")


def record_program(program: dict[str, Any], run_dir: str | Path) -> dict[str, Any]:
    """Run a program's cells in an IPython shell in this process, and give the record. For tests and small tools."""
    from IPython.core.interactiveshell import InteractiveShell

    folder = Path(run_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "program.json").write_text(json.dumps(program), "utf-8")
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    try:
        return _record_in(shell, program, folder)
    finally:
        _let_go(shell)


def _let_go(shell: Any) -> None:
    """What IPython would keep of an ended shell until the process ends: its objects, and a thread for its history."""
    atexit.unregister(shell.atexit_operations)
    shell.history_manager.end_session()
    thread = getattr(shell.history_manager, "save_thread", None)
    if thread is not None:
        atexit.unregister(thread.stop)
        thread.stop()


def _record_in(shell: Any, program: dict[str, Any], folder: Path) -> dict[str, Any]:
    session = Session(shell, Program(program))
    stand_in = stand_ins.StandIns(program, shell)
    for cell in program["cells"]:
        if cell.get("skip"):
            continue
        session.files.cell = cell["cell"]
        stand_in.begin_cell(cell["cell"])
        session.stepper.begin_cell(cell["cell"])
        if cell["source"].strip():
            run_cell: Any = shell.run_cell
            run_cell(cell["source"], store_history=False, silent=False)
    session.files.cell = None
    session.stepper.close()
    stand_in.close()
    session.stepper.recording.program.remarks += stand_in.remarks
    return write_record(session.stepper.recording, folder, session.files, time.perf_counter() - session.started)
