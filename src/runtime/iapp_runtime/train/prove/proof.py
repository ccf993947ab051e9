"""The passes of a proof: all rows together, some in another order, one by one, and with the required columns only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Optional

import numpy as np

from .. import cells
from ..compare import Comparison, compare, count_different
from ..events import Events
from ..evidence import Evidence
from ..json_rows import json_rows, sendable
from ..locate import Locator
from ..row_choice import single_rows
from ..scoring_module import ScoringModule
from .outcome import Outcome

CELLS_AT_ONCE = 8_000_000


class Proof:
    """Runs the passes and keeps what they find in `outcome`. Each stops at the first difference."""

    def __init__(
        self,
        evidence: Evidence,
        scoring: ScoringModule,
        contract: Optional[dict[str, Any]],
        score_map: list[dict[str, Any]],
        events: Events,
        outcome: Outcome,
    ) -> None:
        self.evidence, self.scoring, self.contract, self.events, self.outcome = (
            evidence,
            scoring,
            contract,
            events,
            outcome,
        )
        self.locator = Locator(evidence, scoring, score_map)
        rows = [int(row) for row in evidence.rows]
        good, bad = sendable(evidence.raw, rows)
        if bad:
            # `rows` may hold a position twice (sampling with replacement): places, not rows, index the expected values.
            outcome.notes.append(f"{len(bad)} rows cannot be sent as JSON, the first is row {bad[0][0]} ({bad[0][1]})")
        kept = set(good)
        self.rows = rows
        self.places = [i for i, row in enumerate(rows) if row in kept]
        self.place_of = {rows[i]: i for i in reversed(self.places)}
        self.alone: dict[int, str] = {}
        self.final = evidence.final

    def batch(self) -> None:
        """All rows: in the calls in which the notebook's model got them where the recorder tells, else together."""
        done = 0
        for places, known_shape in self._batches():
            # Same call, same rows, same order: the last bit must agree, unless the layout in memory explains it.
            if not self._compare(places, "batch", None):
                return
            done += len(places)
            self.outcome.batch = done
            self.events.progress(
                "prove", done, len(self.places), "all rows together" if known_shape else "rows in batches"
            )

    def shuffled(self) -> None:
        """Chosen rows in another order, one of them twice: what sorts or drops rows answers the wrong ones.

        A notebook whose rows were sorted, and all different, shows nothing of that by itself.
        """
        chosen = self._chosen()
        if not self._ok() or len(chosen) < 2:
            return
        backwards = [*reversed(chosen), chosen[0]]
        # Half of them first from the middle: an order that was falling is not the only other one.
        middle = len(backwards) // 2
        self._compare([self.place_of[row] for row in backwards[middle:] + backwards[:middle]], "shuffled", None)

    def singles(self) -> None:
        """Chosen and random rows, each in a call of its own."""
        if not self._ok():
            return
        chosen = self._chosen()
        for n, row in enumerate(chosen):
            if not self._compare([self.place_of[row]], "single", None):
                return
            self.outcome.single = n + 1
            if n % 10 == 9 or n + 1 == len(chosen):
                self.events.progress("prove", n + 1, len(chosen), "rows one by one")

    def required_only(self) -> None:
        """The same rows again without what the contract calls optional: together, then one by one."""
        if not self._ok() or self.contract is None or self.contract.get("rows") != "table":
            return
        names = [column["name"] for column in self.contract["columns"] if column["required"]]
        chosen = self._chosen()
        if not self._compare([self.place_of[row] for row in chosen], "required_only", names):
            return
        for n, row in enumerate(chosen):
            if not self._compare([self.place_of[row]], "required_only", names):
                return
            self.outcome.required_only = n + 1

    def otherwise(self) -> None:
        """How far the answers are from the notebook's where that prepared rows with what it learned from those rows.

        No part of the proof: it is told, because such answers are what the notebook's author has seen.
        """
        told = self.evidence.otherwise
        if not self._ok() or told is None:
            return
        rows = [int(row) for row in told["rows"]]
        good = set(sendable(self.evidence.raw, rows)[0])
        kept = [i for i, row in enumerate(rows) if row in good]
        if not kept:
            return
        theirs = _plain(told["answers"])[kept]
        lead = f"cell {told['cell']} learns again from the {len(kept)} rows it prepares: "
        try:
            ours = _plain(self.scoring.predict(json_rows(self.evidence.raw, [rows[i] for i in kept])))
        except Exception as error:
            self.outcome.notes.append(f"{lead}the service refuses some of them ({type(error).__name__}: {error})")
            return
        other = count_different(theirs, ours)
        self.outcome.notes.append(f"{lead}the notebook's own answers for {other} of them differ from the service's")

    def _final(self, answers: Any, places: Sequence[int]) -> Comparison:
        """Final predictions, for the rows for which the notebook made one."""
        given, at = _plain(answers), np.asarray(places)
        if len(given) != len(at):
            return compare(np.zeros(len(at)), given)
        if self.final.dtype == object and self.final.ndim == 1 and given.ndim > 1:
            # Lists of any length are one answer each, also where all of a batch are equally long.
            given = cells.objects(answers)
        known = self.evidence.final_known[at]
        return compare(self.final[at[known]], given[known], self.final[self.evidence.final_known])

    def _model_says(self, places: Sequence[int], shown: np.ndarray) -> bool:
        """Whether the notebook's model itself, given the notebook's own feature rows in this very batch, answers so.

        Neighbours at equal distance are told apart by the last bit of sums that depend on the size of a batch: then the
        probabilities of such a model are no function of a row alone, in the notebook as little as here.
        """
        model = (self.evidence.record.get("predict") or {}).get("model")
        estimator = getattr(self.scoring.module, model or "", None)
        if estimator is None or self.evidence.record.get("proba") != f"{model}.predict_proba({{X}})":
            return False
        own = _plain(estimator.predict_proba(cells.take(self.evidence.features, list(places))))
        if not compare(own, shown).exact:
            return False
        note = f"probabilities of {model} depend on how many rows come together (ties): seen on {len(places)} rows"
        if not any("come together" in known for known in self.outcome.notes):
            self.outcome.notes.append(note)
        return True

    def _ok(self) -> bool:
        return self.outcome.first is None and self.outcome.error is None

    def _chosen(self) -> list[int]:
        return single_rows(self.evidence.raw, sorted(self.place_of)) if self.place_of else []

    def _batches(self) -> Iterator[tuple[list[int], bool]]:
        calls = self.evidence.calls
        groups = (
            [self.places] if calls is None else [[i for i in self.places if calls[i] == c] for c in np.unique(calls)]
        )
        shape = getattr(self.evidence.raw, "shape", (0, 1))
        most = max(1000, CELLS_AT_ONCE // max(1, int(np.prod(shape[1:]))))
        for group in groups:
            for start in range(0, len(group), most):
                yield group[start : start + most], len(group) <= most

    def _compare(self, places: Sequence[int], where: str, only: Optional[Sequence[str]]) -> bool:
        """Features first, then predictions; False (and a first difference) where they are not the same."""
        rows = [self.rows[i] for i in places]
        outcome, expected = self.outcome, self.evidence.predictions
        reached = "features"
        try:
            sent = json_rows(self.evidence.raw, rows, only)
            given = self.scoring.features(sent)
            features = compare(cells.take(self.evidence.features, list(places)), given, self.evidence.features)
            outcome.features = outcome.features.merged(features)
            if features.first is not None:
                outcome.first = self.locator.of_difference(features.first, rows, where)
                return False
            reached = "predictions"
            answers = self.scoring.predict(sent)
            found = self._final(answers, places)
            proba, predict_proba = expected.get("proba"), self.scoring.predict_proba
            if proba is not None and predict_proba is not None:
                shown = _plain(predict_proba(sent))
                chances = _answers(proba, shown, places)
                if chances.first is not None and features.exact and self._model_says(places, shown):
                    chances = compare(shown, shown)
                found = found.merged(chances)
        except Exception as error:
            outcome.first = self.locator.of_failure(error, rows, where)
            outcome.failed(reached)
            return False
        outcome.predictions = outcome.predictions.merged(found)
        if where == "batch":
            outcome.exact_batch = outcome.exact_batch and found.exact
        if found.first is not None:
            outcome.first = self.locator.of_prediction(found.first, rows, where)
            return False
        if where == "single" and len(self.alone) < 3:
            self.alone[rows[0]] = repr(list(answers))
        return True


def _answers(expected: Any, given: Any, places: Sequence[int]) -> Comparison:
    """Predictions as plain values: a table or a series counts by what it holds, not by its labels."""
    whole = _plain(expected)
    return compare(whole[list(places)], _plain(given), whole)


def _plain(values: Any) -> np.ndarray:
    if cells.is_frame(values):
        return values.to_numpy()
    if cells.is_sparse(values):
        return values.toarray()
    return cells.array(values)
