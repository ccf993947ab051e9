"""Row lineage: which raw row each row of a table came from.

A `Rows` holds one number per row: the source's number in the upper bits, the raw position in the lower 40, or -1 for a
row that comes from no source. Tables keep theirs in a side table by identity, so nothing the user can see changes.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from .kinds import n_rows

SHIFT = 40
_POSITION = (1 << SHIFT) - 1


class Rows:
    """Raw row numbers of a row-aligned value. Shared between values, never changed."""

    __slots__ = ("_sources", "ids")

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids
        self._sources: frozenset[int] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sources(self) -> frozenset[int]:
        """Numbers of the sources that any row comes from."""
        if self._sources is None:
            known = self.ids[self.ids >= 0]
            self._sources = frozenset(np.unique(known >> SHIFT).tolist())
        return self._sources

    def take(self, positions: Any) -> Rows:
        """The rows at these positions (anything numpy can index by)."""
        return Rows(self.ids[positions])

    def positions(self, source: int) -> np.ndarray:
        """Raw position of each row in `source`, -1 where the row is from elsewhere."""
        return np.where((self.ids >> SHIFT == source) & (self.ids >= 0), self.ids & _POSITION, -1)

    def present(self) -> set[int]:
        """The row numbers as a set, without the unknown ones."""
        return set(np.unique(self.ids[self.ids >= 0]).tolist())


def source_rows(source: int, count: int) -> Rows:
    """Rows 0..count-1 of a new source."""
    return Rows((np.int64(source) << SHIFT) + np.arange(count, dtype=np.int64))


def unknown_rows(count: int) -> np.ndarray:
    """Row numbers of rows that come from no source."""
    return np.full(count, -1, dtype=np.int64)


class Reference(weakref.ref):
    """A weak reference that knows the identity its object had."""

    __slots__ = ("key",)
    key: int


class ByIdentity:
    """Side table from object identity to something; forgets objects when they die.

    Lists cannot be referenced weakly and are kept alive.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Any, Any, Any]] = {}

    def find(self, value: Any) -> Any:
        """What is attached to this very object, or None."""
        entry = self._entries.get(id(value))
        if entry is None:
            return None
        reference, strong, held = entry
        return held if (strong if reference is None else reference()) is value else None

    def put(self, value: Any, held: Any) -> None:
        """Attach something to an object."""
        key = id(value)
        try:
            reference = Reference(value, self._forget)
        except TypeError:
            self._entries[key] = (None, value, held)
            return
        reference.key = key
        self._entries[key] = (reference, None, held)

    def _forget(self, reference: Any) -> None:
        entry = self._entries.get(reference.key)
        if entry is not None and entry[0] is reference:
            del self._entries[reference.key]


class Tracker(ByIdentity):
    """Lineage of tables by identity."""

    def get(self, value: Any) -> Rows | None:
        """Lineage of this very object, None when unknown or when its length no longer fits."""
        rows: Rows | None = self.find(value)
        return rows if rows is not None and n_rows(value) == len(rows.ids) else None

    def set(self, value: Any, rows: Rows) -> None:
        """Attach lineage to an object."""
        self.put(value, rows)
