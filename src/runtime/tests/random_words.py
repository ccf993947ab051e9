"""Steps on words."""

# ruff: noqa: E501 (a form and its meaning stand on one line here)

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

import numpy as np
from random_tables import CITIES, PLANS, REGIONS, Columns, Frame, Step, nothing, pick, put


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
