"""Cut the slice of a choice and write everything it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .candidates import Choice
from .expected import Expected, predict_method
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

_RESERVED = {
    "rows",
    "frozen",
    "features",
    "predict",
    "predict_proba",
    "REQUIRED",
    "OPTIONAL",
    "SOURCE",
    "MODEL_CLASSES",
    "Frozen",
    "Model",
}
_HELPERS = {
    "rows_in", "check", "checked", "keep", "split", "row_count", "dummies", "expand", "bins", "codes", "by_group",
    "as_recorded", "scaled", "restored", "concat_rows", "in_request_order",
}  # fmt: skip


class Slice:
    """Fields of record.json, the cut they came from, and what each statement is for."""

    def __init__(self, cut: Cut, document: dict[str, Any], roles: dict[int, str], source: int) -> None:
        self.cut = cut
        self.document = document
        self.roles = roles
        self.source = source
        self.learned: list[EstimatorState] = []


def cut_slice(recording: Recording, choice: Choice, run_dir: Path, alone: bool = False) -> Slice:
    """Slice, name, write pieces, objects and expectations. Raises `Refused`.

    `alone`: only the rows of the chosen call are expected, not those of other calls of the same model.
    """
    candidate = choice.candidate
    served = served_of(recording, candidate)
    author = _author_names(recording)
    entries = Entries(author | _RESERVED | _HELPERS)
    cut = Cut(recording, served, entries)
    criterion, parts, names = find_criterion(cut, candidate)
    cut.run(criterion, parts, names)
    cut.kept.reverse()
    number = recording.candidates.index(candidate)
    post = find_post(cut, candidate, number)
    _check_model(candidate)
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
    features, indices = _features(writer, cut, lives, defined, inside)
    features += [_inner_piece(writer, cut, part) for part in parts]
    indices += [None] * len(parts)
    document: dict[str, Any] = {
        "definitions": [writer.piece(kept, "definition") for name, kept in defined if name not in inside],
        "features": features,
        "result": writer.piece(criterion),
    }
    if post is not None:
        document.update(_post_fields(writer, post, lives))
    document["imports"] = imports(recording, cut.imports)
    document["source"] = _source(recording, served)
    method = predict_method(candidate)
    model = served_model.name
    document["predict"] = {"model": model, "call": f"{model}.{method}({{X}})", "returns": "prediction"}
    proba = hasattr(candidate.state.value, "predict_proba")
    document["proba"] = f"{model}.predict_proba({{X}})" if proba else None
    classes = getattr(candidate.state.value, "classes_", None) if proba else None
    document["classes"] = (
        [c.item() if hasattr(c, "item") else c for c in classes]
        if classes is not None and getattr(classes, "ndim", 1) == 1
        else None
    )
    document["task"] = task_of(candidate.state.value)
    expected = Expected(recording, candidate, served.source, alone)
    final = _final(recording, candidate, number, post) if post is not None else None
    samples = _samples(recording, served.source, features, indices)
    expected.write(run_dir, recording.sources[served.source].raw, final, samples)
    used = _used_entries(entries, everything, lives, served_model, marks)
    document["frozen"] = frozen_values(used, run_dir)
    document["models"] = models(used, run_dir)
    document["helpers"] = sorted(writer.helpers)
    document["checks"] = list(cut.notes.checks.values())
    made = Slice(cut, document, _roles(cut, defined, post, lives, candidate), served.source)
    made.learned = [state for entry in used if entry is not served_model for state in _states(entry)]
    return made


def _states(entry: Any) -> list[EstimatorState]:
    """The fitted estimators of an entry, whichever way it is accessed."""
    if entry.kind != "model":
        return []
    values = [entry.value] if entry.access == "constant" else entry.value
    values = [value[1] if entry.access == "keyed" else value for value in values]
    return [value for value in values if isinstance(value, EstimatorState)]


def _author_names(recording: Recording) -> set[str]:
    names: set[str] = set()
    for statement in recording.statements:
        found = names_in(statement.node)
        names |= found.reads | found.binds
    return names


def _check_model(candidate: Any) -> None:
    method = predict_method(candidate)
    if not hasattr(candidate.state.value, method):
        raise Refused(
            "IAPP_NOTEBOOK_NO_NEW_ROWS",
            f"{candidate.kind} has no {method}: it gives answers for the rows it was fitted on and for no others",
            "use a model that predicts for new rows",
        )


def _take_model_code(cut: Cut, candidate: Any) -> None:
    """Classes and functions of the notebook that the stored models are made of."""
    from .stored import main_names

    values = [
        candidate.state.value,
        *(e.value for e in cut.entries.all if e.kind == "model" and e.access == "constant"),
    ]
    values += [live.value for live in cut.live]
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


def _features(
    writer: Writer, cut: Cut, lives: Lives, defined: list[tuple[str, Kept]], inside: set[str]
) -> tuple[list[dict[str, Any]], list[int | None]]:
    """Pieces of `features` in notebook order, with the statement index of each."""
    numbered: list[tuple[float, dict[str, Any], int | None]] = []
    reading = {at for kept in cut.kept for at in [kept.at]}
    last = max([*reading, -1]) + 0.5
    for name, kept in defined:
        if name in inside:
            numbered.append((kept.at, writer.piece(kept, "definition"), None))
    for binding in lives.bindings:
        at = binding.at if binding.at in reading else last
        statement = cut.recording.statements[binding.at]
        piece = {
            "cell": statement.cell.number, "line": statement.line, "span": list(statement.span()), "kind": "bind",
            "text": binding.text(), "edits": [], "binds": [binding.name], "reads": [], "note": None,
        }  # fmt: skip
        numbered.append((at - 0.25, piece, None))
    for kept in cut.kept:
        numbered.append((kept.at, writer.piece(kept), kept.at))
    numbered.sort(key=lambda one: one[0])
    return [piece for _, piece, _ in numbered], [index for _, _, index in numbered]


def _inner_piece(writer: Writer, cut: Cut, part: Any) -> dict[str, Any]:
    """A part of the served call's own statement: a statement in it, or a line that binds a parameter."""
    if isinstance(part, Kept):
        return writer.piece(part)
    statement = part.statement
    if part.expression is None:
        text, span, line = cut.entries.fill(part.mark), statement.span(), statement.line
    else:
        piece = writer.piece(part.expression)
        text, span, line = _expression_text(piece, part.expression), piece["span"], piece["line"]
        if "\n" in text:
            text = f"({text})"
    return {
        "cell": statement.cell.number, "line": line, "span": list(span), "kind": "bind",
        "text": f"{part.name} = {text}", "edits": [], "binds": [part.name],
        "reads": sorted(part.expression.reads) if part.expression else [], "note": None,
    }  # fmt: skip


def _post_fields(writer: Writer, post: Post, lives: Lives) -> dict[str, Any]:
    pieces = [writer.piece(kept) for kept in post.kept]
    result: Any = post.result
    if isinstance(result, Kept):
        piece = writer.piece(result)
        result = _expression_text(piece, result)
    return {"post": pieces, "post_input": post.start, "post_result": result}


def _expression_text(piece: dict[str, Any], kept: Kept) -> str:
    from .render import render

    return render(kept.statement.source.data, piece)


def _source(recording: Recording, served: Any) -> dict[str, Any]:
    import ast

    import pandas as pd

    source = recording.sources[served.source]
    statement = recording.statements[source.statement]
    raw = source.raw
    targets = statement.node.targets if isinstance(statement.node, ast.Assign) else []
    name = next((t.id for t in targets if isinstance(t, ast.Name)), "rows")
    if isinstance(raw, pd.DataFrame):
        kind, columns = (
            "frame",
            [
                {"name": str(c), "dtype": str(raw[c].dtype) if raw.columns.is_unique else str(d)}
                for c, d in raw.dtypes.items()
            ],
        )
    elif isinstance(raw, pd.Series):
        kind, columns = (
            "series",
            [{"name": str(raw.name if raw.name is not None else "value"), "dtype": str(raw.dtype)}],
        )
    elif isinstance(raw, list):
        kind, columns = "list", [{"name": "value", "dtype": "object"}]
    else:
        width = raw.shape[1] if getattr(raw, "ndim", 1) > 1 else 1
        kind, columns = "array", [{"name": str(i), "dtype": str(raw.dtype)} for i in range(width)]
    # The last one in the table: what is made from a target stands beside it only when the notebook says so.
    target = next((c["name"] for c in reversed(columns) if c["name"] in served.targets), None)
    return {
        "name": name,
        "cell": statement.cell.number,
        "line": statement.line,
        "call": source.call,
        "kind": kind,
        "rows": len(raw) if not hasattr(raw, "shape") else int(raw.shape[0]),
        "columns": columns,
        "target": target,
    }


def _final(recording: Recording, candidate: Any, number: int, post: Post) -> Any:
    """The recorded final answers of the served call."""
    from .postvalue import final_value

    return final_value(recording, candidate, number, post)


def _samples(
    recording: Recording, source: int, features: list[dict[str, Any]], indices: list[int | None]
) -> list[dict[str, Any]]:
    found = []
    for place, (piece, index) in enumerate(zip(features, indices)):
        if index is None:
            continue
        for name in piece["binds"] or recording.facts[index].samples:
            sample = recording.facts[index].samples.get(name, {}).get(str(source))
            if sample is not None:
                rows, columns, values = sample
                found.append({"piece": place, "name": name, "columns": columns, "rows": rows, "values": values})
    return found


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
