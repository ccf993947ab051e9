"""Faults to plant in a generated scoring module: what a wrong replay, a wrong freeze or a careless edit would leave."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Files = dict[str, str]  # score.py and frozen.json, as they would be with the fault


def faults(folder: Path) -> Iterator[tuple[str, Files]]:
    """Every fault that this module offers a place for: what it is, and the files with it."""
    score = (folder / "score.py").read_text()
    frozen = (folder / "frozen.json").read_text()
    for kind, text in [*_dropped(score), *_in_features(score), *_in_answers(score), *_only_alone(score)]:
        yield kind, {"score.py": text, "frozen.json": frozen}
    for kind, text in _frozen_values(frozen):
        yield kind, {"score.py": score, "frozen.json": text}


def _dropped(score: str) -> Iterator[tuple[str, str]]:
    lines = score.splitlines()
    inside = False
    for i, line in enumerate(lines):
        inside = line.startswith("def features") or (inside and not line.startswith("def "))
        if not inside or not re.match(r"    [^\s#]", line) or "rows_in" in line or line.startswith("    return"):
            continue
        text = "\n".join([*lines[:i], *lines[i + 1 :]]) + "\n"
        if _compiles(text):
            yield f"dropped: {line.strip()}", text


def _in_features(score: str) -> Iterator[tuple[str, str]]:
    for kind, body in {
        "columns swapped": "_swapped(_made)",
        "rows reversed": "_made.iloc[::-1] if hasattr(_made, 'iloc') else _made[::-1]",
        "one row of many": "_touched(_made)",
    }.items():
        yield kind, _returning(score, "features", "_made", body)


def _in_answers(score: str) -> Iterator[tuple[str, str]]:
    yield "answers reversed", _returning(score, "predict", "_made", "_made[::-1]")
    yield "first answer for all", _returning(score, "predict", "_made", "_first(_made)")


def _returning(score: str, function: str, made: str, body: str) -> str:
    at = score.index(f"def {function}(rows)")
    until = score.find("\ndef ", at + 1)
    part = score[at : until if until >= 0 else len(score)]
    start = part.rindex("    return ")
    changed = f"{part[:start]}    {made} = {part[start + len('    return ') :].rstrip()}\n    return {body}\n"
    return HELPERS + score[:at] + changed + (score[until:] if until >= 0 else "")


def _only_alone(score: str) -> Iterator[tuple[str, str]]:
    """Right in a batch, another value for one row: what a statistic of the request would be."""
    for name in sorted(set(re.findall(r"frozen\.(\w+)\b(?!\.|\[)", score))):
        text = score.replace(f"frozen.{name}", f"(frozen.{name} if len(rows) > 1 else _other(frozen.{name}))")
        if _compiles(text):
            yield f"another {name} for one row", HELPERS + text


def _frozen_values(frozen: str) -> Iterator[tuple[str, str]]:
    document = json.loads(frozen)
    for name, entry in document["values"].items():
        for change in (_number, _order):
            twin = json.loads(frozen)
            value, changed = change(twin["values"][name]["value"])
            if changed:
                twin["values"][name]["value"] = value
                yield f"{change.__name__.strip('_')} of {name} ({entry['access']})", json.dumps(twin)


def _number(value: Any) -> tuple[Any, bool]:
    """The last number in a value, a little larger."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value, False
    if isinstance(value, (int, float)):
        return value * 1.001 + 0.01 if isinstance(value, float) else value + 1, True
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in reversed(keys):
        value[key], changed = _number(value[key])
        if changed:
            return value, True
    return value, False


def _order(value: Any) -> tuple[Any, bool]:
    """The first list of texts in a value, turned round."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(item, str) for item in value):
        return value[::-1], value != value[::-1]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        value[key], changed = _order(item)
        if changed:
            return value, True
    return value, False


def _compiles(text: str) -> bool:
    try:
        compile(text, "score.py", "exec")
    except SyntaxError:
        return False
    return True


HELPERS = """
def _touched(made):
    import numpy
    if made.shape[0] < 2:
        return made
    if not hasattr(made, "iloc"):
        made = made.toarray() if hasattr(made, "toarray") else numpy.array(made)
        made[len(made) // 2] = made[0]
        return made
    made = made.copy()
    made.iloc[len(made) // 2] = made.iloc[0].to_numpy()
    return made


def _first(made):
    import numpy
    return numpy.array([made[0] if not hasattr(made, "iloc") else made.iloc[0]] * len(made))


def _other(value):
    import numbers
    if isinstance(value, numbers.Number):
        return value * 1.1 + 1
    if hasattr(value, "iloc"):
        return value.iloc[::-1] if not value.index.is_unique else value.set_axis(list(value.index[::-1]))
    return type(value)(list(value)[::-1]) if isinstance(value, (list, tuple)) else value
"""
