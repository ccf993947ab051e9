"""Calls that ask a model of a series how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..snapshot import freeze

if TYPE_CHECKING:
    from .calls import Call
    from .hooks import Hooks
    from .state import EstimatorState

_ASKS = ("forecast", "get_forecast", "predict", "get_prediction")


class Forecast:
    """A forecast as the notebook made it. Without a state: one of many in a loop, each of a model of its own."""

    def __init__(self, statement: int, call: Call, state: EstimatorState | None, values: Any) -> None:
        self.statement = statement
        self.site = call.site
        self.owner = call.owner
        self.method = call.name
        self.state = state
        self.values = values
        self.exog = call.bound.get("exog") is not None


def is_of_series(model: Any) -> bool:
    """True for models of time series: they have no rows to predict for."""
    return type(model).__module__.startswith("statsmodels.tsa.")


def note_forecast(hooks: Hooks, call: Call, result: Any) -> None:
    """Remember a forecast of one series."""
    if call.name not in _ASKS or not is_of_series(call.owner) or not hasattr(call.owner, "forecast"):
        return
    recording = hooks.recording
    values = getattr(result, "predicted_mean", result)
    if getattr(values, "ndim", 0) != 1:
        return
    if recording.context or hooks.row_loop:
        earlier = [one for one in recording.forecasts if one.state is None and one.site == call.site]
        if not earlier:
            recording.forecasts.append(Forecast(recording.statement, call, None, None))
        return
    state = recording.estimator_state(call.owner)
    recording.forecasts.append(Forecast(recording.statement, call, state, freeze(values)))
