"""Learns contract.json: what a client must send, may leave out, and what each column looked like in training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from . import cells
from .column_kind import categories_of, extremes_of, kind_of, present
from .compare import compare
from .evidence import Evidence
from .json_rows import NotSendable, json_rows, to_json
from .perturb import FAILS, NOTHING, Effect, Perturbation
from .scoring_module import ScoringModule

MOST_TRIED = 200
LIMITS = {"rows": 10_000, "body_bytes": 16 * 1024 * 1024, "string_length": 100_000}


def learn_contract(evidence: Evidence, scoring: ScoringModule, rows: Sequence[int], seconds: float) -> dict[str, Any]:
    """The contract of a run. `rows` are the raw positions that can be sent; columns not tried in time stay required."""
    raw = evidence.raw
    kind = "table" if cells.is_frame(raw) or cells.is_series(raw) else "text" if _is_text(raw) else "array"
    parts = _columns(cells.take(raw, np.asarray(rows, dtype=int)), kind)
    names = [name for name, _ in parts]
    # Each number of a picture is needed, and there are too many of them to try one by one.
    tried = kind == "table" or len(names) <= MOST_TRIED
    deadline = time.monotonic() + seconds
    effects = _effects(evidence, scoring, rows, kind, names, deadline) if tried else [None] * len(names)
    target = (evidence.record.get("source") or {}).get("target")
    example = json_rows(raw, [rows[0]])[0]
    known = {column["name"]: column.get("known") for column in (evidence.record.get("source") or {}).get("columns", [])}
    columns = [
        _column(name, part, effects[n], target, example[name] if kind == "table" else None, kind == "table")
        for n, (name, part) in enumerate(parts)
    ]
    for column in columns:
        if known.get(column["name"]):
            # What is asked for by a key may be asked for by each that the notebook knows.
            column.update(type="category", categories=known[column["name"]], min=None, max=None)
    if kind == "table":
        _confirm(columns, parts, evidence, scoring, rows)
    return {
        "schema": "iapp.contract/1",
        "rows": kind,
        "columns": columns,
        "output": output_of(evidence),
        "limits": _limits(parts),
        "strict": False,
    }


def _is_text(raw: Any) -> bool:
    return isinstance(raw, (list, tuple)) and all(isinstance(item, str) for item in raw[:1000])


def _columns(part: Any, kind: str) -> list[tuple[str, Any]]:
    """Name and values of each column of the raw rows; an array's are named by position."""
    if cells.is_frame(part):
        return [(str(name), part.iloc[:, i]) for i, name in enumerate(part.columns)]
    if cells.is_series(part):
        return [("value" if part.name is None else str(part.name), part)]
    if kind == "text":
        return [("text", cells.array(list(part)))]
    values = cells.array(part)
    flat = values.reshape(len(values), -1)
    return [(str(i), flat[:, i]) for i in range(flat.shape[1])]


def _effects(
    evidence: Evidence, scoring: ScoringModule, rows: Sequence[int], kind: str, names: list[str], deadline: float
) -> list[Optional[Effect]]:
    try:
        trial = Perturbation(scoring, evidence.raw, rows, evidence.features, deadline)
    except Exception:
        # The module does not even score the rows as they are: nothing may be called optional.
        return [None] * len(names)
    return [trial.effect(name if kind == "table" else n) for n, name in enumerate(names)]


def _column(
    name: str, values: Any, effect: Optional[Effect], target: Optional[str], example: Any, named: bool
) -> dict[str, Any]:
    kind = kind_of(values)
    gone = int(cells.missing(values).sum())
    low, high = extremes_of(values) if kind in ("integer", "number", "datetime") else (None, None)
    # A missing value that only fails is no reason to ask for a column whose values never matter. In rows without names
    # nothing can be left out.
    required = not named or effect is None or effect.values != NOTHING or effect.missing not in (NOTHING, FAILS)
    nullable = gone > 0 or (effect is not None and (effect.handled if required else effect.missing == NOTHING))
    return {
        "name": name,
        "type": kind,
        "dtype": str(values.dtype),
        "required": required,
        "nullable": nullable,
        "missing_seen": gone,
        "min": low,
        "max": high,
        "categories": categories_of(values) if kind == "category" else None,
        "example": example if example is not None else _typical(values),
        "default": None if required else _default(values, kind, effect),
        # What the model is given depends on it: then it is no column that only training knows.
        "target": name == target and not required,
    }


def _default(values: Any, kind: str, effect: Optional[Effect]) -> Any:
    """What stands in for an optional column: nothing where that is harmless and keeps the type, else a usual value."""
    if effect is not None and effect.missing == NOTHING and kind not in ("integer", "boolean"):
        return None
    return _typical(values)


def _typical(values: Any) -> Any:
    """The most frequent value (of the first thousand), as JSON has it."""
    counts: dict[str, int] = {}
    first: dict[str, Any] = {}
    for value in present(values)[:1000]:
        counts[repr(value)] = counts.get(repr(value), 0) + 1
        first.setdefault(repr(value), value)
    if not counts:
        return None
    try:
        return to_json(first[max(counts, key=lambda text: counts[text])])
    except NotSendable:
        return None


def _confirm(
    columns: list[dict[str, Any]], parts: list, evidence: Evidence, scoring: ScoringModule, rows: Sequence[int]
) -> None:
    """Leaves out all optional columns at once. Where that changes anything, first usual values stand in for them, then
    they are required after all: columns may cover for each other."""
    some = list(rows[:500])
    full = json_rows(evidence.raw, some)

    def same() -> bool:
        defaults = {column["name"]: column["default"] for column in columns if not column["required"]}
        try:
            return compare(scoring.features(full), scoring.features([{**row, **defaults} for row in full])).equal
        except Exception:
            return False

    optional = [(column, values) for column, (_, values) in zip(columns, parts) if not column["required"]]
    if not optional or same():
        return
    for column, values in optional:
        column["default"] = _typical(values)
    if same():
        return
    for column, _ in optional:
        column.update(required=True, default=None, nullable=column["missing_seen"] > 0)


def output_of(evidence: Evidence) -> dict[str, Any]:
    """What a prediction is: its type, the classes where it is one of some, and whether probabilities exist."""
    final = evidence.final[evidence.final_known]
    task = evidence.record.get("task") or "other"
    codes = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    several = final.ndim > 1 and final.shape[1:] != (1,)
    several = several or any(isinstance(value, (list, tuple, dict)) for value in final.ravel()[:1000].tolist())
    kind = "array" if several else codes.get(final.dtype.kind, "string")
    classes = None
    if task == "classification" and kind != "array":
        seen = {to_json(value) for value in final.ravel()}
        if not evidence.record.get("post"):
            seen |= {
                to_json(value) for value in evidence.record.get("classes") or [] if not isinstance(value, (dict, list))
            }
        classes = sorted(seen, key=lambda value: (str(type(value)), value)) if len(seen) <= 1000 else None
    return {"task": task, "type": kind, "classes": classes, "proba": evidence.record.get("proba") is not None}


def _limits(parts: list) -> dict[str, int]:
    """The usual limits; longer texts than usual in training raise the limit for texts."""
    longest = max((len(v) for _, values in parts for v in present(values) if isinstance(v, str)), default=0)
    body = max(LIMITS["body_bytes"], 64 * longest)
    return {**LIMITS, "string_length": max(LIMITS["string_length"], 4 * longest), "body_bytes": body}
