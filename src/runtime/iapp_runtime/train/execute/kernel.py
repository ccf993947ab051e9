"""The kernel process: started from this very interpreter, without anything personal, and watched."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode

from .client import Client
from .environ import kernel_environment, thread_settings
from .oom import oom_kills
from .processes import end_marked
from .reaper import start_reaper, stop_reaper

START_SECONDS = 120


class OwnPython(KernelSpecManager):  # type: ignore[misc]
    """Every kernel name means the interpreter that runs this: a kernelspec of the person's may point elsewhere."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        return KernelSpec(argv=argv, display_name="iapp", language="python", interrupt_mode="signal")


class Kernel:
    """One kernel with its client, scratch folder and reaper."""

    def __init__(self, client: Client, program: dict[str, Any]) -> None:
        self.client = client
        self._program = program
        self._token = secrets.token_hex(12)
        # Short path: Unix sockets allow about a hundred characters.
        self._scratch = Path(tempfile.mkdtemp(prefix="iapp-"))
        self._reaper = start_reaper(self._token, self._scratch)
        self._kills_before = oom_kills()
        self._stderr: deque[bytes] = deque(maxlen=64)
        self.env = kernel_environment(self._scratch, self._token, program.get("env") or {})

    @property
    def threads(self) -> dict[str, str]:
        return thread_settings(self.env)

    async def start(self) -> None:
        # ipc, not tcp: no free port to race for, nobody else on the machine can connect.
        manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=OwnPython(),
            transport="ipc",
            ip=str(self._scratch / "k"),
            connection_file=str(self._scratch / "connection.json"),
        )
        self.client.km = manager
        # A pipe of our own: jupyter_client closes the one it makes when the kernel ends, and that waits for as long as
        # a process that the notebook left behind holds the other end.
        reading, writing = os.pipe()
        try:
            await manager.start_kernel(
                cwd=self._program["workdir"], env=self.env, stdout=subprocess.DEVNULL, stderr=writing
            )
        finally:
            os.close(writing)
        provisioner: Any = manager.provisioner
        self._process: Any = provisioner.process
        # What the kernel process itself says (a crash's last words) is kept, in bounds, for the reason of its death.
        threading.Thread(target=self._keep_stderr, args=(reading,), daemon=True).start()
        self.client.startup_timeout = START_SECONDS
        await self.client.async_start_new_kernel_client()

    def _keep_stderr(self, stream: int) -> None:
        while data := os.read(stream, 4096):
            self._stderr.append(data)
        os.close(stream)

    async def hidden(self, code: str) -> str | None:
        """Runs code of ours: no history, no events, no outputs. Returns the error's text, or ``None``."""
        kc: Any = self.client.kc
        message = kc.execute(code, silent=True, store_history=False, stop_on_error=False)
        if asyncio.iscoroutine(message):
            message = await message
        reply = await self.client.async_wait_for_reply(message)
        content = (reply or {}).get("content", {"status": "error", "ename": "no reply", "evalue": ""})
        return None if content["status"] == "ok" else f"{content.get('ename')}: {content.get('evalue')}"

    async def run(self, source: str) -> NotebookNode:
        node: Any = NotebookNode
        cell = node(cell_type="code", source=source, metadata={}, outputs=[], execution_count=None)
        self.client.nb.cells = [cell]
        return await self.client.async_execute_cell(cell, 0, store_history=True)

    async def interrupt(self) -> None:
        manager: Any = self.client.km
        await manager.interrupt_kernel()

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()

    async def death(self) -> dict[str, Any]:
        """``{"reason": "memory"|"signal"|"exit", "detail"}`` of a kernel that is gone."""
        code = self._process.poll()
        for _ in range(20):
            if code is not None:
                break
            await asyncio.sleep(0.1)
            code = self._process.poll()
        kills = oom_kills()
        counted = kills is not None and self._kills_before is not None and kills > self._kills_before
        if code == -signal.SIGKILL and (counted or kills is None):
            return {"reason": "memory", "detail": "the operating system killed it because memory ran out"}
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in list(signal.Signals) else str(-code)
            return {"reason": "signal", "detail": f"ended by {name}{self._last_words()}"}
        return {"reason": "exit", "detail": f"its process ended with code {code}{self._last_words()}"}

    def _last_words(self) -> str:
        lines = b"".join(self._stderr).decode("utf-8", "replace").splitlines()
        fatal = [line for line in lines if line.startswith(("Fatal Python error", "terminate called"))]
        return f" ({fatal[-1]})" if fatal else ""

    async def stop(self) -> None:
        """Ends the kernel and everything that the notebook started, and removes the scratch folder."""
        began = time.monotonic()
        try:
            if self.client.kc is not None:
                self.client.kc.stop_channels()
            manager: Any = self.client.km
            if manager is not None and manager.has_kernel:
                await manager.shutdown_kernel(now=True)
        finally:
            end_marked(self._token, grace_seconds=max(0.2, 1.0 - (time.monotonic() - began)))
            stop_reaper(self._reaper)
            shutil.rmtree(self._scratch, ignore_errors=True)
