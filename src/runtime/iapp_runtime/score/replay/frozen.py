"""Values learned in training, by name: `frozen.age_median`, `frozen.medians[col]`, `frozen.step.next()`."""

from __future__ import annotations

import sys
from typing import Any

from iapp_runtime.score.replay.copies import Copier, copier
from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import current
from iapp_runtime.score.replay.store import Store, beside


class Frozen:
    """The frozen values of a scoring module; `path` is relative to the module that makes this object.

    A value is decoded when first read. Lists, tables and other things the notebook's code could change are handed out
    as one copy per request, so that no request sees what another one did to them.
    """

    def __init__(self, path: str) -> None:
        caller = sys._getframe(1).f_globals
        # The author's names become attributes here, hence names that nobody uses.
        self.iapp_store = Store(beside(path, caller), caller)
        self.iapp_shared: dict[str, tuple[Any, Copier]] = {}

    def __getattr__(self, name: str) -> Any:
        if name in ("iapp_store", "iapp_shared"):
            raise AttributeError(name)
        if name not in self.iapp_shared:
            value = _load(name, self.iapp_store)
            copy = copier(value)
            if copy is None:
                self.__dict__[name] = value
                return value
            self.iapp_shared[name] = (value, copy)
        copies = current().copies
        key = f"{id(self)} {name}"
        if key not in copies:
            value, copy = self.iapp_shared[name]
            copies[key] = copy(value)
        return copies[key]


def _load(name: str, store: Store) -> Any:
    entry = store.value(name)
    if entry is None:
        raise AttributeError(f"no frozen value is called {name!r}")
    value = store.decode(entry["value"])
    if entry["access"] == "keyed":
        return Keyed(name, value)
    return ByPosition(name, value) if entry["access"] == "position" else value


class Keyed:
    """One value for each key met in training (a column of a loop, a group)."""

    def __init__(self, name: str, values: Any) -> None:
        self.name = name
        self.values = {plain_key(key): value for key, value in (values.items() if isinstance(values, dict) else values)}
        self.copies = {key: copier(value) for key, value in self.values.items()}

    def __getitem__(self, key: Any) -> Any:
        key = plain_key(key)
        try:
            value = self.values[key]
        except (KeyError, TypeError):
            raise Refused([], f"{self.name}: a value that was never seen in training") from None
        copy = self.copies[key]
        return value if copy is None else copy(value)


class ByPosition:
    """The values that one expression gave in training, one after another."""

    def __init__(self, name: str, values: Any) -> None:
        self.name = name
        self.values = list(values)
        self.copies = [copier(value) for value in self.values]

    def next(self) -> Any:
        """The value of the n-th execution within this request."""
        number = current().count(f"{self.name} {id(self)}")
        if number >= len(self.values):
            raise Refused([], f"{self.name}: computed more often ({number + 1}) than in training ({len(self.values)})")
        copy = self.copies[number]
        return self.values[number] if copy is None else copy(self.values[number])


def plain_key(key: Any) -> Any:
    """The key under which a value is found: missing values are equal to each other here."""
    if isinstance(key, (list, tuple)):
        return tuple(plain_key(part) for part in key)
    if key is None or type(key).__name__ in ("NaTType", "NAType") or (isinstance(key, float) and key != key):
        return None
    return key
