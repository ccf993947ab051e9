"""Arguments of a call by the name of the parameter they are bound to, never by position."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Union

Where = Union[int, str]
_SIGNATURES: dict[Any, Any] = {}


class Bound:
    """`values[parameter]` and `where[parameter]`: position or keyword the argument was written at."""

    def __init__(self, values: dict[str, Any], where: dict[str, Where]) -> None:
        self.values = values
        self.where = where

    def get(self, name: str, default: Any = None) -> Any:
        """Value of a parameter as given, or the default."""
        return self.values.get(name, default)


def bind(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Bound:
    """Bind arguments to a function's parameters; functions without a readable signature keep keywords only."""
    values: dict[str, Any] = dict(kwargs)
    where: dict[str, Where] = {name: name for name in kwargs}
    signature = _signature(function)
    if signature is None:
        return Bound(values, where)
    positional = [
        p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    for index, value in enumerate(args):
        name = positional[index] if index < len(positional) else f"*{index}"
        values[name] = value
        where[name] = index
    return Bound(values, where)


def _signature(function: Any) -> Any:
    key = getattr(function, "__func__", function)
    bound_to = getattr(function, "__self__", None) is not None
    try:
        if (key, bound_to) not in _SIGNATURES:
            _SIGNATURES[(key, bound_to)] = inspect.signature(function)
        return _SIGNATURES[(key, bound_to)]
    except (TypeError, ValueError):
        return None
