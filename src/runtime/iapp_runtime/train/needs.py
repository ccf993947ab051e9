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

_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"""\bextra\s*==\s*['"]([^'"]*)['"]""")


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
    """With everything that is required at run time and installed here; of extras those that a requirement asks for.

    The libraries that PyTorch is built on are extras of a package of their own: `cuda-toolkit[cublas,cudart]`.
    """
    todo: list[tuple[str, str | None]] = [(name, None) for name in names]
    done: set[tuple[str, str | None]] = set()
    while todo:
        name, extra = asked = todo.pop()
        if asked in done:
            continue
        done.add(asked)
        for line in _requires(name):
            of = _EXTRA.search(line)
            match = _REQUIREMENT.match(line)
            if (of.group(1) if of else None) != extra or match is None or not _installed(match.group(1)):
                continue
            required = _normalise(match.group(1))
            extras = [part.strip() for part in (match.group(2) or "").split(",") if part.strip()]
            todo += [(required, None), *((required, part) for part in extras)]
    return {name for name, _ in done}


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
