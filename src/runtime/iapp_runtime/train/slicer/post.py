"""From the prediction forward: to the last value made of it alone (exp of a log target, a threshold, labels)."""

from __future__ import annotations

import ast
from typing import Any

from ..reads import mutated, names_in
from ..recorder.estimators import Candidate
from .cut import Cut, Kept
from .steps import Step, steps_from

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
    count = len(candidate.rows or ())
    end = _last_name(cut, candidate, number, count)
    unit = _unit_expression(cut, candidate, number)
    if unit is not None and (end is None or unit[0].index > end[0].index):
        last, node = unit
        expression = cut.expression(last.index, node)
        result: Kept | str = expression
        if not _only_prediction(cut, expression, last, number):
            return None
        need = {n for n in expression.reads if _is_prediction(cut, n, last, number)}
        _values(cut, expression, last, number)
    elif end is not None:
        last, name = end
        need, result = {name}, name
    else:
        return None
    return _back(cut, candidate, number, last, need, result)


def _last_name(cut: Cut, candidate: Candidate, number: int, count: int) -> tuple[Step, str] | None:
    """The last step that gives a name a value made of the predictions alone."""
    found = None
    call = cut.recording.sites[candidate.site]
    for step in steps_from(cut.recording, candidate.statement):
        facts = cut.recording.facts[step.index]
        node = step.node
        inside = node is not cut.recording.statements[step.index].node
        names = names_in(node).binds - step.later if inside else None
        for name, made in facts.predictions.items():
            fact = facts.rows_after.get(name)
            if made != number or fact is None or fact.rows is None or len(fact.rows) not in (count, candidate.tail):
                continue
            if names is not None and name not in names:
                continue
            value = node.value if isinstance(node, ast.Assign) else None
            if value is call or isinstance(value, ast.Name) or _wraps(value):
                continue
            if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
                found = (step, name)
    return found


def _wraps(value: Any) -> bool:
    if not isinstance(value, ast.Call):
        return False
    func = value.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in _WRAPS


def _unit_expression(cut: Cut, candidate: Candidate, number: int) -> tuple[Step, Any] | None:
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
    if found is None:
        return None
    steps = [step for step in steps_from(cut.recording, found[0]) if step.index == found[0]]
    step = next((step for step in steps if any(part is found[1] for part in ast.walk(step.node))), None)
    return None if step is None else (step, found[1])


def _back(cut: Cut, candidate: Candidate, number: int, last: Step, need: set[str], result: Kept | str) -> Post | None:
    """The statements between the prediction and its final form."""
    recording = cut.recording
    kept: list[Kept] = []
    start = "prediction"
    call = recording.sites[candidate.site]
    steps = [step for step in steps_from(recording, candidate.statement) if step.index <= last.index]
    steps = steps[: next(place for place, step in enumerate(steps) if step.node is last.node) + 1]
    if isinstance(result, Kept) and any(part is call for part in ast.walk(result.node)):
        return Post(start, [], _replaced(result, call, start))
    for step in reversed(steps[:-1] if isinstance(result, Kept) else steps):
        node = step.node
        makes = any(part is call for part in ast.walk(node))
        if makes and isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name):
            start = node.targets[0].id
            break
        if not _changes(cut, step, need, number) and not makes:
            continue
        statement = recording.statements[step.index]
        plans = cut.editor(statement, [step.index], None).run(node)
        one = Kept(statement, node, plans, "statement", step.index)
        if makes:
            one = _replaced(one, call, start)
        if not _only_prediction(cut, one, step, number):
            return None
        _values(cut, one, step, number)
        kept.append(one)
        if makes:
            break
        if isinstance(node, ast.Assign):
            need -= names_in(node).binds if all(_is_plain(target) for target in node.targets) else set()
        need |= {n for n in one.reads if _is_prediction(cut, n, step, number)}
    return Post(start, kept[::-1], result)


def _is_plain(target: Any) -> bool:
    parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    return all(isinstance(part, ast.Name) for part in parts)


def _changes(cut: Cut, step: Step, need: set[str], number: int) -> bool:
    """Did the step make or change one of these names?"""
    facts = cut.recording.facts[step.index]
    inside = step.node is not cut.recording.statements[step.index].node
    if inside:
        return bool((names_in(step.node).binds | mutated(step.node)) & need)
    return facts.ok and any(name in facts.changed for name in need)


def _is_prediction(cut: Cut, name: str, step: Step, number: int) -> bool:
    """Is the name, where the step reads it, made of the predictions alone?"""
    facts = cut.recording.facts[step.index]
    made = facts.predictions if name in step.earlier else facts.predictions_read
    return made.get(name) == number


def _replaced(kept: Kept, call: Any, name: str) -> Kept:
    """The same with the served call replaced by a name."""
    from .plan import Plan

    plan = Plan(None, call)  # type: ignore[arg-type]
    plan.template = name
    plan.reads = {name}
    kept.plans[id(call)] = plan
    kept.use_names()
    return kept


def _only_prediction(cut: Cut, kept: Kept, step: Step, number: int) -> bool:
    """Does the text read no rows but those of the prediction?"""
    facts = cut.recording.facts[step.index]
    rows = {name for name in kept.reads if name in (facts.rows_after if name in step.earlier else facts.rows)}
    return all(_is_prediction(cut, name, step, number) for name in rows)


def _values(cut: Cut, kept: Kept, step: Step, number: int) -> None:
    names = {n for n in kept.reads if not _is_prediction(cut, n, step, number)}
    cut.read(names, step.index, {}, {})
