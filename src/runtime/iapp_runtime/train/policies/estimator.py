"""Estimators that learned something: restored as they were at that very call, then applied."""

from __future__ import annotations

import ast
from typing import Any

_APPLIES = {"fit_transform": "transform", "fit_predict": "predict"}


def edit_estimator(editor: Any, node: ast.AST, executions: list) -> Any:
    """`scaler.fit_transform(X)` is `scaler.transform(X)`; `scaler.fit(X)` is `scaler`, fitted."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    data = executions[0].data
    model = editor.model(node, executions)
    plan = editor.plan(node)
    method = _APPLIES.get(data["method"])
    if method is None:
        return plan.done(model)
    fitted = data["state"].value
    if not hasattr(fitted, method):
        raise editor.refusal(
            "IAPP_NOTEBOOK_NO_NEW_ROWS",
            node,
            f"{type(fitted).__name__} has no {method}: it gives values to the rows it was fitted on and to no others",
            "use an estimator that can be applied to new rows",
        )
    table = editor.argument(node, data["where"])
    if table is None:
        return None
    return plan.done(f"{model}.{method}({plan.hole(table)})")


EDITORS = {"estimator": edit_estimator}
