"""Steps that fill gaps."""

# ruff: noqa: E501 (a form and its meaning stand on one line here)

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np
from random_tables import Columns, Frame, Step, nothing, pick, put


def fill_number(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, c.gaps)
    if name is None:
        return None
    c.gaps.remove(name)
    c.numbers.append(name)
    how = ["mean", "median", "mode", "constant", "max", "quantile"][rng.randint(6)]
    takes: dict[str, tuple[str, Callable[[Frame], Any]]] = {
        "mean": (f'df["{name}"].mean()', lambda t: t[name].mean()),
        "median": (f"df.{name}.median()", lambda t: t[name].median()),
        "mode": (f'df["{name}"].mode()[0]', lambda t: t[name].mode().iloc[0]),
        "constant": ("-1", lambda t: -1),
        "max": (f'df["{name}"].max()', lambda t: t[name].max()),
        "quantile": (f'df["{name}"].quantile(0.25)', lambda t: t[name].quantile(0.25)),
    }
    text, learn = takes[how]
    forms = [
        f'df["{name}"] = df["{name}"].fillna({text})',
        f'middle = {text}\ndf["{name}"] = df["{name}"].fillna(middle)',
        f'df.loc[df["{name}"].isnull(), "{name}"] = {text}',
        f'df["{name}"] = np.where(df["{name}"].isna(), {text}, df["{name}"])',
        f'df = df.fillna({{"{name}": {text}}})',
    ]
    return Step(forms[rng.randint(len(forms))], learn, put(name, lambda t, v: t[name].where(t[name].notna(), v)))


def fill_by_group(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name, by = pick(rng, c.gaps), pick(rng, [w for w in c.words if w in ("plan", "city")])
    if name is None or by is None:
        return None
    c.gaps.remove(name)
    c.numbers.append(name)
    how = ["mean", "median"][rng.randint(2)]
    forms = [
        f'df["{name}"] = df["{name}"].fillna(df.groupby("{by}")["{name}"].transform("{how}"))',
        f'by_group = df.groupby("{by}")["{name}"].{how}()\ndf["{name}"] = df["{name}"].fillna(df["{by}"].map(by_group))',
    ]
    return Step(
        forms[rng.randint(len(forms))],
        lambda t: t.groupby(by)[name].agg(how).to_dict(),
        put(name, lambda t, v: t[name].where(t[name].notna(), t[by].map(v))),
    )


def fill_word(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, c.missing)
    if name is None:
        return None
    c.missing.remove(name)
    c.words.append(name)
    if rng.rand() < 0.5:
        text, learn = f'df["{name}"].mode()[0]', lambda t: t[name].mode().iloc[0]
    else:
        text, learn = '"unknown"', lambda t: "unknown"
    return Step(
        f'df["{name}"] = df["{name}"].fillna({text})',
        learn,
        put(name, lambda t, v: t[name].astype(object).where(t[name].notna(), v)),
    )


def gap_flag(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, c.gaps + c.missing)
    if name is None:
        return None
    new = c.fresh()
    c.numbers.append(new)
    return Step(
        f'df["{new}"] = df["{name}"].isnull().astype(int)',
        nothing,
        put(new, lambda t, _: t[name].isna().to_numpy() * 1),
    )
