"""Statements that failed: did that change anything the served slice reads?"""

from __future__ import annotations

import ast
import re
from typing import Any

from .kinds import TABLES
from .reads import mutated, names_in, root_name
from .recorder.facts import StatementFacts, Unread
from .recorder.state import Recording
from .slicer.cut import Cut
from .slicer.refusals import Refused


def failures(recording: Recording, cut: Cut | None) -> list[dict[str, Any]]:
    """Failing statements with whether each mattered and why."""
    found = []
    for facts in recording.facts:
        failure = facts.failure
        if failure is None:
            continue
        statement = recording.statements[facts.index]
        lost = _lost(recording, facts.index)
        needed = cut.need_at.get(facts.index, set()) if cut is not None else set()
        hit = sorted(lost & needed)
        why = (
            f"it could have changed {', '.join(repr(n) for n in hit[:4])}, which the model's input comes from"
            if hit
            else "nothing the model's input comes from depends on it"
        )
        found.append({
            "cell": statement.cell.number, "line": failure.line, "ename": failure.ename, "evalue": failure.evalue,
            "traceback": failure.traceback, "matters": bool(hit), "why": why,
        })  # fmt: skip
    found.extend(_unread(recording, cut, unread) for unread in recording.unread)
    place = {number: index for index, number in enumerate(recording.program.cells)}
    return sorted(found, key=lambda failure: place[failure["cell"]])


def _unread(recording: Recording, cut: Cut | None, unread: Unread) -> dict[str, Any]:
    """A cell that does not parse mattered when a line of it may set or change something that is read further down."""
    number = unread.cell.number
    runs_before = recording.program.runs_before
    before = [i for i, statement in enumerate(recording.statements) if runs_before(statement.cell.number, number)]
    needed = cut.need_at.get(before[-1], set()) if cut is not None and before else set()
    hit = sorted(_named_by_changes(unread.cell.source) & needed)
    why = (
        f"it cannot be read, and may change {', '.join(repr(n) for n in hit[:4])}, which the model's input comes from"
        if hit
        else "nothing the model's input comes from depends on it"
    )
    line = unread.cell.source.splitlines()[unread.line - 1 : unread.line]
    shown = [f"cell {number}, line {unread.line}: {text.strip()}" for text in line]
    return {
        "cell": number, "line": unread.line, "ename": unread.ename, "evalue": unread.evalue,
        "traceback": shown, "matters": bool(hit), "why": why,
    }  # fmt: skip


_NAME = re.compile(r"[^\W\d]\w*")
#: An assignment, also an augmented one; `inplace`, `del`, and methods that change what they are called on.
_CHANGE = re.compile(
    r"(?<![=!<>])=(?!=)|\binplace\b|\bdel\b|\bdef\b|\bclass\b|\.(?:insert|pop|update|append|extend|drop)\("
)


def _named_by_changes(source: str) -> set[str]:
    lines = [line for line in source.splitlines() if _CHANGE.search(line)]
    return {name for line in lines for name in _NAME.findall(line)}


def _lost(recording: Recording, index: int) -> set[str]:
    """Names that the failing statement and the rest of its cell would have bound or changed."""
    cell = recording.statements[index].cell
    names: set[str] = set()
    for statement in recording.statements[index:]:
        if statement.cell is not cell:
            break
        spared = _looked_at(recording, statement.node) | _only_read(recording, statement.node)
        names |= names_in(statement.node).binds | (mutated(statement.node) - spared)
    return names


def _only_read(recording: Recording, node: ast.AST) -> set[str]:
    """Arguments of a call of the notebook's own function that nothing in its body stores through or hands on."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return set()
    at = recording.binder.get(call.func.id)
    definition = recording.statements[at].node if at is not None else None
    if not isinstance(definition, ast.FunctionDef) or definition.args.vararg or definition.args.kwarg:
        return set()
    body = ast.Module(definition.body, [])
    aliases = {
        part.value.id for part in ast.walk(body) if isinstance(part, ast.Assign) and isinstance(part.value, ast.Name)
    }
    changed = mutated(body) | aliases | names_in(definition).binds
    parameters = [argument.arg for argument in (*definition.args.posonlyargs, *definition.args.args)]
    given = dict(zip(parameters, call.args))
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None})
    return {value.id for name, value in given.items() if isinstance(value, ast.Name) and name not in changed}


def _looked_at(recording: Recording, node: ast.AST) -> set[str]:
    """Tables that a statement only calls methods of: those change a table when asked to (`inplace`), else never."""
    stored = {
        root_name(p.value)
        for p in ast.walk(node)
        if isinstance(p, (ast.Subscript, ast.Attribute)) and not isinstance(p.ctx, ast.Load)
    }
    found: set[str] = set()
    for part in ast.walk(node):
        call = part.value if isinstance(part, ast.Expr) else None
        if not isinstance(call, ast.Call) or any(k.arg == "inplace" for k in call.keywords):
            continue
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if method in ("insert", "pop", "update") or getattr(call.func, "id", None) in recording.binder:
            continue
        for name in {root_name(call.func), *(root_name(a) for a in call.args)} - stored:
            if name is not None and isinstance(recording.namespace.get(name), TABLES):
                found.add(name)
    return found


def root_failure(found: list[dict[str, Any]], recording: Recording) -> dict[str, Any]:
    """Of several failures the one the others come from: from a cell that should have fitted a model, back to what it
    missed."""
    facts = {f.index: f for f in recording.facts if f.failure is not None}
    unread = {unread.cell.number for unread in recording.unread}
    places = dict(zip(facts, (failure for failure in found if failure["cell"] not in unread)))
    if not places:
        return found[0]
    fits = [i for i in places if ".fit" in recording.statements[i].cell.source]
    at = fits[0] if fits else next(iter(places))
    while True:
        missed = facts[at].reads | _missing(facts[at])
        earlier = [i for i in places if i < at and _lost(recording, i) & missed]
        if not earlier:
            return places[at]
        at = earlier[0]


def _missing(facts: StatementFacts) -> set[str]:
    name = facts.failure.missing if facts.failure is not None else None
    return {name} if name is not None else set()


def refuse_failures(found: list[dict[str, Any]], recording: Recording) -> None:
    """Raise `Refused` for the first failure that mattered."""
    for failure in found:
        if not failure["matters"]:
            continue
        cell = failure["cell"]
        statement = next(
            (
                recording.statements[f.index]
                for f in recording.facts
                if f.failure is not None and recording.statements[f.index].cell.number == cell
            ),
            None,
        )
        raise Refused(
            "IAPP_NOTEBOOK_CELL_FAILED",
            f"cell {cell} fails here ({failure['ename']}: {failure['evalue']}): {failure['why']}",
            _remedy(failure, recording),
            cell,
            failure["line"],
            " ".join(statement.text().split())[:200] if statement is not None else None,
        )


def _remedy(failure: dict[str, Any], recording: Recording) -> str:
    if failure["ename"] == "NameError":
        return name_error_remedy(failure["evalue"], failure["cell"], recording)
    if failure["ename"] == "NoStoredAnswer":
        return "give the answer with -p NAME=value, where the cell says NAME = input(...), or read os.environ"
    if failure["ename"] in ("ModuleNotFoundError", "ImportError"):
        return "add the package to the project's requirements, or an older release that still has this name"
    if failure["ename"] == "FileNotFoundError":
        return "put the file beside the notebook; one of another machine's path may lie anywhere in the project"
    return "correct the cell, or run with the package versions the notebook was written for"


def name_error_remedy(text: str, cell: int, recording: Recording) -> str:
    """Where a name that is not defined yet would have come from."""
    name = text.split("'")[1] if "'" in text else text
    known = recording.program.missing.get(name)
    if known is not None:
        return known
    for statement in recording.statements:
        if name in names_in(statement.node).binds:
            where = statement.cell.number
            if recording.program.runs_before(cell, where):
                return f"'{name}' is first defined in cell {where}, further down: move that cell up"
            return f"'{name}' is defined in cell {where}, which did not get so far"
    return f"'{name}' is defined nowhere in the notebook: it was left over from a cell that is gone"
