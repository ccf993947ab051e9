"""What cannot be served is refused with its place and reason; what did not matter is a remark."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import record_data as data
from record_helper import prove, record

READ = "import pandas as pd, numpy as np\nfrom sklearn.linear_model import LogisticRegression, LinearRegression\ndf = pd.read_csv('churn.csv').fillna({'charges': 1.0, 'age': 40.0})"
FIT = (
    "m = LogisticRegression(max_iter=300)\nm.fit(df[['x', 'tenure']], df['churn'])\np = m.predict(df[['x', 'tenure']])"
)


def refused(run, code):
    document = run.document
    assert document["status"] == "refused", run.document["served"]
    assert document["refusal"]["code"] == code, document["refusal"]
    return document["refusal"]


def test_rank_is_refused_by_name(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record([READ, "df['x'] = df['charges'].rank()", FIT], tmp_path, monkeypatch)
    refusal = refused(run, "IAPP_NOTEBOOK_ROW_ORDER")
    assert refusal["cell"] == 2 and refusal["line"] == 1
    assert "df['charges'].rank()" in refusal["reason"]


def test_rolling_is_refused(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record([READ, "df['x'] = df['charges'].rolling(3).mean().fillna(0)", FIT], tmp_path, monkeypatch)
    assert "rolling" in refused(run, "IAPP_NOTEBOOK_ROW_ORDER")["reason"]


def test_random_column_is_refused_and_seeds_are_not(tmp_path, monkeypatch):
    data.churn(tmp_path)
    run = record([READ, "np.random.seed(1)\ndf['x'] = np.random.randint(0, 9, len(df))", FIT], tmp_path, monkeypatch)
    assert "np.random.randint" in refused(run, "IAPP_NOTEBOOK_RANDOM")["reason"]


def test_clusters_without_new_rows(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "from sklearn.cluster import DBSCAN\nlabels = DBSCAN(eps=3).fit_predict(df[['tenure', 'charges']])"]
    refused(record(cells, tmp_path, monkeypatch), "IAPP_NOTEBOOK_NO_NEW_ROWS")


def test_no_model(tmp_path, monkeypatch):
    data.churn(tmp_path)
    refused(record([READ, "df.describe()"], tmp_path, monkeypatch), "IAPP_NOTEBOOK_NO_MODEL")


def test_rows_from_nowhere(tmp_path, monkeypatch):
    cells = [
        "import numpy as np\nfrom sklearn.linear_model import LinearRegression",
        "x = np.linspace(0, 1, 9).reshape(-1, 1)\nm = LinearRegression().fit(x, x.ravel())\nm.predict(x)",
    ]
    refusal = refused(record(cells, tmp_path, monkeypatch), "IAPP_NOTEBOOK_NO_ROWS")
    assert "LinearRegression" in refusal["reason"] and "cell 2" in refusal["reason"]


def test_failing_cell_that_matters(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "df['x'] = 1\nbroken = df['nothing']\ndf['x'] = df['charges']", FIT]
    refusal = refused(record(cells, tmp_path, monkeypatch), "IAPP_NOTEBOOK_CELL_FAILED")
    assert refusal["cell"] == 2 and refusal["line"] == 2
    assert "KeyError" in refusal["reason"] and "'df'" in refusal["reason"]


def test_failing_cell_beside_the_slice_is_a_remark(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "df['x'] = df['charges']", "import nothing_of_the_kind\nplot(df2)", FIT]
    run = record(cells, tmp_path, monkeypatch)
    prove(run)
    assert [f["matters"] for f in run.document["failures"]] == [False]
    assert {c["cell"]: c["verdict"] for c in run.document["cells"]}[3] == "failed"


def test_hidden_state_says_where_the_name_comes_from(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "df['x'] = df['charges'] * factor", "factor = 2", FIT]
    refusal = refused(record(cells, tmp_path, monkeypatch), "IAPP_NOTEBOOK_CELL_FAILED")
    assert "first defined in cell 3" in refusal["remedy"]


def test_prediction_on_one_row_is_no_service(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [
        READ,
        "df['x'] = df['charges']",
        FIT,
        "m2 = m\nm2.predict(pd.DataFrame([[1.0, 2]], columns=['x', 'tenure']))",
    ]
    run = record(cells, tmp_path, monkeypatch)
    prove(run)
    assert run.document["served"]["cell"] == 3


def test_explicit_choice_and_unknown_name(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "df['x'] = df['charges']", FIT, FIT.replace("m.", "other.").replace("m =", "other =")]
    run = record(cells, tmp_path, monkeypatch, name="m")
    prove(run)
    assert (run.document["served"]["name"], run.document["served"]["confidence"]) == ("m", "certain")
    assert [a["name"] for a in run.document["served"]["alternatives"]] == ["other"]
    refused(record(cells, tmp_path, monkeypatch, name="nobody"), "IAPP_NOTEBOOK_SERVE_UNKNOWN")


def test_dumped_model_is_served(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [
        READ,
        "df['x'] = df['charges']",
        FIT,
        "import pickle\npickle.dump(m, open('m.pkl', 'wb'))",
        FIT.replace("m.", "n.").replace("m =", "n ="),
    ]
    run = record(cells, tmp_path, monkeypatch)
    prove(run)
    assert run.document["served"]["name"] == "m"


def test_await_in_the_slice(tmp_path, monkeypatch):
    data.churn(tmp_path)
    cells = [READ, "import asyncio\ndf['x'] = await asyncio.sleep(0, df['charges'] * 2)", FIT]
    refused(record(cells, tmp_path, monkeypatch), "IAPP_NOTEBOOK_AWAIT")


def test_a_cell_that_does_not_parse_is_judged_by_what_it_may_change(tmp_path, monkeypatch):
    data.churn(tmp_path)
    make = "df['x'] = df['charges'] * 2"
    harmless = record([READ, make, "other = (1 +", FIT], tmp_path, monkeypatch).document
    assert harmless["status"] == "ok"
    assert [(f["cell"], f["ename"], f["matters"]) for f in harmless["failures"]] == [(3, "SyntaxError", False)]
    refusal = refused(
        record([READ, make, "df['x'] = df['x' * 2", FIT], tmp_path, monkeypatch), "IAPP_NOTEBOOK_CELL_FAILED"
    )
    assert refusal["cell"] == 3
    assert "'df'" in refusal["reason"]


def test_an_own_function_that_fails_and_only_reads_its_arguments_changes_nothing(tmp_path, monkeypatch):
    data.churn(tmp_path)
    make = "df['x'] = df['charges'] * 2\nX = df[['x', 'tenure']]\ny = df['churn']"
    reads = "def classify(model, X, y):\n    model.fit(X, y)\n    raise ValueError('after all')\nclassify(LinearRegression(), X, y)"
    fit = "m = LogisticRegression(max_iter=300)\nm.fit(X, y)\np = m.predict(X)"
    document = record([READ, make, reads, fit], tmp_path, monkeypatch).document
    assert document["status"] == "ok", document["refusal"]
    assert [f["matters"] for f in document["failures"]] == [False]
    writes = "def spoil(table):\n    table['x'] = 0\n    raise ValueError('after all')\nspoil(X)"
    refusal = refused(record([READ, make, writes, fit], tmp_path, monkeypatch), "IAPP_NOTEBOOK_CELL_FAILED")
    assert refusal["cell"] == 3
