"""Which rows a proof sends one by one: random ones, and those where a replay goes wrong first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import cells

RANDOM = 30
CHOSEN = 80


def single_rows(raw: Any, rows: Sequence[int], seed: int = 7) -> list[int]:
    """Raw positions out of `rows`: 30 random ones, then two with a hole in each column, the rarest categories and the
    extremes of each number, as far as 80 of them go."""
    among = np.asarray(rows, dtype=int)
    random = np.random.RandomState(seed).choice(among, min(RANDOM, len(among)), replace=False)
    chosen: list[int] = []
    if cells.is_frame(raw) or cells.is_series(raw):
        part = cells.take(raw, among)
        groups = [_holes, _extremes, _rarest]
        columns = cells.columns(part)
        # Hole by hole, then extreme by extreme: with many columns each kind gets its share.
        for group in groups:
            found = [int(among[i]) for _, values in columns for i in group(values)]
            chosen += list(dict.fromkeys(found))[: CHOSEN // len(groups)]
    return list(dict.fromkeys([int(row) for row in random] + chosen))


def _holes(values: np.ndarray) -> list[int]:
    return [int(i) for i in np.flatnonzero(cells.missing(values))[:2]]


def _extremes(values: np.ndarray) -> list[int]:
    if values.ndim != 1 or values.dtype.kind not in "iufM":
        return []
    known = np.flatnonzero(~cells.missing(values))
    if not len(known):
        return []
    return [int(known[values[known].argmin()]), int(known[values[known].argmax()])]


def _rarest(values: np.ndarray) -> list[int]:
    """One row with each of the two rarest values of a text column of at most 60 values."""
    if values.ndim != 1 or values.dtype.kind != "O":
        return []
    first: dict[Any, int] = {}
    counts: dict[Any, int] = {}
    for i, value in enumerate(values):
        if cells.is_missing(value) or not isinstance(value, (str, int, float, bool)):
            continue
        first.setdefault(value, i)
        counts[value] = counts.get(value, 0) + 1
        if len(counts) > 60:
            return []
    return [first[value] for value in sorted(counts, key=lambda value: counts[value])[:2]]
