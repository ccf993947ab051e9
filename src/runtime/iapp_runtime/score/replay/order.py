"""Rows stay as they were asked for: what training did to their number and order is undone or left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from iapp_runtime.score.replay.copies import copier
from iapp_runtime.score.replay.request import row_count


def keep(x: Any) -> Any:
    """The same rows in the same order, as an object of its own: sampling, shuffling, sorting and positional slices."""
    copy = copier(x)
    return x if copy is None else copy(x)


def split(*arrays: Any) -> list[Any]:
    """Each array twice, as train and test, each one an object of its own."""
    return [keep(array) for array in arrays for _ in (0, 1)]


def in_request_order(x: Any) -> Any:
    """Rows that a loop over groups put together come back in the order of the request.

    Tables are ordered by the labels that `rows_in` gave; other things must have all rows already.
    Raises ValueError when rows are missing or double: then an answer would go to the wrong row.
    """
    count = row_count()
    index = getattr(x, "index", None)
    if index is None or callable(index):
        if _length(x) != count:
            raise ValueError(f"{_length(x)} rows came back for {count}")
        return x
    labels = np.asarray(index)
    expected = np.arange(count)
    if len(labels) == count and np.array_equal(labels, expected):
        return x
    if len(labels) != count or labels.dtype.kind not in "iu" or not np.array_equal(np.sort(labels), expected):
        raise ValueError(f"the rows of the request cannot be told apart any more ({len(labels)} came back for {count})")
    return x.iloc[np.argsort(labels, kind="stable")]


def concat_rows(objs: Sequence[Any], live: Sequence[Any], names: Optional[Sequence[Any]] = None) -> Any:
    """What `pd.concat` of training and other rows is in scoring: only the parts that hold rows of the request.

    `live` tells them: flags, one an object, or their positions. `names` are the columns recorded, in order.
    The rows come back in request order with the labels of `rows_in`.
    """
    flags = all(isinstance(item, (bool, np.bool_)) for item in live)
    parts = [o for o, use in zip(objs, live) if use] if flags else [objs[int(i)] for i in live]
    if not parts:
        raise ValueError("none of the parts holds rows of the request")
    if not hasattr(parts[0], "index") or callable(parts[0].index):
        if len(parts) > 1:
            raise ValueError("rows of several arrays cannot be put back in request order")
        return keep(parts[0])
    import pandas as pd

    whole = keep(parts[0]) if len(parts) == 1 else in_request_order(pd.concat(parts))
    if names is not None and whole.ndim == 2 and list(whole.columns) != list(names):
        whole = whole.reindex(columns=names)
    return whole


def _length(x: Any) -> int:
    shape = getattr(x, "shape", None)
    return int(shape[0]) if shape else len(x)
