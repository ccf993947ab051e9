"""Decide what a result is: row-aligned, or a value learned from rows."""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from ..kinds import IMMUTABLE, is_lazy, is_rowlike
from ..snapshot import freeze
from .derive import Parents, derive

if TYPE_CHECKING:
    from .hooks import Hooks


def record_result(
    hooks: Hooks, site: int, result: Any, parents: Parents, name: str | None, act: str | None = None, **data: Any
) -> Any:
    """Log a result made from row-aligned operands; returns it.

    Row-aligned results get their lineage; all else is a value learned from the rows and is copied. A tuple of
    row-aligned parts is neither.
    """
    recording = hooks.recording
    if isinstance(result, tuple) and result and any(is_rowlike(part) for part in result):
        rows = [derive(part, parents, name) for part in result]
        if any(r is not None for r in rows):
            made = common_prediction(recording, parents)
            for part, found in zip(result, rows):
                if found is not None:
                    recording.set_rows(part, found)
                    if made is not None:
                        recording.mark_prediction(part, made)
            recording.add(site, "live", act=act, **data)
            return result
    lineage = derive(result, parents, name)
    if lineage is not None:
        return record_rows(hooks, site, result, lineage, parents, act, **data)
    if inspect.isawaitable(result):
        return result
    if result is None or result is NotImplemented or is_lazy(result) or isinstance(result, types.GeneratorType):
        if is_lazy(result):
            recording.lazy[id(result)] = (result, parents)
        if act is not None:
            recording.add(site, "live", act=act, **data)
        return result
    sources = frozenset().union(*(rows.sources for _, rows in parents)) if parents else frozenset()
    if is_rowlike(result) and not isinstance(result, IMMUTABLE):
        recording.not_rows.put(result, True)
    recording.add(site, "frozen", freeze(result), act, sources, **data)
    return result


def record_rows(
    hooks: Hooks, site: int, result: Any, rows: Any, parents: Parents, act: str | None = None, **data: Any
) -> Any:
    """Log a row-aligned result whose lineage is known, following predictions forward."""
    recording = hooks.recording
    recording.set_rows(result, rows)
    made = common_prediction(recording, parents)
    if made is not None:
        recording.mark_prediction(result, made)
        if act is None:
            recording.add(
                site,
                "row",
                freeze(result),
                "post",
                rows.sources,
                candidate=made,
                order=next_order(recording),
            )
            return result
    if act is None:
        recording.log(site).count("row", rows.sources)
    else:
        recording.add(site, "row", None, act, rows.sources, **data)
    return result


def common_prediction(recording: Any, parents: Parents) -> int | None:
    """The candidate whose predictions all operands are made of, if it is one."""
    made = {recording.made_from(parent) for parent, _ in parents}
    found = next(iter(made)) if len(made) == 1 else None
    return None if found is None else int(found)


def next_order(recording: Any) -> int:
    """Running number of noteworthy executions."""
    recording.order += 1
    return recording.order


def record_item(hooks: Hooks, site: int, owner: Any, key: Any, result: Any) -> None:
    """A part of a data set object (`iris.data`, `iris["data"]`): its table is a source, the rest a learned value."""
    recording = hooks.recording
    source = recording.bunches[id(owner)][1]
    if callable(result):
        return
    rows = recording.tracker.get(result) if is_rowlike(result) else None
    if rows is not None:
        recording.add(site, "row", act="source", sources=rows.sources, source=source, part=key)
    else:
        recording.add(site, "frozen", freeze(result), sources=frozenset([source]))
