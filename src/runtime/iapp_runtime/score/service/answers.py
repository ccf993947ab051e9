"""Predictions as JSON values."""

from __future__ import annotations

import math
from typing import Any


def plain_predictions(values: Any, rows: int) -> list[Any]:
    """One value a row; several outputs make a list a row.

    Raises:
        ValueError: the module gave another number of values than rows, which is never answered.
    """
    listed = values.tolist() if hasattr(values, "tolist") else _listed(values)
    if not isinstance(listed, list) or len(listed) != rows:
        count = len(listed) if isinstance(listed, list) else "one"
        raise ValueError(f"the module gave {count} predictions for {rows} rows")
    return [plain(value) for value in listed]


def plain_probabilities(values: Any, classes: list[Any]) -> list[dict[str, float]]:
    """`{class: probability}` for each row; classes without names are numbered."""
    listed = values.tolist() if hasattr(values, "tolist") else _listed(values)
    names = [str(plain(one)) for one in classes]
    answer = []
    for row in listed:
        if len(names) != len(row):
            names = [str(number) for number in range(len(row))]
        answer.append({name: float(value) for name, value in zip(names, row)})
    return answer


def plain(value: Any) -> Any:
    """NumPy scalars, dates and missing values as what JSON has."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "isoformat"):
        return None if value != value else value.isoformat()
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "item"):
        return plain(value.item())
    return None if value != value else str(value)


def _listed(values: Any) -> list[Any]:
    if hasattr(values, "to_numpy"):
        return list(values.to_numpy().tolist())
    return list(values)
