"""What the driver installs in the kernel: cell numbers for tracebacks, structured errors, and a brake on floods of output.

Independent of the recorder, so that a run with ``--no-record`` behaves the same.
"""  # noqa: E501

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

ERROR_MIME = "application/vnd.iapp.error+json"
FRAMES_KEPT = 20

_cell = 0
_cell_of_file: dict[str, int] = {}
_brakes: list[Brake] = []
_workdir = ""


def install(workdir: str, output_budget: int) -> None:
    """Called once, before the first cell."""
    global _workdir
    from IPython import get_ipython

    _workdir = os.path.realpath(workdir)
    # Jupyter's own first entry is "" (the current folder); the notebook's folder stays importable after a chdir as well.  # noqa: E501
    sys.path[:0] = [entry for entry in ("", workdir) if entry not in sys.path[:2]]
    shell: Any = get_ipython()
    compile_cache = shell.compile.cache

    def cache(*args: Any, **kwargs: Any) -> Any:
        name = compile_cache(*args, **kwargs)
        _cell_of_file[name] = _cell
        return name

    shell.compile.cache = cache
    shell.events.register("post_run_cell", _after_cell)
    for stream in (sys.stdout, sys.stderr):
        brake = Brake(stream.write, max(1, output_budget // 2))
        stream.write = brake.write  # type: ignore[method-assign]
        _brakes.append(brake)


def begin(cell: int) -> None:
    """Called before each notebook cell."""
    global _cell
    _cell = cell
    for brake in _brakes:
        brake.begin()


def _after_cell(result: Any) -> None:
    for brake in _brakes:
        brake.flush()
    error = result.error_in_exec or result.error_before_exec
    if error is not None:
        from IPython import get_ipython

        shell: Any = get_ipython()
        shell.display_pub.publish(data={ERROR_MIME: describe(error)}, metadata={})


def describe(error: BaseException) -> dict[str, Any]:
    """Name, text, the line of the running cell, and the frames of the user's own code, outermost first."""
    frames: list[str] = []
    line: int | None = None
    step = error.__traceback__
    while step is not None:
        code, number = step.tb_frame.f_code, step.tb_lineno
        where = _where(code.co_filename)
        if where is not None:
            if line is None and _cell_of_file.get(code.co_filename) == _cell:
                line = number
            function = (
                "" if code.co_name.startswith("<module") or code.co_name.startswith("<cell") else f", in {code.co_name}"
            )
            frames.append(f"{where}, line {number}{function}: {_source_line(step.tb_frame, number)}".rstrip(": "))
        step = step.tb_next
    if isinstance(error, SyntaxError) and line is None:
        line = error.lineno
        frames.append(f"cell {_cell}, line {line}: {(error.text or '').strip()}")
    if len(frames) > FRAMES_KEPT:
        half = FRAMES_KEPT // 2
        frames = [*frames[:half], f"... {len(frames) - 2 * half} more ...", *frames[-half:]]
    return {"ename": type(error).__name__, "evalue": _text(error), "line": line, "traceback": frames}


def _where(file: str) -> str | None:
    if file in _cell_of_file:
        return f"cell {_cell_of_file[file]}"
    real = os.path.realpath(file)
    if real.startswith(_workdir + os.sep) and "site-packages" not in real:
        return os.path.relpath(real, _workdir)
    return None


def _source_line(frame: Any, number: int) -> str:
    import linecache

    return linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} without text>"


class Brake:
    """Lets ``head`` characters of a cell's output pass as they come, then only the newest part, a few times a second.

    A cell that prints 200 MB would else fill the queues between kernel and driver faster than they empty.
    """

    EVERY_SECONDS = 0.5
    PART = 65536

    def __init__(self, forward: Any, head: int) -> None:
        self._forward = forward
        self._limit = head
        # Output also arrives from the thread that watches the file descriptors of child processes.
        self._lock = threading.RLock()
        self.begin()

    def begin(self) -> None:
        with self._lock:
            self._passed = 0
            self._held: list[str] = []
            self._held_size = 0
            self._left_out = 0
            self._last = 0.0

    def write(self, text: Any) -> Any:
        """The stream's ``write``: same checks and result as the original for what passes."""
        with self._lock:
            if self._passed < self._limit or not isinstance(text, str):
                self._passed += len(text) if isinstance(text, str) else 0
                return self._forward(text)
            self._held.append(text)
            self._held_size += len(text)
            if self._held_size > 2 * self.PART:
                self._shorten()
            if time.monotonic() - self._last > self.EVERY_SECONDS:
                self.flush()
            return len(text)

    def flush(self) -> None:
        with self._lock:
            if not self._held:
                return
            self._shorten()
            note = f"\n[iapp: {self._left_out} characters of output left out here]\n" if self._left_out else ""
            text = note + "".join(self._held)
            self._held, self._held_size, self._left_out = [], 0, 0
            self._last = time.monotonic()
            self._forward(text)

    def _shorten(self) -> None:
        joined = "".join(self._held)
        cut = max(0, len(joined) - self.PART)
        self._left_out += cut
        self._held, self._held_size = [joined[cut:]], len(joined) - cut
