"""Pickles of fitted models: what the notebook defined is stored by reference to its name, not as a copy of its code.

`score.py` holds the notebook's own definitions, so a model of the class `Cleaner` defined in the notebook is stored as
"an instance of `__main__.Cleaner`" and finds that class in `score.py`, under whatever name it was imported. Only what a
name cannot reach (lambdas, functions inside functions, classes since redefined) is stored by value, with cloudpickle.
"""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Optional, Union

MAIN = "__main__"
PROTOCOL = 5


def dump(obj: Any, path: Path) -> list[str]:
    """Writes `obj` to `path`; returns the top-level names of `__main__` that the pickle refers to, sorted.

    Raises `pickle.PicklingError` with the kind of object that cannot be stored.
    """
    names: set[str] = set()
    try:
        data = _by_reference(obj, names)
    except Exception as first:
        names.clear()
        data = _with_code(obj, names, first)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(data)
    os.replace(beside, path)
    return sorted(names)


def load(path: Path, main: Union[ModuleType, dict[str, Any], None] = None) -> Any:
    """Reads what `dump` wrote. `main` (a module, or the namespace of one still being run) stands for `__main__`.

    Only for files this program wrote itself: reading a pickle runs code.
    """
    with open(path, "rb") as file:
        return _Unpickler(file, main).load()


def imported(path: Path) -> list[str]:
    """The top-level packages a pickle needs to be read, from its opcodes alone: nothing is loaded or run."""
    return sorted({module.split(".")[0] for module in _modules(path.read_bytes())} - {MAIN, "builtins"})


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, main: Union[ModuleType, dict[str, Any], None]) -> None:
        super().__init__(file)
        self.space = vars(main) if isinstance(main, ModuleType) else main

    def find_class(self, module: str, name: str) -> Any:
        if module != MAIN or self.space is None:
            return super().find_class(module, name)
        top, *rest = name.split(".")
        if top not in self.space:
            raise AttributeError(f"the stored model needs {top!r}, which the notebook defined; it is not defined here")
        found = self.space[top]
        for part in rest:
            found = getattr(found, part)
        return found


def reachable(obj: Any) -> Optional[str]:
    """The top-level name in `__main__` under which `obj` (or a class that holds it) can be found, or None."""
    found: Any = sys.modules.get(MAIN)
    parts = getattr(obj, "__qualname__", "").split(".")
    for part in parts:
        found = getattr(found, part, None)
    return parts[0] if found is obj else None


class _Observer:
    """Sees each class and function on its way into the pickle."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def by_name(self, obj: Any) -> bool:
        if not isinstance(obj, (type, FunctionType)) or getattr(obj, "__module__", None) != MAIN:
            return False
        name = reachable(obj)
        if name is not None:
            self.names.add(name)
        return name is not None


def _by_reference(obj: Any, names: set[str]) -> bytes:
    observer = _Observer(names)

    class ByReference(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            observer.by_name(value)
            return NotImplemented

    buffer = io.BytesIO()
    ByReference(buffer, PROTOCOL).dump(obj)
    return buffer.getvalue()


def _with_code(obj: Any, names: set[str], first: Exception) -> bytes:
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
    try:
        import cloudpickle
    except ImportError:
        raise pickle.PicklingError(f"{kind} cannot be stored without the package cloudpickle: {first}") from first
    observer = _Observer(names)

    class WithCode(cloudpickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            return NotImplemented if observer.by_name(value) else super().reducer_override(value)

    buffer = io.BytesIO()
    try:
        WithCode(buffer, PROTOCOL).dump(obj)
    except Exception as second:
        raise pickle.PicklingError(f"{kind} cannot be stored: {second}") from second
    return buffer.getvalue()


def _modules(data: bytes) -> Iterator[str]:
    """Module names of a pickle: the operand of GLOBAL, the first of the two strings before STACK_GLOBAL, and the string
    after cloudpickle's `subimport`."""
    memo: list[Any] = []
    pushed: list[Any] = []  # what each opcode put on the stack where that is a string, else None
    after_subimport = False
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name == "GLOBAL":
            yield str(argument).split(" ")[0]
            pushed.append(None)
        elif name == "STACK_GLOBAL":
            if len(pushed) >= 2 and isinstance(pushed[-2], str):
                yield pushed[-2]
                after_subimport = pushed[-1] == "subimport"
            pushed.append(None)
        elif name == "MEMOIZE":
            memo.append(pushed[-1] if pushed else None)
        elif name not in ("FRAME", "PROTO", "MARK"):
            if name in ("BINGET", "LONG_BINGET") and isinstance(argument, int) and argument < len(memo):
                pushed.append(memo[argument])
            else:
                pushed.append(argument if "UNICODE" in name else None)
            if after_subimport and isinstance(pushed[-1], str):
                yield pushed[-1]
                after_subimport = False
