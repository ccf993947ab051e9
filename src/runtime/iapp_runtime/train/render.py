"""Applies the edits of a piece to the author's text (what code generation does for whole modules)."""

from __future__ import annotations

import re
from typing import Any


def render(data: bytes, piece: dict[str, Any]) -> str:
    """Text of a piece: its span with all edits applied, holes included."""
    if piece.get("text") is not None:
        return str(piece["text"])
    return _span(data, tuple(piece["span"]), piece["edits"], None)


def _span(data: bytes, span: tuple[int, int], edits: list[dict[str, Any]], own: Any) -> str:
    inside = [e for e in edits if e is not own and span[0] <= e["span"][0] and e["span"][1] <= span[1]]
    outer = [e for e in inside if not any(o is not e and _within(e, o) for o in inside)]
    text, at = "", span[0]
    for edit in sorted(outer, key=lambda e: e["span"][0]):
        start, end = edit["span"]
        text += data[at:start].decode("utf-8") + _edit(data, edit, inside)
        at = end
    return text + data[at : span[1]].decode("utf-8")


def _within(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    return outer["span"][0] <= inner["span"][0] and inner["span"][1] <= outer["span"][1]


def _edit(data: bytes, edit: dict[str, Any], edits: list[dict[str, Any]]) -> str:
    def part(match: re.Match[str]) -> str:
        token = match.group(0)
        if token in ("{{", "}}"):
            return token[0]
        hole = tuple(edit["holes"][int(match.group(1))])
        return _span(data, hole, edits, edit)  # type: ignore[arg-type]

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", part, edit["template"])
