"""Random numbers that reach the model cannot be had again for a new row."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..recorder.sources import is_random
from ..snapshot import freeze

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_random(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """Any draw; what it gave is kept, in case it is no row value but, say, one chosen parameter."""
    if result is None or not is_random(call):
        return False
    hooks.recording.add(call.site, "live", freeze(result), act="random")
    return True


def edit_random(editor: Any, node: ast.AST, executions: list) -> Any:
    """Refused, naming the statement."""
    raise editor.refusal(
        "IAPP_NOTEBOOK_RANDOM",
        node,
        f"'{editor.text(node)}' draws random numbers that reach the model: a new row has no such number",
        "fill with a value learned from the data, or draw after the model's input is made",
    )


_DRAWS = (
    "rand", "randn", "randint", "random", "normal", "uniform", "choice", "permutation", "random_sample", "integers",
    "standard_normal", "poisson", "binomial", "exponential", "beta", "gamma", "lognormal", "choices", "sample",
)  # fmt: skip
OBSERVERS = dict.fromkeys(_DRAWS, observe_random)
EDITORS = {"random": edit_random}
