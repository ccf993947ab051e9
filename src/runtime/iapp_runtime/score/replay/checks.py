"""Rows that the notebook's own cleaning dropped before training are not scored in silence."""

from __future__ import annotations

import os
from typing import Any, Optional

import numpy as np

from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import current, request_rows


def check(mask: Any, message: str, on_fail: Optional[str] = None) -> None:
    """Refuses the rows where `mask` is False or missing; `message` is the notebook's condition in words.

    `mask` is one value a row (a Series of any index made by `rows_in`, an array, a list) or one for the whole request.
    `on_fail="flag"`, or `IAPP_ON_DROPPED_ROWS=score` in the environment, lets them pass and notes them (see `flagged`).
    """
    values = np.asarray(mask)
    if values.dtype != bool:
        values = np.fromiter((item is not None and item == item and bool(item) for item in _items(mask)), dtype=bool)
    if values.all():
        return
    rows = list(range(current().rows)) if values.ndim == 0 else request_rows(mask, np.flatnonzero(~values.reshape(-1)))
    how = on_fail or ("flag" if os.environ.get("IAPP_ON_DROPPED_ROWS") == "score" else "refuse")
    if how == "refuse":
        raise Refused(rows, message)
    current().flagged.append((message, rows))


def _items(mask: Any) -> list:
    items = np.asarray(mask, dtype=object).reshape(-1).tolist()
    return [None if type(item).__name__ == "NAType" else item for item in items]
