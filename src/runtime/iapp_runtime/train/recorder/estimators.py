"""Calls of estimators: what was learned at each, and which calls can be what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..fingerprint import of_value
from ..kinds import ANSWERS, LEARNS, PREDICTS, is_estimator, is_rowlike, n_rows
from ..lineage import Rows, unknown_rows
from ..networks import joined
from ..snapshot import freeze
from .derive import Parents
from .results import next_order, record_rows

if TYPE_CHECKING:
    from .calls import Call
    from .hooks import Hooks
    from .state import EstimatorState, Recording

_INPUT = ("X", "raw_documents", "exog", "x", "data", "X_test", "test_x", "Xs", "dtest")


class Candidate:
    """A call whose model could be served."""

    def __init__(
        self, recording: Recording, call: Call, state: EstimatorState, table: Any, rows: Rows | None, where: Any
    ) -> None:
        self.statement = recording.statement
        self.site = call.site
        self.order = next_order(recording)
        self.context = recording.context
        self.method = call.name
        self.state = state
        self.owner = call.owner
        self.rows = rows
        self.where = where
        self.table: Any = None
        self.result: Any = None
        # How many tables the call is given.
        self.inputs = 1
        # Further calls at the same place that were given the next rows: (table, result, rows).
        self.batches: list[tuple[Any, Any, Rows]] = []
        # Rows of the last of them.
        self.tail: int | None = None
        self.names = [
            name for name, value in recording.namespace.items() if value is table and not name.startswith("_")
        ]
        bound = call.bound
        self.target = bound.get("y", bound.get("endog")) if call.name in LEARNS else None
        self.target_where = bound.where.get("y", bound.where.get("endog"))
        name = getattr(self.target, "name", None)
        columns = list(getattr(self.target, "columns", []))
        self.target_name: str | None = str(name) if name is not None else str(columns[0]) if len(columns) == 1 else None

    @property
    def kind(self) -> str:
        """Class name of the estimator."""
        return type(self.owner).__name__

    def gather(self) -> None:
        """Make one table, and one result, of all batches."""
        if not self.batches or self.rows is None:
            return
        tables, results, rows = zip(*self.batches)
        self.table = joined([self.table, *tables])
        self.result = joined([self.result, *results])
        self.rows = Rows(np.concatenate([self.rows.ids, *(one.ids for one in rows)]))
        self.tail, self.batches = len(rows[-1]), []

    def target_node(self, recording: Recording) -> Any:
        """The expression written for the target of a fit."""
        node, where = recording.sites[self.site], self.target_where
        if isinstance(where, int) and where < len(node.args):
            return node.args[where]
        return next((k.value for k in node.keywords if k.arg == where), None)


def input_of(call: Call) -> tuple[Any, Any]:
    """What an estimator's method is given as rows, and where that argument was written; found by parameter name."""
    bound = call.bound
    for name in (*_INPUT, "y"):
        if name in bound.values and bound.values[name] is not None:
            return bound.values[name], bound.where[name]
    if call.args:
        return call.args[0], 0
    return None, None


def observe_estimator(hooks: Hooks, call: Call, result: Any, parents: Parents) -> bool:
    """Log a method call of an estimator. Returns False when it is none of the methods that learn or apply."""
    recording = hooks.recording
    name = call.name
    if name in ("partial_fit",):
        recording.partial[id(call.owner)] = recording.partial.get(id(call.owner), 0) + 1
    if id(call.owner) in recording.built and name in ("fit", "fit_regularized") and is_estimator(result):
        return _fit_of_built(hooks, call, result)
    if not (name in LEARNS or name in PREDICTS or name in ("transform", "score", "inverse_transform", "apply")):
        return False
    table, where = input_of(call)
    if table is None:
        return False
    rows = recording.rows(table) if is_rowlike(table) else None
    if rows is not None and recording.tracker.get(table) is None:
        recording.set_rows(table, rows)
    state = recording.estimator_state(call.owner)
    if name in PREDICTS or (
        name in ("fit", "fit_transform", "score", "partial_fit") and hasattr(call.owner, "predict")
    ):
        note_candidate(hooks, call, result, state, table, rows, where)
    if name in ("fit_resample", "fit_sample"):
        return _resampled(hooks, call, result, rows, where)
    if name == "score":
        return True
    if name in LEARNS:
        _learned(hooks, call, result, state, rows, where, parents)
        return True
    if rows is None or not is_rowlike(result) or n_rows(result) != len(rows):
        return False
    made = recording.made_from(table)
    recording.set_rows(result, rows)
    if name in PREDICTS:
        recording.mark_prediction(result, len(recording.candidates) - 1)
        recording.log(call.site).count("row", rows.sources)
    else:
        record_rows(hooks, call.site, result, rows, [(table, rows)] if made is not None else [])
    return True


def _learned(
    hooks: Hooks, call: Call, result: Any, state: EstimatorState, rows: Rows | None, where: Any, parents: Parents
) -> None:
    recording = hooks.recording
    aligned = rows is not None and is_rowlike(result) and n_rows(result) == len(rows)
    if aligned and rows is not None:
        recording.set_rows(result, rows)
        if call.name == "fit_predict":
            recording.mark_prediction(result, len(recording.candidates) - 1)
    if rows is not None and state.learned_from is None:
        state.learned_from, state.statement = rows, recording.statement
    sources = rows.sources if rows is not None else frozenset()
    if rows is None and not parents:
        return
    recording.add(
        call.site,
        "row" if aligned else "live",
        act="estimator",
        sources=sources,
        method=call.name,
        state=state,
        where=where,
    )


def note_candidate(
    hooks: Hooks, call: Call, result: Any, state: EstimatorState, table: Any, rows: Rows | None, where: Any
) -> Candidate:
    """Remember a call whose model could be served, with what it was given and what it gave."""
    recording = hooks.recording
    candidate = Candidate(recording, call, state, table, rows, where)
    key = (id(table), of_value(table)) if is_rowlike(table) else None
    if key is not None and key in recording.copies:
        candidate.table = recording.copies[key][1]
    else:
        candidate.table = freeze(table)
        if key is not None:
            recording.copies[key] = (table, candidate.table)
    if call.name in ANSWERS:
        candidate.result = freeze(result)
    recording.candidates.append(candidate)
    return candidate


def _resampled(hooks: Hooks, call: Call, result: Any, rows: Rows | None, where: Any) -> bool:
    """Resampling makes rows that exist in training only: replay gives the rows as they came."""
    recording = hooks.recording
    if rows is None or not isinstance(result, tuple) or not is_rowlike(result[0]):
        return False
    count = n_rows(result[0])
    chosen = getattr(call.owner, "sample_indices_", None)
    if chosen is not None and len(chosen) == count:
        ids = rows.ids[np.asarray(chosen)]
    else:
        ids = np.concatenate([rows.ids, unknown_rows(max(0, count - len(rows)))])[:count]
    for part in result:
        if is_rowlike(part) and n_rows(part) == count:
            recording.set_rows(part, Rows(ids))
    recording.add(call.site, "live", act="split", sources=rows.sources, copies=1, wheres=[where, *_other(call, where)])
    return True


def _other(call: Call, where: Any) -> list[Any]:
    return [w for name, w in call.bound.where.items() if w != where and name in ("y",)]


def watch_construction(hooks: Hooks, call: Call, result: Any, parents: Parents) -> bool:
    """Models that get their rows when they are made (statsmodels): remember them until `fit`."""
    recording = hooks.recording
    if not parents or not type(result).__module__.startswith("statsmodels") or not hasattr(result, "fit"):
        return False
    bound = call.bound
    table = bound.get("exog", bound.get("data"))
    if table is None:
        table = getattr(result, "exog", None)
    where = bound.where.get("exog", bound.where.get("data"))
    recording.built[id(result)] = (result, table, where, call)
    return True


def _fit_of_built(hooks: Hooks, call: Call, result: Any) -> bool:
    recording = hooks.recording
    _, table, where, made = recording.built[id(call.owner)]
    rows = recording.rows(table) if is_rowlike(table) else None
    made.owner, made.name = result, "fit"
    note_candidate(hooks, made, None, recording.estimator_state(result), table, rows, where)
    return True
