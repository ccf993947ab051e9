"""A forecast as the service: a horizon comes in, the series goes out."""

from __future__ import annotations

import ast
import warnings
from typing import Any

import numpy as np
import pandas as pd

from iapp_runtime.score.replay.foretelling import HORIZON, foretell

from ..reads import names_in
from ..recorder.forecasts import Forecast
from ..recorder.state import EstimatorState, Recording
from ..slicer.refusals import Refused

#: A notebook that asks for one step ahead is served this far: each horizon is compared with the notebook's own model.
_AT_LEAST = 12
# Functions of one argument that bring a forecast back into its unit, value by value.
_THEN = {"exp", "expm1", "square", "exp2"}
_MORE = {"cumsum", "inverse_transform", "inv_boxcox", "boxcox", "power", "cumprod"}


class ForecastServed:
    """A model of a series, how far it is asked, and what the notebook makes of its forecast."""

    def __init__(self, recording: Recording, forecast: Forecast) -> None:
        self.recording = recording
        self.forecast = forecast
        self.statement = recording.statements[forecast.statement]
        self.node = recording.sites[forecast.site]
        self.then: ast.expr | None = None

    def name(self) -> str:
        """The author's name for the model."""
        owner = self.node.func.value if isinstance(self.node.func, ast.Attribute) else None
        if isinstance(owner, ast.Name):
            return owner.id
        held = [name for name, value in self.recording.namespace.items() if value is self.forecast.owner]
        return next((name for name in held if not name.startswith("_")), "series_model")

    def refusal(self, reason: str, remedy: str) -> Refused:
        """A refusal that names the forecast."""
        return Refused(
            "IAPP_NOTEBOOK_FORECAST",
            f"cell {self.statement.cell.number}: {reason}",
            remedy,
            self.statement.cell.number,
            self.statement.line,
            " ".join(self.statement.text().split())[:200],
        )

    def answers(self) -> tuple[EstimatorState, pd.DataFrame, Any, int]:
        """The model, all horizons with its own forecasts, and the largest. Raises `Refused`."""
        state = self.forecast.state
        if state is None:
            raise self.refusal(
                "the model is fitted again for each step that it foretells; none of them is the one to serve",
                "after the loop, fit the model once on all of the series and call its forecast",
            )
        if self.forecast.exog:
            raise self.refusal(
                "the forecast needs further columns of the future (exog), which a horizon does not bring",
                "forecast without exog, or serve a model that is given rows",
            )
        steps = self._steps(state.value)
        most = max(steps, _AT_LEAST)
        asked = pd.DataFrame({HORIZON: np.arange(1, most + 1)})
        self.then = self._unit()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return state, asked, foretell(state.value, asked, most, self._function()), most

    def _steps(self, model: Any) -> int:
        """How many steps ahead the notebook's forecast goes: so many of its last values are the model's `forecast`."""
        values = np.asarray(self.forecast.values, dtype=float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for steps in range(len(values), 0, -1):
                own = np.asarray(model.forecast(steps), dtype=float)
                if np.allclose(own, values[-steps:], rtol=1e-9, atol=0.0, equal_nan=True):
                    return steps
        raise self.refusal(
            f"what {self.forecast.method} gives here are not the steps after the end of the series",
            "call forecast(steps) of the fitted model",
        )

    def _function(self) -> Any:
        if self.then is None:
            return None
        namespace = self.recording.namespace
        return eval(compile(ast.Expression(self.then), "<then>", "eval"), {**namespace})

    def _unit(self) -> ast.expr | None:
        """`np.exp` where the notebook puts the forecast through it. Raises `Refused` for what is not value by value."""
        names: set[str] = set()
        found: ast.expr | None = None
        for index in range(self.forecast.statement, len(self.recording.statements)):
            node = self.recording.statements[index].node
            for part in ast.walk(node):
                if not isinstance(part, ast.Call) or not self._given(part, names):
                    continue
                called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
                if called in _MORE:
                    raise self.refusal(
                        f"the notebook turns the forecast back with {called} "
                        f"(cell {self.recording.statements[index].cell.number}), which depends on more than each value",
                        "let the model itself work in the unit that is wanted (its d, trend or use_boxcox)",
                    )
                if called in _THEN and len(part.args) == 1 and not part.keywords:
                    found = part.func
            if isinstance(node, ast.Assign) and self._carries(node.value, names):
                names |= names_in(node).binds
        return found

    def _given(self, call: ast.Call, names: set[str]) -> bool:
        owner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        return any(self._carries(part, names) for part in [*call.args, *owner])

    def _carries(self, node: ast.AST, names: set[str]) -> bool:
        """Does the expression hold the forecast, or a name given it?"""
        return any(part is self.node or (isinstance(part, ast.Name) and part.id in names) for part in ast.walk(node))


def find_forecast(recording: Recording) -> ForecastServed | None:
    """The last forecast; one in a loop that fits a model for each step only where there is no other."""
    program = recording.program
    found = None
    for forecast in recording.forecasts:
        one = ForecastServed(recording, forecast)
        if program.serve_name not in (None, one.name()):
            continue
        if program.serve_cell not in (None, one.statement.cell.number):
            continue
        if found is None or found.forecast.state is None or forecast.state is not None:
            found = one
    return found
