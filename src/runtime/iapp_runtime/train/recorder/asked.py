"""Calls of the notebook's functions with plain values: what a service could be asked."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinds import is_rowlike, n_rows
from ..snapshot import freeze

if TYPE_CHECKING:
    from .calls import Call
    from .hooks import Hooks

# A longer table is no answer: the function reads or prepares one.
_LONGEST = 10_000
_PLAIN = (str, int, float, bool, np.generic)


class Asked:
    """The last call of a function at one place of the notebook."""

    def __init__(self, statement: int, call: Call, arguments: dict[str, Any], result: Any) -> None:
        self.statement = statement
        self.site = call.site
        self.name = call.name
        self.function = call.function
        self.arguments = arguments
        self.result = result


def note_asked(hooks: Hooks, call: Call, result: Any) -> None:
    """Remember a call whose arguments are all plain values."""
    given = [*call.args, *call.kwargs.values()]
    if not given or not isinstance(call.function, types.FunctionType) or not all(isinstance(v, _PLAIN) for v in given):
        return
    arguments = {name: value for name, value in call.bound.values.items() if not name.startswith("*")}
    if len(arguments) != len(given) or (is_rowlike(result) and n_rows(result) > _LONGEST):
        return
    recording = hooks.recording
    recording.asked[(recording.statement, call.site)] = Asked(recording.statement, call, arguments, freeze(result))
