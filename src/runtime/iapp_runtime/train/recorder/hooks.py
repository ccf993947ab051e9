"""The hooks that instrumented code calls. The user's own operation runs first and unchanged; watching never raises."""

from __future__ import annotations

import operator
import types
from typing import Any

from iapp_runtime.score.replay.unobserved import Unobserved

from ..kinds import SCALARS, TABLES, is_estimator, is_lazy, is_rowlike, n_rows
from .budget import Budget
from .calls import Call, observe_call
from .loops import iterate
from .results import record_item, record_result
from .state import Recording

_ACCESSORS = {"str", "dt", "cat", "loc", "iloc", "at", "iat", "plot", "sparse"}
_FAST = {str, int, float, bool, type(None), bytes}
# Reductions of a whole column: inside a loop over rows they are one number for all rows.
REDUCES = {"mean", "median", "mode", "std", "var", "sum", "min", "max", "quantile", "count", "nunique", "skew", "sem"}


def _from_the_notebook(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


class Hooks:
    """Bound to the notebook's namespace under one name; see `instrument`."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.on = True
        self.depth = 0
        self.row_loop = 0
        self.budget = Budget(recording)
        # Formulas look for names in the frame that they are called from: it must have the notebook's globals.
        self.call = types.FunctionType(_from_the_notebook.__code__, recording.namespace)

    def __reduce__(self) -> Any:
        """Stored with a function that refers to it, it watches nothing."""
        return (Unobserved, ())

    def reset(self) -> None:
        """A new statement begins: whatever an exception left behind is gone."""
        self.on, self.depth, self.row_loop = True, 0, 0
        self.budget = Budget(self.recording)
        self.recording.context = ()

    def library(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call into a library: code of the notebook it calls back is observed only when given a whole table."""
        before = self.on
        self.depth += 1
        self.on = False
        try:
            return self.call(function, args, kwargs)
        finally:
            self.depth -= 1
            self.on = before and not self.budget.spent

    def tick(self) -> bool:
        """One more step of the statement; True (and from then on nothing is observed) when it has had its share."""
        if self.budget.step():
            self.on = False
        return self.budget.spent

    def again(self) -> bool:
        """One more turn of a `while` loop: is its body to be observed?"""
        return self.on and not self.tick()

    # ---- calls
    def c(self, site: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """`function(...)`."""
        if not self.on or self.tick():
            return function(*args, **kwargs)
        return observe_call(self, Call(site, function, None, getattr(function, "__name__", ""), args, kwargs))

    def m(self, site: int, owner: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """`owner.name(...)`."""
        function = getattr(owner, name)
        if not self.on or self.tick():
            return function(*args, **kwargs)
        return observe_call(self, Call(site, function, owner, name, args, kwargs))

    # ---- loads
    def a(self, site: int, owner: Any, name: str, /) -> Any:
        """`owner.name`."""
        result = getattr(owner, name)
        if not self.on or isinstance(owner, (types.ModuleType, type)) or self.row_loop:
            return result
        try:
            self._attribute(site, owner, name, result)
        except Exception as error:
            self.recording.fault(error)
        return result

    def _attribute(self, site: int, owner: Any, name: str, result: Any) -> None:
        recording = self.recording
        if id(owner) in recording.bunches and recording.bunches[id(owner)][0] is owner:
            record_item(self, site, owner, name, result)
            return
        if is_estimator(owner):
            if not callable(result):
                recording.add(site, "frozen", result)
            return
        parents = recording.parents((owner,))
        if not parents:
            return
        if name in _ACCESSORS or is_lazy(result):
            recording.set_lazy(result, parents, owner)
            return
        if callable(result) and not is_rowlike(result):
            return
        if (name == "shape" and isinstance(owner, (*TABLES,))) or (name == "shape" and hasattr(owner, "dtype")):
            recording.add(site, "live", act="shape", sources=parents[0][1].sources, value=result)
            return
        record_result(self, site, result, parents, name)

    def g(self, site: int, owner: Any, index: Any, /) -> Any:
        """`owner[index]`."""
        result = owner[index]
        if not self.on:
            return result
        try:
            if self.row_loop:
                self._column_in_row_loop(owner, result)
            elif type(owner) not in _FAST:
                self._item(site, owner, index, result)
        except Exception as error:
            self.recording.fault(error)
        return result

    def _item(self, site: int, owner: Any, index: Any, result: Any) -> None:
        recording = self.recording
        if id(owner) in recording.bunches and recording.bunches[id(owner)][0] is owner:
            record_item(self, site, owner, index, result)
            return
        if isinstance(owner, (dict, tuple)) or (isinstance(owner, list) and recording.tracker.get(owner) is None):
            return
        parents = recording.parents((owner,))
        if not parents:
            return
        if is_lazy(result):
            recording.set_lazy(result, parents, owner)
            return
        from ..policies.selection import observe_item

        if not observe_item(self, site, owner, index, result, parents):
            record_result(self, site, result, [*parents, *recording.parents((index,))], "getitem")

    def _column_in_row_loop(self, owner: Any, result: Any) -> None:
        rows = self.recording.tracker.get(owner) if isinstance(owner, TABLES) else None
        if (
            rows is not None
            and isinstance(result, TABLES)
            and n_rows(result) == len(rows)
            and result.index.equals(owner.index)
        ):
            self.recording.tracker.set(result, rows)

    # ---- operators
    def b(self, site: int, name: str, left: Any, right: Any, /) -> Any:
        """A binary operator or comparison."""
        result = getattr(operator, name)(left, right)
        if not self.on or self.row_loop or (type(left) in _FAST and type(right) in _FAST):
            return result
        try:
            parents = self.recording.parents((left, right))
            if parents:
                record_result(self, site, result, parents, name)
        except Exception as error:
            self.recording.fault(error)
        return result

    def u(self, site: int, name: str, value: Any, /) -> Any:
        """A unary operator."""
        result = getattr(operator, name)(value)
        if not self.on or self.row_loop or type(value) in _FAST:
            return result
        try:
            parents = self.recording.parents((value,))
            if parents:
                record_result(self, site, result, parents, name)
        except Exception as error:
            self.recording.fault(error)
        return result

    # ---- containers and loops
    def d(self, site: int, value: list[Any], /) -> list[Any]:
        """A list written out: which of its items are tables, and whose."""
        if self.on and not self.row_loop and not all(isinstance(item, SCALARS) for item in value):
            try:
                rows = [self.recording.rows(item) if is_rowlike(item) else None for item in value]
                if any(rows):
                    self.recording.add(site, "live", act="display", items=[r.sources if r else None for r in rows])
            except Exception as error:
                self.recording.fault(error)
        return value

    def lc(self, site: int, value: list[Any], /) -> list[Any]:
        """A list comprehension: made of a loop over rows, it has their lineage."""
        if self.on and not self.row_loop and self.recording.loop_rows:
            rows = self.recording.loop_rows[-1]
            if len(rows) == len(value):
                self.recording.set_rows(value, rows)
        return value

    def it(self, site: int, iterable: Any, /) -> Any:
        """The iterable of a loop."""
        return iterate(self, site, iterable) if self.on and not self.row_loop else iterable

    # ---- functions of the notebook
    def table(self, *arguments: Any) -> bool:
        """Is the lambda being given a whole table (and not one value, one row, one group)?"""
        if self.row_loop:
            return False
        if self.on and not self.depth:
            return True
        return any(self._whole(argument) for argument in arguments)

    def _whole(self, argument: Any) -> bool:
        if not is_rowlike(argument) or isinstance(argument, list):
            return False
        rows = self.recording.rows(argument)
        if rows is not None and self.recording.tracker.get(argument) is None:
            self.recording.tracker.set(argument, rows)
        return rows is not None

    def scoped(self, thunk: Any) -> Any:
        """Run the observed body of a lambda."""
        token = (self.on, self.depth, self.recording.context)
        self.on, self.depth = not self.budget.spent, 0
        try:
            return thunk()
        finally:
            self.leave(token)

    def enter(self, *arguments: Any) -> tuple[Any, ...] | None:
        """A function of the notebook begins: a token when its body is to be observed, None for the body as written."""
        if self.row_loop or self.budget.spent or self.tick():
            return None
        if not (self.on and not self.depth) and not any(self._whole(argument) for argument in arguments):
            return None
        token = (self.on, self.depth, self.recording.context)
        self.on, self.depth = True, 0
        return token

    def leave(self, token: tuple[Any, ...]) -> None:
        """The observed body ended."""
        self.on, self.depth, self.recording.context = token
        self.on = self.on and not self.budget.spent
