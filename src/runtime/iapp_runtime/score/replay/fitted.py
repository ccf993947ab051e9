"""Calls of restored estimators, with the notebook's reason when a row is one they cannot handle."""

from __future__ import annotations

from typing import Any

from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import request_rows

TRIED_ONE_BY_ONE = 1000  # rows; only after a batch failed


def restored(estimator: Any, method: str, x: Any, *rest: Any) -> Any:
    """`estimator.method(x, *rest)`.

    When that fails with a ValueError (an unseen label, a missing value), the rows that fail also alone are refused; if
    none does, the error is raised as it is.
    """
    call = getattr(estimator, method)
    try:
        return call(x, *rest)
    except ValueError as error:
        failed = [i for i in range(min(_length(x), TRIED_ONE_BY_ONE)) if not _works(call, _row(x, i), rest)]
        if not failed:
            raise
        name = getattr(x, "name", None)
        what = f"{name}: " if isinstance(name, str) else ""
        message = f"{what}{type(estimator).__name__}.{method} cannot handle this value; training had none like it"
        raise Refused(request_rows(x, failed), message, name if isinstance(name, str) else None) from error


def _works(call: Any, x: Any, rest: tuple) -> bool:
    try:
        call(x, *rest)
    except ValueError:
        return False
    return True


def _length(x: Any) -> int:
    shape = getattr(x, "shape", None)
    return int(shape[0]) if shape else len(x)


def _row(x: Any, i: int) -> Any:
    return x.iloc[i : i + 1] if hasattr(x, "iloc") else x[i : i + 1]
