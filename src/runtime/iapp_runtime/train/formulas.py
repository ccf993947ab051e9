"""Names that a model's formula reads: it is evaluated again where the model is restored and where it predicts."""

from __future__ import annotations

import re
from typing import Any

from .recorder.state import Recording

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")


def formula_names(recording: Recording, model: Any) -> list[str]:
    """Names of the notebook (`np`, a function of its own) in the formula of a fitted model."""
    formula = getattr(getattr(model, "model", None), "formula", None)
    if not isinstance(formula, str):
        return []
    return sorted({name for name in _NAME.findall(formula) if name in recording.binder and name in recording.namespace})
