"""Small run folders made by hand: what recorder and code generator would leave for a notebook of a few cells."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pandas as pd

from iapp_runtime import pickles

HEADER = """import numpy as np
import pandas as pd
from pathlib import Path
from iapp_runtime import codec, pickles
import json

FOLDER = Path(__file__).parent
VALUES = json.loads((FOLDER / "frozen.json").read_text())["values"]


class Values:
    def __getattr__(self, name):
        return codec.decode(VALUES[name]["value"], FOLDER)


frozen = Values()


class Refused(Exception):
    def __init__(self, rows, message):
        super().__init__(message)
        self.rows, self.message, self.field = rows, message, None


def check(mask, message):
    if not mask.all():
        raise Refused([int(i) for i in np.flatnonzero(~mask.to_numpy())], message)


def rows_in(rows):
    table = {}
    for name, dtype in DTYPES.items():
        values = [row.get(name, OPTIONAL.get(name)) for row in rows]
        whole = dtype.startswith("int") and all(v is not None for v in values)
        if dtype == "object":
            table[name] = pd.Series([np.nan if v is None else v for v in values], dtype=object)
        else:
            table[name] = pd.Series([np.nan if v is None else v for v in values], dtype=dtype if whole else float)
    return pd.DataFrame(table)

"""


def make_run(
    folder: Path,
    raw: pd.DataFrame,
    statements: list[tuple[str, str]],
    result: str,
    space: dict[str, Any],
    frozen: dict[str, Any],
    models: dict[str, Any],
    model: str,
    target: Optional[str] = None,
    task: str = "classification",
    optional: Optional[dict[str, Any]] = None,
) -> Path:
    """A run whose `features` is made of `statements`: pairs of the author's text and of the text in score.py.

    `space` is what the notebook's names hold. The author's statements are executed here, on the whole table, to give
    what the notebook had; the other texts become score.py.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces, cells, samples = [], [], []
    values = {**space, "df": raw.copy(), "pd": pd, "np": np}
    probes = np.arange(0, len(raw), max(1, len(raw) // 64))[:64]
    for n, (text, _) in enumerate(statements):
        cells.append(
            {"cell": n + 1, "position": n, "id": None, "source": text, "skip": False, "directives": [], "magics": []}
        )
        pieces.append(_piece(n + 1, text, "statement"))
        exec(text, values)
        table = values["df"]
        if len(table) == len(raw):
            part = table.iloc[probes]
            samples.append(
                {
                    "piece": n,
                    "name": "df",
                    "columns": [str(c) for c in part],
                    "rows": probes,
                    "values": part.to_numpy(dtype=object),
                }
            )
    cells.append({**cells[-1], "cell": len(cells) + 1, "position": len(cells), "source": result})
    features = eval(result, values)
    rows = np.asarray(values["df"].index)
    fitted = models[model]
    proba = fitted.predict_proba(features) if hasattr(fitted, "predict_proba") else None
    record = {
        "schema": "iapp.record/1",
        "status": "ok",
        "refusal": None,
        "served": {"name": model, "class": type(fitted).__name__, "cell": len(cells), "line": 1, "method": "predict"},
        "source": {"name": "df", "cell": 1, "line": 1, "kind": "frame", "rows": len(raw), "target": target},
        "features": pieces,
        "result": _piece(len(cells), result, "expression"),
        "predict": {"model": model, "call": f"{model}.predict({{X}})", "returns": "prediction"},
        "proba": None if proba is None else f"{model}.predict_proba({{X}})",
        "classes": None if proba is None else fitted.classes_.tolist(),
        "post": [],
        "task": task,
        "frozen": [{"name": k, "access": "constant", "value": v} for k, v in frozen.items()],
        "models": [{"name": k, "file": f"objects/{k}.pkl", "access": "constant", "keys": None} for k in models],
        "modules": [],
    }
    for name, one in models.items():
        pickles.dump(one, folder / "objects" / f"{name}.pkl")
    _write(folder / "record.json", record)
    _write(folder / "program.json", {"schema": "iapp.program/1", "workdir": str(folder), "cells": cells})
    expected = folder / "expected"
    expected.mkdir(exist_ok=True)
    np.save(expected / "rows.npy", rows)
    prediction = fitted.predict(features)
    for name, value in {
        "raw": raw,
        "features": features,
        "predictions": {"raw": prediction, "final": prediction, "proba": proba},
        "samples": samples,
    }.items():
        (expected / f"{name}.pkl").write_bytes(pickle.dumps(value))
    write_score(folder, raw, statements, result, list(models), model, proba is not None, optional or {})
    return folder


def write_score(
    folder: Path,
    raw: pd.DataFrame,
    statements: list,
    result: str,
    models: list[str],
    model: str,
    proba: bool,
    optional: dict,
) -> None:
    """score.py and score.map.json."""
    lines = HEADER.splitlines()
    lines.append(
        f"DTYPES = { ({str(k): ('object' if v.kind not in 'iuf' else str(v)) for k, v in _dtypes(raw).items()})!r}"
    )
    lines.append(f"OPTIONAL = {optional!r}")
    lines += [f"{name} = pickles.load(FOLDER / 'model' / '{name}.pkl', globals())" for name in models]
    lines += ["", "", "def features(rows):", "    df = rows_in(rows)"]
    mapped = []
    for n, (_, text) in enumerate(statements):
        if text:
            body = text.splitlines()
            mapped.append({"line": len(lines) + 1, "end_line": len(lines) + len(body), "cell": n + 1, "piece": n})
            lines += ["    " + line for line in body]
    lines += [f"    return {result}", "", "", "def predict(rows):", f"    return {model}.predict(features(rows))"]
    if proba:
        lines += ["", "", "def predict_proba(rows):", f"    return {model}.predict_proba(features(rows))"]
    (folder / "score.py").write_text("\n".join(lines) + "\n")
    (folder / "score.map.json").write_text(json.dumps(mapped))


def with_contract(folder: Path) -> Path:
    """score.py made again with the defaults of contract.json, as the code generator does."""
    columns = json.loads((folder / "contract.json").read_text())["columns"]
    optional = {column["name"]: column["default"] for column in columns if not column["required"]}
    required = [column["name"] for column in columns if column["required"]]
    text = (folder / "score.py").read_text()
    for name, value in (("REQUIRED", required), ("OPTIONAL", optional)):
        text = re.sub(rf"^{name} = .*$", lambda _, line=f"{name} = {value!r}": line, text, flags=re.M)
    (folder / "score.py").write_text(text)
    return folder


def _dtypes(raw: pd.DataFrame) -> dict[str, np.dtype]:
    return {name: dtype if isinstance(dtype, np.dtype) else np.dtype(object) for name, dtype in raw.dtypes.items()}


def _piece(cell: int, text: str, kind: str) -> dict[str, Any]:
    span = [0, len(text.encode())]
    return {
        "cell": cell,
        "line": 1,
        "span": span,
        "kind": kind,
        "edits": [],
        "binds": ["df"],
        "reads": [],
        "note": None,
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document))


def bare_run(folder: Path, raw: Any, score: str, features: Any, predictions: Any, task: str = "regression") -> Path:
    """A run whose rows are no table: score.py is given whole, the answers as they are."""
    expected = folder / "expected"
    expected.mkdir(parents=True, exist_ok=True)
    record = {"schema": "iapp.record/1", "status": "ok", "task": task, "features": [], "models": [], "frozen": []}
    _write(folder / "record.json", {**record, "modules": [], "source": {"target": None}, "proba": None, "post": []})
    _write(folder / "program.json", {"schema": "iapp.program/1", "workdir": str(folder), "cells": []})
    (folder / "score.py").write_text(score)
    np.save(expected / "rows.npy", np.arange(len(raw)))
    answers = {"raw": predictions, "final": predictions, "proba": None}
    for name, value in {"raw": raw, "features": features, "predictions": answers, "samples": []}.items():
        (expected / f"{name}.pkl").write_bytes(pickle.dumps(value))
    return folder
