"""Harder tables: two files side by side, filters that need the target, group statistics, arrays."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import record_data as data
from record_helper import features_text, prove, record


def test_passengers_two_files(tmp_path, monkeypatch):
    """Loops over [train, test], titles by pattern, rare titles to other, medians by group, the test file is served."""
    data.passengers(tmp_path)
    run = record(
        [
            """
            import numpy as np
            import pandas as pd
            from sklearn.svm import SVC
            from sklearn.ensemble import RandomForestClassifier
            from sklearn.model_selection import cross_val_score
            """,
            """
            train = pd.read_csv("train.csv")
            test = pd.read_csv("test.csv")
            both = [train, test]
            """,
            """
            for table in both:
                table["title"] = table["name"].str.extract(r" ([A-Za-z]+)\\.", expand=False)
                table["age"] = table["age"].fillna(table.groupby("title")["age"].transform("median"))
            train["title"].value_counts()
            """,
            """
            titles = {"Mr": 0, "Miss": 1, "Mrs": 2}
            for table in both:
                table["title"] = table["title"].map(titles)
                table["title"] = table["title"].fillna(3)
                table["sex"] = table["sex"].map({"male": 0, "female": 1}).astype(int)
            """,
            """
            common = train["port"].mode()[0]
            for table in both:
                table["port"] = table["port"].fillna(common)
                table["port"] = table["port"].map({"S": 0, "C": 1, "Q": 2})
            test["fare"] = test["fare"].fillna(test["fare"].median())
            """,
            """
            for table in both:
                table.loc[table["age"] <= 16, "age"] = 0
                table.loc[(table["age"] > 16) & (table["age"] <= 32), "age"] = 1
                table.loc[table["age"] > 32, "age"] = 2
            """,
            """
            X = train.drop(["survived", "id", "name"], axis=1)
            y = train["survived"]
            X_new = test.drop(["id", "name"], axis=1)
            """,
            'print(cross_val_score(RandomForestClassifier(n_estimators=5, random_state=0), X.fillna(X["age"].mean()), y).mean())',
            """
            clf = RandomForestClassifier(n_estimators=10, random_state=0)
            clf.fit(X.fillna(1), y)
            prediction = clf.predict(X_new.fillna(1))
            submission = pd.DataFrame({"id": test["id"], "survived": prediction})
            submission.to_csv("submission.csv", index=False)
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    document = run.document
    assert document["source"]["call"] == 'pd.read_csv("test.csv")'
    assert len(run.expected("rows")) == 90
    assert "[test]" in features_text(run)


def test_home_prices(tmp_path, monkeypatch):
    """Cleaning, a function for ranges, rare places, a filter by group that needs the target, log target."""
    data.homes(tmp_path)
    run = record(
        [
            "import pandas as pd\nimport numpy as np",
            'df = pd.read_csv("homes.csv")\ndf.shape',
            'df2 = df.drop(["society"], axis="columns")\ndf2.isnull().sum()',
            "df3 = df2.dropna()\nprint(df3.shape)",
            """
            df3["bhk"] = df3["size"].apply(lambda x: int(x.split(" ")[0]))

            def to_number(x):
                tokens = x.split("-")
                if len(tokens) == 2:
                    return (float(tokens[0]) + float(tokens[1])) / 2
                try:
                    return float(x)
                except ValueError:
                    return None

            df4 = df3.copy()
            df4["sqft"] = df4["sqft"].apply(to_number)
            """,
            """
            df5 = df4.copy()
            df5["per_sqft"] = df5["price"] * 100000 / df5["sqft"]
            stats = df5["location"].value_counts()
            rare = stats[stats <= 15]
            df5["location"] = df5["location"].apply(lambda x: "other" if x in rare else x)
            """,
            "df6 = df5[~(df5.sqft / df5.bhk < 200)]\ndf6.shape",
            """
            def remove_outliers(df):
                out = pd.DataFrame()
                for key, sub in df.groupby("location"):
                    m = np.mean(sub.per_sqft)
                    s = np.std(sub.per_sqft)
                    reduced = sub[(sub.per_sqft > (m - 1.5 * s)) & (sub.per_sqft <= (m + 1.5 * s))]
                    out = pd.concat([out, reduced], ignore_index=True)
                return out

            df7 = remove_outliers(df6)
            df8 = df7[df7.bath < df7.bhk + 3]
            """,
            """
            df9 = df8.drop(["size", "per_sqft"], axis="columns")
            dummies = pd.get_dummies(df9.location)
            df10 = pd.concat([df9, dummies.drop("other", axis="columns")], axis="columns")
            df10 = df10.drop("location", axis="columns")
            """,
            """
            X = df10.drop("price", axis="columns")
            y = np.log1p(df10.price)
            from sklearn.model_selection import train_test_split
            X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=10)
            from sklearn.linear_model import LinearRegression
            model = LinearRegression()
            model.fit(X_train, y_train)
            """,
            """
            log_price = model.predict(X_test)
            price = np.expm1(log_price)
            print(np.sqrt(np.mean((np.expm1(y_test) - price) ** 2)))
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    document = run.document
    assert document["source"]["target"] == "price"
    text = features_text(run)
    assert '["per_sqft"] =' not in text
    assert "remove_outliers" not in text
    assert "checked(df5" in text or "check(" in text
    assert document["post_result"] == "price"
    unchecked = [c for c in document["checks"] if "not checked" in c["text"]]
    assert unchecked and unchecked[0]["cell"] == 8


def test_arrays_by_position(tmp_path, monkeypatch):
    """`X = df.iloc[:, :-1].values`, an encoder on one column of the array, a split of arrays."""
    data.churn(tmp_path)
    run = record(
        [
            "import pandas as pd, numpy as np",
            """
            df = pd.read_csv("churn.csv")
            df = df.drop(columns=["customer", "plan", "city", "paperless"])
            X = df.iloc[:, :-1].values
            y = df.iloc[:, -1].values
            """,
            """
            from sklearn.impute import SimpleImputer
            from sklearn.preprocessing import LabelEncoder, StandardScaler
            imputer = SimpleImputer(strategy="mean")
            imputer.fit(X[:, 0:3])
            X[:, 0:3] = imputer.transform(X[:, 0:3])
            le = LabelEncoder()
            X[:, 3] = le.fit_transform(X[:, 3])
            y = LabelEncoder().fit_transform(y)
            """,
            """
            from sklearn.model_selection import train_test_split
            X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=1/3, random_state=0)
            sc = StandardScaler()
            X_train = sc.fit_transform(X_train)
            X_test = sc.transform(X_test)
            from sklearn.neighbors import KNeighborsClassifier
            knn = KNeighborsClassifier().fit(X_train, y_train)
            y_pred = knn.predict(X_test)
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)


def test_kmeans(tmp_path, monkeypatch):
    """One scaler fitted twice in place, clusters by fit_predict."""
    data.churn(tmp_path)
    run = record(
        [
            """
            import pandas as pd
            from sklearn.cluster import KMeans
            from sklearn.preprocessing import MinMaxScaler
            df = pd.read_csv("churn.csv")[["age", "charges"]].dropna()
            """,
            """
            scaler = MinMaxScaler()
            scaler.fit(df[["charges"]])
            df["charges"] = scaler.transform(df[["charges"]])
            scaler.fit(df[["age"]])
            df["age"] = scaler.transform(df[["age"]])
            """,
            """
            km = KMeans(n_clusters=3, n_init=2, random_state=0)
            df["cluster"] = km.fit_predict(df[["age", "charges"]])
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert run.document["task"] == "clustering"
