"""How a recorded value is found again: as one constant, by the key of the turn, or by the order of execution."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Callable

import numpy as np

from ..kinds import SCALARS, same
from ..recorder.log import Execution

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Same = Callable[[Any, Any], bool]


# A mean over a column that is being filled with that very mean moves in its last bits only.
_ROUNDING = 1e-12


class Access:
    """`how` and what belongs to it: the value, a list of (key, value), or a list of values."""

    def __init__(self, how: str, value: Any, key: str | None = None) -> None:
        self.how = how
        self.value = value
        self.key = key


def find_access(values: Sequence[Any], executions: Sequence[Execution], loops: list[Any], equal: Same = same) -> Access:
    """`loops`: the loops around the place, innermost first. The simplest access under which every value is found."""
    if all(equal(values[0], value) for value in values[1:]):
        return Access("constant", values[0])
    turns = [named_turn(execution, loops) for execution in executions]
    names = [name for name in turns[0] if all(name in turn for turn in turns)]
    for chosen in [*((name,) for name in names), *combinations(names, 2)]:
        table = _table(values, [tuple(turn[name] for name in chosen) for turn in turns], equal)
        if table is not None:
            if len(chosen) == 1:
                return Access("keyed", [(key[0], value) for key, value in table], chosen[0])
            return Access("keyed", table, f"({', '.join(chosen)})")
    return Access("position", list(values))


def near(left: Any, right: Any) -> bool:
    """The same value but for what the order of adding rounds."""
    if isinstance(left, (float, np.floating)) and isinstance(right, (float, np.floating)):
        return same(left, right) or math.isclose(left, right, rel_tol=_ROUNDING, abs_tol=0.0)
    return same(left, right)


def _table(values: Sequence[Any], keys: list[tuple[Any, ...]], equal: Same) -> list[tuple[Any, Any]] | None:
    table: dict[Any, Any] = {}
    for key, value in zip(keys, values):
        if any(part is None for part in key):
            return None
        if key in table and not equal(table[key], value):
            return None
        table[key] = value
    return list(table.items())


def named_turn(execution: Execution, loops: list[Any]) -> dict[str, Any]:
    """Value of each loop variable (that is a scalar and not bound again) when this execution happened."""
    items = {site: key for site, key, _ in execution.context}
    found: dict[str, Any] = {}
    for loop in loops:
        item = items.get(loop.site)
        bound_again = _stores(loop.body) if isinstance(loop, ast.For) else set()
        for name, value in match(loop.target, item):
            if name not in bound_again and name not in found and value is not None and _hashable(value):
                found[name] = value
    return found


def match(target: ast.AST, item: Any) -> list[tuple[str, Any]]:
    """Names of a loop's target with their parts of the item."""
    if isinstance(target, ast.Name):
        return [(target.id, item)]
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(item, tuple) and len(item) == len(target.elts):
        return [pair for part, value in zip(target.elts, item) for pair in match(part, value)]
    return []


def _hashable(value: Any) -> bool:
    return isinstance(value, SCALARS) or (isinstance(value, tuple) and all(_hashable(part) for part in value))


def _stores(body: list[ast.stmt]) -> set[str]:
    return {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def loops_around(tree: ast.AST, node: ast.AST) -> list[Any]:
    """Loops and comprehension clauses in `tree` that `node` is executed in, innermost first."""
    path = _path(tree, node) or []
    found: list[Any] = []
    for outer, inner in zip(path, path[1:]):
        if isinstance(outer, ast.For) and inner is not outer.iter:
            found.append(outer)
        if isinstance(outer, _COMPREHENSIONS):
            clauses = outer.generators
            within = clauses.index(inner) if inner in clauses else len(clauses)
            found.extend(clauses[: within if inner in clauses else len(clauses)])
    return found[::-1]


def _path(tree: ast.AST, node: ast.AST) -> list[ast.AST] | None:
    if tree is node:
        return [tree]
    for child in ast.iter_child_nodes(tree):
        found = _path(child, node)
        if found is not None:
            return [tree, *found]
    return None
