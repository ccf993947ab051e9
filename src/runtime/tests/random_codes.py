"""Steps on codes and dates."""

# ruff: noqa: E501 (a form and its meaning stand on one line here)

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np
import pandas as pd
from random_tables import Columns, Frame, Step, nothing, put


def code_part(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    new = c.fresh()
    forms: list[tuple[str, Callable[[Frame, Any], Any]]] = [
        (f'df["{new}"] = df["code"].str[3:].astype(int)', lambda t, _: [int(w[3:]) for w in t["code"]]),
        (f'df["{new}"] = df["code"].str.split("-").str[1].astype(float)', lambda t, _: [float(w.split("-")[1]) for w in t["code"]]),
        (f'df["{new}"] = df["code"].str.extract(r"(\\d+)", expand=False).astype(int) % 7', lambda t, _: [int(w[3:]) % 7 for w in t["code"]]),
        (f'df["{new}"] = df["code"].str[0].map({{"A": 1, "B": 2, "C": 3}})', lambda t, _: ["?ABC".index(w[0]) for w in t["code"]]),
        (f'df["{new}"] = df["code"].str.contains("X").astype(int)', lambda t, _: [int("X" in w) for w in t["code"]]),
        (f'def number_of_{new}(text):\n    head, tail = text.split("-")\n    return int(tail) + (1000 if head.endswith("Y") else 0)\n\ndf["{new}"] = df["code"].apply(number_of_{new})',
         lambda t, _: [int(w[3:]) + (1000 if w[1] == "Y" else 0) for w in t["code"]]),
    ]  # fmt: skip
    text, values = forms[rng.randint(len(forms))]
    c.numbers.append(new)
    return Step(text, nothing, put(new, values))


def date_part(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    new = c.fresh()
    parsed = "joined_at"
    lead = f'df["{parsed}"] = pd.to_datetime(df["joined"])\n'

    def when(t: Frame) -> Any:
        return pd.to_datetime(pd.Series(list(t["joined"]), index=t.index))

    forms: list[tuple[str, Callable[[Frame, Any], Any]]] = [
        (f'df["{new}"] = df["{parsed}"].dt.month', lambda t, _: when(t).dt.month),
        (f'df["{new}"] = df["{parsed}"].dt.dayofweek', lambda t, _: when(t).dt.dayofweek),
        (f'df["{new}"] = (pd.Timestamp("2024-01-01") - df["{parsed}"]).dt.days', lambda t, _: (pd.Timestamp("2024-01-01") - when(t)).dt.days),
        (f'df["{new}"] = df["{parsed}"].apply(lambda d: d.year)', lambda t, _: when(t).dt.year),
        (f'df["{new}"] = (df["{parsed}"] >= "2021-06-01").astype(int)', lambda t, _: (when(t) >= pd.Timestamp("2021-06-01")).to_numpy() * 1),
    ]  # fmt: skip
    text, values = forms[rng.randint(len(forms))]
    c.numbers.append(new)
    return Step(lead + text, nothing, put(new, values))


def newest_date(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    new = c.fresh()
    c.numbers.append(new)

    def when(t: Frame) -> Any:
        return pd.to_datetime(pd.Series(list(t["joined"]), index=t.index))

    return Step(
        f'days = pd.to_datetime(df["joined"])\ndf["{new}"] = (days.max() - days).dt.days',
        lambda t: when(t).max(),
        put(new, lambda t, v: (v - when(t)).dt.days),
    )
