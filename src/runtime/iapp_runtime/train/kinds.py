"""What kind of value something is: row-like, estimator, lazy view, immutable."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .networks import is_network, is_tensor
from .polars_values import is_polars

TABLES = (pd.DataFrame, pd.Series)
_ROWLIKE = (pd.DataFrame, pd.Series, np.ndarray, list, pd.Index, pd.api.extensions.ExtensionArray)
SCALARS = (int, float, complex, str, bytes, bool, type(None), np.generic, pd.Timestamp, pd.Timedelta)
IMMUTABLE = (
    *SCALARS, type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType, range, slice, pd.Index, np.dtype,
    pd.api.extensions.ExtensionDtype, frozenset,
)  # fmt: skip
# Objects that stand for a table until something is computed from them: groups, windows, string methods, indexers.
_LAZY = (
    "pandas.core.groupby", "pandas.core.window", "pandas.core.strings", "pandas.core.indexing", "pandas.core.resample",
    "pandas.core.indexes.accessors", "pandas.core.arrays.categorical", "pandas.plotting", "pandas.api.typing",
    "polars.dataframe.group_by", "polars.series.",
)  # fmt: skip
_ESTIMATOR_MODULES = ("statsmodels.", "xgboost.", "lightgbm.", "catboost.")
LEARNS = ("fit", "fit_transform", "fit_predict", "fit_resample", "fit_sample", "partial_fit")
PREDICTS = ("predict", "predict_proba", "decision_function", "fit_predict", "predict_log_proba", "score_samples")
#: The same, and the call of a network by its name.
ANSWERS = (*PREDICTS, "forward")


def is_sparse(value: Any) -> bool:
    """True for scipy sparse matrices and arrays, without importing scipy."""
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


def is_rowlike(value: Any) -> bool:
    """True when the value can hold one entry per row."""
    if isinstance(value, _ROWLIKE):
        return not (isinstance(value, np.ndarray) and value.ndim == 0)
    return is_sparse(value) or is_tensor(value) or is_polars(value)


def n_rows(value: Any) -> int:
    """Number of rows of a row-like value, -1 when it has none."""
    try:
        return int(value.shape[0]) if getattr(value, "shape", None) else len(value)
    except TypeError:
        return -1


def is_lazy(value: Any) -> bool:
    """True for group-by objects, indexers, accessors: a view of a table that computes nothing yet."""
    kind = type(value)
    return kind.__module__.startswith(_LAZY) and not isinstance(value, _ROWLIKE) and not is_polars(value)


def is_groups(value: Any) -> bool:
    """True for a pandas group-by object."""
    return type(value).__name__ in ("DataFrameGroupBy", "SeriesGroupBy")


def is_estimator(value: Any) -> bool:
    """True for objects that learn: scikit-learn style, or of a modelling library."""
    if isinstance(value, (type, types.ModuleType, *TABLES, np.ndarray)):
        return False
    if is_network(value):
        return True
    module = type(value).__module__
    if module.startswith(_ESTIMATOR_MODULES):
        return any(hasattr(value, name) for name in ("fit", "predict", "transform"))
    return hasattr(value, "fit") and (
        hasattr(value, "get_params") or hasattr(value, "transform") or hasattr(value, "predict")
    )


def take(value: Any, positions: Any) -> Any:
    """Rows of a row-like value by position, as the same kind."""
    if isinstance(value, TABLES):
        return value.iloc[positions]
    if is_sparse(value):
        return value.tocsr()[positions]
    if isinstance(value, list):
        return [value[int(i)] for i in positions]
    if is_polars(value):
        return value[np.asarray(positions, dtype=np.int64).tolist()]
    return value[positions]


def columns_of(value: Any) -> tuple[Any, ...] | None:
    """Column names of a data frame, None for everything else."""
    known = isinstance(value, pd.DataFrame) or (is_polars(value) and hasattr(value, "columns"))
    return tuple(value.columns) if known else None


def same(left: Any, right: Any) -> bool:
    """Equality of two recorded values, missing values equal to each other; never raises."""
    if left is right:
        return True
    try:
        if type(left) is not type(right):
            return False
        if isinstance(left, (*TABLES, pd.Index)):
            return bool(left.equals(right))
        if is_polars(left):
            return bool(left.equals(right))
        if isinstance(left, np.ndarray):
            if left.dtype != right.dtype or left.shape != right.shape:
                return False
            return bool(np.array_equal(left, right, equal_nan=left.dtype.kind in "fc"))
        if isinstance(left, (list, tuple)):
            return len(left) == len(right) and all(map(same, left, right))
        if isinstance(left, dict):
            return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
        return bool(left == right) or bool(left != left and right != right)
    except Exception:
        return False


def all_same(values: Sequence[Any]) -> bool:
    """True when all values equal the first."""
    return all(same(values[0], value) for value in values[1:])
