"""Calls of PyTorch modules: a network that is given rows predicts, unless the call is a step of its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kinds import is_rowlike, n_rows
from ..lineage import Rows
from ..networks import is_any_tensor, is_learning, is_module
from ..snapshot import freeze
from .estimators import Candidate, note_candidate

if TYPE_CHECKING:
    from .calls import Call
    from .hooks import Hooks
    from .state import EstimatorState, Recording


def network_called(call: Call) -> Any:
    """The module that a call runs (`net(X)`, `net.forward(X)`), None for other calls and for modules without weights.

    A loss or an activation has learned nothing: it is a function like any other.
    """
    found: Any = call.function if is_module(call.function) else call.owner if call.name == "forward" else None
    try:
        return found if is_module(found) and next(found.parameters(), None) is not None else None
    except Exception:
        return None  # it is still being made


def observe_forward(hooks: Hooks, call: Call, network: Any) -> tuple[bool, Any]:
    """Run it, its own code unobserved; True when nothing is left to note."""
    recording = hooks.recording
    call.name, call.owner = "forward", network
    state = _state(recording, network)
    hooks.row_loop += 1
    try:
        result = hooks.library(call.function, call.args, call.kwargs)
    finally:
        hooks.row_loop -= 1
    try:
        return _note(hooks, call, result, state), result
    except Exception as error:
        recording.fault(error)
        return True, result


def _state(recording: Recording, network: Any) -> EstimatorState | None:
    """What the network is before the call, in which layers such as BatchNorm may learn; None in a step of training."""
    try:
        learning = is_learning(network) and bool(recording.context)
        return None if learning else recording.estimator_state(network)
    except Exception as error:
        recording.fault(error)
        return None


def _note(hooks: Hooks, call: Call, result: Any, state: EstimatorState | None) -> bool:
    recording = hooks.recording
    table = call.args[0] if call.args else next(iter(call.kwargs.values()), None)
    rows = recording.rows(table) if is_rowlike(table) else None
    if not is_rowlike(result) or not is_rowlike(table) or n_rows(result) != n_rows(table):
        return False
    if rows is not None:
        recording.tracker.set(result, rows)
        recording.log(call.site).count("row", rows.sources)
    if state is None:
        return True
    candidate = _goes_on(recording, call, state, rows) if rows is not None else None
    if candidate is not None and rows is not None:
        candidate.batches.append((freeze(table), freeze(result), rows))
    else:
        _forget_earlier(recording, call)
        where: Any = 0 if call.args else next(iter(call.kwargs))
        candidate = note_candidate(hooks, call, result, state, table, rows, where)
        given = [*call.args, *call.kwargs.values()]
        candidate.inputs = sum(is_any_tensor(value) or is_rowlike(value) for value in given)
    if rows is not None:
        recording.mark_prediction(result, recording.candidates.index(candidate))
    return True


def _goes_on(recording: Recording, call: Call, state: EstimatorState, rows: Rows) -> Candidate | None:
    """The earlier call at the same place, of the same network as it was, with other rows: this is the next batch."""
    for candidate in reversed(recording.candidates):
        if candidate.statement != recording.statement:
            return None
        if candidate.site == call.site and candidate.state is state and candidate.rows is not None:
            last = candidate.batches[-1][2] if candidate.batches else candidate.rows
            return candidate if len(last) and len(rows) and int(rows.ids[0]) not in candidate.rows.present() else None
    return None


def _forget_earlier(recording: Recording, call: Call) -> None:
    """Of a network tried after each turn of its training only the last try counts; the others' weights are let go."""
    for candidate in recording.candidates:
        if candidate.statement == recording.statement and candidate.site == call.site and candidate.owner is call.owner:
            candidate.rows = None
            candidate.result = candidate.table = None
            candidate.batches = []
            _let_go(recording, candidate)


def _let_go(recording: Recording, candidate: Candidate) -> None:
    state = candidate.state
    held = any(state is other for facts in recording.facts for other in facts.estimators.values())
    if held or any(other.state is state for other in recording.candidates if other is not candidate):
        return
    recording.states = {key: other for key, other in recording.states.items() if other is not state}
    recording.by_value.pop(id(state.value), None)
