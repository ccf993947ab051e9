"""Files the notebook read and local modules it imported, by watching the interpreter."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

_DATA = {
    ".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".feather", ".xlsx", ".xls", ".pkl", ".pickle", ".joblib",
    ".npy", ".npz", ".h5", ".hdf5", ".arff", ".data", ".dat", ".gz", ".zip", ".bz2", ".xml", ".html", ".sqlite", ".db",
}  # fmt: skip


class FileWatch:
    """Paths opened for reading, with the first cell that did."""

    def __init__(self, workdir: Path) -> None:
        self.workdir = workdir.resolve()
        self.cell: int | None = None
        self.opened: dict[str, int | None] = {}
        _watch(self)

    def note(self, arguments: tuple[Any, ...]) -> None:
        """A file is opened: its path, mode and flags."""
        if self.cell is None:
            return
        try:
            path, mode = arguments[0], arguments[1]
            if isinstance(path, (str, os.PathLike)) and (mode is None or not set(str(mode)) & set("wax+")):
                text = os.path.abspath(os.fspath(path))
                if Path(text).suffix.lower() in _DATA:
                    self.opened.setdefault(text, self.cell)
        except Exception:
            return

    def data_files(self) -> list[dict[str, Any]]:
        """`data_files` of record.json: files that are still there, outside of the interpreter's own folders."""
        _watch(None)
        found = []
        for path, cell in self.opened.items():
            if self._is_interpreters(path):
                continue
            if os.path.isfile(path):
                found.append({"path": path, "sha256": digest(path), "bytes": os.path.getsize(path), "cell": cell})
        return found

    def _is_interpreters(self, path: str) -> bool:
        """Whether a file is the interpreter's own: an environment may well lie in the notebook's folder."""
        home = str(self.workdir) + os.sep
        inside = path.startswith(home)
        if f"{os.sep}site-packages{os.sep}" in path or (not inside and f"{os.sep}." in path):
            return True
        prefixes = {os.path.join(prefix, "") for prefix in (sys.prefix, sys.base_prefix)}
        return any(path.startswith(prefix) and not (inside and home.startswith(prefix)) for prefix in prefixes)

    def modules(self) -> list[dict[str, Any]]:
        """`modules` of record.json: imported modules that lie in the notebook's folder."""
        found = []
        for module in list(sys.modules.values()):
            path = os.path.abspath(getattr(module, "__file__", None) or "")
            # Some modules made in memory say that they lie in a file of no folder.
            if path.startswith(str(self.workdir) + os.sep) and "site-packages" not in path and os.path.isfile(path):
                found.append({"path": path, "sha256": digest(path)})
        return sorted(found, key=lambda m: m["path"])


_watching: FileWatch | None = None
_hooked = False


def _watch(watch: FileWatch | None) -> None:
    """Has the interpreter tell it of each file. One hook: they stay for good, and slow whatever is audited."""
    global _watching, _hooked
    _watching = watch
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watching is not None:
        _watching.note(arguments)


def digest(path: str) -> str:
    """SHA-256 of a file."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            total.update(block)
    return total.hexdigest()
