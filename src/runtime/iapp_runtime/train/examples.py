"""examples.json: three real rows with the notebook's own answers, for the first request and the readiness check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .evidence import Evidence
from .json_rows import NotSendable, json_rows, to_json


def choose_examples(
    evidence: Evidence, contract: dict[str, Any], rows: Sequence[int], wanted: int = 3
) -> dict[str, Any]:
    """Rows with few holes and, where there are several, different answers. The target column is never in them."""
    final, known = evidence.final, evidence.final_known
    place = {int(row): i for i, row in reversed(list(enumerate(evidence.rows))) if known[i]}
    names = [column["name"] for column in contract["columns"] if not column["target"]]
    options = []
    for row in [row for row in rows if row in place][:400]:
        sent = json_rows(evidence.raw, [row], names)[0]
        try:
            answer = to_json(final[[place[row]]].tolist()[0])
        except NotSendable:
            continue
        holes = sum(value is None for value in sent.values()) if isinstance(sent, dict) else 0
        options.append((holes, row, sent, answer))
    options.sort(key=lambda option: option[:2])
    chosen: list[tuple] = []
    for new_only in (True, False):
        for option in options:
            seen = [other[3] for other in chosen]
            if len(chosen) < wanted and option not in chosen and (not new_only or option[3] not in seen):
                chosen.append(option)
    return {
        "schema": "iapp.examples/1",
        "rows": [option[2] for option in chosen],
        "predictions": [option[3] for option in chosen],
    }
