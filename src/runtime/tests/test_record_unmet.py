"""Statements that changed nothing in the run, because no row of it met their condition, are as much a part of the preparation."""

# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from record_helper import prove, record

from iapp_runtime.score.replay import Refused

ROWS = 200
#: What the author wrote, and what it makes of a row with `calls` 12, `kind` "z", no `size` and a `charge` below zero.
STATEMENTS = {
    "a mask": ('df["often"] = 0\ndf.loc[(df["calls"] > 9) & (df["charge"] < 3), "often"] = 1', {"often": 1}),
    "a mask of a column": ('df["calls"][df["calls"] > 9] = 9', {"calls": 9}),
    "a mask on whole rows": ('df = df.drop(columns="kind")\ndf.loc[df["calls"] > 9] = 0', {"calls": 0, "charge": 0, "size": 0}),
    "a clip": ('df["calls"] = df["calls"].clip(upper=9)', {"calls": 9}),
    "a replacement": ('df["kind"] = df["kind"].replace({"z": "a"})\ndf["is_a"] = (df["kind"] == "a").astype(int)', {"is_a": 1}),
    "a replacement in place": ('df.replace({"kind": {"z": "a"}}, inplace=True)\ndf["is_a"] = (df["kind"] == "a").astype(int)', {"is_a": 1}),
    "a fill": ('df["size"] = df["size"].fillna(7.0)', {"size": 7.0}),
    "a fill in place": ('df.fillna({"size": 7.0}, inplace=True)', {"size": 7.0}),
    "a loop over columns": ('for name in ["charge", "calls"]:\n    df.loc[df[name] < 0, name] = 0', {"charge": 0}),
    "a loop over tables": ('for part in [df]:\n    part.loc[part["calls"] > 9, "calls"] = 9', {"calls": 9}),
    "a list of tables": ('new = df.copy()\nboth = [df, new]\nfor part in both:\n    part.loc[part["calls"] > 9, "calls"] = 9', {"calls": 9}),
    "another name": ('same = df\nsame.loc[same["calls"] > 9, "calls"] = 9', {"calls": 9}),
    "a function in a loop": ('def cap(d):\n    d.loc[d["calls"] > 9, "calls"] = 9\ndef clean(d):\n    cap(d)\nfor part in [df]:\n    clean(part)', {"calls": 9}),
    "numpy in place": ('X0 = df[["size"]].to_numpy().copy()\nnp.nan_to_num(X0, copy=False, nan=7.0)\ndf["size"] = X0[:, 0]', {"size": 7.0}),
    "numpy into itself": ('X0 = df[["calls"]].to_numpy().copy()\nnp.clip(X0, 0, 9, out=X0)\ndf["calls"] = X0[:, 0]', {"calls": 9}),
    "a function that writes": ('def clean(d):\n    d.loc[d["calls"] > 9, "calls"] = 9\nclean(df)', {"calls": 9}),
    "a function that hands back": ('def clean(d):\n    d.loc[d["calls"] > 9, "calls"] = 9\n    return d\ndf = clean(df)', {"calls": 9}),
    "np.where": ('df["calls"] = np.where(df["calls"] > 9, 9, df["calls"])', {"calls": 9}),
    "a map": ('df["calls"] = df["calls"].apply(lambda n: 9 if n > 9 else n)', {"calls": 9}),
    "an array": ('df = df.copy()\nvalues = df["calls"].to_numpy().copy()\nvalues[values > 9] = 9\ndf["calls"] = values', {"calls": 9}),
    "a loop over rows": ('for i in range(len(df)):\n    if df.loc[i, "calls"] > 9:\n        df.loc[i, "calls"] = 9', {"calls": 9}),
}  # fmt: skip
ROW = {"calls": 12, "kind": "z", "size": None, "charge": -1.5}


@pytest.mark.parametrize("name", list(STATEMENTS))
def test_what_no_row_of_the_run_met_is_done_to_a_new_row(name, tmp_path, monkeypatch):
    statement, wanted = STATEMENTS[name]
    if name == "a mask of a column" and int(pd.__version__.split(".")[0]) >= 3:
        pytest.skip("changes nothing from pandas 3 on")
    rng = np.random.RandomState(3)
    table = pd.DataFrame({
        "calls": rng.randint(0, 9, ROWS), "kind": rng.choice(["a", "b"], ROWS),
        "size": rng.rand(ROWS).round(3), "charge": (rng.rand(ROWS) * 50).round(2), "y": rng.rand(ROWS).round(3),
    })  # fmt: skip
    table.to_csv(tmp_path / "rows.csv", index=False)
    columns = ["calls", "charge", *[c for c in wanted if c not in ("calls", "charge")]]
    cells = [
        "import numpy as np\nimport pandas as pd\nfrom sklearn.tree import DecisionTreeRegressor",
        'df = pd.read_csv("rows.csv")',
        statement,
        f"X = df[{columns!r}]\nm = DecisionTreeRegressor(max_depth=3).fit(X, df['y'])\nanswers = m.predict(X)",
    ]
    run = record(cells, tmp_path, monkeypatch)
    prove(run)
    made = run.module().features([dict(ROW)]).iloc[0]
    assert {column: made[column] for column in wanted} == wanted, run.text


#: What chooses or sorts rows in place; nothing went or moved in the run. And whether a row like ROW is refused by it.
CHOICES = {
    'df.sort_values("n", inplace=True)': False,
    "df.sort_index(inplace=True)": False,
    "df.drop_duplicates(inplace=True)": False,
    'df.drop(df[df["calls"] > 9].index, inplace=True)': True,
    'df = df.drop(df[df["calls"] > 9].index)': True,
    'df.query("calls <= 9", inplace=True)': True,
    'df.dropna(subset=["size"], inplace=True)': True,
}


@pytest.mark.parametrize("statement", list(CHOICES))
def test_rows_that_the_run_kept_in_place_are_not_sorted_or_lost_in_a_request(statement, tmp_path, monkeypatch):
    rng = np.random.RandomState(4)
    table = pd.DataFrame({"n": range(ROWS), "calls": rng.randint(0, 9, ROWS), "size": rng.rand(ROWS).round(3)})
    table.assign(y=rng.rand(ROWS)).to_csv(tmp_path / "rows.csv", index=False)
    cells = [
        "import pandas as pd\nfrom sklearn.tree import DecisionTreeRegressor",
        'df = pd.read_csv("rows.csv")',
        statement,
        'X = df[["n", "calls", "size"]]\nm = DecisionTreeRegressor(max_depth=3).fit(X, df["y"])\nanswers = m.predict(X)',
    ]
    run = record(cells, tmp_path, monkeypatch)
    prove(run)
    module = run.module()
    rows = [{"n": n, "calls": n % 5, "size": 0.5} for n in (7, 3, 3, 9, 1)]
    assert module.features(rows)["n"].tolist() == [7, 3, 3, 9, 1], run.text
    odd = {"n": 2, "calls": 12, "size": None}
    if CHOICES[statement]:
        with pytest.raises(Refused):
            module.features([*rows, odd])
    else:
        assert len(module.features([*rows, odd])) == 6
