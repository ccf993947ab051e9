"""What a model is given or gives, seen as rows and named columns, whatever container it comes in.

Knows pandas and scipy only when the process has imported them: a proof runs with the scoring packages alone.
"""

from __future__ import annotations

import sys
from typing import Any, Optional

import numpy as np


def is_frame(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def is_series(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, (pandas.Series, pandas.Index))


def is_sparse(value: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(value))


def count(value: Any) -> int:
    """Number of rows; a scalar has none and counts as one."""
    if is_sparse(value):
        return int(value.shape[0])
    if isinstance(value, dict):
        return count(next(iter(value.values()))) if value else 0
    shape = getattr(value, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else 1
    return len(value) if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else 1


def take(value: Any, rows: Any) -> Any:
    """The rows at these positions, in the same container."""
    if is_frame(value) or (is_series(value) and hasattr(value, "iloc")):
        return value.iloc[rows]
    if is_sparse(value):
        return value.tocsr()[rows]
    if isinstance(value, dict):
        return {key: take(part, rows) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [value[int(i)] for i in rows]
    if value is None:
        return None
    return value[rows] if hasattr(value, "shape") else np.asarray(value)[rows]


def columns(value: Any) -> list[tuple[Optional[str], Any]]:
    """`(name, values)` per column, values as numpy arrays; a dense or sparse matrix is one entry without a name."""
    if is_frame(value):
        return [(str(name), array(value.iloc[:, i])) for i, name in enumerate(value.columns)]
    if isinstance(value, dict):
        return [(str(key), array(part)) for key, part in value.items()]
    if is_series(value):
        return [(None if value.name is None else str(value.name), array(value))]
    return [(None, value if is_sparse(value) else array(value))]


def array(values: Any) -> np.ndarray:
    """The values as numpy has them; what has no numpy type (categories, nullable integers, text) as objects."""
    if is_series(values):
        kind = values.dtype
        return values.to_numpy() if isinstance(kind, np.dtype) else values.to_numpy(dtype=object)
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(object), None)
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, (list, tuple)):
        return _from_list(list(values))
    return np.asarray(values)


def _from_list(values: list) -> np.ndarray:
    """Texts and ragged rows stay objects: numpy would cut, join or refuse them."""
    if any(value is None or isinstance(value, (str, bytes)) for value in values[:100]) or _ragged(values):
        return objects(values)
    return np.asarray(values)


def objects(values: Any) -> np.ndarray:
    """One object for each row."""
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out


def _ragged(values: list) -> bool:
    return len({np.shape(value) for value in values if not isinstance(value, dict)}) > 1


def missing(values: Any) -> np.ndarray:
    """True where a value is None, NaN, NaT or NA; same shape."""
    values = array(values)
    if values.dtype.kind in "fc":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind != "O":
        return np.zeros(values.shape, dtype=bool)
    flat = values.ravel()
    out = np.fromiter((is_missing(value) for value in flat), dtype=bool, count=len(flat))
    return out.reshape(values.shape)


def is_missing(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    if isinstance(value, (str, bytes, int)):
        return False
    name = type(value).__name__
    if name in ("NAType", "NaTType"):
        return True
    return isinstance(value, (np.datetime64, np.timedelta64)) and bool(np.isnat(value))
