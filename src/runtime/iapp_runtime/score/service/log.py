"""The service's log: one JSON object a line on standard error, without request data."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def log(level: str, message: str, **fields: Any) -> None:
    entry = {"t": round(time.time(), 3), "level": level, "component": "scoring", "message": message, **fields}
    line = json.dumps(entry, ensure_ascii=False, default=str) + "\n"
    try:
        sys.stderr.write(line)
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody reads it any more: serving goes on.
        pass
