"""A cell's outputs within a budget: the head and the tail are kept, what lies between is counted and left out."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

Output = dict[str, Any]


class CellOutputs:
    """Collects nbformat output dictionaries of one cell in at most about ``budget`` bytes."""

    def __init__(self, budget: int) -> None:
        self._half = max(1, budget // 2)
        self._head: list[Output] = []
        self._head_bytes = 0
        self._tail: deque[tuple[Output, int]] = deque()
        self._tail_bytes = 0
        self._by_display_id: dict[str, list[Output]] = {}
        self.left_out = 0

    def add(self, output: Output, display_id: str | None = None) -> None:
        """Streams are split at the budget's edge; anything else is kept whole or not at all."""
        if output["output_type"] == "stream":
            self._add_text(output["name"], output["text"])
            return
        size = _size(output)
        if size > self._half:
            self.left_out += size
            output, size = _placeholder(size), 100
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(output)
        if self._head_bytes + size <= self._half and not self._tail:
            self._head.append(output)
            self._head_bytes += size
        else:
            self._push(output, size)

    def update(self, display_id: str, data: Any, metadata: Any) -> None:
        """A progress bar that draws itself anew replaces its own earlier output."""
        if _size(data) <= self._half:
            for output in self._by_display_id.get(display_id, []):
                output["data"], output["metadata"] = data, metadata

    def clear(self) -> None:
        self._head, self._head_bytes = [], 0
        self._tail.clear()
        self._tail_bytes = 0
        self._by_display_id.clear()

    def result(self) -> list[Output]:
        if self.left_out == 0:
            return _merged([*self._head, *(output for output, _ in self._tail)])
        note = {
            "output_type": "stream",
            "name": "stderr",
            "text": f"\n[iapp: {self.left_out} bytes of output left out here]\n",
        }
        return [*_merged(self._head), note, *_merged([output for output, _ in self._tail])]

    def _add_text(self, name: str, text: str) -> None:
        room = 0 if self._tail else self._half - self._head_bytes
        head, rest = (text, "") if len(text) <= room else (text[:room], text[room:])
        if head:
            last = self._head[-1] if self._head else None
            if last is not None and last["output_type"] == "stream" and last["name"] == name:
                last["text"] += head
            else:
                self._head.append({"output_type": "stream", "name": name, "text": head})
            self._head_bytes += len(head)
        while rest:
            part, rest = rest[:65536], rest[65536:]
            self._push({"output_type": "stream", "name": name, "text": part}, len(part))

    def _push(self, output: Output, size: int) -> None:
        self._tail.append((output, size))
        self._tail_bytes += size
        while self._tail_bytes > self._half and len(self._tail) > 1:
            _, gone = self._tail.popleft()
            self._tail_bytes -= gone
            self.left_out += gone


def _merged(outputs: list[Output]) -> list[Output]:
    merged: list[Output] = []
    for output in outputs:
        last = merged[-1] if merged else None
        both = output["output_type"] == "stream" and last is not None and last["output_type"] == "stream"
        if both and last is not None and last["name"] == output["name"]:
            merged[-1] = {**last, "text": last["text"] + output["text"]}
        else:
            merged.append(output)
    return merged


def _size(value: Any) -> int:
    return len(json.dumps(value, default=str))


def _placeholder(size: int) -> Output:
    text = f"[iapp: an output of {size} bytes is left out; the limit is output_bytes_per_cell]"
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
