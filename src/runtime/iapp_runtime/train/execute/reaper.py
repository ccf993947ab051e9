"""A small process beside the driver that cleans up when the driver is killed without a chance to do it itself.

Its standard input is a pipe that only the driver holds. End of file means the driver is gone, however that came about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .processes import end_marked


def start_reaper(token: str, scratch: Path) -> subprocess.Popen[bytes]:
    """In a session of its own, so that a signal to the terminal's process group does not reach it."""
    # Isolated (-I): the notebook's folder and the person's PYTHONPATH have no say in what it imports.
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[3])!r})\nfrom iapp_runtime.train.execute.reaper import main\nmain()"  # noqa: E501
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, token, str(scratch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    token, scratch = sys.argv[1:3]
    while os.read(0, 1024):
        pass
    end_marked(token)
    shutil.rmtree(scratch, ignore_errors=True)


def stop_reaper(reaper: subprocess.Popen[bytes]) -> None:
    """Called after the driver's own cleaning; the reaper looks once more and ends."""
    if reaper.stdin is not None:
        reaper.stdin.close()
    try:
        reaper.wait(timeout=15)
    except subprocess.TimeoutExpired:
        reaper.kill()
