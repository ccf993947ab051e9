"""Remarks on what the run showed: statements without effect, tables the model never sees, our own faults."""

from __future__ import annotations

import ast
from typing import Any

from .recorder.state import Recording


def find_warnings(recording: Recording, choice: Any, cut: Any) -> list[dict[str, Any]]:
    """`warnings` of record.json."""
    found = [_warning("IAPP_NOTEBOOK_NO_EFFECT", recording, index, text) for index, text in _without_effect(recording)]
    if recording.faults:
        found.append({
            "code": "IAPP_NOTEBOOK_RECORDER", "cell": None, "line": None,
            "text": f"{len(recording.faults)} places could not be observed; see recorder.log",
        })  # fmt: skip
    if choice is not None and choice.confidence == "guess":
        found.append({
            "code": "IAPP_NOTEBOOK_SEVERAL_MODELS", "cell": None, "line": None,
            "text": f"several models could be served; '{choice.name}' was taken because {choice.why}",
        })  # fmt: skip
    return found


def _warning(code: str, recording: Recording, index: int, text: str) -> dict[str, Any]:
    statement = recording.statements[index]
    return {"code": code, "cell": statement.cell.number, "line": statement.line, "text": text}


def _without_effect(recording: Recording) -> list[tuple[int, str]]:
    """Statements written to change a table (`inplace=True`, chained assignment) after which nothing had changed."""
    found = []
    for facts in recording.facts:
        node = recording.statements[facts.index].node
        if not facts.ok or facts.changed or not facts.rows:
            continue
        if _in_place(node) or _chained(node):
            found.append((facts.index, "this statement has no effect with this version of pandas"))
    return found


def _in_place(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(
        getattr(call.func, "value", None), (ast.Subscript, ast.Attribute)
    ):
        return False
    return any(
        k.arg == "inplace" and isinstance(k.value, ast.Constant) and k.value.value is True for k in call.keywords
    )


def _chained(node: ast.stmt) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(target, ast.Subscript) and isinstance(target.value, ast.Subscript)
