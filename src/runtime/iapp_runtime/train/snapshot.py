"""Copies of values as they are at one moment."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd

from .kinds import IMMUTABLE, TABLES, is_estimator, is_sparse
from .networks import is_any_tensor, is_network, weights_key
from .polars_values import is_polars

_DEPTH = 6
_LARGE = 256 << 20


def freeze(value: Any, depth: int = 0) -> Any:
    """A copy that later statements cannot change. Objects that cannot be copied are returned as they are."""
    if isinstance(value, IMMUTABLE) or depth > _DEPTH:
        return value
    if isinstance(value, TABLES):
        return value.copy()
    if isinstance(value, np.ndarray):
        return value if value.nbytes > _LARGE else value.copy()
    if is_sparse(value):
        return value.copy()
    if is_polars(value):
        return value.clone()
    if is_any_tensor(value):
        return value.detach().clone()
    if is_estimator(value):
        return snapshot(value)
    if type(value) in (list, tuple, set):
        return type(value)([freeze(item, depth + 1) for item in value])
    if isinstance(value, dict):
        return _frozen_dict(value, depth)
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return value.copy()
    try:
        return copy.copy(value)
    except Exception:
        return value


def _frozen_dict(value: dict, depth: int) -> Any:
    items = {key: freeze(item, depth + 1) for key, item in value.items()}
    if type(value) is dict:
        return items
    try:
        twin = copy.copy(value)
        twin.update(items)
        return twin
    except Exception:
        return items


def snapshot(estimator: Any, depth: int = 0) -> Any:
    """An estimator as fitted now. `fit` rebinds attributes, so copying the containers is enough and cheap."""
    if depth > _DEPTH:
        return estimator
    if is_network(estimator):
        return deep_snapshot(estimator)
    if is_estimator(estimator):
        try:
            twin = copy.copy(estimator)
            attributes = vars(twin)
        except Exception:
            return estimator
        for name, held in list(attributes.items()):
            if is_estimator(held) or type(held) in (list, tuple, dict):
                attributes[name] = snapshot(held, depth + 1)
        return twin
    if type(estimator) in (list, tuple) and len(estimator) < 1000:
        return type(estimator)(snapshot(item, depth + 1) for item in estimator)
    if type(estimator) is dict and len(estimator) < 1000:
        return {key: snapshot(item, depth + 1) for key, item in estimator.items()}
    return estimator


def deep_snapshot(estimator: Any) -> Any:
    """A deep copy, for estimators that go on learning in place (`partial_fit`, `warm_start`)."""
    try:
        return copy.deepcopy(estimator)
    except Exception:
        # A network that cannot be copied is stored as it is at the end; the proof tells whether that is the same.
        return estimator if is_network(estimator) else snapshot(estimator)


def state_key(estimator: Any, depth: int = 0) -> tuple[Any, ...]:
    """Identity of a fitted state: the identities of what the estimator and its parts hold."""
    if is_network(estimator):
        return weights_key(estimator)
    parts: list[Any] = [id(estimator)]
    try:
        attributes = vars(estimator)
    except TypeError:
        return tuple(parts)
    for name, held in attributes.items():
        parts.append((name, id(held)))
        if depth < 3:
            parts.extend(_inner_keys(held, depth + 1))
    return tuple(parts)


def _inner_keys(held: Any, depth: int) -> list[Any]:
    if is_estimator(held):
        return [state_key(held, depth)]
    if type(held) in (list, tuple) and len(held) < 50:
        return [key for item in held for key in _inner_keys(item, depth + 1)] if depth < 4 else []
    return []
