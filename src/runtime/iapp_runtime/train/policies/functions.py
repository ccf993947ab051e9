"""Calls of the notebook's own functions, recognised at the outside when all they do is read a table or choose rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kinds import TABLES, columns_of, is_rowlike, n_rows, same, take
from ..recorder.asked import note_asked
from ..recorder.bound import bind

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_users_call(hooks: Hooks, call: Call) -> Any:
    """Run the function; its body reports for itself."""
    recording = hooks.recording
    sources = len(recording.sources)
    result = call.function(*call.args, **call.kwargs)
    try:
        note_asked(hooks, call, result)
        rows = recording.tracker.get(result) if is_rowlike(result) and not isinstance(result, list) else None
        if rows is not None:
            _reads_a_table(hooks, call, result, rows, sources)
            _chooses_rows(hooks, call, result, rows)
    except Exception as error:
        recording.fault(error)
    return result


def _reads_a_table(hooks: Hooks, call: Call, result: Any, rows: Any, before: int) -> None:
    for source in hooks.recording.sources[before:]:
        if rows.sources == {source.number} and source.part is None and same(result, source.raw):
            hooks.recording.add(call.site, "row", act="source", sources=rows.sources, source=source.number, part=None)


def _chooses_rows(hooks: Hooks, call: Call, result: Any, rows: Any) -> None:
    recording = hooks.recording
    if not isinstance(result, TABLES):
        return
    for name, value in bind(call.function, call.args, call.kwargs).values.items():
        lineage = recording.tracker.get(value) if isinstance(value, TABLES) else None
        if lineage is None or type(value) is not type(result) or n_rows(value) <= n_rows(result):
            continue
        if columns_of(value) != columns_of(result):
            continue
        places = {number: place for place, number in enumerate(lineage.ids.tolist())}
        chosen = [places.get(number, -1) for number in rows.ids.tolist()]
        if -1 in chosen or not same(take(value, chosen).reset_index(drop=True), result.reset_index(drop=True)):
            continue
        where = bind(call.function, call.args, call.kwargs).where[name]
        recording.add(
            call.site, "row", act="select", sources=rows.sources, before=lineage, after=rows, how="call", where=where
        )
        return


EDITORS: dict[str, Any] = {}
