"""Masked source with the magics that must run put back, for runs without the recorder (which runs them itself)."""

from __future__ import annotations

from typing import Any


def with_run_magics(cell: dict[str, Any]) -> str:
    """Spans are byte offsets of blanked text of the same size, so putting back moves nothing."""
    data = bytearray(cell["source"].encode("utf-8"))
    for magic in sorted(cell.get("magics", []), key=lambda m: m["span"][0], reverse=True):
        if magic["action"] == "run":
            start, end = magic["span"]
            data[start:end] = magic["text"].encode("utf-8")
    return data.decode("utf-8")
