"""The kinds of notebooks the recorder must turn into equal scoring code."""

from __future__ import annotations

import record_data as data
from record_helper import features_text, prove, record


def test_churn_by_hand(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            """
            import pandas as pd
            import numpy as np
            from sklearn.preprocessing import LabelEncoder, StandardScaler
            from sklearn.model_selection import train_test_split
            from sklearn.ensemble import RandomForestClassifier
            from sklearn.metrics import accuracy_score
            """,
            'df = pd.read_csv("churn.csv")\ndf.head()',
            """
            med = df["age"].median()
            df["age"] = df["age"].fillna(med)
            df["charges"] = df["charges"].fillna(df["charges"].mean())
            """,
            """
            df["paperless"] = df["paperless"].map({"Yes": 1, "No": 0})
            df = df.drop("customer", axis=1)
            """,
            """
            le = LabelEncoder()
            for col in ["gender", "city", "churn"]:
                print(col)
                df[col] = le.fit_transform(df[col])
            """,
            'df = pd.get_dummies(df, columns=["plan"], drop_first=True)',
            """
            X = df.drop("churn", axis=1)
            y = df["churn"]
            X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
            """,
            """
            scaler = StandardScaler()
            X_train[["age", "tenure", "charges"]] = scaler.fit_transform(X_train[["age", "tenure", "charges"]])
            X_test[["age", "tenure", "charges"]] = scaler.transform(X_test[["age", "tenure", "charges"]])
            """,
            """
            clf = RandomForestClassifier(n_estimators=15, random_state=0)
            clf.fit(X_train, y_train)
            pred = clf.predict(X_test)
            print(accuracy_score(y_test, pred))
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    document = run.document
    assert document["source"]["target"] == "churn"
    assert document["served"]["name"] == "clf"
    assert document["served"]["confidence"] == "certain"
    assert len(run.expected("rows")) == 240
    names = {value["name"]: value for value in document["frozen"]}
    assert names["med"]["bind"] == "module"
    assert "charges_mean" in names
    text = features_text(run)
    assert "le[col].transform(df[col])" in text
    assert "print" not in text
    assert {c["cell"]: c["verdict"] for c in document["cells"]}[9] == "score"


def test_pipeline_with_own_transformer_and_search(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record(
        [
            """
            import pandas as pd
            import numpy as np
            from sklearn.base import BaseEstimator, TransformerMixin
            from sklearn.compose import ColumnTransformer
            from sklearn.pipeline import Pipeline
            from sklearn.impute import SimpleImputer
            from sklearn.preprocessing import OneHotEncoder, StandardScaler
            from sklearn.linear_model import LogisticRegression
            from sklearn.model_selection import GridSearchCV, train_test_split
            """,
            'data = pd.read_csv("churn.csv")',
            """
            SHIFT = 1.5

            class Ratio(BaseEstimator, TransformerMixin):
                def __init__(self, add=1.0):
                    self.add = add

                def fit(self, X, y=None):
                    self.middle_ = float(np.nanmedian(X["charges"]))
                    return self

                def transform(self, X):
                    X = X.copy()
                    X["ratio"] = (X["charges"].fillna(self.middle_) + SHIFT) / (X["tenure"] + self.add)
                    return X
            """,
            """
            numbers = ["age", "tenure", "charges", "ratio"]
            words = ["plan", "gender", "city", "paperless"]
            pre = ColumnTransformer([
                ("num", Pipeline([("imp", SimpleImputer(strategy="median")), ("sc", StandardScaler())]), numbers),
                ("cat", OneHotEncoder(handle_unknown="ignore"), words),
            ])
            pipe = Pipeline([("ratio", Ratio()), ("pre", pre), ("model", LogisticRegression(max_iter=500))])
            """,
            """
            train, test = train_test_split(data, test_size=0.3, random_state=1)
            grid = GridSearchCV(pipe, {"model__C": [0.1, 1.0]}, cv=3)
            grid.fit(train[numbers[:3] + words], train["churn"])
            print(f"score {grid.score(test[numbers[:3] + words], test['churn']):.3f}")
            """,
            """
            best = grid.best_estimator_
            print((best.predict(test[numbers[:3] + words]) == test["churn"]).mean())
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    document = run.document
    assert document["served"]["class"] == "Pipeline"
    assert any("class Ratio" in run.piece(piece) for piece in document["definitions"])
    assert document["proba"] == "best.predict_proba({X})"
    assert document["classes"] == ["No", "Yes"]


def test_text_with_tfidf(tmp_path, monkeypatch):
    data.tickets(tmp_path)
    run = record(
        [
            """
            import pandas as pd, re
            from sklearn.feature_extraction.text import TfidfVectorizer
            from sklearn.linear_model import LogisticRegression
            from sklearn.model_selection import train_test_split
            from sklearn.metrics import classification_report
            """,
            'df = pd.read_csv("tickets.csv")',
            """
            def clean(text):
                text = re.sub("[^a-z ]", "", text.lower())
                return " ".join(w for w in text.split() if w not in {"the", "my"})

            df["clean"] = df["text"].apply(clean)
            """,
            """
            tfidf = TfidfVectorizer(max_features=50)
            X = tfidf.fit_transform(df["clean"])
            y = df["label"]
            Xtr, Xte, ytr, yte = train_test_split(X, y, random_state=0)
            """,
            """
            model = LogisticRegression()
            model.fit(Xtr, ytr)
            print(classification_report(yte, model.predict(Xte)))
            """,
        ],
        tmp_path,
        monkeypatch,
    )
    prove(run)
    assert "tfidf.transform(df" in features_text(run)
    assert run.document["source"]["target"] == "label"
