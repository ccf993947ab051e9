"""The cell report: what each cell is for, in words."""

from __future__ import annotations

import ast
from typing import Any

from .reads import names_in
from .recorder.state import Recording


def cell_report(
    recording: Recording,
    kept: dict[int, str],
    training: set[int],
    failed: list[dict[str, Any]],
    checks: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """One entry for every code cell of the program.

    `kept`: statement index -> role in scoring; `training`: indices the model's training needs.
    """
    report = []
    by_cell: dict[int, list[int]] = {}
    for statement in recording.statements:
        by_cell.setdefault(statement.cell.number, []).append(statement.index)
    problems = {f["cell"]: f for f in failed}
    for number, cell in sorted(recording.program.cells.items()):
        indices = by_cell.get(number, [])
        scoring = [i for i in indices if i in kept]
        if cell.skip:
            report.append(_entry(number, "drop", "skipped as asked"))
        elif number in problems:
            failure = problems[number]
            entry = _entry(number, "failed", f"{failure['ename']}: {failure['evalue'][:120]}; {failure['why']}")
            entry["matters"] = failure["matters"]
            report.append(entry)
        elif scoring:
            words = [c for c in checks if c["cell"] == number]
            reason = _kept_words(recording, scoring, kept)
            if words:
                reason = "; ".join(_check_words(c) for c in words)
            report.append(_entry(number, "score", reason))
        elif any(i in training for i in indices):
            report.append(_entry(number, "train", _train_words(recording, [i for i in indices if i in training])))
        else:
            report.append(_entry(number, "drop", _drop_words(recording, indices)))
    return report


def _entry(cell: int, verdict: str, reason: str) -> dict[str, Any]:
    return {"cell": cell, "verdict": verdict, "reason": reason, "matters": False}


def _check_words(check: dict[str, Any]) -> str:
    what = f"filters rows ({check['text']}): {check['dropped']} of {check['of']} rows left out of training"
    return what + ("; scoring refuses such rows" if check["checked"] else "")


def _kept_words(recording: Recording, indices: list[int], kept: dict[int, str]) -> str:
    roles = [kept[i] for i in indices]
    made = sorted({n for i in indices if kept[i] == "features" for n in names_in(recording.statements[i].node).binds})
    if "source" in roles:
        return "reads the raw table"
    if "frozen" in roles and set(roles) <= {"frozen", "import"}:
        names = sorted(
            {n for i in indices if kept[i] == "frozen" for n in recording.facts[i].changed if not n.startswith("_")}
        )
        return f"defines {', '.join(f'`{n}`' for n in names[:4])}, frozen" if names else "learns values that are frozen"
    if "features" in roles:
        return f"makes {', '.join(f'`{n}`' for n in made[:4])}" if made else "changes the model's input"
    if "definition" in roles:
        return "defines what scoring calls"
    if "predict" in roles:
        return "the served prediction"
    if "post" in roles:
        return "turns predictions into answers"
    return "imports"


def _train_words(recording: Recording, indices: list[int]) -> str:
    fits = [
        c
        for c in recording.candidates
        if c.statement in indices and c.method in ("fit", "fit_transform", "fit_predict")
    ]
    if fits:
        return f"fits {', '.join(dict.fromkeys(c.kind for c in fits))}"
    names = sorted({n for i in indices for n in recording.facts[i].changed if not n.startswith("_")})
    return f"makes {', '.join(f'`{n}`' for n in names[:4])}, for training only" if names else "for training only"


def _drop_words(recording: Recording, indices: list[int]) -> str:
    if not indices:
        return "no code to run"
    facts = [recording.facts[i] for i in indices]
    nodes = [recording.statements[i].node for i in indices]
    if all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in nodes):
        return "imports that neither training nor scoring needs"
    if any(f.plotted for f in facts):
        return "plots only"
    if all(isinstance(n, ast.Expr) for n in nodes):
        return "shows things only"
    if any(c.statement in indices for c in recording.candidates):
        return "another model, or an evaluation"
    return "nothing served depends on it"


def needed_for_training(recording: Recording, at: int) -> set[int]:
    """Statements that the fit at statement `at` depends on, by names."""
    need = set(recording.facts[at].reads)
    found = {at}
    for index in range(at - 1, -1, -1):
        facts = recording.facts[index]
        if not facts.ran:
            continue
        binds = names_in(recording.statements[index].node).binds
        if set(facts.changed) & need or binds & need:
            found.add(index)
            need |= facts.reads
    return found
