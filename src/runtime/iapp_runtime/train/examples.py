"""examples.json: three real rows with the notebook's own answers, for the first request and the readiness check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import cells
from .evidence import Evidence
from .json_rows import NotSendable, json_rows, to_json


def choose_examples(
    evidence: Evidence, contract: dict[str, Any], rows: Sequence[int], wanted: int = 3
) -> dict[str, Any]:
    """Rows with few holes and, where there are several, different answers. The target column is never in them."""
    given = evidence.predictions
    final = given["final"] if given.get("final") is not None else given.get("raw")
    place = {int(row): i for i, row in reversed(list(enumerate(evidence.rows)))}
    names = [column["name"] for column in contract["columns"] if not column["target"]]
    options = []
    for row in list(rows)[:400]:
        sent = json_rows(evidence.raw, [row], names)[0]
        try:
            answer = to_json(_plain(cells.take(final, [place[row]])))
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


def _plain(one: Any) -> Any:
    values = one.to_numpy() if cells.is_frame(one) else cells.array(one)
    return values.tolist()[0] if values.dtype.kind in "biufUS" else values[0]
