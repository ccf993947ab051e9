"""One observed call: run it, then let the policies say what it was."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..kinds import TABLES, is_estimator, is_lazy, is_rowlike, n_rows
from ..lineage import Rows
from .bound import Bound, bind
from .derive import Parents
from .estimators import observe_estimator, watch_construction
from .forecasts import note_forecast
from .forward import network_called, observe_forward
from .results import record_result, record_rows
from .sources import is_source, observe_source

if TYPE_CHECKING:
    from .hooks import Hooks

_DRAWING = ("matplotlib", "seaborn", "plotly", "IPython", "ipywidgets", "bokeh", "altair", "wordcloud", "missingno")
_ITERATORS = (zip, enumerate, map, filter, iter, reversed)
_ROW_GENERATORS = {"iterrows", "itertuples", "items", "iteritems"}
_SAVES = ("pickle", "joblib", "_pickle", "cloudpickle", "dill", "skops", "torch")


class Call:
    """A call as it was made."""

    __slots__ = ("_bound", "args", "function", "kwargs", "name", "owner", "site")

    def __init__(
        self, site: int, function: Any, owner: Any, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        self.site = site
        self.function = function
        self.owner = owner
        self.name = name
        self.args = args
        self.kwargs = dict(kwargs)
        self._bound: Bound | None = None

    @property
    def bound(self) -> Bound:
        """Arguments by parameter name."""
        if self._bound is None:
            self._bound = bind(self.function, self.args, self.kwargs)
        return self._bound

    @property
    def module(self) -> str:
        """Module the function belongs to, "" when unknown."""
        if isinstance(self.owner, types.ModuleType):
            return self.owner.__name__
        return getattr(self.function, "__module__", None) or type(self.owner).__module__ or ""

    @property
    def table(self) -> Any:
        """The data frame or series whose method this is, else None."""
        return self.owner if isinstance(self.owner, TABLES) else None

    def operands(self) -> list[Any]:
        """Everything the call may read rows from."""
        owner = [] if self.owner is None or isinstance(self.owner, types.ModuleType) else [self.owner]
        return [*owner, *self.args, *self.kwargs.values()]


def observe_call(hooks: Hooks, call: Call) -> Any:
    """Run the call and log it. What the user's function raises goes through unchanged."""
    from ..policies import AROUND

    recording = hooks.recording
    if hooks.row_loop:
        return _in_row_loop(hooks, call)
    network = network_called(call)
    if network is not None:
        noted, result = observe_forward(hooks, call, network)
        return result if noted else _noted(hooks, call, result, None)
    if recording.is_users(call.function) and not _is_learning(call):
        return _users(hooks, call)
    around = AROUND.get(call.name)
    if around is not None:
        handled, result = around(hooks, call)
        if handled:
            return result
    before = _before(hooks, call)
    return _noted(hooks, call, hooks.library(call.function, call.args, call.kwargs), before)


def _noted(hooks: Hooks, call: Call, result: Any, before: tuple[Any, Rows] | None) -> Any:
    try:
        _after(hooks, call, result, before)
    except Exception as error:
        hooks.recording.fault(error)
    return result


def _is_learning(call: Call) -> bool:
    return call.owner is not None and is_estimator(call.owner) and not call.name.startswith("_")


def _before(hooks: Hooks, call: Call) -> tuple[Any, Rows] | None:
    """Labels and lineage of the table a method is called on: it may change in place."""
    if call.table is None:
        return None
    rows = hooks.recording.rows(call.table)
    return (call.table.index, rows) if rows is not None else None


def _users(hooks: Hooks, call: Call) -> Any:
    from ..policies.functions import observe_users_call

    if isinstance(call.function, type):
        return call.function(*call.args, **call.kwargs)
    return observe_users_call(hooks, call)


def _in_row_loop(hooks: Hooks, call: Call) -> Any:
    """Inside a loop over rows only statistics of whole columns are noted; they must be the same in every turn."""
    from .hooks import REDUCES

    result = call.function(*call.args, **call.kwargs)
    try:
        note_forecast(hooks, call, result)
        if call.name in REDUCES and not is_rowlike(result):
            holders = [v for v in call.operands() if is_rowlike(v) and hooks.recording.tracker.get(v) is not None]
            if holders:
                hooks.recording.add(call.site, "frozen", result, act="row_statistic")
    except Exception as error:
        hooks.recording.fault(error)
    return result


def _after(hooks: Hooks, call: Call, result: Any, before: tuple[Any, Rows] | None) -> None:
    from ..policies import observers_of

    recording = hooks.recording
    root = call.module.split(".")[0]
    if root in _SAVES and call.name in ("dump", "dumps", "save") and (call.args or call.kwargs):
        recording.dumped.append((recording.statement, call.args[0] if call.args else next(iter(call.kwargs.values()))))
        return
    if call.name in ("save_model", "save") and is_estimator(call.owner):
        recording.dumped.append((recording.statement, call.owner))
        return
    if root in _DRAWING or type(call.owner).__module__.startswith(_DRAWING):
        recording.facts[recording.statement].plotted = True
        return
    note_forecast(hooks, call, result)
    parents = recording.parents(call.operands())
    if call.owner is not None and is_estimator(call.owner) and observe_estimator(hooks, call, result, parents):
        return
    if watch_construction(hooks, call, result, parents):
        return
    if is_source(call, result, parents):
        observe_source(hooks, call, result)
        return
    for observer in observers_of(call.name):
        if observer(hooks, call, result, parents, before):
            return
    if result is None and before is not None:
        _in_place(hooks, call, before)
        return
    if not parents:
        return
    if call.function in _ITERATORS or (isinstance(result, types.GeneratorType) and call.name in _ROW_GENERATORS):
        if not (call.name in ("items", "iteritems") and hasattr(call.owner, "columns")):
            recording.lazy[id(result)] = (result, parents)
        return
    if is_lazy(result):
        recording.lazy[id(result)] = (result, parents)
        return
    _plain(hooks, call, result, parents, before)


def _in_place(hooks: Hooks, call: Call, before: tuple[Any, Rows] | None) -> None:
    """A method that changed its table: put the lineage right when rows went or moved."""
    from ..policies.selection import note_in_place

    if before is not None:
        note_in_place(hooks, call, *before)


def _plain(hooks: Hooks, call: Call, result: Any, parents: Parents, before: tuple[Any, Rows] | None) -> None:
    result = record_result(hooks, call.site, result, parents, call.name)
    rows = hooks.recording.tracker.get(result) if is_rowlike(result) else None
    if before is not None and rows is not None and n_rows(result) != len(before[1]):
        record_rows(
            hooks,
            call.site,
            result,
            rows,
            parents,
            "select",
            before=before[1],
            after=rows,
            how=call.name,
            bound=call.bound,
        )
