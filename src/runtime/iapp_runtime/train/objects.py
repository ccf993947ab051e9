"""Equality of values that numpy only knows as objects: text, mixed columns, lists, dates."""

from __future__ import annotations

import numbers
from typing import Any, Optional

import numpy as np

from .cells import array, is_missing


def same_objects(a: Any, b: Any, relative: float) -> tuple[np.ndarray, float]:
    """Where two arrays hold the same values, and the largest difference between numbers counted as the same."""
    x, y = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    out = np.empty(x.size, dtype=bool)
    largest = 0.0
    for i, (u, v) in enumerate(zip(x.ravel(), y.ravel())):
        gap = _gap(u, v, relative)
        out[i] = gap is not None
        largest = max(largest, gap or 0.0)
    return out.reshape(x.shape), largest


def _gap(u: Any, v: Any, relative: float) -> Optional[float]:
    """The difference of two values that count as the same, or None where they do not."""
    if u is v:
        return 0.0
    if isinstance(u, str) or isinstance(v, str):
        return 0.0 if isinstance(u, str) and isinstance(v, str) and u == v else None
    if is_missing(u) or is_missing(v):
        return 0.0 if is_missing(u) and is_missing(v) else None
    if isinstance(u, (numbers.Number, np.bool_)) and isinstance(v, (numbers.Number, np.bool_)):
        return _number_gap(u, v, relative)
    if isinstance(u, dict) and isinstance(v, dict):
        gaps = [_gap(u[key], v[key], relative) for key in u if key in v]
        return None if list(u) != list(v) or None in gaps else max((gap or 0.0 for gap in gaps), default=0.0)
    if isinstance(u, (list, tuple, np.ndarray)) and isinstance(v, (list, tuple, np.ndarray)):
        p, q = array(u), array(v)
        if p.shape != q.shape:
            return None
        same, largest = same_objects(p, q, relative)
        return largest if same.all() else None
    try:
        return 0.0 if bool(u == v) else None
    except (TypeError, ValueError):
        return None


def _number_gap(u: Any, v: Any, relative: float) -> Optional[float]:
    if u == v:
        return 0.0
    if not isinstance(u, (float, np.floating)) and not isinstance(v, (float, np.floating)):
        return None
    gap = abs(float(u) - float(v))
    return gap if gap <= relative * max(abs(float(u)), abs(float(v))) else None
