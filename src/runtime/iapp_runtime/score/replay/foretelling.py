"""Services that are asked for a horizon: how a series goes on."""

from __future__ import annotations

from typing import Any, Callable, Optional

from iapp_runtime.score.replay.asking import as_column, plain_answer
from iapp_runtime.score.replay.refused import Refused

HORIZON = "horizon"


def foretell(model: Any, rows: Any, most: int, then: Optional[Callable[[Any], Any]] = None) -> Any:
    """For each row the forecast of as many steps as its horizon says, put through `then` where the notebook does so.

    Raises `Refused` for a horizon that is not from 1 to `most`: further on nothing was compared with the notebook.
    """
    found = []
    for number, horizon in enumerate(rows[HORIZON].tolist()):
        if not 1 <= horizon <= most:
            raise Refused([number], f"a horizon is a whole number from 1 to {most}", HORIZON)
        values = model.forecast(int(horizon))
        found.append(plain_series(values if then is None else then(values)))
    return as_column(found)


def plain_series(values: Any) -> list[Any]:
    """`[{"time", "value"}]` where the series knows its dates, else the values alone."""
    index = getattr(values, "index", None)
    if index is None or not type(index).__name__.startswith(("Datetime", "Period")):
        return list(plain_answer(values.tolist()))
    times = [one.isoformat() if hasattr(one, "isoformat") else str(one) for one in index]
    return [{"time": time, "value": value} for time, value in zip(times, plain_answer(values.tolist()))]
