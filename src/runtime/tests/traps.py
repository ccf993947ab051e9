"""Reads the trap notebooks: small ones, each for one trap that a public notebook once set, with the right outcome in its head.

A trap is a file of `test/fixtures/notebooks` in the percent format: a comment that says what it is about, lines `# key: value`, and cells
after `# %%`. Keys: `served` (the model's name), `required` (columns that must be in the answer's way), `refused` (words of the refusal),
`dropped` (cells that scoring must not need), `by` (`predict`, where the model itself makes the features), `needs` (packages or versions:
`pandas<2, lightgbm`), `counts` (the stored execution counts of the cells) with `order` (that in which they are run because of them).
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TRAPS = sorted((Path(__file__).resolve().parents[3] / "test/fixtures/notebooks").glob("*.py"))
KEYS = {"served", "required", "refused", "dropped", "needs", "by", "counts", "order"}


def parse(text: str) -> tuple[dict[str, str], list[str]]:
    """Head and cells of a trap."""
    head, *cells = re.split(r"(?m)^# %%.*\n", text)
    said = dict(re.findall(r"(?m)^# (\w+): (.+)$", head))
    assert set(said) <= KEYS, set(said) - KEYS
    assert ("served" in said) != ("refused" in said)
    return said, [cell.strip("\n") for cell in cells]


def order_of(said: dict[str, str]) -> list[int] | None:
    """The cells as they are run; None: from top to bottom."""
    return [int(cell) for cell in said["order"].split()] if "order" in said else None


def missing(needs: str) -> str | None:
    """What a trap needs and this environment does not have."""
    for need in filter(None, (part.strip() for part in needs.split(","))):
        name, sign, wanted = re.match(r"([\w-]+)\s*(<|>=)?\s*([\d.]*)", need).groups()  # type: ignore[union-attr]
        try:
            here = tuple(map(int, re.findall(r"\d+", version(name))[:2]))
        except PackageNotFoundError:
            return need
        asked = tuple(map(int, re.findall(r"\d+", wanted)[:2]))
        if (sign == "<" and here >= asked) or (sign == ">=" and here < asked):
            return need
    return None
