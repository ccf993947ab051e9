"""Fitted models, as they were at the call that fitted them."""

from __future__ import annotations

import sys
from typing import Any

from iapp_runtime import pickles
from iapp_runtime.score.replay.frozen import ByPosition, Keyed
from iapp_runtime.score.replay.store import Store, beside


def Model(name: str) -> Any:
    """The restored model called `name` of the module that asks: the object itself.

    A model that training fitted once per key (`le[col]`) or once per execution (`le.next()`) comes as `Models`.
    """
    caller = sys._getframe(1).f_globals
    store = Store(beside("frozen.json", caller), caller)
    entry = store.model(name)
    restored = pickles.load(entry["path"], caller)
    if entry.get("access", "constant") == "constant":
        return restored
    keys = store.decode(entry.get("keys"))
    if keys is not None and not isinstance(restored, dict):
        restored = dict(zip(keys, restored))
    return Models(name, restored)


class Models:
    """Several states of one model: by key, or in the order of execution."""

    def __init__(self, name: str, states: Any) -> None:
        self.keyed = Keyed(name, states) if isinstance(states, dict) else None
        self.states = ByPosition(name, states.values() if isinstance(states, dict) else states)

    def __getitem__(self, key: Any) -> Any:
        if self.keyed is None:
            raise LookupError(f"the model {self.states.name!r} was recorded by order of execution, not by key")
        return self.keyed[key]

    def next(self) -> Any:
        return self.states.next()
