"""``record.json`` when the run ended before the recorder could write it."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def refusal(code: str, reason: str, remedy: str | None, cell: int | None = None, line: int | None = None) -> Json:
    return {"code": code, "cell": cell, "line": line, "statement": None, "reason": reason, "remedy": remedy}


def write_refused(run_dir: Path, refused: Json, failures: list[Json], run_seconds: float) -> None:
    """A complete ``iapp.record/1`` document with nothing in it but the refusal and the failures."""
    lists = ("cells", "imports", "definitions", "features", "post", "frozen", "models", "helpers", "checks", "warnings")
    document: Json = {"schema": "iapp.record/1", "status": "refused", "refusal": refused}
    document.update({name: [] for name in lists})
    document.update(
        dict.fromkeys(("served", "source", "result", "predict", "proba", "classes", "post_input", "post_result"))
    )
    document.update(
        python=platform.python_version(),
        packages={},
        failures=[{**failure, "matters": True, "why": "the run ended early"} for failure in failures],
        task="other",
        timing={"run_seconds": round(run_seconds, 3), "user_seconds": round(run_seconds, 3), "tracking_seconds": 0.0},
        data_files=[],
        modules=[],
        stored_outputs=None,
    )
    (run_dir / "record.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
