"""The run itself: one cell after the other, with limits, until the end, a death of the kernel, or an interruption."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Optional, TypeVar

from nbclient.exceptions import DeadKernelError
from nbformat import v4

from ..events import Events
from .client import Client
from .kernel import Kernel
from .logs import Logs
from .magics import with_run_magics
from .notebook_file import NotebookFile
from .refusals import Json, refusal, write_refused

T = TypeVar("T")

SAVE_EVERY_SECONDS = 5.0
#: How long a cell may take to end after it was interrupted, before the kernel is killed.
INTERRUPT_GRACE_SECONDS = 10.0


class Interrupted(Exception):
    """The person, or the program that started us, wants an end."""


class KernelDied(Exception):
    def __init__(self, cell: int) -> None:
        super().__init__(cell)
        self.cell = cell


class Runner:
    def __init__(self, run_dir: Path, program: Json, events: Events, record: bool) -> None:
        self._dir, self._program, self._events, self._record = run_dir, program, events, record
        self._cells = [cell for cell in program["cells"] if not cell.get("skip")]
        limits = program.get("limits") or {}
        self._cell_seconds: Optional[float] = limits.get("cell_seconds")
        self._run_seconds: Optional[float] = limits.get("run_seconds")
        self._budget = int(limits.get("output_bytes_per_cell") or 1_000_000)
        self._notebook = NotebookFile(program, run_dir / "executed.ipynb")
        self._logs = Logs(run_dir / "logs.ndjson", events, self._budget)
        empty: Any = v4.new_notebook
        self._client = Client(empty(), timeout=None, allow_errors=True, store_widget_state=False)
        self._client.attach(self._logs, self._budget)
        self._kernel = Kernel(self._client, program)
        self._failures: list[Json] = []
        self._stop: asyncio.Event
        self._began = time.monotonic()
        self._saved = self._began

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        # Made here: before Python 3.10 an event belongs to the loop that is current when it is made.
        self._stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        self._events.emit("run.start", cells=len(self._cells), threads=self._kernel.threads)
        status = "failed"
        try:
            status = await self._all()
        except Interrupted:
            status = "interrupted"
            return 130
        finally:
            await self._kernel.stop()
            self._notebook.save()
            self._logs.close()
            self._events.emit("run.end", status=status, refusal=None)
        return 0

    async def _all(self) -> str:
        try:
            await self._start()
            for position, cell in enumerate(self._cells):
                await self._cell(position, cell)
                if self._failures and self._program.get("stop_on_error"):
                    return self._refused(stopped(self._failures[-1]))
                if self._over_time():
                    return self._refused(too_long(self._run_seconds, cell["cell"]))
            if self._record:
                with self._events.phase("record"):
                    await self._hidden(
                        f"in_kernel.finish({str(self._dir)!r}, {self._driver_failures()!r})", self._last_cell()
                    )
            return "ok"
        except KernelDied as died:
            why = await self._kernel.death()
            self._events.emit("kernel.died", cell=died.cell, **why)
            return self._refused(dead(died.cell, why))

    async def _start(self) -> None:
        with self._events.phase("kernel"):
            await self._watched(self._kernel.start(), 0)
        await self._hidden(
            "from iapp_runtime.train import stand_ins\n"
            "from iapp_runtime.train.execute import kernel_side\n"
            f"kernel_side.install({self._program['workdir']!r}, {self._budget})\n"
            f"stand_ins.install({str(self._dir)!r})",
            0,
        )
        if self._record:
            await self._hidden(
                f"from iapp_runtime.train import in_kernel\nin_kernel.install({str(self._dir)!r})",
                0,
            )
        self._events.emit("kernel.ready", threads=self._kernel.threads)

    async def _cell(self, position: int, cell: Json) -> None:
        number = cell["cell"]
        source = cell["source"] if self._record else with_run_magics(cell)
        first = next((line.strip() for line in source.splitlines() if line.strip()), "")
        self._events.emit("cell.start", cell=number, position=position + 1, of=len(self._cells), first_line=first[:120])
        began = time.monotonic()
        self._client.begin(number)
        tell = f"kernel_side.begin({number})\nstand_ins.begin({number})"
        tell += f"\nin_kernel.begin_cell({number})" if self._record else ""
        await self._hidden(tell, number)
        count = None
        if source.strip():
            executed = await self._within_limits(self._kernel.run(source), number)
            count = None if executed is None else executed.execution_count
        seconds = time.monotonic() - began
        error = self._client.error
        if error is not None:
            self._failures.append({"cell": number, **error})
        self._logs.end()
        self._notebook.set(number, self._client.outputs.result(), count, seconds)
        if time.monotonic() - self._saved > SAVE_EVERY_SECONDS:
            self._notebook.save()
            self._saved = time.monotonic()
        self._events.emit("cell.end", cell=number, seconds=round(seconds, 3), error=error)

    async def _within_limits(self, work: Coroutine[Any, Any, T], cell: int) -> Optional[T]:
        """The work's result; None when it ran into a limit and was interrupted (then `client.error` says so)."""
        task = asyncio.ensure_future(self._watched(work, cell))
        limit = self._limit()
        done, _ = await asyncio.wait({task}, timeout=limit)
        if done:
            return task.result()
        await self._kernel.interrupt()
        done, _ = await asyncio.wait({task}, timeout=INTERRUPT_GRACE_SECONDS)
        if not done:
            self._kernel.kill()
        try:
            await task
        except KernelDied:
            self._client.error = timed_out(limit)
            raise
        self._client.error = {**timed_out(limit), "line": (self._client.error or {}).get("line")}
        return None

    async def _watched(self, work: Coroutine[Any, Any, T], cell: int) -> T:
        """The work, ended early when somebody wants an end; a kernel that dies becomes `KernelDied`."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Interrupted
            return task.result()
        except DeadKernelError as error:
            raise KernelDied(cell) from error
        finally:
            stop.cancel()
            if not task.done():
                task.cancel()

    async def _hidden(self, code: str, cell: int) -> None:
        error = await self._watched(self._kernel.hidden(code), cell)
        if error is not None:
            raise RuntimeError(f"the kernel cannot be prepared: {error}")

    def _limit(self) -> Optional[float]:
        left = None if self._run_seconds is None else max(0.1, self._began + self._run_seconds - time.monotonic())
        limits = [limit for limit in (self._cell_seconds, left) if limit is not None]
        return min(limits) if limits else None

    def _over_time(self) -> bool:
        return self._run_seconds is not None and time.monotonic() - self._began > self._run_seconds

    def _driver_failures(self) -> list[Json]:
        keys = ("cell", "line", "ename", "evalue", "traceback")
        return [{key: failure.get(key) for key in keys} for failure in self._failures]

    def _last_cell(self) -> int:
        return int(self._cells[-1]["cell"]) if self._cells else 0

    def _refused(self, refused: Json) -> str:
        write_refused(self._dir, refused, self._driver_failures(), time.monotonic() - self._began)
        return "refused"


def timed_out(limit: Optional[float]) -> Json:
    return {
        "ename": "TimeoutError",
        "evalue": f"stopped after {limit:.0f} s, the limit for a cell or the run" if limit else "stopped",
        "line": None,
        "traceback": [],
    }


def stopped(failure: Json) -> Json:
    return refusal(
        "IAPP_NOTEBOOK_CELL_FAILED",
        f"{failure['ename']}: {str(failure['evalue'])[:300]}",
        "Mend the cell, or run without --stop-on-error: then data flow decides whether it matters.",
        failure["cell"],
        failure.get("line"),
    )


def too_long(limit: Optional[float], cell: int) -> Json:
    return refusal(
        "IAPP_NOTEBOOK_TIMEOUT",
        f"the run took longer than its limit of {limit:.0f} s" if limit else "the run took too long",
        "Give it more time with --timeout.",
        cell,
    )


def dead(cell: int, why: Json) -> Json:
    remedy = {
        "memory": "Use less data in that cell, or a machine with more memory.",
        "signal": "Run the cell alone in Jupyter to see what crashes; often it is a library of another version.",
        "exit": "Take exit() or os._exit() out of the cell, or skip it with the comment `# iapp: skip`.",
    }[why["reason"]]
    where = "while it started" if cell == 0 else "in this cell"
    return refusal("IAPP_NOTEBOOK_KERNEL_DIED", f"the kernel died {where}: {why['detail']}", remedy, cell or None)
