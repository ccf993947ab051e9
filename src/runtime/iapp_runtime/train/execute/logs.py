"""The user's output as lines: ``logs.ndjson`` and the live ``cell.output`` events, within a budget for each cell."""

from __future__ import annotations

import json
import time
from collections import deque
from pathlib import Path

from ..events import Events

LIVE_TEXT = 4000
LIVE_EVERY_SECONDS = 0.25


class Logs:
    """One for a run. A progress bar's carriage returns overwrite, as on a terminal: only the line's last state is logged."""  # noqa: E501

    def __init__(self, path: Path, events: Events, budget: int) -> None:
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._events = events
        self._half = max(1, budget // 2)
        self._begin(0)

    def _begin(self, cell: int) -> None:
        self._cell = cell
        self._written = 0
        self._partial = {"stdout": "", "stderr": ""}
        self._tail: deque[tuple[str, int]] = deque()
        self._tail_bytes = 0
        self._left_out = 0
        self._last_live = 0.0

    def begin(self, cell: int) -> None:
        self.end()
        self._begin(cell)

    def text(self, stream: str, text: str) -> None:
        *lines, rest = (self._partial[stream] + text).split("\n")
        self._partial[stream] = rest[-65536:]
        for line in lines:
            self._line(stream, line.rstrip("\r").rpartition("\r")[2])
        self._live(stream, text)

    def end(self) -> None:
        """Writes what is still held back: unfinished lines and, after a flood, the tail with a note about what lies between."""  # noqa: E501
        for stream, rest in self._partial.items():
            shown = rest.rstrip("\r").rpartition("\r")[2]
            if shown:
                self._line(stream, shown)
        if self._left_out:
            self._file.write(self._entry("stderr", f"[iapp: {self._left_out} bytes of output left out here]"))
        self._file.writelines(entry for entry, _ in self._tail)
        self._begin(self._cell)

    def close(self) -> None:
        self.end()
        self._file.close()

    def _line(self, stream: str, line: str) -> None:
        entry = self._entry(stream, line)
        if self._written + len(line) <= self._half:
            self._written += len(line)
            self._file.write(entry)
            return
        self._written = self._half
        self._tail.append((entry, len(line)))
        self._tail_bytes += len(line)
        while self._tail_bytes > self._half and len(self._tail) > 1:
            _, gone = self._tail.popleft()
            self._tail_bytes -= gone
            self._left_out += gone

    def _entry(self, stream: str, line: str) -> str:
        entry = {
            "t": round(time.time(), 3),
            "component": "training",
            "cell": self._cell,
            "stream": stream,
            "line": line,
        }
        return json.dumps(entry, ensure_ascii=False) + "\n"

    def _live(self, stream: str, text: str) -> None:
        # A display needs the last line a few times a second; the whole text is in the log.
        flood = self._written >= self._half
        if flood and time.monotonic() - self._last_live < LIVE_EVERY_SECONDS:
            return
        self._last_live = time.monotonic()
        self._events.emit("cell.output", cell=self._cell, stream=stream, text=text[-LIVE_TEXT:])
