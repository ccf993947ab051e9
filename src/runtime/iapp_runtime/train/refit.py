"""Transformers that a notebook fits anew on the rows it scores (`scaler.fit_transform(X_test)`).

A service gets no such batch: what is served is what was learned with the training rows, and the notebook's own answers
for the rows that were prepared otherwise are compared with the service's, so that everybody knows how far they differ.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Optional

import numpy as np

from .assemble import Slice, cut_slice
from .candidates import Choice
from .kinds import LEARNS
from .program import Statement
from .recorder.estimators import Candidate
from .recorder.state import EstimatorState, Recording

# A transformer that saw half of the model's training rows was fitted with them: on a fold of them, or on more.
_SHARED = 0.5


class Refit:
    """What is served instead of the call that was to be served, and what was fitted anew for that call."""

    def __init__(self, recording: Recording, asked: Candidate, states: list[EstimatorState], instead: Slice) -> None:
        self.asked = asked
        self.states = states
        self.recording = recording
        self.slice = instead
        self.choice = instead.choice

    @property
    def _statement(self) -> Statement:
        return self.recording.statements[self.states[0].statement or 0]

    def warning(self) -> dict[str, Any]:
        """An entry of `warnings`."""
        names = ", ".join(sorted({type(state.value).__name__ for state in self.states}))
        return {
            "code": "IAPP_NOTEBOOK_FITTED_AGAIN", "cell": self._statement.cell.number, "line": self._statement.line,
            "text": f"{names} is fitted again here, on rows the model was not trained on; a service gets no such "
                    "batch: what was learned with the training rows is served",
        }  # fmt: skip

    def write(self, run_dir: Path) -> None:
        """expected/otherwise.pkl: raw positions of the served table and the notebook's own answers for them."""
        asked = self.asked
        if asked.rows is None:
            return
        at = asked.rows.positions(self.slice.source)
        answers = asked.state.value.predict(asked.table) if asked.result is None else asked.result
        known = at >= 0
        found = {"rows": at[known], "answers": np.asarray(answers)[known], "cell": self._statement.cell.number}
        with open(run_dir / "expected" / "otherwise.pkl", "wb") as file:
            pickle.dump(found, file, protocol=5)


def find_refit(recording: Recording, choice: Choice, cut: Slice) -> Optional[Refit]:
    """The fit of the same model, to be served instead, where the served call's rows were prepared by estimators that
    learned from other rows than the model, and its training rows by others."""
    asked = choice.candidate
    if asked.method not in ("predict", "score") or cut.document.get("post"):
        return None
    fits = [
        c
        for c in recording.candidates
        if c.owner is asked.owner and c.state is asked.state and c.method in LEARNS and c.rows is not None
    ]
    trained = fits[-1].rows.present() if fits and fits[-1].rows is not None else set()
    again = [state for state in cut.learned if _elsewhere(state, trained)]
    if not again or not trained:
        return None
    instead = cut_slice(recording, Choice(fits[-1], choice.name, choice.why, choice.confidence, choice.others))
    # A vocabulary made from a few rows, and used for all, was not fitted again.
    if any(state is other for state in again for other in instead.learned):
        return None
    return Refit(recording, asked, again, instead)


def _elsewhere(state: EstimatorState, trained: set[int]) -> bool:
    if state.learned_from is None:
        return False
    rows = state.learned_from.present()
    return bool(rows) and len(rows & trained) < _SHARED * len(trained)
