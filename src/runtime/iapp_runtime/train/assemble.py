"""Cut the slice of a choice and write everything it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .answering import call_of, check_model
from .candidates import Choice
from .expected import Expected
from .fields import features_of, final_answers, inner_piece, post_fields, samples_of, source_document
from .formulas import formula_names
from .kinds import LEARNS
from .reads import names_in
from .recorder.state import EstimatorState, Recording
from .slicer.cut import Cut, Kept
from .slicer.definitions import definitions, imports, nested
from .slicer.entries import Entries
from .slicer.inside import Argument
from .slicer.lives import Lives, bound_names
from .slicer.pieces import Writer
from .slicer.post import Post, find_post
from .slicer.refusals import Refused
from .slicer.served import criterion as find_criterion
from .slicer.served import served_of
from .stored import frozen_values, models, task_of

#: Names of the generated module that are ours, whatever the author has called things.
RESERVED = {
    "rows", "frozen", "features", "predict", "predict_proba", "REQUIRED", "OPTIONAL", "SOURCE", "MODEL_CLASSES",
    "Frozen", "Model",
    "rows_in", "check", "checked", "keep", "split", "row_count", "dummies", "expand", "bins", "codes", "by_group",
    "as_recorded", "scaled", "restored", "concat_rows", "in_request_order", "forward_pass", "ask", "foretell",
    "checked_rows",
}  # fmt: skip


class Slice:
    """What a cut came to: the fields of record.json so far, what each statement is for, and what has to be written."""

    def __init__(self, recording: Recording, choice: Choice, cut: Cut, source: int) -> None:
        self.recording = recording
        self.choice = choice
        self.cut = cut
        self.source = source
        self.document: dict[str, Any] = {}
        self.roles: dict[int, str] = {}
        self.used: list[Any] = []
        self.final: Any = None
        self.samples: list[dict[str, Any]] = []

    @property
    def learned(self) -> list[EstimatorState]:
        """The fitted estimators that it restores, those of the served model too."""
        return [state for entry in self.used for state in _states(entry)]

    def write(self, run_dir: Path, alone: bool = False) -> None:
        """Frozen values, models and expectations; `alone`: without the rows of other calls of the same model."""
        expected = Expected(self.recording, self.choice.candidate, self.source, alone)
        expected.write(run_dir, self.recording.sources[self.source].raw, self.final, self.samples)
        self.document["frozen"] = frozen_values(self.used, run_dir)
        self.document["models"] = models(self.used, run_dir)


def cut_slice(recording: Recording, choice: Choice) -> Slice:
    """Slice, name, and make pieces. Raises `Refused`."""
    candidate = choice.candidate
    served = served_of(recording, candidate)
    author = author_names(recording)
    entries = Entries(author | RESERVED)
    cut = Cut(recording, served, entries)
    criterion, parts, names = find_criterion(cut, candidate)
    cut.run(criterion, parts, names)
    cut.kept.reverse()
    number = recording.candidates.index(candidate)
    post = find_post(cut, candidate, number)
    check_model(candidate, recording.statements[candidate.statement])
    _take_model_code(cut, candidate)
    defined = definitions(cut, [kept.at for kept in [*cut.kept, criterion]])
    inner = [part for part in parts if isinstance(part, Kept)]
    inner += [part.expression for part in parts if isinstance(part, Argument) and part.expression is not None]
    everything = [*cut.kept, *inner, criterion, *(kept for _, kept in defined), *(post.kept if post else [])]
    if not any("rows_in" in plan.helpers for kept in everything for plan in kept.plans.values()):
        raise Refused(
            "IAPP_NOTEBOOK_SOURCE_LOST",
            f"the rows the model is given ({recording.sources[served.source].call}) "
            "could not be followed back to where they are read",
            None,
        )
    bound = bound_names([*cut.kept, *(p for p in parts if isinstance(p, Kept)), *(post.kept if post else [])])
    lives = Lives(cut, entries, bound)
    marks = [part.mark for part in parts if isinstance(part, Argument) and part.mark is not None]
    _name(cut, entries, lives, everything, bound, marks)
    served_model = _served_entry(recording, entries, choice, lives, bound)
    inside = nested(cut, lives.local | bound)
    writer = Writer(entries)
    features, indices = features_of(writer, cut, lives, defined, inside)
    features += [inner_piece(writer, cut, part) for part in parts]
    indices += [None] * len(parts)
    document: dict[str, Any] = {
        "definitions": [writer.piece(kept, "definition") for name, kept in defined if name not in inside],
        "features": features,
        "result": writer.piece(criterion),
    }
    if post is not None:
        document.update(post_fields(writer, post, lives))
    document["imports"] = imports(recording, cut.imports)
    document["source"] = source_document(recording, served)
    model = served_model.name
    call, helpers = call_of(model, candidate)
    writer.helpers |= helpers
    document["predict"] = {"model": model, "call": call, "returns": "prediction"}
    # Of several targets at once each has classes, and probabilities, of its own.
    several = isinstance(getattr(candidate.state.value, "classes_", None), list)
    proba = hasattr(candidate.state.value, "predict_proba") and not several
    document["proba"] = f"{model}.predict_proba({{X}})" if proba else None
    classes = getattr(candidate.state.value, "classes_", None) if proba else None
    document["classes"] = (
        [c.item() if hasattr(c, "item") else c for c in classes]
        if classes is not None and getattr(classes, "ndim", 1) == 1
        else None
    )
    document["task"] = task_of(candidate.state.value)
    document["helpers"] = sorted(writer.helpers)
    document["checks"] = list(cut.notes.checks.values())
    made = Slice(recording, choice, cut, served.source)
    made.document = document
    made.roles = _roles(cut, defined, post, lives, candidate)
    made.used = _used_entries(entries, everything, lives, served_model, marks)
    made.samples = samples_of(recording, served.source, features, indices)
    if post is not None:
        made.final = final_answers(recording, candidate, number, post)
    return made


def _states(entry: Any) -> list[EstimatorState]:
    """The fitted estimators of an entry, whichever way it is accessed."""
    if entry.kind != "model":
        return []
    values = [entry.value] if entry.access == "constant" else entry.value
    values = [value[1] if entry.access == "keyed" else value for value in values]
    return [value for value in values if isinstance(value, EstimatorState)]


def author_names(recording: Recording) -> set[str]:
    """All names that the notebook uses."""
    names: set[str] = set()
    for statement in recording.statements:
        found = names_in(statement.node)
        names |= found.reads | found.binds
    return names


def _take_model_code(cut: Cut, candidate: Any) -> None:
    """Classes and functions of the notebook that the stored models are made of."""
    from .stored import main_names

    values = [
        candidate.state.value,
        *(e.value for e in cut.entries.all if e.kind == "model" and e.access == "constant"),
    ]
    values += [live.value for live in cut.live]
    for name in formula_names(cut.recording, candidate.state.value):
        cut.read({name}, candidate.statement, {}, {})
    for value in values:
        for name in main_names(getattr(value, "value", value)):
            binder = cut.recording.binder.get(name)
            if binder is not None and name not in cut.functions:
                cut.read({name}, candidate.statement, {}, {})


def _name(cut: Cut, entries: Entries, lives: Lives, everything: list[Kept], bound: set[str], marks: list[str]) -> None:
    """Names for all entries: live names keep the author's, models too where that is free, the rest gets made ones."""
    lives.name_module(cut)
    used = entries.used([plan.template for kept in everything for plan in kept.plans.values()] + marks)
    module_names = {entry.name for entry in lives.module}
    for entry in used:
        if not entry.name:
            own = entry.kind == "model" and entry.hint not in bound | module_names | lives.local | set(
                cut.imports
            ) | set(cut.functions)
            own = own and not any(other.name == entry.hint for other in entries.all)
            entry.name = entries.name(entry.hint, own)
    lives.name_local(cut)


def _fitted_at(recording: Recording, candidate: Any) -> Any:
    """The statement that fitted the served model."""
    fits = [c for c in recording.candidates if c.owner is candidate.owner and c.method in LEARNS]
    return recording.statements[(fits[-1] if fits else candidate).statement]


def _served_entry(recording: Recording, entries: Entries, choice: Choice, lives: Lives, bound: set[str]) -> Any:
    state = choice.candidate.state
    for entry in entries.all:
        if entry.kind == "model" and entry.access == "constant" and entry.value is state and entry.name:
            return entry
    origin = (_fitted_at(recording, choice.candidate), None)
    entry = entries.add("model", choice.name, "constant", state, None, origin)
    taken = bound | lives.local | {e.name for e in entries.all}
    entry.name = entries.name(choice.name, own=choice.name not in taken)
    return entry


def _used_entries(entries: Entries, everything: list[Kept], lives: Lives, served: Any, marks: list[str]) -> list[Any]:
    used = entries.used([plan.template for kept in everything for plan in kept.plans.values()] + marks)
    extra = [*lives.module, *(b.entry for b in lives.bindings), served]
    found = {entry.number: entry for entry in [*used, *extra]}
    return [found[number] for number in sorted(found)]


def _roles(
    cut: Cut, defined: list[tuple[str, Kept]], post: Post | None, lives: Lives, candidate: Any
) -> dict[int, str]:
    from .slicer.lives import _origin

    roles: dict[int, str] = {}
    for binder in cut.imports.values():
        roles[binder] = "import"
    for _, kept in defined:
        roles[kept.at] = "definition"
    for live in cut.live:
        roles.setdefault(_origin(cut, live), "frozen")
    roles[candidate.statement] = "predict"
    for kept in post.kept if post is not None else []:
        roles[kept.at] = "post"
    for kept in cut.kept:
        roles[kept.at] = "source" if any("rows_in" in p.helpers for p in kept.plans.values()) else "features"
    return roles
