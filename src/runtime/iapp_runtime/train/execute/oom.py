"""Whether the operating system killed something for want of memory, told by its own counters."""

from __future__ import annotations

import re
from pathlib import Path

# Global (also virtual machines), control groups of version 2 and 1. Each counts kills in our part of the system.
_COUNTERS = (
    "/proc/vmstat",
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
)


def oom_kills() -> int | None:
    """The sum of all readable counters, to be compared with a later look; ``None`` where none can be read."""
    found = [count for count in map(_count, [*_COUNTERS, *_own_groups()]) if count is not None]
    return sum(found) if found else None


def _own_groups() -> list[str]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    paths = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if group == "/":
            continue
        if controllers == "":
            paths.append(f"/sys/fs/cgroup{group}/memory.events")
        elif "memory" in controllers.split(","):
            paths.append(f"/sys/fs/cgroup/memory{group}/memory.oom_control")
    return paths


def _count(path: str) -> int | None:
    try:
        match = re.search(r"^oom_kill (\d+)$", Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(match.group(1)) if match else None
