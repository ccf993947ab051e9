"""Choosing rows: masks, positions, `dropna`, `query`, `head`, sorting.

In scoring, every row of the request stays: a filter that cleaned the training data becomes a check, what only chose or
reordered rows becomes the identity, and only a filter that treats parts of the rows differently is executed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..kinds import TABLES, columns_of, is_rowlike, is_sparse, n_rows
from ..lineage import Rows
from ..recorder.derive import derive, positions_of
from ..recorder.results import common_prediction, record_rows
from . import filters

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks

_METHODS = (
    "query", "dropna", "drop", "drop_duplicates", "sample", "head", "tail", "nlargest", "nsmallest", "sort_values",
    "sort_index", "truncate", "take",
)  # fmt: skip


def observe_item(hooks: Hooks, site: int, owner: Any, index: Any, result: Any, parents: list) -> bool:
    """`table[...]`, `.loc[...]`, `.iloc[...]` that chooses rows. Returns False when it chooses none."""
    table, rows = parents[0]
    if not is_rowlike(result) or isinstance(result, pd.Index):
        return False
    first = index[0] if isinstance(index, tuple) and index else index
    count = n_rows(result)
    mask = _mask(first, table, rows)
    if mask is not None:
        if int(mask.sum()) != count:
            return False
        _log(hooks, site, result, parents, rows, rows.take(mask), "mask", isinstance(index, tuple))
        return True
    positional = isinstance(table, (np.ndarray, list)) or is_sparse(table) or type(owner).__name__ == "_iLocIndexer"
    if isinstance(first, slice) and first == slice(None):
        return False
    after = _by_position(first, rows, count, type(owner).__name__) if positional or isinstance(first, slice) else None
    if after is None and (positional or count == len(rows)):
        return False
    if after is None:
        after = derive(result, parents, "loc")
    if after is None or len(after) != count:
        return False
    _log(hooks, site, result, parents, rows, after, "position", isinstance(index, tuple))
    return True


def _log(hooks: Hooks, site: int, result: Any, parents: list, before: Rows, after: Rows, act: str, pair: bool) -> None:
    record_rows(hooks, site, result, after, parents, act, before=before, after=after, pair=pair, how=act)
    made = common_prediction(hooks.recording, parents[:1])
    if made is not None:
        hooks.recording.mark_prediction(result, made)


def _mask(first: Any, table: Any, rows: Rows) -> np.ndarray | None:
    if not is_rowlike(first) or n_rows(first) != len(rows):
        return None
    if isinstance(first, list):
        return np.asarray(first) if first and all(isinstance(item, (bool, np.bool_)) for item in first) else None
    if str(getattr(first, "dtype", "")) not in ("bool", "boolean") or getattr(first, "ndim", 1) != 1:
        return None
    if isinstance(first, pd.Series) and isinstance(table, TABLES) and first.index.is_unique and table.index.is_unique:
        return first.reindex(table.index).fillna(False).to_numpy(dtype=bool)
    return np.asarray(first, dtype=bool)


def _by_position(first: Any, rows: Rows, count: int, indexer: str) -> Rows | None:
    if indexer == "_LocIndexer" or not isinstance(first, (slice, np.ndarray, list, pd.Index, range, pd.Series)):
        return None
    if isinstance(first, slice) and any(isinstance(end, str) for end in (first.start, first.stop)):
        return None
    if isinstance(first, list) and first and isinstance(first[0], str):
        return None
    try:
        after = rows.take(first if isinstance(first, slice) else np.asarray(first))
    except (IndexError, TypeError):
        return None
    return after if len(after) == count and after.ids.ndim == 1 else None


def observe_method(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """A method that chooses or reorders rows of a table."""
    if before is None or not isinstance(result, type(call.table)):
        return False
    rows = before[1]
    axis = call.bound.get("axis", 0)
    if isinstance(result, pd.DataFrame) and axis in (1, "columns") and len(result) == len(rows):
        return False
    if call.name == "drop" and not _drops_rows(call):
        return False
    after = _after(call, result, parents, rows)
    if after is None:
        return False
    record_rows(
        hooks,
        call.site,
        result,
        after,
        parents,
        "select",
        before=rows,
        after=after,
        how=call.name,
        bound=call.bound,
        columns=columns_of(call.table),
    )
    return True


def _drops_rows(call: Call) -> bool:
    """Does a `drop` name rows, whether there are such or not?"""
    rowwise = call.bound.get("axis", 0) not in (1, "columns")
    return call.bound.get("index") is not None or (rowwise and call.bound.get("labels") is not None)


def _after(call: Call, result: Any, parents: list, rows: Rows) -> Rows | None:
    if call.bound.get("ignore_index") or not call.table.index.is_unique:
        if call.name in ("sample", "drop"):
            return None
        places = positions_of(call.name, call.table, call.args, call.kwargs)
        return rows.take(places) if places is not None and len(places) == len(result) else None
    return derive(result, parents, call.name)


def note_in_place(hooks: Hooks, call: Call, index: Any, rows: Rows) -> None:
    """The same methods with `inplace=True`: the table keeps its identity and loses or reorders rows.

    Also where none went or moved: rows of a request may, and would be answered in the wrong order, or not at all.
    """
    recording, table = hooks.recording, call.table
    if call.name not in _METHODS or (call.name == "drop" and not _drops_rows(call)):
        return
    if call.bound.get("axis", 0) in (1, "columns"):
        return
    after = rows if len(table) == len(rows) and table.index.equals(index) else None
    if after is None and index.is_unique and not call.bound.get("ignore_index"):
        places = index.get_indexer(table.index)
        after = rows.take(places) if bool((places >= 0).all()) else None
    if after is None:
        return
    recording.set_rows(table, after)
    recording.add(
        call.site,
        "live",
        act="select",
        sources=rows.sources,
        before=rows,
        after=after,
        how=call.name,
        bound=call.bound,
        inplace=True,
        columns=columns_of(table),
    )


def edit_mask(editor: Any, node: ast.AST, executions: list) -> Any:
    """`df[mask]`."""
    return filters.edit_mask(editor, node, executions)


def edit_position(editor: Any, node: ast.AST, executions: list) -> Any:
    """`X[:800]`, `df.iloc[train_index]`: which rows came first in training says nothing of a new row."""
    if not isinstance(node, ast.Subscript):
        return None
    plan = editor.plan(node)
    value: Any = node.value
    accessor = ""
    if isinstance(value, ast.Attribute) and value.attr in ("iloc", "loc"):
        value, accessor = value.value, f".{value.attr}"
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
        rest = ", ".join(plan.hole(part) for part in node.slice.elts[1:])
        return plan.done(f"{plan.hole(value, tight=True)}{accessor}[:, {rest}]")
    return plan.identity(value)


def edit_select(editor: Any, node: ast.AST, executions: list) -> Any:
    """`df.dropna()`, `df.sample(frac=1)`, `df.drop(rows)`."""
    return filters.edit_select(editor, node, executions)


OBSERVERS = dict.fromkeys(_METHODS, observe_method)
EDITORS = {"mask": edit_mask, "position": edit_position, "select": edit_select}
