"""What a recorded run left for its proof: raw rows, the notebook's own feature rows and predictions, samples."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np

from . import cells


@dataclass
class Evidence:
    """RUN_DIR's record and `expected/` (see CONTRACT.md).

    `rows` are raw positions; `features` and `predictions` are in that order. `calls` numbers, for each of these rows,
    the recorded call of the model that it came from, where the recorder tells.
    """

    folder: Path
    record: dict[str, Any]
    program: Optional[dict[str, Any]]
    raw: Any
    rows: np.ndarray
    features: Any
    predictions: dict[str, Any]
    samples: list[dict[str, Any]] = field(default_factory=list)
    calls: Optional[np.ndarray] = None
    otherwise: Optional[dict[str, Any]] = None
    """Rows that the notebook prepared in a way that no service can, with its own answers for them, and the cell."""

    @property
    def final(self) -> np.ndarray:
        """The notebook's final predictions in the order of `rows`; only where `final_known` they mean anything."""
        given: Any = self.predictions.get("final")
        given = self.predictions.get("raw") if given is None else given
        values = given.to_numpy() if cells.is_frame(given) else cells.array(given)
        if values.dtype.kind != "O" or values.ndim != 1 or not self.final_known.any():
            return values
        # Rows without a final value made it an array of objects; the others tell its type.
        tight = cells.array(values[self.final_known].tolist())
        if tight.dtype.kind not in "biuf" or tight.ndim != 1:
            return values
        out = np.zeros(len(values), dtype=tight.dtype)
        out[self.final_known] = tight
        return out

    @property
    def final_known(self) -> np.ndarray:
        """Where the notebook itself went on from the model's answer to its final one."""
        known = self.predictions.get("final_known")
        return np.ones(len(self.rows), dtype=bool) if known is None else np.asarray(known, dtype=bool)

    def statement(self, piece: int) -> tuple[Optional[int], Optional[int], Optional[str]]:
        """Cell, line and the author's text of a piece of `features`."""
        pieces = self.record.get("features") or []
        if not 0 <= piece < len(pieces):
            return None, None, None
        return self.text(pieces[piece])

    def text(self, piece: dict[str, Any]) -> tuple[Optional[int], Optional[int], Optional[str]]:
        """Cell, line and text of any piece of the record."""
        cell, line = piece.get("cell"), piece.get("line")
        if piece.get("text"):
            return cell, line, piece["text"]
        for entry in (self.program or {}).get("cells", []):
            if entry["cell"] == cell and piece.get("span"):
                start, end = piece["span"]
                return cell, line, entry["source"].encode()[start:end].decode("utf-8", "replace")
        return cell, line, None


class NoEvidence(Exception):
    """The run folder lacks something without which nothing can be proved; the message names it."""


def load_evidence(folder: Path) -> Evidence:
    """Reads RUN_DIR. Raises `NoEvidence` where the run was refused or something is missing."""
    record = read_document(folder / "record.json")
    if record is None:
        raise NoEvidence("record.json is missing")
    if record.get("status") != "ok":
        refusal = record.get("refusal") or {}
        raise NoEvidence(f"the run was refused: {refusal.get('reason', 'no reason given')}")
    expected = folder / "expected"
    for name in ("raw.pkl", "rows.npy", "features.pkl", "predictions.pkl"):
        if not (expected / name).is_file():
            raise NoEvidence(f"expected/{name} is missing")
    rows = np.load(expected / "rows.npy")
    if not len(rows):
        raise NoEvidence("no row of the raw table reached the model with recorded features")
    calls = expected / "calls.npy"
    samples = expected / "samples.pkl"
    otherwise = expected / "otherwise.pkl"
    return Evidence(
        folder=folder,
        record=record,
        program=read_document(folder / "program.json"),
        raw=_unpickle(expected / "raw.pkl"),
        rows=rows,
        features=_unpickle(expected / "features.pkl"),
        predictions=_unpickle(expected / "predictions.pkl"),
        samples=_unpickle(samples) if samples.is_file() else [],
        calls=np.load(calls) if calls.is_file() else None,
        otherwise=_unpickle(otherwise) if otherwise.is_file() else None,
    )


def read_document(path: Path) -> Optional[dict[str, Any]]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Writes JSON whole or not at all. NaN is an error: the other side has no such number."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    beside.replace(path)


def _unpickle(path: Path) -> Any:
    # Written by the recorder of this very run, a moment ago; never a file from elsewhere.
    with open(path, "rb") as file:
        return pickle.load(file)
