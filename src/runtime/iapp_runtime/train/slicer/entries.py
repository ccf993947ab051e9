"""Frozen values and models that templates refer to, named when the slice is complete.

Templates hold a mark for each entry until then, because a good name depends on everything else that stays.
"""

from __future__ import annotations

import builtins
import keyword
import re
from typing import Any

from ..kinds import same

_MARK = "\x01"


class Entry:
    """A frozen value or a model: `access` constant, keyed or position; `key` is the template text of the key."""

    def __init__(
        self, number: int, kind: str, hint: str, access: str, value: Any, key: str | None, origin: Any
    ) -> None:
        self.number = number
        self.kind = kind
        self.hint = hint
        self.access = access
        self.value = value
        self.key = key
        self.origin = origin
        self.name = ""
        self.bind_module = False

    @property
    def mark(self) -> str:
        """What stands in templates for a reference to this entry."""
        return f"{_MARK}{self.number}{_MARK}"

    def reference(self) -> str:
        """Text of a reference, once named."""
        base = f"frozen.{self.name}" if self.kind == "frozen" else self.name
        if self.access == "keyed":
            return f"{base}[{self.key}]"
        return f"{base}.next()" if self.access == "position" else base


class Entries:
    """All entries of one slice."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken) | set(keyword.kwlist) | set(dir(builtins))
        self.all: list[Entry] = []

    def add(self, kind: str, hint: str, access: str, value: Any, key: str | None, origin: Any) -> Entry:
        """A new entry, or the equal one that is there. Values taken in order belong to one place alone."""
        for entry in self.all if access != "position" else []:
            if (entry.kind, entry.hint, entry.access, entry.key) == (kind, hint, access, key) and _equal(entry, value):
                return entry
        entry = Entry(len(self.all), kind, hint, access, value, key, origin)
        self.all.append(entry)
        return entry

    def used(self, texts: list[str]) -> list[Entry]:
        """The entries that occur in any of these templates."""
        numbers = {int(n) for text in texts for n in re.findall(f"{_MARK}(\\d+){_MARK}", text)}
        return [entry for entry in self.all if entry.number in numbers]

    def fill(self, text: str) -> str:
        """A template with the marks replaced by references."""
        return re.sub(f"{_MARK}(\\d+){_MARK}", lambda m: self.all[int(m.group(1))].reference(), text)

    def name(self, hint: str, own: bool = False) -> str:
        """A name like `hint` that nothing uses; `own`: the author's name itself may be taken once."""
        hint = identifier(hint)
        name, number = hint, 1
        while name in self.taken and not (own and name == hint):
            number += 1
            name = f"{hint}_{number}"
        self.taken.add(name)
        return name


def _equal(entry: Entry, value: Any) -> bool:
    return entry.value is value if entry.kind == "model" else same(entry.value, value)


def identifier(text: str) -> str:
    """A readable Python name made of any text."""
    name = re.sub(r"\W+", "_", text.strip(), flags=re.ASCII).strip("_").lower() if not text.isidentifier() else text
    name = name[:40].strip("_") or "value"
    return f"n_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
