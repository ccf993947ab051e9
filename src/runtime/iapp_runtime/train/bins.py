"""Fixed bins of a column: the form in which training and serving are compared (profile.json)."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from . import cells
from .json_rows import to_json

BINS = 10
MOST_CATEGORIES = 20
COVERED = 0.99
MOST_KNOWN = 5000
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BLOCKS = 20
UNKNOWN_ORDER = 2.0


def number_bins(name: str, values: np.ndarray, order: Optional[np.ndarray] = None) -> dict[str, Any]:
    """Ten bins of about equal share (fewer with ties), for a column of numbers. `order` sorts rows by time if known."""
    numbers = values.astype(float)
    gone = np.isnan(numbers)
    wild = np.isinf(numbers)
    known = numbers[~gone & ~wild]
    edges = _edges(known)
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    places[gone | wild] = -1
    out = _binned(name, "number", places, len(edges) - 1, order)
    out["edges"] = [float(edge) for edge in edges]
    out["special"].update(missing=int(gone.sum()), invalid=int(wild.sum()))
    out["quantiles"] = {str(q): float(np.quantile(known, q)) for q in QUANTILES}
    return out


def _edges(known: np.ndarray) -> np.ndarray:
    distinct = np.unique(known)
    if len(distinct) == 1:
        return np.array([np.nextafter(distinct[0], -np.inf), np.nextafter(distinct[0], np.inf)])
    if len(distinct) <= BINS:
        return np.concatenate([distinct[:1], (distinct[:-1] + distinct[1:]) / 2, distinct[-1:]])
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)))


def category_bins(name: str, values: np.ndarray, order: Optional[np.ndarray] = None) -> Optional[dict[str, Any]]:
    """The values that cover 99 % of the rows, at most 20; None where a column has too many values to know them all."""
    gone = cells.missing(values)
    texts = [None if hole else to_json(value) for value, hole in zip(values, gone)]
    counts: dict[Any, int] = {}
    for text in texts:
        if text is not None:
            counts[text] = counts.get(text, 0) + 1
    if not counts or len(counts) > min(MOST_KNOWN, max(100, len(values) // 2)):
        return None
    ranked = sorted(counts, key=lambda value: (-counts[value], str(value)))
    kept: list[Any] = []
    covered = 0
    for value in ranked[:MOST_CATEGORIES]:
        if covered >= COVERED * sum(counts.values()) and kept:
            break
        kept.append(value)
        covered += counts[value]
    place = {value: i for i, value in enumerate(kept)}
    out = _binned(name, "category", np.array([place.get(text, -1) for text in texts]), len(kept), order)
    out["categories"] = kept
    out["known"] = ranked[len(kept) :]
    out["special"].update(missing=int(gone.sum()), other=int(sum(counts.values()) - covered))
    return out


def _binned(name: str, kind: str, places: np.ndarray, bins: int, order: Optional[np.ndarray]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "edges": None,
        "categories": None,
        "known": None,
        "counts": np.bincount(places[places >= 0], minlength=bins).tolist(),
        "special": dict.fromkeys(("missing", "below", "above", "invalid", "other", "unseen"), 0),
        "design_effect": design_effect(places, bins, order),
        "quantiles": None,
        "importance": None,
    }


def design_effect(places: np.ndarray, bins: int, order: Optional[np.ndarray]) -> float:
    """How much more the bin counts of 20 stretches of time vary than independent rows would; 2 where time is unknown.

    The ratio of the observed variance of block counts to the multinomial one, between 1 and 50 (serving a stream whose
    rows come in clumps needs that much more evidence before a shift is one).
    """
    if order is None or bins < 2:
        return UNKNOWN_ORDER
    inside = places[order]
    inside = inside[inside >= 0]
    if len(inside) < BLOCKS * 5:
        return UNKNOWN_ORDER
    counts = np.array([np.bincount(block, minlength=bins) for block in np.array_split(inside, BLOCKS)], dtype=float)
    share = counts.sum(axis=0) / counts.sum()
    size = counts.sum(axis=1, keepdims=True)
    used = share > 0
    # Pearson's statistic over its degrees of freedom.
    chi = ((counts - size * share) ** 2)[:, used] / (size * share)[:, used]
    ratio = chi.sum() / max(1, (BLOCKS - 1) * (int(used.sum()) - 1))
    return round(float(min(50.0, max(1.0, ratio))), 3)
