"""`df.drop(["price", "log_price"], axis=1)`: what is made of the target is not there in scoring."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .editor import Editor
    from .plan import Plan


def plan_drop(editor: Editor, node: Any) -> Plan | None:
    """The same call with `errors="ignore"`, when it names columns that only the target could fill."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "drop":
        return None
    names = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    made = (names & editor.served.targets) - set(editor.raw_columns())
    if not made or any(keyword.arg == "errors" for keyword in node.keywords):
        return None
    plan = editor.plan(node)
    text = plan.inside(node)[:-1].rstrip().rstrip(",")
    plan.same_as = node.func.value
    return plan.done(f'{text}, errors="ignore")')
