"""What a proof has found so far, and its document."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass, field
from typing import Any, Optional

from ..compare import SAME, Comparison
from ..installed import imported
from ..locate import Place


@dataclass
class Outcome:
    """Counts of rows by kind, the comparisons merged, the first difference, or the error that ended it."""

    batch: int = 0
    single: int = 0
    required_only: int = 0
    features: Comparison = SAME
    predictions: Comparison = SAME
    exact_batch: bool = True
    first: Optional[Place] = None
    error: Optional[str] = None
    notes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        compared = self.batch > 0 and self.single > 0
        return self.error is None and self.first is None and compared and self.features.equal and self.predictions.equal

    def failed(self, part: str) -> None:
        """An error came instead of features or predictions: neither from here on counts as equal."""
        nothing = Comparison(False, False, float("inf"))
        self.predictions = self.predictions.merged(nothing)
        if part == "features":
            self.features = self.features.merged(nothing)

    def document(self, seconds: float) -> dict[str, Any]:
        """verification.json; where nothing at all was compared, equal is false and `error` says why."""
        if self.error is None and not self.equal and self.first is None:
            self.error = "no row was compared"
        return {
            "schema": "iapp.verification/1",
            "equal": self.equal,
            "rows": {"batch": self.batch, "single": self.single, "required_only": self.required_only},
            "features": _part(self.features),
            "predictions": {**_part(self.predictions), "tolerance": self.tolerance()},
            "first_difference": None if self.first is None else self.first.document(),
            "error": self.error,
            "notes": self.notes,
            "seconds": round(seconds, 3),
            "python": platform.python_version(),
            "packages": imported(),
        }

    def tolerance(self) -> str:
        """The rule that was applied, in words: what held, not what was hoped for."""
        bound = "1e-5 relative (32-bit numbers)" if self.predictions.single_precision else "1e-9 relative"
        batch = "bit-equal in the batch" if self.exact_batch else f"within {bound} in the batch"
        return f"{batch}; labels equal and numbers within {bound} row by row"


def _part(found: Comparison) -> dict[str, Any]:
    largest = found.max_difference
    return {"equal": found.equal, "max_difference": largest if math.isfinite(largest) else None}
