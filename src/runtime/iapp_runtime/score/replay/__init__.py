"""What a generated `score.py` calls. It needs nothing else of this program.

Each name is loaded when first asked for, so that a service whose model needs no table never imports pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from iapp_runtime.score.replay.refused import Refused
from iapp_runtime.score.replay.request import flagged, row_count

HOMES = {
    "Frozen": "frozen",
    "Model": "models",
    "as_recorded": "values",
    "ask": "asking",
    "bins": "values",
    "by_group": "groups",
    "check": "checks",
    "checked_rows": "polars_rows",
    "codes": "values",
    "concat_rows": "order",
    "dummies": "indicators",
    "expand": "values",
    "foretell": "foretelling",
    "forward_pass": "networks",
    "in_request_order": "order",
    "keep": "order",
    "restored": "fitted",
    "rows_in": "rows",
    "scaled": "values",
    "split": "order",
    "use_modules": "modules",
}

__all__ = ["Refused", "flagged", "row_count", *HOMES]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
