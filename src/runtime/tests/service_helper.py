"""A small bundle made by hand, and the real service in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).resolve().parents[1]

SCORE = """
import time
from iapp_runtime.score.replay import Refused
MODEL_CLASSES = ["no", "yes"]

def value(row):
    if row.get("city") == "Atlantis":
        raise Refused([0], "cell 4: rows of Atlantis were left out of training", "city")
    if row.get("city") == "Crash":
        raise RuntimeError("secret reason")
    time.sleep(float(row.get("wait") or 0))
    return (row["age"] if row["age"] is not None else 40) + 0.5 * row["count"]

def predict(rows):
    refused = [n for n, row in enumerate(rows) if row.get("city") == "Atlantis"]
    if refused:
        raise Refused(refused, "cell 4: rows of Atlantis were left out of training", "city")
    return ["yes" if value(row) > 42 else "no" for row in rows]

def predict_proba(rows):
    return [[0.25, 0.75] if label == "yes" else [0.75, 0.25] for label in predict(rows)]
"""


def column(name: str, kind: str, dtype: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "dtype": dtype,
        "required": True,
        "nullable": False,
        "missing_seen": 0,
        "min": None,
        "max": None,
        "categories": None,
        "example": None,
        "default": None,
        "target": False,
        **more,
    }


COLUMNS = [
    column("age", "number", "float64", nullable=True, min=18.0, max=90.0, example=41.0),
    column("count", "integer", "int64", min=0, max=9, example=3),
    column("city", "category", "object", categories=["Rome", "Oslo", "Crash", "Atlantis"], example="Rome"),
    column("note", "string", "object", required=False, nullable=True),
    column("day", "datetime", "datetime64[ns]", required=False, nullable=True),
    column("flag", "boolean", "bool", required=False, default=False),
    column("wait", "number", "float64", required=False, default=0.0),
]
ROW = {"age": 41.0, "count": 3, "city": "Rome"}


def binned(name: str, kind: str, **more: Any) -> dict[str, Any]:
    special = dict.fromkeys(("missing", "below", "above", "invalid", "other", "unseen"), 0)
    return {"name": name, "kind": kind, "edges": None, "categories": None, "known": [], "special": special,
            "design_effect": 2.0, "quantiles": None, "importance": 0.5, **more}  # fmt: skip


PROFILE = {
    "schema": "iapp.profile/1",
    "rows": 100,
    "features": [
        binned("age", "number", edges=[18, 40, 90], counts=[50, 50]),
        binned("city", "category", categories=["Rome", "Oslo"], known=["Crash"], counts=[60, 40]),
    ],
    "prediction": binned("prediction", "category", categories=["no", "yes"], counts=[50, 50]),
    "score": None,
}


def make_bundle(folder: Path, strict: bool = False, limits: dict[str, int] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    contract = {
        "schema": "iapp.contract/1",
        "rows": "table",
        "columns": COLUMNS,
        "output": {"task": "classification", "type": "string", "classes": ["no", "yes"], "proba": True},
        "limits": {"rows": 1000, "body_bytes": 200_000, "string_length": 1000, **(limits or {})},
        "strict": strict,
    }
    documents = {
        "bundle.json": {"schema": "iapp.bundle/1", "name": "towns", "files": []},
        "contract.json": contract,
        "examples.json": {"rows": [ROW, {**ROW, "age": None}], "predictions": ["yes", "no"]},
        "profile.json": PROFILE,
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document), "utf-8")
    (folder / "score.py").write_text(SCORE, "utf-8")
    return folder


class Service:
    """`python -m iapp_runtime.score serve` on a free port of loopback."""

    def __init__(self, bundle: Path, *flags: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(RUNTIME)}
        command = [sys.executable, "-m", "iapp_runtime.score", "serve", str(bundle), "--version", "v7", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        assert self.process.stdout is not None
        self.said = json.loads(self.process.stdout.readline() or b"{}")
        self.port = self.said.get("port", 0)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            sent = {"content-type": "application/json", **(headers or {})}
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def predict(self, body: Any, **headers: str) -> tuple[int, Any]:
        status, _, data = self.ask("POST", "/predict", body, headers)
        return status, json.loads(data)

    def stop(self) -> tuple[int, str]:
        self.process.terminate()
        assert self.process.stderr is not None
        log = self.process.stderr.read().decode()
        return self.process.wait(30), log
