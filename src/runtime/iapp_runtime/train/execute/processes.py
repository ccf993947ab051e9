"""Finding and ending every process that a notebook started, also those that left its session (``setsid``, daemons)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from .environ import MARK


def marked(token: str) -> list[int]:
    """Process ids whose environment carries the run's token. Linux reads /proc; elsewhere ``ps`` shows the environment."""  # noqa: E501
    wanted = f"{MARK}={token}".encode()
    if sys.platform != "linux":
        return _marked_by_ps(wanted.decode())
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                entries = file.read().split(b"\0")
            if wanted in entries and not _is_zombie(name):
                found.append(int(name))
        except OSError:
            continue
    return found


def _is_zombie(name: str) -> bool:
    with open(f"/proc/{name}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[:1] == [b"Z"]


def _marked_by_ps(wanted: str) -> list[int]:
    listing = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=False)
    lines = [line.strip().split(None, 1) for line in listing.stdout.splitlines() if wanted in line]
    return [int(line[0]) for line in lines if int(line[0]) != os.getpid()]


def end_marked(token: str, grace_seconds: float = 2.0) -> int:
    """SIGTERM to all, SIGKILL to what is left after the grace time; again until none is left. Returns how many there were."""  # noqa: E501
    seen: set[int] = set()
    deadline = time.monotonic() + grace_seconds
    first = True
    while True:
        alive = marked(token)
        if not alive:
            return len(seen)
        harsh = time.monotonic() >= deadline
        for pid in alive:
            if first or harsh or pid not in seen:
                _signal(pid, signal.SIGKILL if harsh else signal.SIGTERM)
        seen.update(alive)
        first = False
        if time.monotonic() > deadline + 10:
            return len(seen)
        time.sleep(0.05)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass
