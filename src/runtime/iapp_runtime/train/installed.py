"""Which installed distribution a module belongs to, and its version."""

from __future__ import annotations

import functools
import sys
from importlib import metadata


@functools.cache
def owners() -> dict[str, list[str]]:
    """Top-level import name -> distributions (`importlib.metadata.packages_distributions`, which Python 3.9 lacks).

    Read once in a process: it goes through the files of everything that is installed.
    """
    table: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        declared = (distribution.read_text("top_level.txt") or "").split()
        files = {str(path).partition("/")[0].partition(".")[0] for path in distribution.files or []}
        for top in {*declared, *files}:
            if name and top and not top.endswith("-info"):
                table.setdefault(top, []).append(name)
    return table


def imported() -> dict[str, str]:
    """Versions of the distributions that this process has imported, by name."""
    tops = {name.partition(".")[0] for name in list(sys.modules) if not name.startswith("_")}
    found = {name for top in tops for name in owners().get(top, [])}
    return {name: version for name in sorted(found, key=str.lower) if (version := _version(name)) is not None}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # taken away since
        return None
