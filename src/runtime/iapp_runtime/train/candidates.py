"""Which of the notebook's models is served."""

from __future__ import annotations

import ast
import re
from typing import Any

from .kinds import ANSWERS, is_rowlike, n_rows
from .networks import is_module, is_state_of
from .recorder.estimators import Candidate
from .recorder.forecasts import is_of_series
from .recorder.state import Recording
from .slicer.refusals import Refused

_FEWEST = 3  # predictions on fewer rows are examples
# Data sets that libraries make of a table for themselves.
_WRAPPED = {"Pool", "DMatrix", "QuantileDMatrix", "Dataset"}


class Choice:
    """The served call, why it was chosen, how sure that is, and what else there was."""

    def __init__(self, candidate: Candidate, name: str, why: str, confidence: str, others: list[Candidate]) -> None:
        self.candidate = candidate
        self.name = name
        self.why = why
        self.confidence = confidence
        self.others = others


def choose(recording: Recording) -> Choice:
    """The served model. Raises `Refused` when there is none."""
    program = recording.program
    for candidate in recording.candidates:
        candidate.gather()
    able = [c for c in recording.candidates if _usable(c)]
    if not able:
        raise _nothing(recording)
    if program.serve_name is not None or program.serve_cell is not None:
        return _explicit(recording, able)
    marked = {n for n, cell in program.cells.items() if "serve" in cell.directives}
    if marked:
        chosen = [c for c in able if recording.statements[c.statement].cell.number in marked]
        if chosen:
            return _choice(recording, _best(chosen), able, "the cell is marked to be served", "certain")
    dumped = [c for c in able if any(_holds(value, c.owner) for _, value in recording.dumped)]
    if dumped:
        return _choice(recording, _best(dumped), able, "the notebook saves it after fitting it here", "certain")
    predicted = [c for c in able if c.method in ANSWERS or c.method == "score"]
    if predicted:
        how = "its predictions were made last" if predicted[-1].method != "score" else "it was scored last"
        return _choice(recording, _best(predicted), able, how, None)
    return _choice(recording, able[-1], able, "it was fitted last", None)


def _usable(candidate: Candidate) -> bool:
    rows = candidate.rows
    return rows is not None and len(rows) >= _FEWEST and bool(rows.sources) and not is_of_series(candidate.owner)


def _best(candidates: list[Candidate]) -> Candidate:
    """The last; of one fitted model rather `predict` than its probabilities, rather a prediction than the fit."""
    last = candidates[-1]
    same = [c for c in candidates if c.owner is last.owner]
    if last.method not in ("predict", "fit_predict"):
        predicts = [c for c in same if c.method == "predict" and c.state is last.state]
        if predicts:
            return predicts[-1]
    if last.method in ("fit", "partial_fit"):
        predicts = [c for c in same if c.method in ANSWERS]
        if predicts:
            return predicts[-1]
    return last


def _choice(
    recording: Recording, candidate: Candidate, able: list[Candidate], why: str, confidence: str | None
) -> Choice:
    others: dict[int, Candidate] = {}
    for other in able:
        if other.owner is not candidate.owner and not _part_of(other, candidate):
            others[id(other.owner)] = other
    sure = confidence or ("certain" if not others else "likely" if len(others) == 1 else "guess")
    return Choice(candidate, model_name(recording, candidate), why, sure, list(others.values())[-8:])


def _part_of(other: Candidate, candidate: Candidate) -> bool:
    """The best estimator of a search is the search's own."""
    best = getattr(other.owner, "best_estimator_", None)
    return best is candidate.owner or getattr(candidate.owner, "best_estimator_", None) is other.owner


def model_name(recording: Recording, candidate: Candidate) -> str:
    """The author's name for a model."""
    node = recording.sites[candidate.site]
    owner = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    if isinstance(owner, ast.Name) and not _is_part(recording.namespace.get(owner.id), candidate.owner):
        return owner.id
    for name, value in recording.namespace.items():
        if value is candidate.owner and not name.startswith("_"):
            return name
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", candidate.kind).lower()


def _is_part(whole: Any, owner: Any) -> bool:
    """`holder.net(X)`: a network that another object holds."""
    return is_module(owner) and whole is not owner


def _explicit(recording: Recording, able: list[Candidate]) -> Choice:
    program = recording.program
    chosen = able
    if program.serve_name is not None:
        owner = recording.namespace.get(program.serve_name)
        chosen = [c for c in chosen if c.owner is owner or model_name(recording, c) == program.serve_name]
    if program.serve_cell is not None:
        chosen = [c for c in chosen if recording.statements[c.statement].cell.number == program.serve_cell]
    if not chosen:
        names = sorted({model_name(recording, c) for c in able})
        what = f"'{program.serve_name}'" if program.serve_name else f"cell {program.serve_cell}"
        raise Refused(
            "IAPP_NOTEBOOK_SERVE_UNKNOWN",
            f"{what} was to be served, but no model of it predicts on rows of a table",
            f"models that do: {', '.join(names)}",
        )
    return _choice(recording, _best(chosen), able, "it was asked for", "certain")


def _holds(value: Any, owner: Any, depth: int = 0) -> bool:
    if (
        value is owner
        or getattr(owner, "best_estimator_", None) is value
        or getattr(value, "best_estimator_", None) is owner
        or is_state_of(value, owner)
    ):
        return True
    if depth < 2 and isinstance(value, (list, tuple, dict)) and len(value) < 50:
        return any(_holds(item, owner, depth + 1) for item in (value.values() if isinstance(value, dict) else value))
    return False


def _nothing(recording: Recording) -> Refused:
    seen = []
    batches = wrapped = False
    for candidate in [c for c in recording.candidates if c.table is not None][-5:]:
        cell = recording.statements[candidate.statement].cell.number
        rows = n_rows(candidate.table) if is_rowlike(candidate.table) else 0
        what = (
            "it gets its rows in batches, of which no table is known"
            if is_module(candidate.owner) and candidate.context
            else "its rows come from no table that was read"
            if rows >= _FEWEST
            else f"it gets a {type(candidate.table).__name__}, whose rows are not known"
            if type(candidate.table).__name__ in _WRAPPED
            else f"it gets {rows} row{'' if rows == 1 else 's'}"
        )
        batches = batches or "batches" in what
        wrapped = wrapped or type(candidate.table).__name__ in _WRAPPED
        seen.append(f"{candidate.kind}.{candidate.method} (cell {cell}): {what}")
    near = [type(s.value).__name__ for s in recording.states.values() if _only_neighbours(s.value)]
    if not seen and near:
        return Refused(
            "IAPP_NOTEBOOK_NO_MODEL",
            f"{near[-1]} finds neighbours and predicts nothing, and no function of the notebook is asked for them.",
            "look them up in a function that is given a key and returns what it found, and call it once",
        )
    if not seen:
        return Refused(
            "IAPP_NOTEBOOK_NO_MODEL",
            "The notebook has no model to serve: no call of fit or predict was seen.",
            "fit a model in the notebook, or choose another notebook",
        )
    return Refused(
        "IAPP_NOTEBOOK_NO_ROWS",
        f"No call of predict or fit gets rows of a table. Seen: {'; '.join(seen)}.",
        "give the trained network the whole table at once (model(torch.tensor(X_test)) under torch.no_grad())"
        if batches
        else "give predict the table itself (model.predict(X_test)), not a data set made of it"
        if wrapped
        else "read the table at once (pl.read_csv): a lazy one holds no rows that could be followed"
        if _reads_lazily(recording)
        else "read the rows from a file or data set, and give them to the model",
    )


def _reads_lazily(recording: Recording) -> bool:
    """Does the notebook plan its table with Polars instead of reading it?"""
    calls = [part.func for s in recording.statements for part in ast.walk(s.node) if isinstance(part, ast.Call)]
    names = {func.attr for func in calls if isinstance(func, ast.Attribute)}
    return "collect" in names and any(name == "lazy" or name.startswith("scan_") for name in names)


def _only_neighbours(model: Any) -> bool:
    return hasattr(model, "kneighbors") and not hasattr(model, "predict")
