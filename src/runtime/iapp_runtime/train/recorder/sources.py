"""Calls that bring a table into the program."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..kinds import is_rowlike, n_rows
from ..lineage import source_rows
from .derive import Parents

if TYPE_CHECKING:
    from .calls import Call
    from .hooks import Hooks

_READS = re.compile(
    r"^(read_\w+|load_(?!model)\w+|fetch_\w+|make_(?!pipeline|column|union|scorer)\w+|loadtxt|genfromtxt|load|from_dict|from_records)$"
)
_LIBRARIES = (
    "pandas",
    "polars",
    "sklearn.datasets",
    "seaborn",
    "numpy",
    "pyarrow",
    "scipy.io",
    "statsmodels",
    "vega_datasets",
)
_LITERAL_ROWS = 3


def is_source(call: Call, result: Any, parents: Parents) -> bool:
    """True for readers of files and data sets, tables written out in the notebook, and random tables."""
    if parents:
        return False
    library = call.module.startswith(_LIBRARIES)
    if _READS.match(call.name) and library:
        return True
    if call.function is pd.DataFrame and isinstance(result, pd.DataFrame):
        return len(result) >= _LITERAL_ROWS and result.shape[1] >= 1
    if is_random(call) and isinstance(result, np.ndarray) and result.ndim >= 1:
        return len(result) >= 20
    return False


def is_random(call: Call) -> bool:
    """True for calls that draw random numbers."""
    if call.name in ("seed", "RandomState", "default_rng", "get_state", "set_state", "Random", "setstate", "getstate"):
        return False
    owner = call.owner
    if isinstance(owner, types.ModuleType):
        return owner.__name__ in ("numpy.random", "random") or owner.__name__.startswith("numpy.random.")
    return type(owner).__name__ in ("RandomState", "Generator", "Random") or call.module in (
        "numpy.random.mtrand",
        "random",
    )


def observe_source(hooks: Hooks, call: Call, result: Any) -> None:
    """Register the table, or the tables of a data set object."""
    recording = hooks.recording
    site = call.site
    if is_rowlike(result):
        if recording.tracker.get(result) is not None:
            return
        source = recording.new_source(site, _text(hooks, call), result)
        if source is not None:
            source.literal = not _READS.match(call.name)
            recording.add(
                site,
                "row",
                act="source",
                sources=frozenset([source.number]),
                source=source.number,
                part=None,
                random=is_random(call),
            )
    elif isinstance(result, dict) and is_rowlike(result.get("data")):
        _bunch(hooks, call, result)
    elif isinstance(result, tuple) and result and is_rowlike(result[0]):
        source = recording.new_source(site, _text(hooks, call), result[0], part=0)
        if source is not None:
            for part in result[1:]:
                if is_rowlike(part) and n_rows(part) == n_rows(result[0]):
                    recording.set_rows(part, source_rows(source.number, n_rows(part)))
            recording.add(site, "live", act="source", sources=frozenset([source.number]), source=source.number, part=0)


def _bunch(hooks: Hooks, call: Call, result: Any) -> None:
    """A scikit-learn data set: its table is the source, parts as long as it have its rows."""
    recording = hooks.recording
    data = result["data"]
    source = recording.new_source(call.site, _text(hooks, call), data, part="data")
    if source is None:
        return
    rows = source_rows(source.number, n_rows(data))
    recording.bunches[id(result)] = (result, source.number)
    for part in result.values():
        if is_rowlike(part) and not isinstance(part, list) and n_rows(part) == len(rows):
            recording.set_rows(part, rows)


def _text(hooks: Hooks, call: Call) -> str:
    recording = hooks.recording
    statement = recording.statements[recording.statement]
    node = recording.sites[call.site]
    try:
        return statement.text(node)
    except Exception:
        return call.name
