"""Asks the package index when each minor series was released and for which Pythons, and writes releases.json.

An entry is `series day python`: the newest minor version of Python 3 with a ready-made Linux package, `*` for any.
"""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

from libraries import DATED, LIBRARIES, order

INDEX = "https://pypi.org/simple"
TARGET = Path(__file__).resolve().parents[2] / "src/project/data/releases.json"
SINCE = "2017"
_WHEEL = re.compile(r"^[^-]+-(\d+(?:\.\d+)+)-(.*)\.whl$")
_SOURCE = re.compile(r"-(\d+(?:\.\d+)+)\.(?:tar\.gz|zip)$")


def series_of(distribution: str) -> list[str]:
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{INDEX}/{distribution}/", headers=accept)) as answer:
        files = json.load(answer)["files"]
    days: dict[str, str] = {}
    pythons: dict[str, int] = {}
    for file in files:
        match = _WHEEL.match(file["filename"]) or _SOURCE.search(file["filename"])
        if match is None or file.get("yanked"):
            continue
        minor = ".".join(match.group(1).split(".")[:2])
        day = file.get("upload-time", "")[:10]
        if day:
            days[minor] = min(days.get(minor, day), day)
        tags = match.group(2) if match.re is _WHEEL else ""
        pythons[minor] = max(pythons.get(minor, 0), newest_python(tags))
    return [
        f"{minor} {day} {'*' if pythons[minor] == 99 or not pythons[minor] else pythons[minor]}"
        for minor, day in sorted(days.items(), key=lambda item: order(item[0]))
        if day >= SINCE
    ]


def newest_python(tags: str) -> int:
    """Of a wheel's tags; 99: any."""
    if "none-any" in tags or tags.startswith("py3-none"):
        return 99
    if "linux" not in tags:
        return 0
    return 99 if "abi3" in tags else max((int(minor) for minor in re.findall(r"cp3(\d+)", tags)), default=0)


if __name__ == "__main__":
    found = {name: series_of(name) for name in (*LIBRARIES, *DATED)}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(series)}" for name, series in found.items())
    TARGET.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
