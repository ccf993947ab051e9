"""Transformers that a notebook fits anew on the rows it scores (`scaler.fit_transform(X_test)`).

A service gets no such batch: what is served is what was learned with the training rows, and the notebook's own answers
for the rows that were prepared otherwise are compared with the service's, so that everybody knows how far they differ.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .candidates import Choice
from .kinds import LEARNS
from .recorder.estimators import Candidate
from .recorder.state import EstimatorState, Recording

# A transformer that saw half of the model's training rows was fitted with them: on a fold of them, or on more.
_SHARED = 0.5


class Refit:
    """The call that was to be served, and what was fitted anew for it."""

    def __init__(self, candidate: Candidate, states: list[EstimatorState]) -> None:
        self.candidate = candidate
        self.states = states

    def differs(self, learned: list[EstimatorState]) -> bool:
        """Were the training rows prepared by others than these? `learned`: what the slice of the model's fit restores.

        A vocabulary made from a few rows, and used for all, was not fitted again.
        """
        return not any(state is other for state in self.states for other in learned)

    def warning(self, recording: Recording) -> dict[str, Any]:
        """An entry of `warnings`."""
        statement = recording.statements[self.states[0].statement or 0]
        names = ", ".join(sorted({type(state.value).__name__ for state in self.states}))
        return {
            "code": "IAPP_NOTEBOOK_FITTED_AGAIN", "cell": statement.cell.number, "line": statement.line,
            "text": f"{names} is fitted again here, on rows the model was not trained on; a service gets no such "
                    "batch: what was learned with the training rows is served",
        }  # fmt: skip

    def write(self, run_dir: Path, recording: Recording, source: int) -> None:
        """expected/otherwise.pkl: raw positions of the served table and the notebook's own answers for them."""
        candidate = self.candidate
        if candidate.rows is None:
            return
        at = candidate.rows.positions(source)
        answers = candidate.result
        if answers is None:
            answers = candidate.state.value.predict(candidate.table)
        known = at >= 0
        statement = recording.statements[self.states[0].statement or 0]
        found = {"rows": at[known], "answers": np.asarray(answers)[known], "cell": statement.cell.number}
        with open(run_dir / "expected" / "otherwise.pkl", "wb") as file:
            pickle.dump(found, file, protocol=5)


def refit_choice(recording: Recording, choice: Choice, learned: list[EstimatorState]) -> Optional[tuple[Choice, Refit]]:
    """The fit of the same model as what is served instead, where the served call's rows were prepared by estimators
    that learned from other rows. `learned`: what the slice of the served call restores."""
    candidate = choice.candidate
    if candidate.method not in ("predict", "score"):
        return None
    fits = [
        c
        for c in recording.candidates
        if c.owner is candidate.owner and c.state is candidate.state and c.method in LEARNS and c.rows is not None
    ]
    if not fits:
        return None
    fit = fits[-1]
    trained = fit.rows.present() if fit.rows is not None else set()
    again = [state for state in learned if _elsewhere(state, trained)]
    if not again or not trained:
        return None
    return Choice(fit, choice.name, choice.why, choice.confidence, choice.others), Refit(candidate, again)


def _elsewhere(state: EstimatorState, trained: set[int]) -> bool:
    if state.learned_from is None:
        return False
    rows = state.learned_from.present()
    return bool(rows) and len(rows & trained) < _SHARED * len(trained)
