"""Raw tables for random notebooks, and what their steps are made of."""

# ruff: noqa: E501 (a form and its meaning stand on one line here)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import pandas as pd

Frame = Any
CITIES = ["north", "south", "east", "west", "island"]
PLANS = ["basic", "plus", "pro"]
REGIONS = pd.DataFrame({
    "city": CITIES,
    "region_tax": [0.1, 0.25, 0.15, 0.4, 0.05],
    "region_size": [10, 25, 31, 8, 2],
})  # fmt: skip


def raw_table(seed: int, count: int) -> Frame:
    """Raw rows: numbers with and without gaps, words, codes, dates and a number to predict."""
    rng = np.random.RandomState(seed)
    age = rng.randint(18, 80, count).astype(float)
    age[rng.rand(count) < 0.08] = np.nan
    score = rng.normal(50, 12, count).round(3)
    score[rng.rand(count) < 0.05] = np.nan
    gender = rng.choice(["Male", "Female"], count).astype(object)
    gender[rng.rand(count) < 0.04] = None
    days = rng.randint(0, 1500, count)
    return pd.DataFrame({
        "age": age,
        "score": score,
        "charges": rng.gamma(3.0, 20.0, count).round(2),
        "tenure": rng.randint(0, 72, count),
        "calls": rng.poisson(3, count),
        "plan": rng.choice(PLANS, count),
        "city": rng.choice(CITIES, count, p=[0.3, 0.3, 0.2, 0.17, 0.03]),
        "gender": gender,
        "code": [f"{a}{b}-{n:03d}" for a, b, n in zip(rng.choice(list("ABC"), count), rng.choice(list("XY"), count), rng.randint(0, 1000, count))],
        "joined": pd.to_datetime("2019-01-01") + pd.to_timedelta(days, unit="D"),
        "target": (rng.normal(0, 1, count) * 10 + days / 100).round(3),
    }).assign(joined=lambda t: t["joined"].dt.strftime("%Y-%m-%d"))  # fmt: skip


@dataclass
class Step:
    """Statements of one cell, and what they mean."""

    source: str
    learn: Callable[[Frame], Any]
    apply: Callable[[Frame, Any], Frame]


@dataclass
class Columns:
    """What the table holds at this point: numbers without gaps, numbers with gaps, words without and with gaps, codes, dates."""

    numbers: list[str] = field(default_factory=lambda: ["charges", "tenure", "calls"])
    gaps: list[str] = field(default_factory=lambda: ["age", "score"])
    words: list[str] = field(default_factory=lambda: ["plan", "city"])
    missing: list[str] = field(default_factory=lambda: ["gender"])
    codes: list[str] = field(default_factory=lambda: ["code"])
    dates: list[str] = field(default_factory=lambda: ["joined"])
    made: int = 0
    merged: bool = False

    def fresh(self) -> str:
        self.made += 1
        return f"made_{self.made}"


def nothing(_table: Frame) -> None:
    return None


def put(name: str, values: Callable[[Frame, Any], Any]) -> Callable[[Frame, Any], Frame]:
    """An `apply` that sets one column."""

    def apply(table: Frame, learned: Any) -> Frame:
        table = table.copy()
        table[name] = values(table, learned)
        return table

    return apply


def pick(rng: np.random.RandomState, names: list[str]) -> Optional[str]:
    # A name with a star stands for all columns that one-hot encoding made.
    names = [name for name in names if not name.startswith("*")]
    return names[rng.randint(len(names))] if names else None
