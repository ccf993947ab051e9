"""Ground truths that come back for earlier answers: kept for retraining where there is a folder for them, in bounds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Optional

MOST_BYTES = 64 << 20


class Truths:
    """Appends to `feedback.ndjson`; a full file is kept once under another name and then replaced."""

    def __init__(self, folder: Optional[Path]) -> None:
        self._path = None if folder is None else folder / "feedback.ndjson"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def keep(self, answer: str, truth: Any) -> bool:
        """Whether it was written down."""
        if self._path is None:
            return False
        if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
            self._path.replace(self._path.with_suffix(".old.ndjson"))
        line = json.dumps({"t": round(time.time(), 3), "id": answer, "truth": truth}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return True
