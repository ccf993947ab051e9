"""Names inside functions, loops over rows, learned bins and codes."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import record_data as data
from record_helper import prove, record


def test_names_in_functions(tmp_path, monkeypatch):
    """Functions that read learned globals, and functions with statistics inside."""
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.tree import DecisionTreeClassifier",
            """
            df = pd.read_csv("churn.csv")
            low, high = df["charges"].quantile(0.05), df["charges"].quantile(0.95)
            levels = sorted(df["plan"].unique())
            """,
            """
            def clip(x):
                if x < low:
                    return low
                return high if x > high else x

            def prepare(table):
                table = table.copy()
                table["charges"] = table["charges"].fillna(table["charges"].median()).apply(clip)
                table["age"] = (table["age"] - table["age"].mean()) / table["age"].std()
                table["plan"] = table["plan"].apply(lambda p: levels.index(p))
                print("prepared", len(table))
                return table[["charges", "age", "plan", "tenure"]].fillna(0)

            X = prepare(df)
            """,
            """
            tree = DecisionTreeClassifier(max_depth=4, random_state=0)
            tree.fit(X, df["churn"])
            print(tree.score(X, df["churn"]))
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    names = {value["name"] for value in run.document["frozen"]}
    assert {"low", "high", "levels"} <= names
    assert any("charges_median" in name for name in names)


def test_row_loop_and_lists(tmp_path, monkeypatch):
    """Values collected in a loop over rows, with statistics of the whole column inside the loop."""
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
            """
            df = pd.read_csv("churn.csv")
            df["charges"] = df["charges"].fillna(0)
            flags = []
            for i in range(len(df)):
                if df["charges"][i] > df["charges"].mean():
                    flags.append(1)
                else:
                    flags.append(0)
            df["flag"] = flags
            df["long"] = [1 if t > 24 else 0 for t in df["tenure"]]
            """,
            'lr = LogisticRegression()\nlr.fit(df[["flag", "long", "charges"]], df["churn"])',
            'df["guess"] = lr.predict(df[["flag", "long", "charges"]])',
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)


def test_cut_factorize_zscore_and_dummies_of_columns(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd, numpy as np\nfrom scipy import stats\nfrom sklearn.linear_model import Ridge",
            """
            df = pd.read_csv("churn.csv")
            df = df[df["age"].notnull() & df["charges"].notnull()].reset_index(drop=True)
            df["band"] = pd.qcut(df["charges"], 4, labels=False)
            df["age_band"] = pd.cut(df["age"], 5, labels=[1, 2, 3, 4, 5]).astype(int)
            df["city"], cities = pd.factorize(df["city"])
            df["plan"] = df["plan"].astype("category").cat.codes
            df["z"] = stats.zscore(df["tenure"])
            df["share"] = df["charges"] / df["charges"].sum()
            df["mean_by_plan"] = df.groupby("plan")["age"].transform("mean")
            df["by_gender"] = df["gender"].map(df.groupby("gender")["age"].mean())
            """,
            """
            features = pd.get_dummies(df[["band", "age_band", "city", "plan", "z", "share", "mean_by_plan", "by_gender", "paperless"]])
            model = Ridge().fit(features, df["churn"] == "Yes")
            pred = model.predict(features)
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
