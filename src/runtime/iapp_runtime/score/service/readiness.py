"""Ready means: the example rows of the bundle were scored here, to the stored answers."""

from __future__ import annotations

import math
from typing import Any, Optional

from ..bundle import Bundle
from .scorer import Scorer


class Readiness:
    """`problem` is why the service is not ready, or None."""

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._bundle, self._scorer = bundle, scorer
        self.problem: Optional[str] = "the example rows have not been scored yet"

    def prove(self) -> None:
        rows = self._bundle.examples.get("rows") or []
        expected = self._bundle.examples.get("predictions") or []
        try:
            found = self._scorer.score(rows, False).predictions if rows else []
        except Exception as error:
            self.problem = f"the example rows cannot be scored: {type(error).__name__}: {error}"
            return
        wrong = [number for number, (a, b) in enumerate(zip(found, expected)) if not same(a, b)]
        if len(found) != len(expected):
            self.problem = f"{len(found)} of {len(expected)} example rows were answered"
        elif wrong:
            self.problem = f"example row {wrong[0]} is answered otherwise than by the notebook"
        else:
            self.problem = None


def same(found: Any, expected: Any) -> bool:
    """Labels equal; numbers within 1e-9 relative (1e-5 where the model works in single precision)."""
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(same(a, b) for a, b in zip(found, expected))
    numbers = (int, float)
    if isinstance(found, numbers) and isinstance(expected, numbers) and not isinstance(found, bool):
        return math.isclose(found, expected, rel_tol=1e-5, abs_tol=1e-9)
    return bool(found == expected)
