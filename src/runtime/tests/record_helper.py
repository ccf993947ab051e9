"""Small notebooks as lists of cells: recorded, made into a module as code generation would, compared row by row."""

from __future__ import annotations

import importlib.util
import json
import pickle
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapp_runtime.train.cells import objects
from iapp_runtime.train.in_kernel import record_program
from iapp_runtime.train.render import render


def program(cells: list[str], workdir: Path, order: list[int] | None = None, **serve: Any) -> dict[str, Any]:
    """program.json of a notebook given as sources, run in that order of cells. `serve`: name, cell, answers, paths."""
    entries = [
        {
            "cell": n,
            "position": n - 1,
            "id": None,
            "source": textwrap.dedent(source),
            "skip": False,
            "directives": [],
            "magics": [],
        }
        for n, source in enumerate(cells, 1)
    ]
    return {
        "schema": "iapp.program/1",
        "notebook": str(workdir / "nb.ipynb"),
        "workdir": str(workdir),
        "language_version": None,
        "cells": entries if order is None else [entries[n - 1] for n in order],
        "parameters": [],
        "serve": {"name": serve.get("name"), "cell": serve.get("cell")},
        "limits": {"cell_seconds": 600, "run_seconds": None, "output_bytes_per_cell": 1000000},
        "stop_on_error": False,
        "env": {},
        "answers": serve.get("answers") or {},
        "paths": serve.get("paths") or {},
    }


class Run:
    """A recorded notebook and the module made from it."""

    def __init__(self, document: dict[str, Any], folder: Path, cells: list[str]) -> None:
        self.document = document
        self.folder = folder
        self.sources = [textwrap.dedent(source).encode() for source in cells]
        self.text = ""
        for piece in [
            *document["definitions"],
            *document["features"],
            *document["post"],
            document["result"] or {"edits": []},
        ]:
            for edit in piece["edits"]:  # the author may use the same names: code generation respells ours
                for helper in document["helpers"]:
                    edit["template"] = re.sub(rf"(?<![\w.]){helper}\(", f"replay_{helper}(", edit["template"])

    def piece(self, piece: dict[str, Any]) -> str:
        text = render(self.sources[piece["cell"] - 1], piece)
        start = piece["span"][0]
        line = self.sources[piece["cell"] - 1][:start].rfind(b"\n") + 1
        indent = start - line
        if indent and "\n" in text:
            head, rest = text.split("\n", 1)
            text = head + "\n" + textwrap.dedent(" " * 0 + rest) if not piece.get("text") else text
        return text

    def module(self) -> Any:
        d = self.document
        lines = [i["text"] for i in d["imports"]]
        lines.append("from iapp_runtime.score.replay import Frozen, Model")
        lines += [
            f"from iapp_runtime.score.{'replay_extra' if h == 'checked' else 'replay'} import {h} as replay_{h}"
            for h in d["helpers"]
        ]
        lines.append("frozen = Frozen('frozen.json')")
        lines.append(f"SOURCE = {source_of(d)!r}")
        lines.append(
            f"REQUIRED = {[c['name'] for c in d['source']['columns'] if c['name'] != d['source']['target']]!r}"
        )
        lines.append(
            "OPTIONAL = {"
            + "".join(f"{c['name']!r}: None, " for c in d["source"]["columns"] if c["name"] == d["source"]["target"])
            + "}"
        )
        binds = [f for f in d["frozen"] if f.get("bind") == "module"]
        late = [f for f in binds if isinstance(f["value"], dict) and f["value"].get("main_names")]
        lines += [f"{f['name']} = frozen.{f['name']}" for f in binds if f not in late]
        lines += [self.piece(p) for p in d["definitions"]]
        lines += [f"{f['name']} = frozen.{f['name']}" for f in late]
        lines += [f"{m['name']} = Model({m['name']!r})" for m in d["models"]]
        body = [self.piece(p) for p in d["features"]]
        body.append(f"return {self.piece(d['result'])}")
        lines.append("def features(rows):\n" + textwrap.indent("\n".join(b for b in body if b.strip()), "    "))
        call = d["predict"]["call"].replace("{X}", "features(rows)")
        for helper in d["helpers"]:
            call = re.sub(rf"(?<![\w.]){helper}\(", f"replay_{helper}(", call)
        post = [f"{d['post_input'] or 'prediction'} = {call}", *(self.piece(p) for p in d["post"])]
        post.append(f"return {d['post_result'] or d['post_input'] or 'prediction'}")
        lines.append("def predict(rows):\n" + textwrap.indent("\n".join(post), "    "))
        self.text = "\n".join(lines) + "\n"
        (self.folder / "score.py").write_text(self.text)
        values = {f["name"]: {"access": f["access"], "value": f["value"]} for f in d["frozen"]}
        stored = {m["name"]: {"access": m["access"], "keys": m["keys"], "file": m["file"]} for m in d["models"]}
        (self.folder / "frozen.json").write_text(
            json.dumps({"schema": "iapp.frozen/1", "values": values, "models": stored})
        )
        spec = importlib.util.spec_from_file_location("score_under_test", self.folder / "score.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["score_under_test"] = module
        spec.loader.exec_module(module)
        return module

    def expected(self, name: str) -> Any:
        path = self.folder / "expected"
        if name in ("rows", "calls"):
            return np.load(path / f"{name}.npy")
        with open(path / f"{name}.pkl", "rb") as file:
            return pickle.load(file)


def source_of(document: dict[str, Any]) -> dict[str, Any]:
    source = document["source"]
    shape = {"shape": source["shape"]} if "shape" in source else {}
    return {"kind": source["kind"], "columns": {c["name"]: c["dtype"] for c in source["columns"]}, **shape}


def record(cells: list[str], tmp_path: Path, monkeypatch: Any, order: list[int] | None = None, **serve: Any) -> Run:
    """Run the cells in `tmp_path`, where data files lie."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    record_program(program(cells, tmp_path, order, **serve), folder)
    log = folder / "recorder.log"
    assert not log.exists(), log.read_text()
    return Run(json.loads((folder / "record.json").read_text()), folder, cells)


def as_rows(raw: Any, positions: Any, hide: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
    """Rows of the raw table as a request would bring them: plain JSON values, the target left out."""
    if isinstance(raw, pd.Series):
        raw = raw.to_frame(raw.name if raw.name is not None else "value")
    if isinstance(raw, pd.DataFrame):
        part = raw.iloc[positions]
        rows = []
        for values in part.itertuples(index=False, name=None):
            row = {
                str(c): (
                    None
                    if pd.isna(v)
                    else v.item()
                    if hasattr(v, "item")
                    else v.isoformat()
                    if isinstance(v, pd.Timestamp)
                    else v
                )
                for c, v in zip(part.columns, values)
            }
            rows.append({k: v for k, v in row.items() if k not in hide})
        return rows
    return [raw[int(i)] if not hasattr(raw[int(i)], "tolist") else raw[int(i)].tolist() for i in positions]


def plain(values: Any) -> np.ndarray:
    if isinstance(values, list) and values and isinstance(values[0], tuple):
        return objects(values)
    if hasattr(values, "toarray"):
        return values.toarray()
    if isinstance(values, (pd.DataFrame, pd.Series)):
        return values.to_numpy(dtype=object)
    return np.asarray(
        values, dtype=object if isinstance(values, list) and values and isinstance(values[0], str) else None
    )


def equal(left: Any, right: Any) -> bool:
    a, b = plain(left), plain(right)
    if a.shape != b.shape:
        return False
    # Numbers of 32 bits differ by the shape of a batch as those of 64 do, but further up.
    single = a.dtype == np.float32 or b.dtype == np.float32
    relative, size = (1e-5, 1e-6) if single else (1e-9, 1e-12)
    try:
        return bool(np.allclose(a.astype(float), b.astype(float), rtol=relative, atol=size, equal_nan=True))
    except (TypeError, ValueError):
        return all(u == v or (pd.isna(u) and pd.isna(v)) for u, v in zip(a.ravel(), b.ravel()))


def prove(run: Run, singles: int = 25) -> None:
    """All expected rows in one batch and some alone give the notebook's features and predictions, no target given."""
    d = run.document
    assert d["status"] == "ok", d["refusal"]
    module = run.module()
    raw, positions = run.expected("raw"), run.expected("rows")
    features, predictions = run.expected("features"), run.expected("predictions")
    hide = {d["source"]["target"]} if d["source"]["target"] else set()
    rows = as_rows(raw, positions, hide)
    got = module.features(rows)
    assert equal(got, features), (run.text, first_difference(got, features))
    known = predictions["final_known"]
    answers = plain(module.predict(rows))
    assert equal(answers[known], np.asarray(predictions["final"])[known]), run.text
    for i in np.linspace(0, len(rows) - 1, min(singles, len(rows))).astype(int):
        one = module.features([rows[i]])
        want = features.iloc[[i]] if hasattr(features, "iloc") else features[i : i + 1]
        assert equal(one, want), (i, run.text, first_difference(one, want))
        if known[i]:
            assert equal(module.predict([rows[i]]), np.asarray(predictions["final"])[i : i + 1]), run.text


def first_difference(left: Any, right: Any) -> str:
    a, b = plain(left), plain(right)
    if a.shape != b.shape:
        return f"shapes {a.shape} and {b.shape}"
    for place in np.ndindex(a.shape):
        if not (a[place] == b[place] or (pd.isna(a[place]) and pd.isna(b[place]))):
            column = getattr(right, "columns", None)
            name = column[place[1]] if column is not None and len(place) > 1 else place
            return f"{name} at {place}: {a[place]!r} is not {b[place]!r}"
    return "none"


def features_text(run: Run) -> str:
    """The body of `features`, as text."""
    return "\n".join(run.piece(p) for p in run.document["features"])


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
