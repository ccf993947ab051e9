"""Runs the body of `features` one statement at a time and looks at what each one made."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from .scoring_module import ScoringModule, quiet

RESULT = "value returned by features"


@dataclass(frozen=True)
class Step:
    """A top-level statement of `features`: its lines in score.py and the piece of the record it came from."""

    line: int
    end_line: int
    piece: Optional[int]
    returns: bool


class StepFailed(Exception):
    """A statement raised; `step` says which, `cause` what."""

    def __init__(self, step: Step, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.step, self.cause = step, cause


def steps(source: str, score_map: list[dict[str, Any]]) -> list[Step]:
    """The statements of `features` in score.py, each with its piece."""
    return [
        Step(
            node.lineno, node.end_lineno or node.lineno, piece_of(node.lineno, score_map), isinstance(node, ast.Return)
        )
        for node in _body(source).body
    ]


def piece_of(line: int, score_map: list[dict[str, Any]]) -> Optional[int]:
    """The piece whose lines in score.py hold this line; the narrowest where several do."""
    holding = [entry for entry in score_map if entry["line"] <= line <= entry.get("end_line", entry["line"])]
    holding.sort(key=lambda entry: entry.get("end_line", entry["line"]) - entry["line"])
    return holding[0].get("piece") if holding else None


def run(scoring: ScoringModule, score_map: list[dict[str, Any]], rows: list) -> Iterator[tuple[Step, dict[str, Any]]]:
    """Yields after each statement what is bound by then; the last step binds `RESULT`. Raises `StepFailed`."""
    function = _body(scoring.source)
    space = dict(vars(scoring.module))
    space[function.args.args[0].arg] = rows
    for node, step in zip(function.body, steps(scoring.source, score_map)):
        if isinstance(node, ast.Return):
            target: ast.stmt = ast.Assign([ast.Name(RESULT, ast.Store())], node.value or ast.Constant(None))
            ast.copy_location(target, node)
        else:
            target = node
        tree = ast.fix_missing_locations(ast.Module([target], []))
        try:
            with quiet():
                exec(compile(tree, str(scoring.path), "exec"), space)
        except Exception as cause:
            raise StepFailed(step, cause) from cause
        yield step, space
        if step.returns:
            return


def _body(source: str) -> ast.FunctionDef:
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == "features":
            return node
    raise ValueError("score.py defines no function features")
