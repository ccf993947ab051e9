"""The record of a service that is asked: the fields that a slice fills otherwise, and what the proof compares with."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..assemble import RESERVED, author_names
from ..kinds import is_estimator
from ..program import Statement
from ..recorder.state import EstimatorState, Recording
from ..slicer.cut import Cut, Kept, Live
from ..slicer.definitions import imports
from ..slicer.editor import Served
from ..slicer.entries import Entries
from ..slicer.lives import Lives
from ..slicer.pieces import Writer
from ..stored import frozen_values, main_names, models
from .closure import Closure

#: No table of the notebook is served.
_NO_SOURCE = -1


class AskedSlice:
    """Takes the place of a `Slice` where the record is written."""

    def __init__(
        self, recording: Recording, closure: Closure, statement: Statement, node: Any, asked: pd.DataFrame, answers: Any
    ) -> None:
        self.recording = recording
        self.statement = statement
        self.asked = asked
        self.answers = answers
        self.document: dict[str, Any] = {}
        entries = Entries(author_names(recording) | RESERVED)
        self.cut = Cut(recording, Served(_NO_SOURCE, set(), set(), set()), entries)
        _take_code_of_values(recording, closure)
        self.cut.imports = closure.imports
        last = len(recording.statements) - 1
        for name, value in closure.values.items():
            state = recording.estimator_state(value) if is_estimator(value) else None
            held = value if state is None else state.value
            self.cut.live.append(Live(name, min(recording.binder[name] + 1, last), held, state))
        # A failure that could have changed any of these matters, wherever it was.
        names = {*closure.values, *closure.code, *closure.imports}
        self.cut.need_at = dict.fromkeys(range(len(recording.statements)), names)
        self.lives = Lives(self.cut, entries, set())
        self.lives.name_module(self.cut)
        self.entries = entries
        self.writer = Writer(entries)
        binders = sorted(set(closure.code.values()))
        kept = [Kept(recording.statements[at], recording.statements[at].node, {}, "statement", at) for at in binders]
        self.roles = dict.fromkeys(binders, "definition")
        self.roles.update(dict.fromkeys(closure.imports.values(), "import"))
        self.roles[statement.index] = "predict"
        for name in closure.values:
            self.roles.setdefault(recording.binder[name], "frozen")
        span = list(statement.span(node))
        table = "rows_in(rows, SOURCE, REQUIRED, OPTIONAL)"
        self.document.update({
            "imports": imports(recording, closure.imports),
            "definitions": [self.writer.piece(one, "definition") for one in kept],
            "features": [], "post": [], "checks": [], "proba": None, "classes": None, "task": "other",
            "result": {
                "cell": statement.cell.number, "line": statement.line, "span": span, "kind": "expression",
                "edits": [{"span": span, "template": table, "holes": []}], "binds": [], "reads": [], "note": None,
            },
        })  # fmt: skip

    def add_model(self, name: str, state: EstimatorState) -> str:
        """Take a model along; returns its name in the module."""
        entry = self.entries.add("model", name, "constant", state, None, (self.statement, None))
        entry.name = self.entries.name(name, own=True)
        return entry.name

    def asks(self, call: str, model: str, helpers: set[str], known: dict[str, list[Any]], text: str) -> None:
        """How the answer is made, and the columns of a question; `known`: values that a column may have."""
        self.document["predict"] = {"model": model, "call": call, "returns": "answer"}
        self.document["helpers"] = sorted(helpers | {"rows_in"})
        columns = [{"name": str(name), "dtype": str(self.asked[name].dtype)} for name in self.asked.columns]
        for column in columns:
            if column["name"] in known:
                column["known"] = known[column["name"]][:1000]  # type: ignore[assignment]
        self.document["source"] = {
            "name": "asked", "cell": self.statement.cell.number, "line": self.statement.line, "call": text,
            "kind": "frame", "rows": len(self.asked), "columns": columns, "target": None, "asked": True,
        }  # fmt: skip

    def write(self, run_dir: Path, alone: bool = False) -> None:
        """Frozen values, models, and the questions with the notebook's own answers."""
        count = len(self.asked)
        used = self.entries.all
        folder = run_dir / "expected"
        folder.mkdir(parents=True, exist_ok=True)
        known = np.ones(count, dtype=bool)
        predictions = {"raw": self.answers, "final": self.answers, "proba": None, "final_known": known}
        for name, value in (
            ("raw", self.asked), ("features", self.asked), ("predictions", predictions), ("samples", []),
        ):  # fmt: skip
            with open(folder / f"{name}.pkl", "wb") as file:
                pickle.dump(value, file, protocol=5)
        np.save(folder / "rows.npy", np.arange(count, dtype=np.int64))
        self.document["frozen"] = frozen_values(used, run_dir)
        self.document["models"] = models(used, run_dir)


def _take_code_of_values(recording: Recording, closure: Closure) -> None:
    """Classes and functions of the notebook that stored values are made of."""
    for value in list(closure.values.values()):
        if isinstance(value, (pd.DataFrame, pd.Series, np.ndarray, str, int, float)):
            continue
        more = Closure(recording, set(main_names(value)) - set(closure.code))
        for held, new in ((closure.imports, more.imports), (closure.code, more.code), (closure.values, more.values)):
            held.update({name: item for name, item in new.items() if name not in held})  # type: ignore[attr-defined]
