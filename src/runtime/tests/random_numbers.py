"""Steps on numbers."""

# ruff: noqa: E501 (a form and its meaning stand on one line here)

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np
from random_tables import Columns, Frame, Step, nothing, pick, put


def arithmetic(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    a, b = pick(rng, c.numbers), pick(rng, c.numbers)
    new = c.fresh()
    k = int(rng.randint(1, 9))
    forms: list[tuple[str, Callable[[Frame, Any], Any]]] = [
        (f'df["{new}"] = df["{a}"] * {k} + df["{b}"]', lambda t, _: t[a] * k + t[b]),
        (f'df["{new}"] = df.{a} / (df["{b}"].abs() + {k})', lambda t, _: t[a] / (t[b].abs() + k)),
        (f'df["{new}"] = np.log1p(df["{a}"].abs())', lambda t, _: np.log1p(t[a].abs())),
        (
            f'df["{new}"] = df["{a}"].apply(lambda v: v ** 2 if v > {k} else v)',
            lambda t, _: t[a].where(~(t[a] > k), t[a] ** 2),
        ),
        (f'df["{new}"] = np.sqrt(df[["{a}", "{b}"]].abs().sum(axis=1))', lambda t, _: np.sqrt(t[a].abs() + t[b].abs())),
        (f'df["{new}"] = df[["{a}", "{b}"]].max(axis=1)', lambda t, _: np.maximum(t[a], t[b])),
        (f'df = df.assign({new}=lambda t: t["{a}"].round(1))', lambda t, _: t[a].round(1)),
    ]
    text, values = forms[rng.randint(len(forms))]
    c.numbers.append(new)
    return Step(text, nothing, put(new, values))


def condition(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    a, b = pick(rng, c.numbers), pick(rng, c.numbers)
    k = int(rng.randint(1, 60))
    new = c.fresh()
    forms: list[tuple[str, Callable[[Frame, Any], Any]]] = [
        (f'df["{new}"] = (df["{a}"] > {k}).astype(int)', lambda t, _: (t[a] > k).to_numpy() * 1),
        (f'df["{new}"] = np.where(df["{a}"] > {k}, df["{b}"], 0)', lambda t, _: t[b].where(t[a] > k, 0)),
        (
            f'df["{new}"] = df["{a}"].between(2, {k}).astype(int)',
            lambda t, _: ((t[a] >= 2) & (t[a] <= k)).to_numpy() * 1,
        ),
        (
            f'df["{new}"] = 0\ndf.loc[(df["{a}"] > {k}) & (df["{b}"] > 3), "{new}"] = 1',
            lambda t, _: ((t[a] > k) & (t[b] > 3)).to_numpy() * 1,
        ),
        (f'df["{new}"] = [1 if v > {k} else 0 for v in df["{a}"]]', lambda t, _: (t[a] > k).to_numpy() * 1),
    ]
    text, values = forms[rng.randint(len(forms))]
    c.numbers.append(new)
    return Step(text, nothing, put(new, values))


def learned_limit(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, c.numbers)
    forms: list[tuple[str, Callable[[Frame], Any], Callable[[Frame, Any], Any]]] = [
        (f'df["{name}"] = df["{name}"].clip(upper=df["{name}"].quantile(0.9))', lambda t: t[name].quantile(0.9), lambda t, v: np.minimum(t[name], v)),
        (f'low, high = df["{name}"].quantile(0.05), df["{name}"].quantile(0.95)\ndf["{name}"] = df["{name}"].clip(low, high)',
         lambda t: (t[name].quantile(0.05), t[name].quantile(0.95)), lambda t, v: np.minimum(np.maximum(t[name], v[0]), v[1])),
        (f'df["{name}"] = (df["{name}"] - df["{name}"].mean()) / df["{name}"].std()', lambda t: (t[name].mean(), t[name].std()), lambda t, v: (t[name] - v[0]) / v[1]),
        (f'least = df["{name}"].min()\nmost = df["{name}"].max()\ndf["{name}"] = (df["{name}"] - least) / (most - least)',
         lambda t: (t[name].min(), t[name].max()), lambda t, v: (t[name] - v[0]) / (v[1] - v[0])),
        (f'df["{name}"] = np.where(df["{name}"] > df["{name}"].mean() + 2 * df["{name}"].std(), df["{name}"].median(), df["{name}"])',
         lambda t: (t[name].mean() + 2 * t[name].std(), t[name].median()), lambda t, v: t[name].where(~(t[name] > v[0]), v[1])),
    ]  # fmt: skip
    text, learn, values = forms[rng.randint(len(forms))]
    return Step(text, learn, put(str(name), values))


def scaler(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    names = sorted({pick(rng, c.numbers), pick(rng, c.numbers)} - {None})  # type: ignore[type-var]
    kind = ["StandardScaler", "MinMaxScaler", "RobustScaler"][rng.randint(3)]

    def learn(t: Frame) -> Any:
        part = t[names].astype(float)
        if kind == "StandardScaler":
            return part.mean(), part.std(ddof=0).replace(0.0, 1.0)
        if kind == "MinMaxScaler":
            return part.min(), (part.max() - part.min()).replace(0.0, 1.0)
        return part.median(), (part.quantile(0.75) - part.quantile(0.25)).replace(0.0, 1.0)

    def apply(t: Frame, v: Any) -> Frame:
        t = t.copy()
        for name in names:
            t[name] = (t[name] - v[0][name]) / v[1][name]
        return t

    lead = f"from sklearn.preprocessing import {kind}\nscaler_{c.made} = {kind}()\n"
    c.made += 1
    text = lead + f"df[{names!r}] = scaler_{c.made - 1}.fit_transform(df[{names!r}])"
    return Step(text, learn, apply)


def bins(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, [n for n in c.numbers if n in ("charges", "tenure", "age", "score")])
    if name is None:
        return None
    new = c.fresh()
    c.numbers.append(new)
    if rng.rand() < 0.5:
        edges = [-1e9, 10, 30, 55, 1e9]
        return Step(
            f'df["{new}"] = pd.cut(df["{name}"], bins={edges!r}, labels=[0, 1, 2, 3]).astype(int)',
            nothing,
            put(new, lambda t, _: np.searchsorted(edges, t[name].to_numpy(), side="left") - 1),
        )
    return Step(
        f'df["{new}"] = (df["{name}"] > df["{name}"].median()).map({{True: 1, False: 0}})',
        lambda t: t[name].median(),
        put(new, lambda t, v: (t[name] > v).to_numpy() * 1),
    )


def loop(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    """The same thing for several columns, in a loop or by a function of the author's."""
    names = sorted(set(c.numbers[:3]) - {n for n in c.numbers if n.startswith("*")})
    made = f"scaled_{c.made}"
    c.made += 1
    forms = [
        f"for name in {names!r}:\n    df[name] = df[name] / df[name].max()",
        f"def {made}(column):\n    return column / column.max()\n\nfor name in {names!r}:\n    df[name] = {made}(df[name])",
        f"def {made}(table):\n    table = table.copy()\n    for name in {names!r}:\n        table[name] = table[name] / table[name].max()\n    return table\n\ndf = {made}(df)",
        f"df[{names!r}] = df[{names!r}] / df[{names!r}].max()",
        f"df[{names!r}] = df[{names!r}].apply(lambda column: column / column.max())",
    ]

    def apply(t: Frame, v: Any) -> Frame:
        t = t.copy()
        for name in names:
            t[name] = t[name] / v[name]
        return t

    return Step(forms[rng.randint(len(forms))], lambda t: t[names].max(), apply)
