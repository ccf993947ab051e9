"""Feature rows of the generated module against those of the run: together, in shuffled parts, one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Optional

import numpy as np

from .. import cells
from ..compare import compare
from ..events import Events
from ..evidence import Evidence
from ..json_rows import json_rows, sendable
from ..locate import Locator, Place
from ..row_choice import single_rows
from ..scoring_module import ScoringModule, is_refused

SUBSETS = 6
SINGLES = 24
DROPPED = 12


class Trial:
    """Looks for the first difference within a time limit; `fixes` says what kind of fault it is and where."""

    def __init__(
        self,
        evidence: Evidence,
        scoring: ScoringModule,
        score_map: list[dict[str, Any]],
        events: Events,
        seconds: float,
    ) -> None:
        self.evidence, self.scoring, self.events = evidence, scoring, events
        self.locator = Locator(evidence, scoring, score_map)
        self.deadline = time.monotonic() + seconds
        self.score_map = score_map
        self.tried = {"batch": 0, "subsets": 0, "single": 0, "dropped": 0}
        self.fixes: list[dict[str, Any]] = []
        self.notes: list[str] = []
        good = set(sendable(evidence.raw, evidence.rows.tolist())[0])
        self.rows = [int(row) for row in evidence.rows]
        self.places = [i for i, row in enumerate(self.rows) if row in good]

    def run(self) -> Optional[Place]:
        """The first difference, or None. The whole batch is always tried, the rest while there is time."""
        first = self._try(self.places, "batch")
        self.tried["batch"] = len(self.places)
        if first is not None:
            self._fix(first, "differs when all rows come together")
            return first
        self.events.progress("probe", 1, 3, "all rows together")
        random = np.random.RandomState(5)
        for turn in range(SUBSETS):
            if self._late():
                return None
            size = max(1, min(len(self.places), int(2 ** (turn * 2 + 1))))
            # Shuffled: a value placed by position goes to the wrong row.
            first = self._try([int(i) for i in random.choice(self.places, size, replace=False)], "batch")
            self.tried["subsets"] += 1
            if first is not None:
                self._fix(first, "depends on which rows come together, or on their order")
                return first
        first = self._singles()
        if first is None:
            self._dropped()
        return first

    def _singles(self) -> Optional[Place]:
        place_of = {self.rows[i]: i for i in reversed(self.places)}
        for row in single_rows(self.evidence.raw, sorted(place_of))[:SINGLES]:
            if self._late():
                return None
            first = self._try([place_of[row]], "single")
            self.tried["single"] += 1
            if first is not None:
                self._fix(first, "gives another value when a row comes alone")
                return first
        return None

    def _try(self, places: Sequence[int], where: str) -> Optional[Place]:
        rows = [self.rows[i] for i in places]
        try:
            given = self.scoring.features(json_rows(self.evidence.raw, rows))
        except Exception as error:
            return self.locator.of_failure(error, rows, where)
        expected = cells.take(self.evidence.features, list(places))
        found = compare(expected, given, self.evidence.features).first
        return None if found is None else self.locator.of_difference(found, rows, where)

    def _dropped(self) -> None:
        """Rows of the table that never reached the model: refused is right, an error is a fault of ours to be told."""
        known = set(self.rows)
        others = [i for i in range(cells.count(self.evidence.raw)) if i not in known][:5000]
        faults = 0
        for row in single_rows(self.evidence.raw, others)[:DROPPED] if others else []:
            if self._late():
                break
            try:
                self.scoring.features(json_rows(self.evidence.raw, [row]))
            except Exception as error:
                faults += 0 if is_refused(error) else 1
                if not is_refused(error) and faults == 1:
                    self.notes.append(
                        f"row {row}, which training left out, fails: {type(error).__name__}: {error}"[:300]
                    )
            self.tried["dropped"] += 1

    def _fix(self, place: Place, reason: str) -> None:
        pieces = self.evidence.record.get("features") or []
        at = [n for n, piece in enumerate(pieces) if (piece["cell"], piece["line"]) == (place.cell, place.line)]
        self.fixes.append({"piece": at[0] if at else None, "column": place.column, "reason": reason})

    def _late(self) -> bool:
        return time.monotonic() > self.deadline
