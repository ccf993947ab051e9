"""Statements in the order in which they run, those of `with torch.no_grad():` and of loops over batches one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..reads import names_in
from ..recorder.state import Recording


class Step:
    """A statement that runs once for the rows: at the top level, or in a block of the statement `index`.

    `earlier`: names that the block has bound before it.
    """

    def __init__(self, index: int, node: Any, earlier: frozenset[str], later: frozenset[str]) -> None:
        self.index = index
        self.node = node
        self.earlier = earlier
        self.later = later


def steps_from(recording: Recording, first: int) -> Iterator[Step]:
    """All steps from a statement on."""
    for index in range(first, len(recording.statements)):
        yield from _steps(index, list(_opened(recording, index, recording.statements[index].node)))


def _opened(recording: Recording, index: int, node: ast.stmt) -> Iterator[ast.stmt]:
    batches = isinstance(node, ast.For) and (index, node.site) in recording.batches  # type: ignore[attr-defined]
    if isinstance(node, ast.With) or batches:
        for part in node.body:  # type: ignore[attr-defined]
            yield from _opened(recording, index, part)
    else:
        yield node


def _steps(index: int, nodes: list[ast.stmt]) -> Iterator[Step]:
    bound = [names_in(node).binds for node in nodes]
    for place, node in enumerate(nodes):
        earlier = frozenset().union(*bound[:place])
        later = frozenset().union(*bound[place + 1 :])
        yield Step(index, node, earlier, later)
