"""What scoring does differently from calling the notebook's code again, one small rule a file.

A rule has two sides. When the notebook runs, an observer looks at a call that is known to depend on the other rows and
logs what was learned (`OBSERVERS`, by method name; `AROUND` for calls that must be made differently). When the slice is
cut, an editor turns what was logged into an edit of the author's text (`EDITORS`, by the name in `Execution.act`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    binning,
    coding,
    counting,
    estimator,
    formulas,
    frames,
    functions,
    grouping,
    joining,
    ordering,
    polars_rows,
    random_numbers,
    reshaping,
    scaling,
    selection,
    sources,
    splitting,
)

Observer = Callable[..., bool]
Editor = Callable[..., Any]

AROUND: dict[str, Callable[..., tuple[bool, Any]]] = {"train_test_split": splitting.observe_split}

_RULES = (
    polars_rows,
    binning,
    coding,
    counting,
    formulas,
    frames,
    grouping,
    joining,
    ordering,
    random_numbers,
    reshaping,
    scaling,
    selection,
    splitting,
)
OBSERVERS: dict[str, list[Observer]] = {}
for _rule in _RULES:
    for _name, _observer in _rule.OBSERVERS.items():
        OBSERVERS.setdefault(_name, []).append(_observer)
_EVERY = OBSERVERS.pop("*", [])

EDITORS: dict[str, Editor] = {}
for _editors in (*_RULES, estimator, functions, sources):
    EDITORS.update(_editors.EDITORS)


def observers_of(name: str) -> list[Observer]:
    """Observers to ask about a call of this name, in order."""
    return OBSERVERS.get(name, []) + _EVERY
