"""How the served model is asked: the call in `predict`, and what speaks against asking it at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .expected import predict_method
from .networks import is_keras, is_module, is_tensor, left_in_training, plain
from .program import Statement
from .recorder.estimators import Candidate
from .slicer.refusals import Refused


def call_of(model: str, candidate: Candidate) -> tuple[str, set[str]]:
    """Text of the call with `{X}` for what the model is given, and the helpers it uses."""
    if is_module(candidate.owner):
        return f"forward_pass({model}, {{X}})", {"forward_pass"}
    # Keras shows a progress bar for each call when it is not told otherwise.
    quiet = ", verbose=0" if is_keras(candidate.owner) else ""
    return f"{model}.{predict_method(candidate)}({{X}}{quiet})", set()


def check_model(candidate: Candidate, statement: Statement) -> None:
    """Raises `Refused` for a model that has no answers for new rows, or none that depend on the row alone."""
    method = predict_method(candidate)
    if not hasattr(candidate.state.value, method):
        raise Refused(
            "IAPP_NOTEBOOK_NO_NEW_ROWS",
            f"{candidate.kind} has no {method}: it gives answers for the rows it was fitted on and for no others",
            "use a model that predicts for new rows",
            *_place(statement),
        )
    if candidate.inputs > 1:
        raise Refused(
            "IAPP_NOTEBOOK_SEVERAL_INPUTS",
            f"cell {statement.cell.number}: {candidate.kind} is given {candidate.inputs} tables at once; "
            "a service gives it one",
            "join the tables into one (torch.cat, np.hstack) and let the model take it apart",
            *_place(statement),
        )
    if is_module(candidate.owner):
        _check_network(candidate, statement)


def _check_network(candidate: Candidate, statement: Statement) -> None:
    layers = left_in_training(candidate.state.value)
    if layers:
        raise Refused(
            "IAPP_NOTEBOOK_STILL_TRAINING",
            f"cell {statement.cell.number}: {candidate.kind} predicts while it is in training mode: "
            f"{', '.join(layers)} then gives answers that are drawn at random or depend on the rows that come together",
            "call .eval() on the model before it predicts",
            *_place(statement),
        )
    network, rows = candidate.state.value, candidate.table
    first, again = (np.asarray(_answers(network, rows)) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=first.dtype.kind == "f"):
        raise Refused(
            "IAPP_NOTEBOOK_RANDOM_ANSWERS",
            f"cell {statement.cell.number}: {candidate.kind} gives other answers each time it is called with the "
            "same rows",
            "make its forward depend on the rows alone (F.dropout needs training=self.training)",
            *_place(statement),
        )


def _answers(network: Any, rows: Any) -> Any:
    from iapp_runtime.score.replay.networks import forward_pass

    found = forward_pass(network, rows)
    return plain(found) if is_tensor(found) else found


def _place(statement: Statement) -> tuple[int, int, str]:
    return statement.cell.number, statement.line, " ".join(statement.text().split())[:200]
