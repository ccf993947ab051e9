"""Further functions that a generated `score.py` calls, beside `iapp_runtime.score.replay`."""

from __future__ import annotations

from typing import Any

from iapp_runtime.score.replay import check, keep


def checked(x: Any, mask: Any, message: str) -> Any:
    """The rows of `x` as an object of its own, after a check that the notebook's filter would have kept them all.

    What `x[mask]` is in scoring: rows where `mask` is False are refused with `message` (see `check`).
    """
    check(mask, message)
    return keep(x)
