"""Loops over a PyTorch DataLoader: which rows of which table each batch holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinds import is_rowlike, n_rows
from ..networks import is_tensor, plain
from .facts import RowFact

if TYPE_CHECKING:
    from .state import Recording


def batches_of(recording: Recording, site: int, loader: Any) -> Iterator[Any] | None:
    """The loader's batches with their lineage; None for anything else, and for loaders that shuffle."""
    module = sys.modules.get("torch.utils.data")
    if module is None or not isinstance(loader, getattr(module, "DataLoader", ())):
        return None
    asked: Any = loader
    if type(asked.sampler).__name__ != "SequentialSampler" or asked.batch_size is None:
        return None
    dataset = asked.dataset
    held = [*getattr(dataset, "tensors", ()), *getattr(dataset, "__dict__", {}).values()]
    tables = [table for table in held if is_rowlike(table) and recording.tracker.get(table) is not None]
    named = [(name, table) for table in tables for name in _names(recording, table)[-1:]]
    return _watched(recording, site, loader, named) if named else None


def _names(recording: Recording, table: Any) -> list[str]:
    """The notebook's names for a table that a data set holds."""
    return [name for name, value in recording.namespace.items() if value is table and not name.startswith("_")]


def _watched(recording: Recording, site: int, loader: Any, tables: list[tuple[str, Any]]) -> Iterator[Any]:
    start = 0
    for batch in loader:
        parts = batch if isinstance(batch, (list, tuple)) else [batch]
        count = n_rows(parts[0]) if parts and is_rowlike(parts[0]) else 0
        for place, part in enumerate(parts):
            for name, table in tables:
                if is_tensor(part) and _are_rows(part, table, start):
                    _note(recording, site, place, name, table)
                    rows = recording.tracker.get(table)
                    if rows is not None:
                        recording.tracker.set(part, rows.take(slice(start, start + n_rows(part))))
                    break
        start += count
        yield batch


def _are_rows(part: Any, table: Any, start: int) -> bool:
    piece = table[start : start + n_rows(part)]
    given, held = plain(part), plain(piece) if is_tensor(piece) else np.asarray(piece)
    return given.shape == held.shape and bool(np.array_equal(given, held, equal_nan=given.dtype.kind == "f"))


def _note(recording: Recording, site: int, place: int, name: str, table: Any) -> None:
    """The statement reads the table through the loader: for the slice, as if it were named there."""
    recording.batches.setdefault((recording.statement, site), {})[place] = name
    facts, rows = recording.facts[recording.statement], recording.tracker.get(table)
    if name in facts.rows or rows is None:
        return
    facts.reads.add(name)
    facts.rows[name] = RowFact(rows.sources, rows, None)
    if name in recording.binder:
        facts.binders[name] = recording.binder[name]
