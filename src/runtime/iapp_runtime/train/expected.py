"""What the notebook itself gave the model and got from it, row by row, for the proof."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import cells
from .kinds import ANSWERS, columns_of, is_sparse, n_rows, take
from .networks import is_tensor, plain
from .polars_values import as_pandas
from .recorder.estimators import Candidate
from .recorder.state import Recording

_PREDICTS = {
    "fit": "predict",
    "fit_predict": "predict",
    "fit_transform": "predict",
    "score": "predict",
    "partial_fit": "predict",
}


def predict_method(candidate: Candidate) -> str:
    """Method that gives the served predictions."""
    return _PREDICTS.get(candidate.method, candidate.method)


class Expected:
    """Rows of the served source with the features and predictions recorded for them; the served call's come first."""

    def __init__(self, recording: Recording, candidate: Candidate, source: int, alone: bool = False) -> None:
        others = [c for c in recording.candidates if c is not candidate and _comparable(c, candidate)]
        calls = [candidate, *([] if alone else others)]
        parts: list[tuple[Candidate, np.ndarray, np.ndarray]] = []
        seen: set[int] = set()
        for call in calls:
            positions = call.rows.positions(source) if call.rows is not None else np.array([], dtype=int)
            fresh = [i for i, p in enumerate(positions.tolist()) if p >= 0 and not (p in seen or seen.add(p))]  # type: ignore[func-returns-value]
            if fresh:
                parts.append((call, np.asarray(fresh), positions[fresh]))
        # Of each row the place it had in the call that is served.
        self.served_at = np.concatenate([at for _, at, _ in parts]) if parts else np.array([], dtype=int)
        self.served = candidate.rows if candidate.rows is not None else ()
        self.rows = np.concatenate([p for _, _, p in parts]) if parts else np.array([], dtype=int)
        self.calls = (
            np.concatenate([np.full(len(p), i) for i, (_, _, p) in enumerate(parts)])
            if parts
            else np.array([], dtype=int)
        )
        self.features = _stack([take(call.table, at) for call, at, _ in parts])
        method = predict_method(candidate)
        self.raw = (
            np.concatenate([_predictions(call, candidate, method, at) for call, at, _ in parts])
            if parts
            else np.array([])
        )
        self.proba = _probabilities(candidate, [(call, at) for call, at, _ in parts])

    def write(self, run_dir: Path, raw_table: Any, final: Any, samples: list[dict[str, Any]]) -> None:
        """expected/ of the contract. `final`: values after the prediction's statements, for the served call's rows."""
        folder = run_dir / "expected"
        folder.mkdir(parents=True, exist_ok=True)
        known = self.calls == 0
        finals: Any = self.raw
        if final is not None:
            values = plain(final) if is_tensor(final) else cells.array(final)
            # Of batches the notebook has the answers of the last one alone.
            missing = len(self.served) - len(values)
            known = known & (self.served_at >= missing)
            values = values[self.served_at[known] - missing]
            finals = np.empty((len(self.rows), *values.shape[1:]), dtype=object)
            finals[known] = values
        predictions = {
            "raw": self.raw,
            "final": finals,
            "proba": self.proba,
            "final_known": known if final is not None else np.ones(len(self.rows), dtype=bool),
        }
        np.save(folder / "rows.npy", self.rows.astype(np.int64))
        np.save(folder / "calls.npy", self.calls.astype(np.int64))
        for name, value in (
            ("raw", as_pandas(raw_table)),
            ("features", self.features),
            ("predictions", predictions),
            ("samples", samples),
        ):
            with open(folder / f"{name}.pkl", "wb") as file:
                pickle.dump(value, file, protocol=5)


def _comparable(call: Candidate, served: Candidate) -> bool:
    """Calls of the same model, on tables of the same form."""
    if call.owner is not served.owner or call.rows is None or type(call.table) is not type(served.table):
        return False
    if call.state is not served.state:
        return False
    if columns_of(call.table) != columns_of(served.table):
        return False
    return getattr(call.table, "shape", (0, 0))[1:] == getattr(served.table, "shape", (0, 0))[1:]


def _predictions(call: Candidate, served: Candidate, method: str, at: np.ndarray) -> np.ndarray:
    """Recorded predictions; for rows that were only fitted on, those of the served model for them."""
    if (
        call.method == method
        and call.result is not None
        and call.method in ANSWERS
        and n_rows(call.result) == n_rows(call.table)
    ):
        return (plain(call.result) if is_tensor(call.result) else np.asarray(call.result))[at]
    return np.asarray(getattr(served.state.value, method)(call.table))[at]


def _probabilities(served: Candidate, parts: list[tuple[Candidate, np.ndarray]]) -> Any:
    method = getattr(served.state.value, "predict_proba", None)
    if method is None or not parts:
        return None
    try:
        return np.concatenate([np.asarray(method(call.table))[at] for call, at in parts])
    except Exception:
        return None


def _stack(parts: list[Any]) -> Any:
    if not parts:
        return None
    first = parts[0]
    if is_tensor(first):
        return np.concatenate([plain(part) for part in parts])
    if len(parts) == 1:
        return first
    if isinstance(first, (pd.DataFrame, pd.Series)):
        return pd.concat(parts)
    if isinstance(first, list):
        return [item for part in parts for item in part]
    if is_sparse(first):
        import scipy.sparse

        return scipy.sparse.vstack(parts).tocsr()
    return np.concatenate([np.asarray(part) for part in parts])
