"""From the prediction forward: to the last value made of it alone (exp of a log target, a threshold, labels)."""

from __future__ import annotations

import ast
from typing import Any

from ..recorder.estimators import Candidate
from .cut import Cut, Kept

# Putting the numbers into another container changes no answer.
_WRAPS = {
    "Series",
    "DataFrame",
    "list",
    "array",
    "asarray",
    "reshape",
    "ravel",
    "flatten",
    "tolist",
    "to_numpy",
    "copy",
}
# Written only inside a larger expression, these still say in which unit the notebook means its predictions.
_UNITS = {"exp", "expm1", "inverse_transform", "square", "power", "exp2", "rint"}


class Post:
    """Statements after the prediction, the name they start from, and the name or expression of the final answer."""

    def __init__(self, start: str, kept: list[Kept], result: Kept | str) -> None:
        self.start = start
        self.kept = kept
        self.result = result
        self.final: Any = None


def find_post(cut: Cut, candidate: Candidate, number: int) -> Post | None:
    """What the notebook does with the served predictions before it reports them; None when nothing."""
    recording = cut.recording
    count = len(candidate.rows or ())
    end = _last_name(cut, candidate, number, count)
    unit = _unit_expression(cut, candidate, number)
    if unit is not None and (end is None or unit[0] > end[0]):
        index, node = unit
        expression = cut.expression(index, node)
        result: Kept | str = expression
        need = {n for n in expression.reads if recording.facts[index].predictions_read.get(n) == number}
        last = index - 1
        if not _only_prediction(cut, expression, index, number):
            return None
        _values(cut, expression, index, number)
    elif end is not None:
        last, name = end
        need, result = {name}, name
    else:
        return None
    return _back(cut, candidate, number, last, need, result)


def _last_name(cut: Cut, candidate: Candidate, number: int, count: int) -> tuple[int, str] | None:
    """The last statement that gives a name a value made of the predictions alone."""
    found = None
    call = cut.recording.sites[candidate.site]
    for index in range(candidate.statement, len(cut.recording.statements)):
        facts = cut.recording.facts[index]
        node = cut.recording.statements[index].node
        for name, made in facts.predictions.items():
            fact = facts.rows_after.get(name)
            if made != number or fact is None or fact.rows is None or len(fact.rows) != count:
                continue
            value = node.value if isinstance(node, ast.Assign) else None
            if value is call or isinstance(value, ast.Name) or _wraps(value):
                continue
            if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
                found = (index, name)
    return found


def _wraps(value: Any) -> bool:
    if not isinstance(value, ast.Call):
        return False
    func = value.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in _WRAPS


def _unit_expression(cut: Cut, candidate: Candidate, number: int) -> tuple[int, Any] | None:
    found: tuple[int, Any, int] | None = None
    for (index, site), log in cut.recording.logs.items():
        if index < candidate.statement:
            continue
        for execution in log.executions:
            if execution.act != "post" or execution.data["candidate"] != number:
                continue
            node = cut.recording.sites[site]
            func = node.func if isinstance(node, ast.Call) else None
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            statement = cut.recording.statements[index].node
            if name not in _UNITS or not any(part is node for part in ast.walk(statement)):
                continue
            if found is None or execution.data["order"] > found[2]:
                found = (index, node, execution.data["order"])
    return (found[0], found[1]) if found is not None else None


def _back(cut: Cut, candidate: Candidate, number: int, last: int, need: set[str], result: Kept | str) -> Post | None:
    """The statements between the prediction and its final form."""
    recording = cut.recording
    kept: list[Kept] = []
    start = "prediction"
    call = recording.sites[candidate.site]
    if isinstance(result, Kept) and result.at == candidate.statement:
        return Post(start, [], _replaced(result, call, start))
    for index in range(last, candidate.statement - 1, -1):
        facts = recording.facts[index]
        statement = recording.statements[index]
        if not facts.ok or not any(
            facts.predictions.get(n) == number or n in facts.changed for n in need if n in facts.changed
        ):
            continue
        node = statement.node
        if (
            index == candidate.statement
            and isinstance(node, ast.Assign)
            and node.value is call
            and isinstance(node.targets[0], ast.Name)
        ):
            start = node.targets[0].id
            break
        plans = cut.editor(statement, [index], None).run()
        one = Kept(statement, node, plans, "statement", index)
        if index == candidate.statement:
            one = _replaced(one, call, start)
        if not _only_prediction(cut, one, index, number):
            return None
        _values(cut, one, index, number)
        kept.append(one)
        if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
            need -= {t.id for t in node.targets}  # type: ignore[attr-defined]
        need |= {n for n in one.reads if facts.predictions_read.get(n) == number}
    return Post(start, kept[::-1], result)


def _replaced(kept: Kept, call: Any, name: str) -> Kept:
    """The same with the served call replaced by a name."""
    from .plan import Plan

    plan = Plan(None, call)  # type: ignore[arg-type]
    plan.template = name
    plan.reads = {name}
    kept.plans[id(call)] = plan
    kept.use_names()
    return kept


def _only_prediction(cut: Cut, kept: Kept, index: int, number: int) -> bool:
    """Does the text read no rows but those of the prediction?"""
    facts = cut.recording.facts[index]
    return all(facts.predictions_read.get(name) == number for name in kept.reads if name in facts.rows)


def _values(cut: Cut, kept: Kept, index: int, number: int) -> None:
    facts = cut.recording.facts[index]
    names = {n for n in kept.reads if facts.predictions_read.get(n) != number}
    cut.read(names, index, {}, {})
