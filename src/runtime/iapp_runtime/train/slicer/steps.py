"""Statements in the order in which they run, those inside `with` blocks (`with torch.no_grad():`) one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..reads import names_in
from ..recorder.state import Recording


class Step:
    """A statement that runs once: at the top level, or in a block of the statement `index`.

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
        node = recording.statements[index].node
        yield from _steps(index, [node] if not isinstance(node, ast.With) else list(_inside(node)))


def _inside(node: ast.With) -> Iterator[ast.stmt]:
    for part in node.body:
        if isinstance(part, ast.With):
            yield from _inside(part)
        else:
            yield part


def _steps(index: int, nodes: list[ast.stmt]) -> Iterator[Step]:
    bound = [names_in(node).binds for node in nodes]
    for place, node in enumerate(nodes):
        earlier = frozenset().union(*bound[:place])
        later = frozenset().union(*bound[place + 1 :])
        yield Step(index, node, earlier, later)
