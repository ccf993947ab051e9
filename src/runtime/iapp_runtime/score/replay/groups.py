"""Statistics of groups, learned in training and looked up by the group's key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from iapp_runtime.score.replay.frozen import plain_key
from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import request_rows


def by_group(values: Any, keys: Any, table: Any, fill: bool = False) -> Any:
    """What `values.groupby(keys).transform(...)` gave in training, row by row.

    `keys`: one series, or a list of them; `table`: key (a tuple for several) -> statistic, as dict or Series; for a
    frame of values, column -> such a table. A missing key gives a missing value, as in pandas.
    With `fill`, only missing values are replaced, and a key never seen leaves them missing; without, such a row is
    refused.
    """
    if isinstance(values, pd.DataFrame):
        return pd.DataFrame(
            {name: by_group(values[name], keys, table[name], fill) for name in values.columns}, index=values.index
        )
    values = values if isinstance(values, pd.Series) else pd.Series(values)
    learned = {
        plain_key(key): item for key, item in (table.items() if isinstance(table, Mapping) else table.to_dict().items())
    }
    wanted, names = _keys(keys)
    incomplete = [key is None or (isinstance(key, tuple) and None in key) for key in wanted]
    unseen = [i for i, key in enumerate(wanted) if not incomplete[i] and key not in learned]
    if unseen and not fill:
        raise Refused(
            request_rows(values, unseen), f"{names or 'group'}: a group that was never seen in training", names or None
        )
    found = pd.Series(
        [learned.get(key, np.nan) for key in wanted],
        index=values.index,
        name=values.name,
        dtype=getattr(table, "dtype", None) if not (unseen or any(incomplete)) and len(wanted) else None,
    )
    if not fill:
        return found
    holes = values.isna().to_numpy(dtype=bool)
    if not holes.any():
        return values.copy()
    filled = values.copy()
    filled.iloc[np.flatnonzero(holes)] = found.to_numpy()[holes]
    return filled


def _keys(keys: Any) -> tuple[list[Any], str]:
    if (
        isinstance(keys, (list, tuple))
        and keys
        and all(hasattr(key, "__len__") and not isinstance(key, str) for key in keys)
    ):
        columns = [_column(key) for key in keys]
        names = ", ".join(str(key.name) for key in keys if getattr(key, "name", None) is not None)
        return (columns[0] if len(columns) == 1 else list(zip(*columns))), names
    name = getattr(keys, "name", None)
    return _column(keys), "" if name is None else str(name)


def _column(key: Any) -> list[Any]:
    return [plain_key(item) for item in (key.tolist() if hasattr(key, "tolist") else list(key))]
