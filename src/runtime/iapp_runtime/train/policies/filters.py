"""Filters as edits: a check for cleaning, the identity for a split, the author's own line for a partition."""

from __future__ import annotations

import ast
from typing import Any

from ..kinds import columns_of

REORDERS = {
    "sample",
    "head",
    "tail",
    "nlargest",
    "nsmallest",
    "drop_duplicates",
    "sort_values",
    "sort_index",
    "truncate",
    "take",
}


def edit_mask(editor: Any, node: ast.AST, executions: list) -> Any:
    """`df[mask]`, `df.loc[mask]`, `df.loc[mask, columns]`."""
    if not isinstance(node, ast.Subscript):
        return None
    kind = editor.filter_kind(executions)
    if kind == "partition":
        return None
    value: Any = node.value
    accessor = ""
    if isinstance(value, ast.Attribute) and value.attr in ("loc", "iloc"):
        value, accessor = value.value, f".{value.attr}"
    mask: Any = node.slice
    rest: list[Any] = []
    if isinstance(node.slice, ast.Tuple) and executions[0].data["pair"]:
        mask, rest = node.slice.elts[0], node.slice.elts[1:]
    plan = editor.plan(node)
    tail = f"{accessor}[:, {', '.join(plan.hole(part) for part in rest)}]" if rest else ""
    words = editor.text(mask)
    if kind == "split" or editor.not_checkable(mask):
        if kind == "clean":
            editor.note_unchecked(node, executions, words)
        return plan.identity(value) if not rest else plan.done(f"{plan.hole(value, tight=True)}{tail}")
    message = editor.message(node, executions, f"rows must satisfy {words}")
    editor.note_check(node, executions, words)
    return plan.checked(value, plan.hole(mask), message, tail)


def edit_select(editor: Any, node: ast.AST, executions: list) -> Any:
    """Methods that choose rows."""
    if not isinstance(node, ast.Call):
        return None
    data = executions[0].data
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    kind = editor.filter_kind(executions)
    how = data["how"]
    if how == "call":
        editor.note_unchecked(node, executions, editor.text(node))
        argument = editor.argument(node, data["where"])
        return editor.plan(node).identity(argument) if argument is not None and kind != "partition" else None
    if owner is None:
        return None
    if how in REORDERS:
        return editor.plan(node).identity(owner)
    if kind == "partition":
        return None
    if kind == "split":
        return editor.plan(node).identity(owner)
    if how == "dropna":
        return _edit_dropna(editor, node, owner, executions)
    if how == "query":
        return _edit_query(editor, node, owner, executions)
    return _edit_drop(editor, node, owner, executions)


def _edit_dropna(editor: Any, node: ast.Call, owner: ast.AST, executions: list) -> Any:
    bound = executions[0].data["bound"]
    plan = editor.plan(node)
    columns = editor.checked_columns(node, bound.get("subset"), executions)
    if columns is None:  # a series
        words = f"{editor.text(owner)} is missing"
        editor.note_check(node, executions, words)
        message = editor.message(node, executions, f"{words}: left out of training")
        return plan.checked(owner, f"{plan.hole(owner, tight=True)}.notna()", message, "")
    if not columns:
        editor.note_unchecked(node, executions, editor.text(node))
        return plan.identity(owner)
    listed = editor.literal(list(columns), "checked_columns", node)
    test = f"{plan.hole(owner, tight=True)}[{listed}].notna()"
    if bound.get("thresh") is not None:
        editor.note_unchecked(node, executions, editor.text(node))
        return plan.identity(owner)
    rule = "any" if bound.get("how") == "all" else "all"
    words = f"{', '.join(map(str, columns[:6]))}{' ...' if len(columns) > 6 else ''} missing"
    editor.note_check(node, executions, words, list(columns))
    message = editor.message(node, executions, f"rows with {words} were left out of training")
    return plan.checked(owner, f"{test}.{rule}(axis=1)", message, "")


def _edit_query(editor: Any, node: ast.Call, owner: ast.AST, executions: list) -> Any:
    question = editor.argument(node, executions[0].data["bound"].where.get("expr"))
    plan = editor.plan(node)
    if question is None or editor.not_checkable(question):
        editor.note_unchecked(node, executions, editor.text(node))
        return plan.identity(owner)
    words = editor.text(question)
    editor.note_check(node, executions, words)
    message = editor.message(node, executions, f"rows must satisfy {words}")
    return plan.checked(owner, f"{plan.hole(owner, tight=True)}.eval({plan.hole(question)})", message, "")


def _edit_drop(editor: Any, node: ast.Call, owner: ast.AST, executions: list) -> Any:
    """`df.drop(df[mask].index)` is the filter `~mask`; other labels cannot be known of new rows."""
    bound = executions[0].data["bound"]
    labels = editor.argument(node, bound.where.get("labels", bound.where.get("index")))
    plan = editor.plan(node)
    if isinstance(labels, ast.Attribute) and labels.attr == "index" and isinstance(labels.value, ast.Subscript):
        mask = labels.value.slice
        if editor.is_mask(labels.value) and not editor.not_checkable(mask):
            words = editor.text(mask)
            editor.note_check(node, executions, f"not ({words})")
            message = editor.message(node, executions, f"rows with {words} were left out of training")
            return plan.checked(owner, f"~({plan.hole(mask)})", message, "")
    editor.note_unchecked(node, executions, editor.text(node))
    return plan.identity(owner)


def same_columns(left: Any, right: Any) -> bool:
    """True for two tables with the same columns."""
    return columns_of(left) == columns_of(right)
