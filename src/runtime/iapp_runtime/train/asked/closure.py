"""What a function of the notebook needs to run on its own: imports, other functions, and the values of its globals."""

from __future__ import annotations

import ast
import types
from typing import Any

from ..kinds import is_estimator
from ..reads import names_in
from ..recorder.state import Recording
from ..slicer.cut import is_import

# What makes a table say how near things are to each other.
_LEARNS = {
    "cosine_similarity", "linear_kernel", "sigmoid_kernel", "rbf_kernel", "polynomial_kernel", "euclidean_distances",
    "cosine_distances", "manhattan_distances", "pairwise_distances", "pairwise_kernels", "nan_euclidean_distances",
    "pdist", "cdist", "squareform", "corr", "corrwith", "corrcoef", "svd", "svds", "dot", "matmul", "fit",
    "fit_transform", "kneighbors", "similarity",
}  # fmt: skip
_DEPTH = 6
_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class Closure:
    """Names by what they are; `values` as they are now."""

    def __init__(self, recording: Recording, names: set[str]) -> None:
        self.recording = recording
        self.imports: dict[str, int] = {}
        self.code: dict[str, int] = {}
        self.values: dict[str, Any] = {}
        todo = sorted(names)
        while todo:
            todo.extend(self._take(todo.pop()))

    def _take(self, name: str) -> set[str]:
        """Sort one name in; returns the names that it leads to."""
        recording = self.recording
        if name not in recording.namespace or name in self.imports or name in self.code or name in self.values:
            return set()
        value = recording.namespace[name]
        binder = recording.binder.get(name)
        if binder is not None and is_import(recording.statements[binder].node, name):
            self.imports[name] = binder
            return set()
        own = recording.is_users(value)
        if own and binder is not None:
            self.code[name] = binder
            return names_in(recording.statements[binder].node).reads
        if isinstance(value, types.ModuleType) or binder is None:
            return set()
        self.values[name] = value
        kind = type(value)
        return {kind.__name__} if recording.is_users(kind) else set()

    def learned(self) -> bool:
        """Does it hold something that was learned: a fitted estimator, similarities, distances?"""
        return any(is_estimator(value) for value in self.values.values()) or any(
            _made_by_learning(self.recording, name, 0, set()) for name in self.values
        )


def _made_by_learning(recording: Recording, name: str, depth: int, seen: set[str]) -> bool:
    """Was the name, or what it was made of, ever given something learned?"""
    if depth > _DEPTH or name in seen:
        return False
    seen.add(name)
    nodes = [statement.node for statement in recording.statements]
    makers = [node for node in nodes if not isinstance(node, _CODE) and name in names_in(node).binds]
    if any(_learns(part) for node in makers for part in ast.walk(node)):
        return True
    read = {other for node in makers for other in names_in(node).reads}
    return any(_made_by_learning(recording, other, depth + 1, seen) for other in sorted(read))


def _learns(part: ast.AST) -> bool:
    if isinstance(part, ast.BinOp):
        return isinstance(part.op, ast.MatMult)
    function = part.func if isinstance(part, ast.Call) else None
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return called in _LEARNS
