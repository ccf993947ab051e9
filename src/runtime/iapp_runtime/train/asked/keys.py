"""Values that an argument may have: labels and columns, of what the function reads, that hold the one it was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..recorder.state import Recording

MOST = 300
_FEWEST = 2


def known_values(values: Iterable[Any], given: Any) -> list[Any]:
    """All values among which the given one was found, in their order; [] when nothing holds it."""
    best: tuple[int, list[Any]] | None = None
    for value in values:
        for rank, held in _collections(value):
            if (best is None or rank < best[0]) and _holds(held, given):
                unique = [_plain(item) for item in pd.unique(pd.Series(held).dropna())]
                if len(unique) >= _FEWEST:
                    best = (rank, unique)
    return best[1] if best is not None else []


def _collections(value: Any) -> Iterable[tuple[int, Any]]:
    """What in a value can be asked for by key, the likeliest first."""
    if isinstance(value, pd.Series):
        yield 0, value.index
        yield 3, value
    elif isinstance(value, pd.DataFrame):
        yield 1, value.index
        yield 2, value.columns
        for place in range(value.shape[1]):
            yield 3, value.iloc[:, place]
    elif isinstance(value, dict):
        yield 0, list(value)
    elif isinstance(value, pd.Index) or (isinstance(value, np.ndarray) and value.ndim == 1):
        yield 3, value
    elif isinstance(value, (list, tuple, set)) and all(isinstance(item, (str, int)) for item in value):
        yield 3, list(value)
    elif hasattr(value, "classes_") and getattr(value.classes_, "ndim", 0) == 1:
        yield 3, value.classes_


def _holds(held: Any, given: Any) -> bool:
    """A text counts also in other letters: functions often change the case of what they are asked."""
    try:
        values = pd.Series(held)
        if isinstance(given, str):
            texts = values[values.map(lambda item: isinstance(item, str))]
            return bool(len(texts)) and bool((texts.str.strip().str.lower() == given.strip().lower()).any())
        return values.dtype.kind in "iuf" and not isinstance(given, bool) and bool((values == given).any())
    except (TypeError, ValueError):
        return False


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def spread(values: list[Any], first: Any) -> list[Any]:
    """At most `MOST` of the values over their whole length, the given one in front."""
    chosen = [values[int(i)] for i in np.unique(np.linspace(0, len(values) - 1, min(MOST, len(values))).astype(int))]
    return [first, *(value for value in chosen if value != first)]


def numbers_like(recording: Recording, name: str, given: Any) -> list[Any]:
    """Numbers for an argument that is no key: a column of the same name in a table that was read, else around it."""
    for source in recording.sources:
        raw = source.raw
        for column in getattr(raw, "columns", []):
            if str(column).lower() == name.lower() and raw[column].dtype.kind in "iuf":
                held = raw[column].dropna().unique().tolist()
                return spread(held, float(given) if raw[column].dtype.kind == "f" else given)
    around = [given * factor for factor in (0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0)]
    return [given, *(type(given)(item) for item in around)]
