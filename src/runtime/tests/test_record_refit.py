"""Transformers fitted anew on the rows that are scored: the training fit is served, and the difference is told."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from record_helper import prove, record

HEAD = """
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
df = pd.read_csv("rows.csv")
X_train, X_test, y_train, y_test = train_test_split(df[["a", "b"]], df["y"], random_state=0)
"""
MODEL = "model = LogisticRegression().fit(X_train_scaled, y_train)"
AGAIN = {
    "the same object": """
        scaler = StandardScaler()
        X_train_scaled = scaler.fit_transform(X_train)
        X_test_scaled = scaler.fit_transform(X_test)
        """,
    "an object of its own": """
        scaler = StandardScaler()
        X_train_scaled = scaler.fit_transform(X_train)
        X_test_scaled = StandardScaler().fit_transform(X_test)
        """,
    "fit, then transform": """
        scaler = StandardScaler()
        scaler.fit(X_train)
        X_train_scaled = scaler.transform(X_train)
        scaler.fit(X_test)
        X_test_scaled = scaler.transform(X_test)
        """,
}
RIGHT = {
    "transform": """
        scaler = StandardScaler()
        X_train_scaled = scaler.fit_transform(X_train)
        X_test_scaled = scaler.transform(X_test)
        """,
    "fitted on all": """
        scaler = StandardScaler().fit(df[["a", "b"]])
        X_train_scaled = scaler.transform(X_train)
        X_test_scaled = scaler.transform(X_test)
        """,
    "fitted on a few": """
        scaler = StandardScaler().fit(X_train.head(20))
        X_train_scaled = scaler.transform(X_train)
        X_test_scaled = scaler.transform(X_test)
        """,
    "a few, in one go": """
        scaler = StandardScaler()
        first = scaler.fit_transform(X_train.head(20))
        X_train_scaled = scaler.transform(X_train)
        X_test_scaled = scaler.transform(X_test)
        """,
}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.RandomState(0)
    a, b = rng.normal(5, 3, 200), rng.normal(-2, 10, 200)
    frame = pd.DataFrame({"a": a, "b": b, "y": (a + b / 5 + rng.normal(0, 1, 200) > 5).astype(int)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("last", ["pred = model.predict(X_test_scaled)", "print(model.score(X_test_scaled, y_test))"])
@pytest.mark.parametrize("how", list(AGAIN))
def test_what_was_learned_in_training_is_served(how, last, folder, monkeypatch):
    run = record([HEAD, AGAIN[how], MODEL, last], folder, monkeypatch)
    prove(run)
    codes = [w["code"] for w in run.document["warnings"]]
    assert codes == ["IAPP_NOTEBOOK_FITTED_AGAIN"]
    assert run.document["warnings"][0]["cell"] == 2
    assert len(run.expected("rows")) == 150
    # The scaler that is served is the one of the training rows.
    frame = pd.read_csv(folder / "rows.csv")
    module = run.module()
    one = module.features([{"a": 5.0, "b": 1.0}])
    training = frame.iloc[run.expected("rows")]
    assert np.asarray(one)[0][0] == pytest.approx((5.0 - training["a"].mean()) / training["a"].std(ddof=0))
    with open(folder / "run" / "expected" / "otherwise.pkl", "rb") as file:
        otherwise = pickle.load(file)
    assert len(otherwise["rows"]) == len(otherwise["answers"]) == 50
    assert not set(otherwise["rows"]) & set(run.expected("rows"))


@pytest.mark.parametrize("how", list(RIGHT))
def test_nothing_is_said_where_the_training_fit_is_used(how, folder, monkeypatch):
    run = record([HEAD, RIGHT[how], MODEL, "pred = model.predict(X_test_scaled)"], folder, monkeypatch)
    prove(run)
    assert run.document["warnings"] == []
    assert len(run.expected("rows")) == 200
    assert not (folder / "run" / "expected" / "otherwise.pkl").exists()
