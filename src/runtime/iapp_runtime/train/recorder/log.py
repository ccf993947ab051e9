"""What was seen at one place of the code during one statement."""

from __future__ import annotations

from typing import Any

# Executions of one place kept in full; beyond it only the count goes on, and a slice that needs the values is refused.
KEPT = 20_000


class Execution:
    """One execution of a site: `kind` is row, frozen or live; `act` names the policy that knows how to replay it."""

    __slots__ = ("act", "context", "data", "kind", "sources", "value")

    def __init__(
        self,
        kind: str,
        context: tuple[Any, ...],
        value: Any = None,
        act: str | None = None,
        data: dict[str, Any] | None = None,
        sources: frozenset[int] = frozenset(),
    ) -> None:
        self.kind = kind
        self.context = context
        self.value = value
        self.act = act
        self.data = data or {}
        self.sources = sources


class SiteLog:
    """All executions of one site during one statement. Plain row results are counted, not kept."""

    __slots__ = ("executions", "kinds", "overflow", "row_sources", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self.kinds: set[str] = set()
        self.row_sources: set[int] = set()
        self.executions: list[Execution] = []
        self.overflow = False

    def add(self, execution: Execution) -> None:
        """Count an execution, and keep it when replay will need more than its kind."""
        self.seen += 1
        self.kinds.add(execution.kind)
        self.row_sources |= execution.sources
        if execution.kind == "frozen" or execution.act is not None:
            if len(self.executions) < KEPT:
                self.executions.append(execution)
            else:
                self.overflow = True

    def count(self, kind: str, sources: frozenset[int]) -> None:
        """Count an execution of which nothing more is needed."""
        self.seen += 1
        self.kinds.add(kind)
        self.row_sources |= sources
