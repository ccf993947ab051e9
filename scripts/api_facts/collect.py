"""Installs each minor series of each library, with what was there in its time, and keeps what it offers: python collect.py FOLDER.

A series that no Python here can have is left out: then nothing is said of it. What is there already is not made again.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from libraries import LIBRARIES
from releases import TARGET

OFFERS = Path(__file__).with_name("offers.py")
#: Besides the library, so that more of its modules can be imported.
BESIDE = {"statsmodels": ["pandas", "matplotlib"], "seaborn": ["pandas"], "xgboost": ["scikit-learn"], "lightgbm": ["scikit-learn"]}
OLDEST, NEWEST = 7, 13
DAYS_AFTER = 150


def interpreter(minor: int) -> str:
    """A Python of that minor version: one of pyenv's, whose shims answer only for the chosen one, else what uv finds."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(versions.glob(f"3.{minor}.*/bin/python"))
    return str(found[-1]) if found else f"3.{minor}"


def collect(folder: Path, distribution: str, line: str) -> None:
    series, day, newest = line.split(" ")
    target = folder / f"{distribution}-{series}.json"
    if target.exists():
        return
    until = (datetime.date.fromisoformat(day) + datetime.timedelta(days=DAYS_AFTER)).isoformat()
    top = NEWEST if newest == "*" else min(int(newest), NEWEST)
    wanted = [f"{distribution}=={series}.*", "setuptools<70", *BESIDE.get(distribution, [])]
    for minor in range(top, OLDEST - 1, -1):
        with tempfile.TemporaryDirectory() as venv:
            install = ["uv", "pip", "install", "-q", "--only-binary", ":all:", "--exclude-newer", until, *wanted]
            env = {**os.environ, "VIRTUAL_ENV": venv}
            if subprocess.run(["uv", "venv", "-q", "--clear", "-p", interpreter(minor), venv], capture_output=True).returncode:
                continue
            if subprocess.run(install, env=env, capture_output=True).returncode:
                continue
            read = [f"{venv}/bin/python", str(OFFERS), LIBRARIES[distribution][0], str(target)]
            if subprocess.run(read, capture_output=True, timeout=600).returncode == 0:
                print(distribution, series, f"Python 3.{minor}", flush=True)
                return
            target.unlink(missing_ok=True)
    print(distribution, series, "cannot be had", flush=True)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    known = json.loads(TARGET.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(collect, place, name, line) for name in LIBRARIES for line in known[name]]
        for job in jobs:
            job.result()
