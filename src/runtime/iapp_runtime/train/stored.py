"""Frozen values and models as files and as entries of record.json."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from iapp_runtime import codec, pickles

from .networks import storable
from .polars_values import is_polars
from .slicer.entries import Entry
from .slicer.refusals import Refused


def frozen_values(entries: list[Entry], run_dir: Path) -> list[dict[str, Any]]:
    """`frozen` of record.json; side files go to RUN_DIR/frozen."""
    found = []
    for entry in entries:
        if entry.kind != "frozen":
            continue
        value = entry.value
        if entry.access == "keyed":
            value = [[key, item] for key, item in entry.value]
        document = {
            "name": entry.name,
            "access": entry.access,
            "value": _stored(entry, partial(codec.encode, value, run_dir, entry.name)),
            "origin": _origin(entry),
            "summary": summary(value),
        }
        if entry.bind_module:
            document["bind"] = "module"
        found.append(document)
    return found


def _stored(entry: Entry, store: Callable[[], Any]) -> Any:
    """What `store` gives. A value that cannot be stored is a refusal that names it."""
    try:
        return store()
    except pickle.PicklingError as error:
        origin = _origin(entry)
        raise Refused(
            "IAPP_NOTEBOOK_NOT_STORABLE",
            f"cell {origin['cell']}: '{entry.name}' ({origin['text'][:80]}) cannot be stored: {error}",
            "make the model's input without this object",
            origin["cell"],
            None,
            origin["text"],
        ) from error


def _origin(entry: Entry) -> dict[str, Any]:
    statement, node = entry.origin
    if statement is None:
        return {"cell": 0, "span": None, "text": ""}
    target = statement.node if node is None else node
    has_place = hasattr(target, "lineno")
    text = statement.text(target) if has_place else statement.text()
    return {
        "cell": statement.cell.number,
        "span": list(statement.span(target)) if has_place else None,
        "text": " ".join(text.split())[:200],
    }


def models(entries: list[Entry], run_dir: Path) -> list[dict[str, Any]]:
    """`models` of record.json, each stored under objects/."""
    found = []
    for entry in entries:
        if entry.kind != "model":
            continue
        keys: list[Any] | None = None
        if entry.access == "constant":
            value: Any = entry.value.value
            first = value
        elif entry.access == "keyed":
            keys = [key for key, _ in entry.value]
            value = [state.value for _, state in entry.value]
            first = value[0]
        else:
            value = [state.value for state in entry.value]
            first = value[0]
        path = run_dir / "objects" / f"{entry.name}.pkl"
        names = _stored(entry, partial(pickles.dump, storable(value), path))
        origin = _origin(entry)
        found.append({
            "name": entry.name, "class": type(first).__name__, "file": f"objects/{entry.name}.pkl",
            "access": entry.access,
            "keys": codec.encode(keys, run_dir, f"{entry.name}_keys") if keys is not None else None,
            "origin": {"cell": origin["cell"], "text": origin["text"]}, "main_names": names,
        })  # fmt: skip
    return found


def main_names(value: Any) -> list[str]:
    """Names of the notebook that storing a value refers to."""
    import tempfile

    if isinstance(value, (int, float, str, bool, type(None))):
        return []
    with tempfile.TemporaryDirectory() as folder:
        try:
            return pickles.dump(value, Path(folder) / "value.pkl")
        except Exception:
            return []


def summary(value: Any) -> str:
    """A few words on a value."""
    if bool(getattr(value, "ndim", 0)) or is_polars(value):
        return f"{type(value).__name__} {' x '.join(map(str, value.shape))}"
    if isinstance(value, (list, tuple, dict, set)):
        return f"{len(value)} {'entries' if isinstance(value, dict) else 'items'}"
    text = repr(value.item() if hasattr(value, "item") else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def task_of(model: Any) -> str:
    """classification, regression, clustering, anomaly or other."""
    try:
        from sklearn.base import is_classifier, is_regressor

        if is_classifier(model):
            return "classification"
        if is_regressor(model):
            return "regression"
    except Exception:
        return "other"
    kind = getattr(model, "_estimator_type", None)
    if kind in ("clusterer",):
        return "clustering"
    if kind in ("outlier_detector",):
        return "anomaly"
    try:
        kind = model.__sklearn_tags__().estimator_type
    except Exception:
        return "regression" if type(model).__module__.startswith("statsmodels") else "other"
    return {"clusterer": "clustering", "outlier_detector": "anomaly"}.get(kind, "other")
