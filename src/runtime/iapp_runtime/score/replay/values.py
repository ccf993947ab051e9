"""Calls whose result depends on all rows together: in scoring they use what training found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import pandas as pd

from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import request_rows


def bins(
    x: Any,
    edges: Any,
    labels: Any = None,
    right: bool = True,
    include_lowest: bool = False,
    dtype: Any = None,
    outside: str = "refuse",
) -> Any:
    """`pd.cut` or `pd.qcut` with the edges of training (for qcut with `include_lowest=True`).

    `dtype` is the recorded categorical dtype, whose categories are used again. A value outside of all edges is refused,
    or with `outside="missing"` has no bin.
    """
    options: dict[str, Any] = {}
    if not isinstance(edges, pd.IntervalIndex):
        options = {"right": right, "include_lowest": include_lowest, "labels": labels}
        if labels is None and isinstance(dtype, pd.CategoricalDtype):
            options["labels"] = list(dtype.categories)
        if options["labels"] is not None and options["labels"] is not False:
            options["ordered"] = len(set(options["labels"])) == len(list(options["labels"]))
    result = pd.cut(x, edges, **options)
    beyond = np.asarray(pd.isna(result)) & ~np.asarray(pd.isna(x))
    if outside == "refuse" and beyond.any():
        raise Refused(_rows(x, beyond), f"{_name(x)}: outside the range that the bins of training cover", _field(x))
    return result.astype(dtype) if isinstance(dtype, pd.CategoricalDtype) else result


def codes(x: Any, uniques: Any) -> tuple[np.ndarray, Any]:
    """`pd.factorize(x)` with the values of training: `(codes, uniques)`, -1 where missing; unseen ones are refused."""
    found = np.asarray(pd.Index(uniques).get_indexer(pd.Index(x)))
    unseen = (found == -1) & ~np.asarray(pd.isna(x))
    if unseen.any():
        raise Refused(_rows(x, unseen), f"{_name(x)}: a value that was never seen in training", _field(x))
    return found.astype("int64"), uniques


def as_recorded(value: Any, dtype: Any) -> Any:
    """`value` with the dtype it had in training; for a frame, a mapping column -> dtype.

    Missing values stay where the recorded dtype has no place for them. A value that is no recorded category is refused.
    """
    if isinstance(value, pd.DataFrame) and isinstance(dtype, Mapping):
        return _with_columns(value, dtype)
    if isinstance(value, (list, tuple)):
        value = pd.Series(value, dtype=object)
    if isinstance(dtype, pd.CategoricalDtype):
        unseen = ~np.asarray(pd.isna(value)) & ~np.asarray(pd.Index(value).isin(dtype.categories))
        if unseen.any():
            message = f"{_name(value)}: a value that was never seen in training"
            raise Refused(_rows(value, unseen), message, _field(value))
        return value.astype(dtype) if hasattr(value, "astype") else pd.Categorical(value, dtype=dtype)
    if value.dtype == dtype:
        return value
    if not _holds_missing(dtype) and np.asarray(pd.isna(value)).any():
        return value
    return value.astype(dtype)


def scaled(x: Any, mean: Any, std: Any) -> Any:
    """`(x - mean) / std` with the statistics of training, as an array (what zscore and scale give)."""
    return (np.asarray(x, dtype=float) - np.asarray(mean)) / np.asarray(std)


def expand(frame: pd.DataFrame, names: Sequence[Any], fill: Any = None) -> pd.DataFrame:
    """A table whose columns came from the rows (split, extract, pivot), with the columns that training had.

    Columns that these rows did not bring are `fill` (missing). A row with something in a further column is refused.
    """
    wanted = names if isinstance(names, pd.Index) else pd.Index(list(names))
    if frame.columns.equals(wanted):
        return frame
    further = frame.loc[:, ~frame.columns.isin(wanted)]
    more: Any = further.notna().to_numpy().any(axis=1) if further.shape[1] else np.zeros(len(frame), dtype=bool)
    if more.any():
        raise Refused(_rows(frame, more), "more parts, or other ones, than were ever seen in training")
    out = frame.reindex(columns=wanted) if fill is None else frame.reindex(columns=wanted, fill_value=fill)
    texts = [d for d in frame.dtypes if str(d) in ("object", "str", "string")]
    if fill is None and len(texts) == frame.shape[1] and texts:
        for name in wanted[~wanted.isin(frame.columns)]:
            out[name] = pd.Series([None] * len(out), index=out.index, dtype=texts[0])
    return out


def _with_columns(frame: pd.DataFrame, dtypes: Mapping) -> pd.DataFrame:
    out = frame.copy()
    for name, dtype in dtypes.items():
        out[name] = as_recorded(frame[name], dtype)
    return out


def _holds_missing(dtype: Any) -> bool:
    try:
        return np.dtype(dtype).kind not in "iub"
    except TypeError:  # a dtype of pandas: all of those do
        return True


def _rows(x: Any, mask: np.ndarray) -> list[int]:
    return request_rows(x, np.flatnonzero(mask))


def _name(x: Any) -> str:
    name = getattr(x, "name", None)
    return "value" if name is None else str(name)


def _field(x: Any) -> Optional[str]:
    return None if getattr(x, "name", None) is None else str(x.name)
