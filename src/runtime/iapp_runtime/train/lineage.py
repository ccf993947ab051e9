"""Row lineage: which raw row each row of a table came from.

A `Rows` holds one number per row: the source's number in the upper bits, the raw position in the lower 40, or -1 for a
row that comes from no source. Tables keep theirs in a side table by identity, so nothing the user can see changes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
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


class Tracker:
    """Side table from object identity to `Rows`; forgets objects when they die."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[Any, Any, Rows]] = {}

    def get(self, value: Any) -> Rows | None:
        """Lineage of this very object, None when unknown or when its length no longer fits."""
        entry = self._entries.get(id(value))
        if entry is None:
            return None
        reference, strong, rows = entry
        if (strong if reference is None else reference()) is not value:
            return None
        return rows if n_rows(value) == len(rows.ids) else None

    def before(self, value: Any) -> Rows | None:
        """Lineage as last set, also when the object has grown or shrunk since."""
        entry = self._entries.get(id(value))
        if entry is None or (entry[1] if entry[0] is None else entry[0]()) is not value:
            return None
        return entry[2]

    def set(self, value: Any, rows: Rows) -> None:
        """Attach lineage to an object. Lists cannot be referenced weakly and are kept alive."""
        key = id(value)
        try:
            reference = weakref.ref(value, self._forget(key))
            self._entries[key] = (reference, None, rows)
        except TypeError:
            self._entries[key] = (None, value, rows)

    def _forget(self, key: int) -> Callable[[Any], None]:
        def forget(_: Any) -> None:
            self._entries.pop(key, None)

        return forget
