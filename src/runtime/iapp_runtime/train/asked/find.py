"""The service of a notebook without a model that is given rows: a function that is asked, or a forecast."""

from __future__ import annotations

import ast
from typing import Any

from ..reads import names_in
from ..recorder.forecasts import is_of_series
from ..recorder.state import Recording
from .closure import Closure
from .forecast import ForecastServed, find_forecast
from .function import FunctionServed, find_function
from .written import AskedSlice


class AskedChoice:
    """What `served` of the record says, and the slice."""

    def __init__(self, served: dict[str, Any], made: AskedSlice) -> None:
        self.served = served
        self.slice = made


def find_asked(recording: Recording) -> AskedChoice | None:
    """None when the notebook asks nothing. Raises `Refused` where it asks something that cannot be served."""
    function, forecast = find_function(recording), find_forecast(recording)
    if forecast is not None and (function is None or function.asked.statement < forecast.forecast.statement):
        return _forecast(recording, forecast)
    return None if function is None else _function(recording, function)


def is_asked_for(recording: Recording) -> bool:
    """Was a function, or a model of a series, named as what is to be served?"""
    name = recording.program.serve_name
    if name is None:
        return False
    series = any(is_of_series(forecast.owner) for forecast in recording.forecasts)
    of_series = series and is_of_series(recording.namespace.get(name))
    return of_series or any(asked.name == name for asked in recording.asked.values())


def _forecast(recording: Recording, found: ForecastServed) -> AskedChoice:
    statement, name = found.statement, found.name()
    state, asked, answers, most = found.answers()
    closure = Closure(recording, names_in(found.then).reads if found.then is not None else set())
    made = AskedSlice(recording, closure, statement, found.node, asked, answers)
    model = made.add_model(name, state)
    then = f", {ast.unparse(found.then)}" if found.then is not None else ""
    made.asks(f"foretell({model}, {{X}}, {most}{then})", model, {"foretell"}, {}, statement.text(found.node))
    made.document["task"] = "regression"
    owner = found.forecast.owner
    kind = type(owner).__name__.replace("ResultsWrapper", "Results")
    served: dict[str, Any] = {
        "name": name, "class": kind, "module": type(owner).__module__, "cell": statement.cell.number,
        "line": getattr(found.node, "lineno", statement.line), "method": "forecast",
        "why": "its forecast was made last", "confidence": "likely" if len(recording.forecasts) > 1 else "certain",
        "alternatives": [],
    }  # fmt: skip
    return AskedChoice(served, made)


def _function(recording: Recording, found: FunctionServed) -> AskedChoice:
    asked, statement = found.asked, found.statement
    node = recording.sites[asked.site]
    rows, answers = found.answers()
    made = AskedSlice(recording, found.closure, statement, node, rows, answers)
    made.asks(f"ask({asked.name}, {{X}})", asked.name, {"ask"}, found.known, statement.text(node))
    others = {other.name for other in recording.asked.values()} - {asked.name}
    served: dict[str, Any] = {
        "name": asked.name, "class": "function", "module": "__main__", "cell": statement.cell.number,
        "line": getattr(node, "lineno", statement.line), "method": "call",
        "why": "the notebook asks it by a key" if found.known else "the notebook asks it",
        "confidence": "likely" if others else "certain", "alternatives": [],
    }  # fmt: skip
    return AskedChoice(served, made)
