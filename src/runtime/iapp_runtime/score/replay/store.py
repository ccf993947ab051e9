"""`frozen.json`: the frozen values and the list of models of one scoring module."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

from iapp_runtime.codec import decode

SCHEMA = "iapp.frozen/1"


class Store:
    """The document beside a scoring module, and the namespace that stands for the notebook's `__main__`."""

    def __init__(self, path: Path, main: dict[str, Any]) -> None:
        self.folder = path.parent
        self.main = main
        status = path.stat()
        self.document = _read(str(path), status.st_mtime_ns, status.st_size)

    def decode(self, document: Any) -> Any:
        return decode(document, self.folder, self.main)

    def value(self, name: str) -> Optional[dict[str, Any]]:
        """`{"access", "value"}` of a frozen value."""
        return self.document["values"].get(name)

    def model(self, name: str) -> dict[str, Any]:
        """`{"access", "file", "keys"}` of a model, the file as an existing path."""
        entry = self.document["models"].get(name)
        if entry is None:
            raise LookupError(f"frozen.json lists no model {name!r}")
        for path in (self.folder / entry["file"], self.folder / "model" / Path(entry["file"]).name):
            if path.is_file():
                return {**entry, "path": path}
        raise FileNotFoundError(f"the file of model {name!r} is missing: {entry['file']}")


def beside(path: str, caller: dict[str, Any]) -> Path:
    """`path` relative to the file of the module with the namespace `caller`."""
    home = caller.get("__file__")
    return Path(home).resolve().parent / path if home else Path(path).resolve()


@lru_cache(maxsize=8)
def _read(path: str, modified: int, size: int) -> dict[str, Any]:
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    if not str(document.get("schema", "")) == SCHEMA:
        raise ValueError(f"{path} is no {SCHEMA} document")
    return document
