"""Which distributions a generated module needs: found by running it and looking at what was imported."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .events import Events
from .evidence import read_document, write_document
from .installed import owners
from .scoring_module import ScoringModule

#: What the service itself imports, whatever is served.
SERVICE = ("msgspec", "orjson", "uvicorn", "httptools", "uvloop", "cloudpickle")


def main(run_dir: Path, events: Events) -> int:
    """Writes RUN_DIR/needs.json: ``{"schema": "iapp.needs/1", "distributions": [normalised names]}``."""
    with events.phase("needs"):
        document = {"schema": "iapp.needs/1", "distributions": needed(Path(run_dir))}
        write_document(Path(run_dir) / "needs.json", document)
    return 0


def needed(run_dir: Path) -> list[str]:
    """Distributions of all modules that scoring imports, and what those require, sorted."""
    scoring = ScoringModule(run_dir)
    examples: Any = read_document(run_dir / "examples.json")
    rows = (examples or {}).get("rows") or []
    if rows:
        scoring.predict(rows)
        if scoring.predict_proba is not None:
            scoring.predict_proba(rows)
    tops = {name.partition(".")[0] for name in list(sys.modules)}
    found = {_normalise(name) for top, names in owners().items() if top in tops for name in names}
    return sorted(_closure(found | {name for name in SERVICE if _installed(name)}))


def _closure(names: set[str]) -> set[str]:
    """With everything that is required at run time (no extras) and installed here."""
    todo, done = list(names), set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        for line in _requires(name):
            if "extra ==" in line.replace('"', "'"):
                continue
            match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
            if match and _installed(match.group(0)):
                todo.append(_normalise(match.group(0)))
    return done


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
