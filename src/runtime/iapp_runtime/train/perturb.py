"""Finds out which columns matter, by changing them and looking at what the model is given."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from . import cells
from .compare import compare
from .json_rows import json_rows
from .row_choice import single_rows
from .scoring_module import ScoringModule

Key = Union[str, int]
BASE_ROWS = 48
WHOLE_ROWS = 5000
ROUNDS = 6

NOTHING, CHANGES, FAILS = "nothing", "changes", "fails"


@dataclass(frozen=True)
class Effect:
    """What happens to the features when a column holds other values, or none: `nothing`, `changes` or `fails`.

    `handled`: a missing value is answered, nothing missing reaches the model that never did in training, and the other
    rows of the request stay as they were.
    """

    values: str
    missing: str
    handled: bool


class Perturbation:
    """Rows of the run through a module's `features`, once as they are and then with one column changed."""

    def __init__(self, scoring: ScoringModule, raw: Any, rows: Sequence[int], features: Any, deadline: float) -> None:
        self.scoring, self.deadline = scoring, deadline
        self.random = np.random.RandomState(11)
        chosen = single_rows(raw, rows)
        if len(chosen) < BASE_ROWS:
            rest = sorted(set(rows) - set(chosen))
            chosen += [int(x) for x in self.random.choice(rest, min(len(rest), BASE_ROWS - len(chosen)), replace=False)]
        self.base = json_rows(raw, chosen[: 2 * BASE_ROWS])
        self.given = scoring.features(self.base)
        whole = list(rows)
        if len(whole) > WHOLE_ROWS:
            whole = [int(x) for x in self.random.choice(whole, WHOLE_ROWS, replace=False)]
        self.whole = json_rows(raw, whole)
        self.whole_given = scoring.features(self.whole)
        self.holes = _holes(features)

    def effect(self, key: Key) -> Effect | None:
        """The effect of one column, or None when the time is up."""
        if time.monotonic() > self.deadline:
            return None
        pool = self._pool(key)
        values = NOTHING
        for turn in range(ROUNDS):
            values = self._result(self._changed(self.base, key, pool, turn), self.given)
            if values != NOTHING:
                break
        if values == NOTHING:
            # Rare conditions: every row that is there, with another value each.
            values = self._result(self._changed(self.whole, key, pool, ROUNDS), self.whole_given)
        missing = self._result([_with(row, key, None) for row in self.base], self.given)
        return Effect(values, missing, missing != FAILS and self._handles_missing(key))

    def _result(self, rows: list, given: Any) -> str:
        try:
            now = self.scoring.features(rows)
        except Exception:
            return FAILS
        return NOTHING if compare(given, now, exact=True).equal else CHANGES

    def _pool(self, key: Key) -> list[Any]:
        """The column's distinct values: the smallest, the largest and the rarest first, then others at random."""
        counts: dict[str, int] = {}
        for row in self.whole:
            text = json.dumps(_get(row, key))
            counts[text] = counts.get(text, 0) + 1
        counts.pop("null", None)
        values = [json.loads(text) for text in sorted(counts, key=lambda text: counts[text])]
        if not values:
            return []
        numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
        first = [min(numbers), max(numbers)] if numbers else []
        rest = values[1:]
        self.random.shuffle(rest)
        return [*first, values[0], *rest[:200]]

    def _changed(self, rows: list, key: Key, pool: list[Any], turn: int) -> list:
        """Each row with a value of the column that is surely not its own."""
        out = []
        for n, row in enumerate(rows):
            own = _get(row, key)
            start = turn if turn < 3 else turn + n
            other = next((v for v in (pool[(start + k) % len(pool)] for k in range(len(pool))) if v != own), None)
            out.append(_with(row, key, _another(own) if other is None else other))
        return out

    def _handles_missing(self, key: Key) -> bool:
        half = len(self.base) // 2
        mixed = [_with(row, key, None) if n < half else row for n, row in enumerate(self.base)]
        try:
            given = self.scoring.features(mixed)
            intact = list(range(half, len(self.base)))
            if not compare(cells.take(self.given, intact), cells.take(given, intact)).equal:
                return False
            for n in range(min(4, half)):
                alone = self.scoring.features([mixed[n]])
                if not compare(cells.take(given, [n]), alone, given).equal:
                    return False
            if np.any(_holes(given) & ~self.holes):
                return False
            self.scoring.predict(mixed[:half])
        except Exception:
            return False
        return True


def _holes(features: Any) -> np.ndarray:
    """Per column of what the model is given: is anything missing or infinite in it?"""
    out: list[bool] = []
    for _, values in cells.columns(features):
        if cells.is_sparse(values):
            out.append(bool(len(values.data)) and not bool(np.isfinite(values.data).all()))
            continue
        bad = cells.missing(values)
        if values.dtype.kind == "f":
            bad = bad | np.isinf(values)
        out += [bool(x) for x in np.atleast_1d(bad.any(axis=0)).ravel()] if bad.size else [False]
    return np.asarray(out)


def _get(row: Any, key: Key) -> Any:
    if isinstance(row, dict):
        return row[key]
    return row[int(key)] if isinstance(row, list) else row


def _with(row: Any, key: Key, value: Any) -> Any:
    if isinstance(row, dict):
        return {**row, str(key): value}
    if isinstance(row, list):
        return [value if i == key else item for i, item in enumerate(row)]
    return value


def _another(own: Any) -> Any:
    """A value other than the only one a column ever had."""
    if isinstance(own, bool):
        return not own
    if isinstance(own, (int, float)):
        return own + 1
    return f"{own}~" if isinstance(own, str) else None
