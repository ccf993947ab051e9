"""State of one request: every thread and every asynchronous task has its own, so requests do not mix."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """One call of `features`."""

    rows: int = 0
    counters: dict[str, int] = field(default_factory=dict)  # how often a value recorded by position was read
    copies: dict[str, Any] = field(default_factory=dict)  # frozen containers, which the notebook's code may change
    flagged: list[tuple[str, list[int]]] = field(default_factory=list)

    def count(self, name: str) -> int:
        """How often `name` was counted before in this request."""
        number = self.counters.get(name, 0)
        self.counters[name] = number + 1
        return number


_CURRENT: ContextVar[Request] = ContextVar("iapp_request")


def begin(rows: int) -> Request:
    request = Request(rows)
    _CURRENT.set(request)
    return request


def current() -> Request:
    """The request under way; code that runs before any request (module level) gets one of its own."""
    try:
        return _CURRENT.get()
    except LookupError:
        return begin(0)


def row_count() -> int:
    """How many rows the request has: what `len(df)` is in scoring."""
    return current().rows


def flagged() -> list[tuple[str, list[int]]]:
    """`(message, rows)` of the checks that failed and were let pass, in the last request of this thread or task."""
    return list(current().flagged)


def request_rows(x: Any, positions: Any) -> list[int]:
    """Rows of the request for positions in `x`: by the labels that `rows_in` gave while they tell rows apart.

    Empty when `x` has lost them: then it is not known which rows are meant.
    """
    places = [int(position) for position in positions]
    count = row_count()
    if count == 1:
        return [0] if places else []
    labels = getattr(x, "index", None)
    if labels is not None and not callable(labels) and getattr(labels, "is_unique", False):
        numbers = [labels[place] for place in places]
        if all(hasattr(number, "__index__") and 0 <= number < count for number in numbers):
            return [int(number) for number in numbers]
    length = x.shape[0] if getattr(x, "shape", None) else len(x)
    return places if length == count else []
