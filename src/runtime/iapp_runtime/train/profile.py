"""Learns profile.json: the training data in fixed bins, for drift detection while serving."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from . import cells
from .bins import category_bins, number_bins
from .compare import compare
from .evidence import Evidence
from .json_rows import json_rows
from .scoring_module import ScoringModule

IMPORTANCE_ROWS = 400


def learn_profile(
    evidence: Evidence, contract: dict[str, Any], scoring: ScoringModule, rows: Sequence[int], seconds: float
) -> dict[str, Any]:
    """The profile over `rows` (raw positions) of the columns in the contract that a client sends."""
    part = cells.take(evidence.raw, np.asarray(rows, dtype=int))
    order = _time_order(part)
    features = []
    if contract["rows"] == "table":
        for column, (_, values) in zip(contract["columns"], cells.columns(part)):
            if not column["target"]:
                features.append(_binned(column["name"], column["type"], values, order))
    elif contract["rows"] == "array":
        flat = cells.array(part).reshape(len(rows), -1)
        features = [
            _binned(column["name"], column["type"], flat[:, n], order) for n, column in enumerate(contract["columns"])
        ]
    found = [entry for entry in features if entry is not None]
    if contract["rows"] == "table":
        _importance(found, evidence, contract, scoring, rows, time.monotonic() + seconds)
    return {
        "schema": "iapp.profile/1",
        "rows": len(rows),
        "features": found,
        "prediction": _prediction(evidence, contract),
        "score": _score(evidence),
    }


def _binned(name: str, kind: str, values: np.ndarray, order: Optional[np.ndarray]) -> Optional[dict[str, Any]]:
    gone = cells.missing(values)
    if gone.all():
        return None
    if kind in ("integer", "number"):
        numbers = np.array([np.nan if hole else float(v) for v, hole in zip(values, gone)])
        return number_bins(name, numbers, order) if np.isfinite(numbers).any() else None
    if kind == "datetime":
        return None
    return category_bins(name, values, order)


def _time_order(part: Any) -> Optional[np.ndarray]:
    """Rows by the first column of dates, or None: the order of a file alone does not tell time."""
    if not cells.is_frame(part):
        return None
    for _, values in cells.columns(part):
        if values.dtype.kind == "M" and not np.isnat(values).any():
            return np.argsort(values, kind="stable")
    return None


def _prediction(evidence: Evidence, contract: dict[str, Any]) -> Optional[dict[str, Any]]:
    values = evidence.final[evidence.final_known]
    if contract["output"]["type"] == "array" or values.ndim > 2:
        return None
    values = values.ravel()
    if values.dtype.kind in "iuf" and contract["output"]["task"] not in ("classification", "clustering", "anomaly"):
        return number_bins("prediction", values) if np.isfinite(values.astype(float)).any() else None
    return category_bins("prediction", values)


def _score(evidence: Evidence) -> Optional[dict[str, Any]]:
    proba = evidence.predictions.get("proba")
    if proba is None:
        return None
    values = cells.array(proba)
    if values.ndim != 2 or values.dtype.kind != "f":
        return None
    return number_bins("score", values.max(axis=1))


def _importance(
    features: list[dict[str, Any]],
    evidence: Evidence,
    contract: dict[str, Any],
    scoring: ScoringModule,
    rows: Sequence[int],
    deadline: float,
) -> None:
    """Share of the predictions' movement when a column is shuffled among the rows; shares sum to one. Only when all
    columns were tried in time."""
    random = np.random.RandomState(3)
    some = [int(x) for x in random.choice(np.asarray(rows), min(len(rows), IMPORTANCE_ROWS), replace=False)]
    sent = json_rows(evidence.raw, some)
    required = {column["name"] for column in contract["columns"] if column["required"]}
    moved: dict[str, float] = {}
    try:
        base = cells.array(scoring.predict(sent))
        for entry in features:
            name = entry["name"]
            if time.monotonic() > deadline:
                return
            moved[name] = 0.0
            if name in required:
                held = [sent[i][name] for i in random.permutation(len(sent))]
                moved[name] = _movement(base, scoring.predict([{**row, name: v} for row, v in zip(sent, held)]))
    except Exception:
        # A shuffled row may be one that the module refuses; then no importance is known.
        return
    total = sum(moved.values())
    for entry in features:
        entry["importance"] = round(moved[entry["name"]] / total, 4) if total > 0 else None


def _movement(base: np.ndarray, now: Any) -> float:
    now = cells.array(now)
    if base.dtype.kind == "f" and now.dtype.kind == "f":
        return float(np.abs(base - now).mean())
    if compare(base, now).equal:
        return 0.0
    return float(np.mean([a != b for a, b in zip(base.ravel().tolist(), now.ravel().tolist())]))
