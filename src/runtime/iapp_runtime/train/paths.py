"""Files that the notebook reads by a path of another machine, or from an address that cannot be reached.

The CLI has looked for a file of the same name in the project; the table it gives is used only where what the notebook
says does not work, and only for reading.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import os.path
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Paths:
    """Stands before the process's own functions that open files, ask for them and fetch addresses, until `close`."""

    def __init__(self, table: dict[str, str], remarks: list[dict[str, Any]]) -> None:
        self._table = table
        self._remarks = remarks
        self._cell = 0
        self._before: list[tuple[Any, str, Any]] = []
        if table:
            self._install()

    def begin(self, cell: int) -> None:
        """What is read from now on is read by this cell."""
        self._cell = cell

    def close(self) -> None:
        """Give the process its own functions back."""
        for owner, name, function in self._before:
            setattr(owner, name, function)

    def _install(self) -> None:
        import IPython.core.interactiveshell as shell

        opened = self._opening(io.open)
        for owner, name in ((builtins, "open"), (io, "open"), (shell, "io_open")):
            if hasattr(owner, name):
                self._replace(owner, name, opened)
        for name in ("exists", "isfile"):
            self._replace(os.path, name, self._asking(getattr(os.path, name)))
        self._replace(urllib.request, "urlopen", self._fetching(urllib.request.urlopen))

    def _replace(self, owner: Any, name: str, function: Any) -> None:
        self._before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, function)

    def _opening(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            try:
                return before(file, mode, *args, **kwargs)
            except FileNotFoundError:
                twin = None if set(mode) & set("wax+") else self._twin(file)
                if twin is None:
                    raise
            self._told(os.fspath(file), twin)
            kwargs.pop("opener", None)  # older `pathlib`: it would open its own path again
            return before(twin, mode, *args, **kwargs)

        return opened

    def _asking(self, before: Callable[[Any], bool]) -> Callable[[Any], bool]:
        @functools.wraps(before)
        def there(path: Any) -> bool:
            return before(path) or self._twin(path) is not None

        return there

    def _fetching(self, before: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(before)
        def fetched(url: Any, *args: Any, **kwargs: Any) -> Any:
            address = getattr(url, "full_url", url)
            try:
                return before(url, *args, **kwargs)
            except OSError:  # no network, no such host, no such page
                twin = self._twin(address)
                if twin is None:
                    raise
            self._told(address, twin)
            return before(Path(twin).as_uri())

        return fetched

    def _twin(self, path: Any) -> str | None:
        try:
            return self._table.get(os.fspath(path))
        except TypeError:  # a number of an open file, a stream
            return None

    def _told(self, path: str, twin: str) -> None:
        remark = {
            "code": "IAPP_NOTEBOOK_PATH", "cell": self._cell, "line": None,
            "text": f"{path} is not here: {os.path.relpath(twin)} was read in its place",
        }  # fmt: skip
        if remark not in self._remarks:
            self._remarks.append(remark)
