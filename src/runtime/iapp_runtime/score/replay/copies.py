"""How to hand out a learned value so that nobody can change it for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

LARGE = 1 << 24  # bytes; a larger array is handed out read-only instead of copied
ATOMS = (str, bytes, int, float, complex, bool, type(None), range, slice, type)
Copier = Callable[[Any], Any]


def copier(value: Any) -> Optional[Copier]:
    """The function that makes a copy of `value`, or None when nothing could change it (or when it is no container)."""
    if isinstance(value, ATOMS):
        return None
    kind = type(value)
    if kind in (tuple, frozenset):
        return None if all(copier(item) is None for item in value) else _deep
    if isinstance(value, (list, dict, set)):
        items = value.values() if isinstance(value, dict) else value
        return kind.copy if kind in (list, dict, set) and all(copier(item) is None for item in items) else _deep
    library = kind.__module__.split(".")[0]
    if library == "numpy" and kind.__name__ == "ndarray":
        return _array
    if library == "pandas" and kind.__name__ in ("DataFrame", "Series"):
        return _table
    if library == "scipy" and hasattr(value, "tocsr"):
        return lambda matrix: matrix.copy()
    return None  # indexes and time stamps do not change; fitted estimators are read only by the notebook's code


def _deep(value: Any) -> Any:
    """Copies containers all the way down and leaves what is inside an estimator alone."""
    if isinstance(value, dict):
        out = value.copy()
        for key, item in value.items():
            out[key] = _deep(item)
        return out
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(_deep(item) for item in value)
    copy = None if isinstance(value, (list, set)) else copier(value)
    return value.copy() if isinstance(value, (list, set)) else value if copy is None else copy(value)


def _array(value: Any) -> Any:
    if value.nbytes <= LARGE:
        return value.copy(order="K")
    view = value.view()
    view.flags.writeable = False
    return view


def _table(value: Any) -> Any:
    import pandas as pd

    lazy = int(pd.__version__.split(".")[0]) >= 3  # tables that copy only when written to
    return value.copy(deep=not lazy)
