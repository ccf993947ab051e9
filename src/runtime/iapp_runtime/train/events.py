"""The event stream of every runtime command: NDJSON objects on a descriptor or in a file, never mixed with the user's output.

Codes and fields: CONTRACT.md, "Events".
"""  # noqa: E501

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Events:
    """Appends one JSON object a line, each written by a single ``write`` so that lines never interleave.

    A reader that goes away (the command line was killed) silences that sink; work goes on or is ended by whoever watches the parent.
    """  # noqa: E501

    def __init__(self, descriptors: list[int]) -> None:
        self._sinks = descriptors
        self._lock = threading.Lock()

    @classmethod
    def open(cls, spec: str | None, run_dir: Path) -> Events:
        """``spec`` is ``None`` (RUN_DIR/events.ndjson), a path, or ``fd:N``; with a descriptor the run's own file is written too."""  # noqa: E501
        if spec is None or not spec.startswith("fd:"):
            return cls([_append(Path(spec) if spec else run_dir / "events.ndjson")])
        number = int(spec[3:])
        # The kernel and its children must not inherit it: the reader waits for the last holder to close it.
        os.set_inheritable(number, False)
        return cls([number, _append(run_dir / "events.ndjson")])

    def emit(self, code: str, **fields: Any) -> None:
        line = json.dumps({"code": code, "t": round(time.time(), 3), **fields}, ensure_ascii=False, default=str)
        # A lone surrogate from the user's output has no UTF-8; escape it rather than fail.
        data = (line + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            for sink in list(self._sinks):
                try:
                    _write_all(sink, data)
                except OSError:
                    self._sinks.remove(sink)

    def note(self, text: str) -> None:
        self.emit("run.note", text=text)

    def progress(self, phase: str, done: int, of: int, text: str = "") -> None:
        self.emit("phase.progress", phase=phase, done=done, of=of, text=text)

    @contextmanager
    def phase(self, phase: str) -> Iterator[None]:
        """``phase.start`` and ``phase.end`` (with seconds) around a block, also when it raises."""
        began = time.monotonic()
        self.emit("phase.start", phase=phase)
        try:
            yield
        finally:
            self.emit("phase.end", phase=phase, seconds=round(time.monotonic() - began, 3))

    def close(self) -> None:
        with self._lock:
            for sink in self._sinks:
                try:
                    os.close(sink)
                except OSError:
                    pass
            self._sinks = []


def _append(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
