"""Matrices made by a formula: their columns, and what stands in them, depend on the rows that come together."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ..recorder.results import record_result

if TYPE_CHECKING:
    from ..recorder.calls import Call
    from ..recorder.hooks import Hooks


def observe_matrices(hooks: Hooks, call: Call, result: Any, parents: list, before: Any) -> bool:
    """`dmatrices(formula, df)` of patsy."""
    if not parents or not call.module.startswith("patsy"):
        return False
    record_result(hooks, call.site, result, parents, call.name, "formula")
    return True


def edit_matrices(editor: Any, node: ast.AST, executions: list) -> Any:
    """Refused: a new row has no target, and alone it does not tell which categories there are."""
    raise editor.refusal(
        "IAPP_NOTEBOOK_FORMULA",
        node,
        f"'{editor.text(node)}' makes its columns of the rows that come together, and of the target, which a new row "
        "does not have",
        "fit by the formula (smf.ols(formula, data=df).fit()), which keeps what it learned, or use pd.get_dummies",
    )


OBSERVERS = {"dmatrices": observe_matrices, "dmatrix": observe_matrices}
EDITORS = {"formula": edit_matrices}
