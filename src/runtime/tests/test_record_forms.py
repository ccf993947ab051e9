"""Forms of notebooks: loops of folds, models in loops, predictions inside functions, data sets of libraries, magics."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import record_data as data
from record_helper import features_text, prove, record


def test_folds_in_a_loop(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.model_selection import KFold\nfrom sklearn.tree import DecisionTreeClassifier",
            "df = pd.read_csv('churn.csv')\nX = df[['tenure', 'charges']].fillna(0)\ny = df['churn']",
            """
            for train_index, test_index in KFold(4).split(X):
                X_train, X_test = X.iloc[train_index], X.iloc[test_index]
                model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X_train, y.iloc[train_index])
                print(model.score(X_test, y.iloc[test_index]))
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)


def test_models_compared_in_a_loop(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.tree import DecisionTreeClassifier",
            "df = pd.read_csv('churn.csv')\nX = df[['tenure', 'charges']].fillna(0)\ny = df['churn']",
            """
            for name, model in [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3))]:
                model.fit(X[:200], y[:200])
                print(name, (model.predict(X[200:]) == y[200:]).mean())
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert run.document["served"]["class"] == "DecisionTreeClassifier"


def test_prediction_inside_a_function(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.preprocessing import StandardScaler",
            "df = pd.read_csv('churn.csv')\nX = df[['tenure', 'charges']].fillna(0)\ny = df['churn']",
            """
            def evaluate(model, X, y):
                scaler = StandardScaler()
                Z = scaler.fit_transform(X)
                model.fit(Z, y)
                return (model.predict(Z) == y).mean()

            clf = LogisticRegression()
            evaluate(clf, X, y)
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)


def test_data_set_object(tmp_path, monkeypatch):
    run = record(
        [
            "from sklearn.datasets import load_iris\nfrom sklearn.svm import SVC\nimport pandas as pd\niris = load_iris()",
            "df = pd.DataFrame(iris.data, columns=iris.feature_names)\ndf['target'] = iris.target\ndf['name'] = df.target.apply(lambda x: iris.target_names[x])",
            "from sklearn.model_selection import train_test_split\nX = df.drop(['target', 'name'], axis='columns')\na, b, c, d = train_test_split(X, df.target, random_state=1)",
            "model = SVC()\nmodel.fit(a, c)\nmodel.score(b, d)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert "target" not in features_text(run).replace("['target', 'name']", "")


def test_threshold_and_labels_after_the_prediction(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd, numpy as np\nfrom sklearn.linear_model import LogisticRegression",
            "df = pd.read_csv('churn.csv')\nX = df[['tenure', 'charges']].fillna(0)\ny = (df['churn'] == 'Yes').astype(int)",
            "m = LogisticRegression().fit(X, y)",
            """
            chance = m.predict_proba(X)[:, 1]
            limit = 0.4
            leaves = chance > limit
            answer = np.where(leaves, "leaves", "stays")
            print((leaves == y).mean())
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert run.document["post_result"] == "answer"
    assert set(
        run.module().predict(
            [{c["name"]: None for c in run.document["source"]["columns"]} | {"tenure": 3, "charges": 9.0}]
        )
    ) <= {"leaves", "stays"}


def test_magics_await_and_display(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "\n\nimport pandas as pd, asyncio\nfrom sklearn.linear_model import LogisticRegression",
            "df = pd.read_csv('churn.csv')\nawait asyncio.sleep(0)\ndf['ok'] = df['tenure'] * 2\ndf.head()",
            "x = df[['ok']]; m = LogisticRegression().fit(x, df.churn); m.predict(x)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)


def test_estimators_kept_in_a_dict(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.preprocessing import LabelEncoder\nfrom sklearn.linear_model import LogisticRegression",
            """
            df = pd.read_csv('churn.csv')
            encoders = {}
            for c in df.select_dtypes(exclude='number').columns:
                if c in ('customer', 'churn'):
                    continue
                enc = LabelEncoder()
                df[c] = enc.fit_transform(df[c])
                encoders[c] = enc
            X = df[list(encoders)]
            """,
            "m = LogisticRegression().fit(X, df['churn'])\nm.predict(X)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert "encoders[c] = enc" not in features_text(run)


def test_merge_with_another_table(tmp_path, monkeypatch):
    data.churn(tmp_path)
    import pandas as pd

    pd.DataFrame({"city": ["north", "south", "east"], "people": [10, 20, 30]}).to_csv(
        tmp_path / "cities.csv", index=False
    )
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
            "df = pd.read_csv('churn.csv')\ncities = pd.read_csv('cities.csv')\ncities['people'] = cities['people'] * 2",
            "df = df.merge(cities, on='city', how='left')\ndf['people'] = df['people'].fillna(df['people'].median())",
            "m = LogisticRegression().fit(df[['people', 'tenure']], df['churn'])\nm.predict(df[['people', 'tenure']])",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert {v["name"] for v in run.document["frozen"]} >= {"cities"}


def test_train_and_test_stacked(tmp_path, monkeypatch):
    data.passengers(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.ensemble import RandomForestClassifier",
            "train = pd.read_csv('train.csv')\ntest = pd.read_csv('test.csv')\nn = len(train)\ny = train['survived']",
            "both = pd.concat([train, test], sort=False).reset_index(drop=True)\nboth['age'] = both['age'].fillna(both['age'].median())\nboth['fare'] = both['fare'].fillna(both['fare'].mean())",
            "both = pd.get_dummies(both[['age', 'fare', 'sex', 'cls']])\nX, X_test = both[:n], both[n:]",
            "m = RandomForestClassifier(10, random_state=0).fit(X, y)\np = m.predict(X_test)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert run.document["source"]["name"] == "test"


def test_cleaning_in_place(tmp_path, monkeypatch):
    """`inplace=True` for cleaning, dropping columns, sorting; the check asks for the needed columns only."""
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\nfrom sklearn.model_selection import train_test_split",
            "df = pd.read_csv('churn.csv')[['age', 'charges', 'tenure', 'plan', 'churn']]",
            "df.dropna(inplace=True)\ndf.drop(columns=['plan'], inplace=True)\ndf.sort_values('tenure', inplace=True)\ndf.reset_index(drop=True, inplace=True)",
            "X = df.drop(columns=['churn'])\na, b, c, d = train_test_split(X, df['churn'], random_state=3)\nm = LogisticRegression(max_iter=500).fit(a, c)\np = m.predict(b)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert "check(df[['age', 'charges', 'tenure']].notna().all(axis=1)" in features_text(run)
    assert "sort_values" not in features_text(run)


def test_features_and_target_side_by_side(tmp_path, monkeypatch):
    run = record(
        [
            "from sklearn.datasets import load_wine\nfrom sklearn.svm import SVC\nimport pandas as pd\nwine = load_wine()",
            "X, y = wine.data, wine.target == 1\ndf = pd.DataFrame(X, wine.target, columns=wine.feature_names)",
            "m = SVC().fit(df, y)\nm.predict(df)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert "target" not in features_text(run)


def test_a_word_in_a_map_is_no_column(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression",
            "df = pd.read_csv('churn.csv')\ndf['plan'] = df['plan'].map({'basic': 0, 'plus': 1, 'churn': 2}).fillna(3)",
            "X = df[['tenure', 'plan']]\nm = LogisticRegression().fit(X, df['churn'])\np = m.predict(X)",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert run.document["source"]["target"] == "churn"


def test_the_target_as_a_column_of_a_table_that_is_counted(tmp_path, monkeypatch):
    for source in (
        "X, y = make_classification(n_samples=120, n_features=4, random_state=1)",
        "d = load_iris()\nX, y = d.data, d.target",
    ):
        run = record(
            [
                "import pandas as pd\nfrom sklearn.datasets import load_iris, make_classification\nfrom sklearn.tree import DecisionTreeClassifier",
                source,
                "df = pd.DataFrame(X, columns=list('abcd'))\ndf['target'] = y",
                "m = DecisionTreeClassifier(max_depth=3, random_state=0).fit(df.iloc[:, :4], df.iloc[:, -1])\nprint(m.predict(df.iloc[:, :4])[:5])",
            ],
            tmp_path,
            monkeypatch,
        )
        prove(run)


def test_the_target_taken_straight_from_a_data_set(tmp_path, monkeypatch):
    run = record(
        [
            "import pandas as pd\nfrom sklearn.datasets import load_iris\nfrom sklearn.tree import DecisionTreeClassifier",
            "iris = load_iris()\ndf = pd.DataFrame(iris.data, columns=iris.feature_names)\ndf['species'] = iris.target",
            "X = df.iloc[:, :-1]\nm = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, df.iloc[:, -1])\nprint(m.predict(X)[:5])",
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
