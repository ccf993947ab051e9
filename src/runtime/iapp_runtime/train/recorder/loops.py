"""Loops: over rows (left to run as written), over groups, over columns and other things (their turn is remembered)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..kinds import SCALARS, is_groups
from ..lineage import Rows
from .derive import Parents
from .loaders import batches_of
from .log import KEPT
from .state import ADOPT_FROM

if TYPE_CHECKING:
    from .hooks import Hooks

# Turns of a row loop that are watched for statistics of whole columns, before the loop runs as written.
WATCHED = 40
_ROW_ITERATORS = {"generator", "map", "zip", "enumerate", "filter", "reversed", "list_iterator"}


def iterate(hooks: Hooks, site: int, iterable: Any) -> Iterator[Any]:
    """Yield the iterable's items, with the recorder told what kind of loop runs."""
    recording = hooks.recording
    batches = batches_of(recording, site, iterable)
    if batches is not None:
        return _turns(hooks, site, batches)
    parents = recording.parents((iterable,))
    if is_groups(iterable):
        return _groups(hooks, site, iterable, parents)
    rows = _loop_rows(hooks, site, iterable, parents)
    if rows is not None:
        return _rows(hooks, site, iterable, rows)
    return _turns(hooks, site, iterable)


def _turns(hooks: Hooks, site: int, iterable: Any) -> Iterator[Any]:
    recording = hooks.recording
    if hooks.budget.spent:
        yield from iterable
        return
    outer = recording.context
    turns = recording.turns.setdefault((recording.statement, site), [])
    for item in iterable:
        if hooks.tick():
            yield item
            continue
        key = _key(item)
        if len(turns) < KEPT:
            turns.append(key)
        recording.context = (*outer, (site, key, recording.next_turn()))
        try:
            yield item
        finally:
            recording.context = outer


def _groups(hooks: Hooks, site: int, groups: Any, parents: Parents) -> Iterator[Any]:
    recording = hooks.recording
    outer = recording.context
    table: Any = parents[0][0] if parents else None
    rows = parents[0][1] if parents else None
    for key, group in groups:
        if rows is not None and table.index.is_unique:
            places = table.index.get_indexer(group.index)
            if bool((places >= 0).all()):
                recording.set_rows(group, rows.take(places))
        recording.context = (*outer, (site, (_key(key), None), recording.next_turn()))
        try:
            yield key, group
        finally:
            recording.context = outer


def _rows(hooks: Hooks, site: int, iterable: Any, rows: Rows) -> Iterator[Any]:
    recording = hooks.recording
    recording.add(site, "live", act="row_loop", sources=rows.sources)
    recording.loop_rows.append(rows)
    before, turn = hooks.on, 0
    hooks.row_loop += 1
    try:
        for item in iterable:
            turn += 1
            if turn > WATCHED:
                hooks.on = False
            yield item
            if turn > WATCHED:
                hooks.on = False
    finally:
        hooks.row_loop = max(0, hooks.row_loop - 1)
        hooks.on = before and not hooks.budget.spent


def _loop_rows(hooks: Hooks, site: int, iterable: Any, parents: Parents) -> Rows | None:
    """Lineage of the rows a loop goes over, None when it goes over something else."""
    recording = hooks.recording
    if isinstance(iterable, range):
        return _range_rows(hooks, site, iterable)
    if isinstance(iterable, (pd.Series, np.ndarray)):
        return recording.rows(iterable)
    if isinstance(iterable, pd.Index):
        return recording.tracker.get(iterable)
    if isinstance(iterable, list):
        rows = recording.tracker.get(iterable)
        if rows is None and len(iterable) >= ADOPT_FROM:
            rows = recording.rows(iterable)
        return rows if iterable and not isinstance(iterable[0], (pd.DataFrame, pd.Series)) else None
    if type(iterable).__name__ in _ROW_ITERATORS and parents:
        found = [rows for _, rows in parents if len(rows) >= 2]
        return found[0] if found else None
    return None


def _range_rows(hooks: Hooks, site: int, loop: range) -> Rows | None:
    recording = hooks.recording
    count = len(loop)
    if count >= ADOPT_FROM:
        for near in (count, count + 1):
            if near in recording.lengths:
                return recording.lengths[near]
    node = recording.sites[site]
    source = node.iter if isinstance(node, (ast.For, ast.comprehension)) else None
    text = ast.dump(source) if source is not None else ""
    if "'len'" in text or "'shape'" in text:
        return next((r for n, r in _tables(recording) if n == count), None)
    return None


def _tables(recording: Any) -> list[tuple[int, Rows]]:
    found = []
    for fact in recording.facts[recording.statement].rows.values():
        if fact.rows is not None:
            found.append((len(fact.rows), fact.rows))
    return found


def _key(item: Any) -> Any:
    """What of an item can name the turn: scalars and tuples of scalars, everything else as None."""
    if isinstance(item, SCALARS):
        return item
    if isinstance(item, tuple) and len(item) <= 8:
        return tuple(_key(part) if isinstance(part, (*SCALARS, tuple)) else None for part in item)
    return None
