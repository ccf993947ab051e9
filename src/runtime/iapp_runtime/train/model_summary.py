"""A model in a few words: class and parameters, as `bundle show` and `bundle diff` present it."""

from __future__ import annotations

from typing import Any

import numpy as np

LONGEST = 120


def summarise(model: Any) -> dict[str, Any]:
    """`{"class", "params"}`; parameters are JSON scalars or short texts, those of the steps of a pipeline included."""
    return {"class": type(model).__name__, "params": _params(model)}


def _params(model: Any) -> dict[str, Any]:
    get = getattr(model, "get_params", None)
    if not callable(get):
        return {}
    try:
        params = get(deep=True)
    except Exception:
        # Some notebooks' own classes cannot say their parameters; that changes nothing about their answers.
        return {}
    return {str(name): _short(value) for name, value in sorted(params.items())}


def _short(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and np.isfinite(value)):
        return value if not isinstance(value, str) else value[:LONGEST]
    if hasattr(value, "get_params"):
        return type(value).__name__
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    text = repr(value)
    # An address in memory is not part of a parameter.
    if " at 0x" in text:
        return type(value).__name__
    return " ".join(text.split())[:LONGEST]
