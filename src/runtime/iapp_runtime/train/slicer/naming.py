"""Readable names for values that have none in the notebook."""

from __future__ import annotations

import ast
from typing import Any

_DULL = {"values", "str", "dt", "iloc", "loc", "apply", "to_numpy", "tolist", "to_list", "index", "T"}


def hint_for(node: Any, suffix: str = "") -> str:
    """`df["Age"].median()` -> age_median; `df.columns` -> columns; with a suffix, `X` + columns -> x_columns."""
    words = [word for word in _words(node) if word not in _DULL]
    if suffix and (not words or words[-1] != suffix):
        words = [*words[-2:], suffix]
    if not words:
        words = [node.id] if isinstance(node, ast.Name) else ["value"]
    return "_".join(words[-3:]).lower()


def _words(node: Any) -> list[str]:
    """Columns and methods, from the inside out; the table's own name only where nothing else is there."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            inner = _words(node.args[0]) if node.args else []
            return (
                [*inner, node.func.id]
                if node.func.id != "len"
                else [*_named(node.args[0] if node.args else node), "rows"]
            )
        given = _words(node.args[0]) if node.args and isinstance(getattr(node.func, "value", None), ast.Name) else []
        return [*given, *_words(node.func)]
    if isinstance(node, ast.Attribute):
        return [*_words(node.value), node.attr]
    if isinstance(node, ast.Subscript):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return [*_words(node.value), key.value]
        if isinstance(key, ast.Name):
            return [*_words(node.value), key.id]
        return _words(node.value)
    if isinstance(node, ast.BinOp):
        return _words(node.left) or _words(node.right)
    if isinstance(node, ast.Compare):
        return _words(node.left)
    return []


def _named(node: Any) -> list[str]:
    return [node.id] if isinstance(node, ast.Name) else _words(node)


def words_of(node: Any) -> set[str]:
    """Column names a condition could mention: its string constants (also inside query texts) and attributes."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value)
            found |= set(part.value.replace("`", " ").split()) if " " in part.value else set()
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
    return found


def snake(name: str) -> str:
    return "".join(
        f"_{c.lower()}" if c.isupper() and i and not name[i - 1].isupper() else c.lower() for i, c in enumerate(name)
    )
