"""record.json, objects/ and expected/: everything a recording has to say."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from .asked.find import AskedChoice, find_asked, is_asked_for
from .asked.written import AskedSlice
from .assemble import Slice, cut_slice
from .candidates import Choice, choose
from .failing import failures, refuse_failures, root_failure
from .installed import imported
from .recorder.state import Recording
from .refit import Refit, find_refit
from .slicer.refusals import Refused
from .used_files import FileWatch
from .verdicts import cell_report, needed_for_training
from .warnings import find_warnings


class _Outcome:
    """What has been decided so far; what a refusal leaves is still told."""

    def __init__(self) -> None:
        self.choice: Choice | None = None
        self.cut: Slice | AskedSlice | None = None
        self.refit: Refit | None = None
        # The statement that trained what is served, or that asks it.
        self.trained_at: int | None = None


def write_record(recording: Recording, run_dir: Path, files: FileWatch | None, run_seconds: float) -> dict[str, Any]:
    """Make the document (also when the outcome is a refusal) and write it beside its folders."""
    document = _empty(recording, files, run_seconds)
    outcome = _Outcome()
    try:
        _decide(recording, run_dir, document, outcome)
    except Refused as refusal:
        document["failures"] = failures(recording, outcome.cut.cut if outcome.cut is not None else None)
        document.update(status="refused", refusal=_better(refusal, document["failures"], recording).document())
    except Exception as error:
        recording.fault(error)
        document.update(status="refused", refusal=_internal(error).document())
    sliced = outcome.cut if isinstance(outcome.cut, Slice) else None
    document["warnings"] = [*recording.program.remarks, *find_warnings(recording, outcome.choice, sliced)]
    if outcome.refit is not None:
        document["warnings"].append(outcome.refit.warning())
    training = needed_for_training(recording, outcome.trained_at) if outcome.trained_at is not None else set()
    document["cells"] = cell_report(
        recording,
        outcome.cut.roles if outcome.cut is not None else {},
        training,
        document["failures"],
        document["checks"],
    )
    for check in document["checks"]:
        check.pop("checked", None)
    run_dir.mkdir(parents=True, exist_ok=True)
    if recording.faults:
        (run_dir / "recorder.log").write_text("\n".join(recording.faults), "utf-8")
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False, default=_plain)
    (run_dir / "record.json").write_text(text, "utf-8")
    return document


def _decide(recording: Recording, run_dir: Path, document: dict[str, Any], outcome: _Outcome) -> None:
    """Choose, slice and write. Raises `Refused`."""
    chosen = _chosen(recording)
    if isinstance(chosen, AskedChoice):
        document["served"] = chosen.served
        outcome.cut = cut = chosen.slice
        outcome.trained_at = cut.statement.index
        cut.write(run_dir)
    else:
        outcome.choice = chosen
        outcome.trained_at = _fit_of(recording, chosen)
        document["served"] = _served(recording, chosen)
        outcome.cut = sliced = cut_slice(recording, chosen)
        outcome.refit = refit = find_refit(recording, chosen, sliced)
        if refit is not None:
            outcome.choice, outcome.cut = refit.choice, refit.slice
            outcome.trained_at = _fit_of(recording, refit.choice)
        outcome.cut.write(run_dir, alone=refit is not None)
        if refit is not None:
            refit.write(run_dir)
    document.update(outcome.cut.document)
    found = failures(recording, outcome.cut.cut)
    document["failures"] = found
    refuse_failures(found, recording)


def _chosen(recording: Recording) -> Choice | AskedChoice:
    """A model that is given rows comes first; without one, or when it is named, what the notebook asks by key."""
    if is_asked_for(recording):
        asked = find_asked(recording)
        if asked is not None:
            return asked
    try:
        return choose(recording)
    except Refused as nothing:
        if nothing.code not in ("IAPP_NOTEBOOK_NO_MODEL", "IAPP_NOTEBOOK_NO_ROWS"):
            raise
        asked = find_asked(recording)
        if asked is None:
            raise
        return asked


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _empty(recording: Recording, files: FileWatch | None, run_seconds: float) -> dict[str, Any]:
    return {
        "schema": "iapp.record/1", "status": "ok", "refusal": None,
        "python": platform.python_version(), "packages": imported(),
        "served": None, "source": None, "cells": [], "failures": [], "imports": [], "definitions": [], "features": [],
        "result": None, "predict": None, "proba": None, "classes": None, "post": [],
        "post_result": None, "post_input": None,
        "task": "other", "frozen": [], "models": [], "helpers": [], "checks": [], "warnings": [],
        "timing": {
            "run_seconds": round(run_seconds, 3),
            "user_seconds": round(recording.user_seconds, 3),
            "tracking_seconds": round(recording.tracking_seconds, 3),
        },
        "data_files": files.data_files() if files is not None else [],
        "modules": files.modules() if files is not None else [],
        "stored_outputs": None,
    }  # fmt: skip


def _served(recording: Recording, choice: Choice) -> dict[str, Any]:
    from .candidates import model_name
    from .expected import predict_method

    candidate = choice.candidate
    statement = recording.statements[candidate.statement]
    return {
        "name": choice.name,
        "class": candidate.kind,
        "module": type(candidate.owner).__module__,
        "cell": statement.cell.number,
        "line": getattr(recording.sites[candidate.site], "lineno", statement.line),
        "method": predict_method(candidate),
        "why": choice.why,
        "confidence": choice.confidence,
        "alternatives": [
            {
                "name": model_name(recording, c),
                "class": c.kind,
                "cell": recording.statements[c.statement].cell.number,
                "method": c.method,
            }
            for c in choice.others
        ],
    }


def _fit_of(recording: Recording, choice: Choice) -> int:
    fits = [
        c
        for c in recording.candidates
        if c.owner is choice.candidate.owner and c.method not in ("predict", "predict_proba", "score")
    ]
    return fits[-1].statement if fits else choice.candidate.statement


def _better(refusal: Refused, found: list[dict[str, Any]], recording: Recording) -> Refused:
    """Without a model, a cell that failed before one was made is the reason worth telling."""
    if refusal.code not in ("IAPP_NOTEBOOK_NO_MODEL", "IAPP_NOTEBOOK_NO_ROWS") or not found:
        return refusal
    root = root_failure(found, recording)
    root.update(matters=True, why=f"after it no model that can be served was made ({refusal.reason.rstrip('.')})")
    try:
        refuse_failures([root], recording)
    except Refused as better:
        return better
    return refusal


def _internal(error: Exception) -> Refused:
    return Refused(
        "IAPP_NOTEBOOK_INTERNAL",
        f"the notebook ran, but its slice could not be made: {type(error).__name__}: {str(error)[:300]}",
        "recorder.log in the run's folder has the details",
    )
