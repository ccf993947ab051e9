"""Random notebooks that prepare a table row by row, each with an independent statement of what it must compute.

Every step is written twice: as the author would write it, and as `learn` (what it takes from the training table) and
`apply` (what it does to any rows with that). The reference for new rows is `apply` of what was learned in training;
nothing of the product is used for it.
"""

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


Maker = Callable[[np.random.RandomState, Columns], Optional[Step]]


def pick(rng: np.random.RandomState, names: list[str]) -> Optional[str]:
    # A name with a star stands for all columns that one-hot encoding made.
    names = [name for name in names if not name.startswith("*")]
    return names[rng.randint(len(names))] if names else None


# --- gaps ---


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


# --- numbers ---


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


# --- words ---


def word_numbers(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, [w for w in c.words if w in ("plan", "city")])
    if name is None:
        return None
    new = c.fresh()
    known = PLANS if name == "plan" else CITIES
    table = {word: i * 2 + 1 for i, word in enumerate(known[:-1])}
    last = known[-1]
    forms: list[tuple[str, Callable[[Frame], Any], Callable[[Frame, Any], Any]]] = [
        (f'df["{new}"] = df["{name}"].map({table!r}).fillna(0)', nothing, lambda t, _: [float(table.get(w, 0)) for w in t[name]]),
        (f'df["{new}"] = df["{name}"].map(df["{name}"].value_counts())', lambda t: t[name].value_counts().to_dict(), lambda t, v: [v[w] for w in t[name]]),
        (f'df["{new}"] = df["{name}"].map(df["{name}"].value_counts(normalize=True))', lambda t: (t[name].value_counts() / len(t)).to_dict(), lambda t, v: [v[w] for w in t[name]]),
        (f'df["{new}"] = (df["{name}"] == "{last}").astype(int)', nothing, lambda t, _: [int(w == last) for w in t[name]]),
        (f'df["{new}"] = df["{name}"].isin({known[:2]!r}).astype(int)', nothing, lambda t, _: [int(w in known[:2]) for w in t[name]]),
        (f'df["{new}"] = df["{name}"].str.len()', nothing, lambda t, _: [len(w) for w in t[name]]),
        (f'from sklearn.preprocessing import LabelEncoder\nencoder_{new} = LabelEncoder()\ndf["{new}"] = encoder_{new}.fit_transform(df["{name}"])',
         lambda t: {w: i for i, w in enumerate(sorted(set(t[name])))}, lambda t, v: [v[w] for w in t[name]]),
        (f'df["{new}"] = df["{name}"].astype("category").cat.codes', lambda t: {w: i for i, w in enumerate(sorted(set(t[name])))}, lambda t, v: [v[w] for w in t[name]]),
        (f'df["{new}"] = df["{name}"].apply(lambda w: 1 if "a" in w else 2)', nothing, lambda t, _: [1 if "a" in w else 2 for w in t[name]]),
        (f'df["{new}"] = df["{name}"].factorize()[0]', lambda t: {w: i for i, w in enumerate(dict.fromkeys(t[name]))}, lambda t, v: [v[w] for w in t[name]]),
    ]  # fmt: skip
    text, learn, values = forms[rng.randint(len(forms))]
    c.numbers.append(new)
    return Step(text, learn, put(new, values))


def group_statistic(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    by, name = pick(rng, [w for w in c.words if w in ("plan", "city")]), pick(rng, c.numbers)
    if by is None:
        return None
    new = c.fresh()
    how = ["mean", "max", "median", "std"][rng.randint(4)]
    forms = [
        f'df["{new}"] = df.groupby("{by}")["{name}"].transform("{how}")',
        f'df["{new}"] = df["{by}"].map(df.groupby("{by}")["{name}"].{how}())',
        f'groups = df.groupby("{by}")["{name}"].{how}().to_dict()\ndf["{new}"] = df["{by}"].apply(lambda w: groups[w])',
        f'groups = df.groupby("{by}", as_index=False)["{name}"].{how}().rename(columns={{"{name}": "{new}"}})\ndf = df.merge(groups, on="{by}", how="left")',
    ]
    c.numbers.append(new)
    return Step(
        forms[rng.randint(len(forms))],
        lambda t: t.groupby(by)[name].agg(how).to_dict(),
        put(new, lambda t, v: [v[w] for w in t[by]]),
    )


def rare_word(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    if "city" not in c.words:
        return None
    limit = int(rng.choice([8, 20, 40]))
    forms = [
        f'counts = df["city"].value_counts()\nrare = counts[counts < {limit}].index\ndf.loc[df["city"].isin(rare), "city"] = "other"',
        f'counts = df["city"].value_counts()\ndf["city"] = df["city"].apply(lambda w: "other" if counts[w] < {limit} else w)',
        f'often = df["city"].value_counts()\noften = often[often >= {limit}].index.tolist()\ndf["city"] = df["city"].where(df["city"].isin(often), "other")',
    ]
    c.merged = True  # "other" has no row in the table of regions

    def learn(t: Frame) -> Any:
        return {w: ("other" if n < limit else w) for w, n in t["city"].value_counts().items()}

    return Step(forms[rng.randint(len(forms))], learn, put("city", lambda t, v: [v[w] for w in t["city"]]))


def dummies(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    name = pick(rng, c.words)
    if name is None:
        return None
    c.words.remove(name)
    first = bool(rng.rand() < 0.5)
    made = f"made_{c.made}"
    c.made += 1
    forms = [
        f'df = pd.get_dummies(df, columns=["{name}"], drop_first={first}, dtype=int)',
        f'{made} = pd.get_dummies(df["{name}"], prefix="{name}", drop_first={first}, dtype=int)\n'
        f'df = pd.concat([df.drop("{name}", axis=1), {made}], axis=1)',
    ]

    def learn(t: Frame) -> Any:
        words = sorted(set(t[name]))
        return words[1:] if first else words

    def apply(t: Frame, v: Any) -> Frame:
        t = t.copy()
        for word in v:
            t[f"{name}_{word}"] = (t[name] == word).to_numpy() * 1
        return t.drop(columns=[name])

    c.numbers.append(f"*{name}_")
    return Step(forms[rng.randint(len(forms))], learn, apply)


def merge(rng: np.random.RandomState, c: Columns) -> Optional[Step]:
    if c.merged or "city" not in c.words or any("city" in n for n in c.numbers):
        return None
    c.merged = True
    lookup = REGIONS.set_index("city")

    def apply(t: Frame, _: Any) -> Frame:
        t = t.copy()
        for name in ("region_tax", "region_size"):
            t[name] = t["city"].map(lookup[name].to_dict())
        return t

    c.numbers += ["region_tax", "region_size"]
    return Step('regions = pd.read_csv("regions.csv")\ndf = df.merge(regions, on="city", how="left")', nothing, apply)


# --- codes and dates ---


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


MAKERS: list[Maker] = [
    fill_number, fill_number, fill_by_group, fill_word, gap_flag, arithmetic, arithmetic, condition, learned_limit,
    scaler, bins, word_numbers, word_numbers, group_statistic, rare_word, dummies, merge, code_part, date_part,
    newest_date, loop,
]  # fmt: skip


@dataclass
class RandomProgram:
    seed: int
    cells: list[str]
    steps: list[Step]
    numbers: list[str]
    model: str

    def columns(self, table: Frame) -> list[str]:
        """The columns of the feature table, in the notebook's order."""
        found: list[str] = []
        for name in self.numbers:
            found += [col for col in table.columns if col.startswith(name[1:])] if name.startswith("*") else [name]
        return list(dict.fromkeys(found))


def random_program(seed: int) -> RandomProgram:
    """A notebook of three to nine steps. The same seed gives the same one, whatever the libraries."""
    rng = np.random.RandomState(seed)
    columns = Columns()
    steps: list[Step] = []
    for _ in range(rng.randint(3, 10)):
        step = MAKERS[rng.randint(len(MAKERS))](rng, columns)
        if step is not None:
            steps.append(step)
    model = ["LinearRegression()", "DecisionTreeRegressor(max_depth=5, random_state=0)"][rng.randint(2)]
    listed = ", ".join(
        f'*[c for c in df.columns if c.startswith("{n[1:]}")]' if n.startswith("*") else f'"{n}"'
        for n in columns.numbers
    )
    head = "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import LinearRegression\n"
    head += "from sklearn.tree import DecisionTreeRegressor\nfrom sklearn.model_selection import train_test_split"
    cells = [head, 'df = pd.read_csv("rows.csv")\ndf.head()', *(step.source for step in steps)]
    cells.append(f"chosen = list(dict.fromkeys([{listed}]))\nX = df[chosen]\ny = df['target']")
    if rng.rand() < 0.5:
        cells.append(
            "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)\n"
            f"model = {model}\nmodel.fit(X_train, y_train)\nprint(model.score(X_test, y_test))\n"
            "answers = model.predict(X_test)"
        )
    else:
        cells.append(f"model = {model}.fit(X, y)\nanswers = model.predict(X)")
    return RandomProgram(seed, cells, steps, columns.numbers, model)


def reference(program: RandomProgram, training: Frame, fresh: Frame) -> tuple[Frame, Frame]:
    """Feature tables of the training rows and of new rows, by the independent statement of every step."""
    for step in program.steps:
        learned = step.learn(training)
        training, fresh = step.apply(training, learned), step.apply(fresh, learned)
    names = program.columns(training)
    return training[names], fresh[names]
