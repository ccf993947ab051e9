"""Names the first statement of the generated module whose value differs from what the notebook had there."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Optional

import numpy as np

from . import cells, stepper
from .compare import Difference, compare
from .evidence import Evidence
from .json_rows import json_rows
from .scoring_module import ScoringModule, is_refused


@dataclass(frozen=True)
class Place:
    """A difference with its place in the notebook; `row` is a position of the raw table. As in verification.json."""

    cell: Optional[int]
    line: Optional[int]
    statement: Optional[str]
    column: Optional[str]
    row: Optional[int]
    expected: str
    actual: str
    where: str

    def document(self) -> dict[str, Any]:
        return asdict(self)


class Locator:
    """Steps through `features` of a module and compares with the samples of the recorded run."""

    def __init__(self, evidence: Evidence, scoring: ScoringModule, score_map: list[dict[str, Any]]) -> None:
        self.evidence, self.scoring, self.score_map = evidence, scoring, score_map

    def of_difference(self, found: Difference, rows: Sequence[int], where: str) -> Place:
        """The place of a difference in feature rows, seen when these raw positions were sent together."""
        row = int(rows[found.row]) if found.row is not None and found.row < len(rows) else None
        last = Place(None, None, None, found.column, row, found.expected, found.actual, where)
        at = self._step(rows, where)
        if at is None and found.row is not None:
            # No sample of this row: one of the sampled rows may show the same fault when it comes alone.
            alone = (self._step([other], "single") for other in self._sampled())
            at = next((place for place in alone if place is not None), None)
        if at is not None:
            return at
        place = self._result()
        if found.row is not None and found.column is not None:
            place = self._last_writer(found.column, rows, found.row) or place
        return replace(last, **place)

    def of_failure(self, error: BaseException, rows: Sequence[int], where: str) -> Place:
        """The place of an error, or of a refusal of rows that the notebook did score."""
        piece = self._piece_of_error(error)
        cell, line, text = self.evidence.statement(piece) if piece is not None else (None, None, None)
        at = getattr(error, "rows", None)
        first = next((int(i) for i in list(at)[:1]), 0) if at is not None and len(at) else 0
        said = str(error) if is_refused(error) else f"{type(error).__name__}: {error}"
        row = int(rows[first]) if first < len(rows) else None
        return Place(cell, line, text, getattr(error, "field", None), row, "an answer", said[:300], where)

    def of_prediction(self, found: Difference, rows: Sequence[int], where: str) -> Place:
        """The place of a difference in predictions whose feature rows are equal: the call of the model itself."""
        record = self.evidence.record
        served, predict = record.get("served") or {}, record.get("predict") or {}
        row = int(rows[found.row]) if found.row is not None and found.row < len(rows) else None
        call = (predict.get("call") or "").replace("{X}", "…") or None
        column = f"prediction {found.column}" if found.column else "prediction"
        return Place(served.get("cell"), served.get("line"), call, column, row, found.expected, found.actual, where)

    def _step(self, rows: Sequence[int], where: str) -> Optional[Place]:
        try:
            sent = json_rows(self.evidence.raw, rows)
            for step, space in stepper.run(self.scoring, self.score_map, sent):
                for sample in self.evidence.samples:
                    if sample["piece"] == step.piece and self._is_last_line(step):
                        found = self._against(sample, space, rows, where)
                        if found is not None:
                            return found
        except stepper.StepFailed as failed:
            return self._failed(failed, rows, where)
        except Exception:
            # Stepping is a help to explain; the difference itself is already certain.
            return None
        return None

    def _failed(self, failed: stepper.StepFailed, rows: Sequence[int], where: str) -> Place:
        place = self.of_failure(failed.cause, rows, where)
        if failed.step.piece is None:
            return place
        cell, line, text = self.evidence.statement(failed.step.piece)
        return replace(place, cell=cell, line=line, statement=text)

    def _is_last_line(self, step: stepper.Step) -> bool:
        """A piece of several statements is compared after the last one."""
        same = [entry for entry in self.score_map if entry.get("piece") == step.piece]
        return not same or step.end_line >= max(entry.get("end_line", entry["line"]) for entry in same)

    def _against(
        self, sample: dict[str, Any], space: dict[str, Any], rows: Sequence[int], where: str
    ) -> Optional[Place]:
        value = space.get(sample["name"])
        at = {int(row): i for i, row in enumerate(rows)}
        pairs = [(k, at[int(row)]) for k, row in enumerate(sample["rows"]) if int(row) in at]
        if value is None or not pairs or cells.count(value) != len(rows):
            return None
        expected = np.asarray(sample["values"], dtype=object)[[k for k, _ in pairs]]
        cell, line, text = self.evidence.statement(sample["piece"])
        names = sample.get("columns")
        if names is None:
            actual = cells.take(value, [i for _, i in pairs])
            found = compare(expected, np.asarray(cells.array(actual), dtype=object)).first
            column = None if found is None else found.column
            return (
                None
                if found is None
                else self._place(cell, line, text, column or sample["name"], found, pairs, rows, where)
            )
        expected = expected.reshape(len(pairs), -1)
        for j, name in enumerate(names):
            actual = _column(value, name, j, [i for _, i in pairs])
            if actual is None:
                said = Difference(None, str(name), "the column", "no such column")
                return self._place(cell, line, text, str(name), said, pairs, rows, where)
            found = compare(expected[:, j], np.asarray(actual, dtype=object)).first
            if found is not None:
                return self._place(cell, line, text, str(name), found, pairs, rows, where)
        return None

    @staticmethod
    def _place(
        cell: Any, line: Any, text: Any, column: str, found: Difference, pairs: list, rows: Any, where: str
    ) -> Place:
        row = None if found.row is None else int(rows[pairs[found.row][1]])
        return Place(cell, line, text, column, row, found.expected, found.actual, where)

    def _result(self) -> dict[str, Any]:
        """The expression the model is given."""
        result = self.evidence.record.get("result")
        cell, line, text = self.evidence.text(result) if result else (None, None, None)
        return {"cell": cell, "line": line, "statement": text}

    def _last_writer(self, column: str, rows: Sequence[int], at: int) -> Optional[dict[str, Any]]:
        """The last statement that changed this value of this column, where no sample tells which one went wrong."""
        before: Optional[str] = None
        piece = None
        try:
            for step, space in stepper.run(self.scoring, self.score_map, json_rows(self.evidence.raw, rows)):
                now = _value_of(space, column, at, len(rows))
                if now is not None and now != before and step.piece is not None:
                    piece = step.piece
                before = now or before
        except Exception:
            return None
        if piece is None:
            return None
        cell, line, text = self.evidence.statement(piece)
        return {"cell": cell, "line": line, "statement": text}

    def _piece_of_error(self, error: BaseException) -> Optional[int]:
        name = str(self.scoring.path)
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == name and frame.name in ("features", "<module>") and frame.lineno is not None:
                piece = stepper.piece_of(frame.lineno, self.score_map)
                if piece is not None:
                    return piece
        return None

    def _sampled(self) -> list[int]:
        known = set(self.evidence.rows.tolist())
        return sorted({int(row) for sample in self.evidence.samples for row in sample["rows"]} & known)


def _column(value: Any, name: Any, place: int, rows: list[int]) -> Any:
    if cells.is_frame(value):
        names = [str(column) for column in value.columns]
        return cells.array(value.iloc[rows, names.index(str(name))]) if str(name) in names else None
    values = cells.array(cells.take(value, rows))
    return values[:, place] if values.ndim == 2 and place < values.shape[1] else None


def _value_of(space: dict[str, Any], column: str, row: int, count: int) -> Optional[str]:
    """The value as text in the last bound table that has the column and all the rows."""
    for value in reversed(list(space.values())):
        if cells.is_frame(value) and len(value) == count and column in map(str, value.columns):
            return repr(_column(value, column, 0, [row])[0])
    return None
