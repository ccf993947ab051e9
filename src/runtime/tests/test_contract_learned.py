"""What the probe learns: contract, examples, profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from run_examples import churn_run, price_run
from run_folders import bare_run, make_run
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.tree import DecisionTreeClassifier

from iapp_runtime.train import probe, prove
from iapp_runtime.train.bins import category_bins, design_effect, number_bins
from iapp_runtime.train.column_kind import categories_of, extremes_of, kind_of
from iapp_runtime.train.events import Events


def learned(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """contract, examples, profile; columns of the contract by name."""
    events = Events.open(None, folder)
    probe.main(folder, events)
    events.close()
    contract, examples, profile = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("contract", "examples", "profile")
    )
    contract["columns"] = {column["name"]: column for column in contract["columns"]}
    return contract, examples, profile


def verified(folder: Path) -> dict[str, Any]:
    events = Events.open(None, folder)
    prove.main(folder, events)
    events.close()
    return json.loads((folder / "verification.json").read_text())


@pytest.fixture(scope="module")
def churn(tmp_path_factory):
    return learned(churn_run(tmp_path_factory.mktemp("churn")))


def test_required_is_what_changes_the_features(churn):
    columns = churn[0]["columns"]
    assert {name for name, column in columns.items() if column["required"]} == {"tenure", "charges", "gender", "plan"}
    assert columns["Churn"]["target"] and not columns["customer"]["target"]


def test_an_optional_column_has_a_default_that_works(churn):
    columns = churn[0]["columns"]
    assert columns["customer"]["default"] is None
    # A missing target makes the notebook's own line fail; a usual value does not.
    assert columns["Churn"]["default"] == "No" and not columns["Churn"]["nullable"]
    assert isinstance(columns["visits"]["default"], int)


def test_missing_is_allowed_where_the_notebook_handles_it(churn):
    columns = churn[0]["columns"]
    assert columns["charges"]["nullable"] and columns["charges"]["missing_seen"] == 41
    assert not columns["tenure"]["nullable"]
    assert not columns["gender"]["nullable"]


def test_types_ranges_and_categories(churn):
    columns = churn[0]["columns"]
    assert (columns["tenure"]["type"], columns["tenure"]["min"], columns["tenure"]["max"]) == ("integer", 0, 71)
    assert (columns["plan"]["type"], columns["plan"]["categories"]) == ("category", ["basic", "plus", "pro"])
    assert (columns["customer"]["type"], columns["customer"]["categories"]) == ("string", None)
    assert churn[0]["output"] == {"task": "classification", "type": "integer", "classes": [0, 1], "proba": True}
    json.dumps(churn[0], allow_nan=False)


def test_examples_are_real_rows_without_the_target_and_with_different_answers(churn):
    _, examples, _ = churn
    assert len(examples["rows"]) == len(examples["predictions"]) == 3
    assert all(set(row) == {"customer", "tenure", "charges", "gender", "plan", "visits"} for row in examples["rows"])
    assert set(examples["predictions"]) == {0, 1}


def test_the_profile_counts_every_row_once(churn):
    _, _, profile = churn
    assert {entry["name"] for entry in profile["features"]} == {"tenure", "charges", "gender", "plan", "visits"}
    for entry in [*profile["features"], profile["prediction"], profile["score"]]:
        assert sum(entry["counts"]) + sum(entry["special"].values()) == profile["rows"] == 400, entry["name"]
        bins = len(entry["counts"])
        assert bins == (len(entry["edges"]) - 1 if entry["kind"] == "number" else len(entry["categories"]))
    shares = {entry["name"]: entry["importance"] for entry in profile["features"]}
    assert shares["visits"] == 0 and abs(sum(shares.values()) - 1) < 0.01
    assert shares["tenure"] > shares["gender"]


def test_a_column_that_matters_only_in_a_rare_case_is_required(tmp_path):
    random = np.random.RandomState(0)
    raw = pd.DataFrame({"x": random.rand(600).round(6), "rare": random.choice(["a", "b"], 600).astype(object)})
    raw.loc[raw.index[::150], "x"] = 0.999
    raw["y"] = (raw["x"] > 0.5).astype(int)
    statement = "df.loc[(df['x'] == 0.999) & (df['rare'] == 'a'), 'x'] = 0.25"
    space = {"df": raw.copy()}
    exec(statement, space)
    model = DecisionTreeClassifier(random_state=0).fit(space["df"][["x"]], raw["y"])
    folder = make_run(tmp_path, raw, [(statement,) * 2], "df[['x']]", {}, {}, {"tree": model}, "tree", target="y")
    columns = learned(folder)[0]["columns"]
    assert columns["rare"]["required"] and columns["x"]["required"] and not columns["y"]["required"]


def test_columns_that_stand_in_for_each_other_are_not_all_optional(tmp_path):
    random = np.random.RandomState(0)
    raw = pd.DataFrame({"a": random.rand(200).round(3)})
    raw["b"] = raw["c"] = raw["a"]
    raw["y"] = (raw["a"] > 0.5).astype(int)
    # Any one of the three may be changed without effect, not all of them.
    statement = "df['x'] = df[['a', 'b', 'c']].median(axis=1)"
    space = {"df": raw.copy()}
    exec(statement, space)
    model = DecisionTreeClassifier(random_state=0).fit(space["df"][["x"]], raw["y"])
    folder = make_run(tmp_path, raw, [(statement,) * 2], "df[['x']]", {}, {}, {"tree": model}, "tree", target="y")
    columns = learned(folder)[0]["columns"]
    assert columns["a"]["required"] and columns["b"]["required"] and columns["c"]["required"]


def test_a_model_that_takes_holes_does_not_make_a_column_nullable_that_never_had_one(tmp_path):
    random = np.random.RandomState(0)
    raw = pd.DataFrame({"x": random.rand(200), "z": random.rand(200)})
    raw.loc[::9, "z"] = np.nan
    raw["y"] = (raw["x"] > 0.5).astype(int)
    model = HistGradientBoostingClassifier(max_iter=5).fit(raw[["x", "z"]], raw["y"])
    folder = make_run(tmp_path, raw, [("df = df.copy()",) * 2], "df[['x', 'z']]", {}, {}, {"m": model}, "m", target="y")
    columns = learned(folder)[0]["columns"]
    assert columns["z"]["nullable"] and not columns["x"]["nullable"]


def test_dropped_rows_stay_out_of_contract_and_profile(tmp_path):
    contract, _, profile = learned(price_run(tmp_path))
    assert contract["columns"]["rooms"]["missing_seen"] == 0 and not contract["columns"]["rooms"]["nullable"]
    assert profile["rows"] == 273
    assert contract["output"]["type"] == "number" and profile["prediction"]["kind"] == "number"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], "integer"),
        ([1.5, None], "number"),
        ([True, False], "boolean"),
        (pd.Series([True, None, False], dtype=object), "boolean"),
        (pd.Series([1, None], dtype="Int64"), "integer"),
        (pd.to_datetime(["2020-01-01", None]), "datetime"),
        (pd.to_datetime(["2020-01-01"]).tz_localize("UTC"), "datetime"),
        (["a"] * 50 + ["b"] * 50, "category"),
        ([f"text {i}" for i in range(100)], "string"),
        (pd.Categorical(["x", "y"]), "category"),
        (pd.Series(["1", 2, "3"], dtype=object), "category"),
        (pd.Series([None, None], dtype=object), "string"),
    ],
)
def test_kinds_of_columns(values, kind):
    assert kind_of(pd.Series(values)) == kind


def test_declared_categories_keep_their_order():
    assert categories_of(pd.Series(pd.Categorical(["lo"], ["lo", "mid", "hi"], ordered=True))) == ["lo", "mid", "hi"]
    assert extremes_of(pd.Series([3.0, np.inf, np.nan, -1.0])) == (-1.0, 3.0)
    assert extremes_of(pd.Series(pd.to_datetime(["2021-05-01", "2020-01-01"]))) == (
        "2020-01-01T00:00:00",
        "2021-05-01T00:00:00",
    )


def test_bins_of_numbers():
    values = np.array([0.0] * 50 + list(range(1, 51)) + [np.nan] * 5 + [np.inf])
    found = number_bins("x", values)
    assert np.all(np.diff(found["edges"]) > 0)
    assert sum(found["counts"]) == 100
    assert (found["special"]["missing"], found["special"]["invalid"]) == (5, 1)
    constant = number_bins("c", np.full(10, 3.0))
    assert constant["counts"] == [10] and constant["edges"][0] < 3.0 < constant["edges"][1]
    few = number_bins("f", np.array([1.0, 2.0, 5.0, 5.0]))
    assert few["counts"] == [1, 1, 2]


def test_bins_of_categories():
    values = np.array(["a"] * 900 + ["b"] * 95 + ["c"] * 3 + ["d"] * 2 + [None] * 4, dtype=object)
    found = category_bins("c", values)
    assert found is not None
    assert (found["categories"], found["counts"], found["known"]) == (["a", "b"], [900, 95], ["c", "d"])
    assert (found["special"]["missing"], found["special"]["other"]) == (4, 5)
    assert category_bins("free text", np.array([f"t{i}" for i in range(1000)], dtype=object)) is None


def test_design_effect_sees_clumps():
    random = np.random.RandomState(0)
    independent = random.randint(0, 4, 4000)
    clumped = np.repeat(random.randint(0, 4, 80), 50)
    order = np.arange(4000)
    assert design_effect(independent, 4, None) == 2.0
    assert 1.0 <= design_effect(independent, 4, order) < 2.0
    assert design_effect(clumped, 4, order) > 10


def test_rows_of_an_array_are_lists_and_need_every_place(tmp_path):
    raw = np.random.RandomState(0).rand(60, 3)
    score = """import numpy as np
def features(rows):
    return np.asarray(rows, dtype=float)[:, :2]
def predict(rows):
    return features(rows).sum(axis=1)
"""
    contract, examples, profile = learned(bare_run(tmp_path, raw, score, raw[:, :2], raw[:, :2].sum(axis=1)))
    assert contract["rows"] == "array"
    # The third is never used, but a list has no names by which it could be left out.
    assert [(c["name"], c["type"], c["required"]) for c in contract["columns"].values()] == [
        ("0", "number", True),
        ("1", "number", True),
        ("2", "number", True),
    ]
    assert examples["rows"][0] == raw[0].tolist()
    assert len(profile["features"]) == 3
    assert verified(tmp_path)["equal"]


def test_rows_of_text_are_strings(tmp_path):
    raw = [f"ticket number {i} about {'billing' if i % 3 else 'login'}" for i in range(90)]
    score = """import numpy as np
def features(rows):
    return [text.split()[-1] for text in rows]
def predict(rows):
    return np.array([len(word) for word in features(rows)])
"""
    words = [text.split()[-1] for text in raw]
    lengths = np.array([len(word) for word in words])
    contract, examples, _ = learned(bare_run(tmp_path, raw, score, words, lengths, "classification"))
    assert contract["rows"] == "text"
    (column,) = contract["columns"].values()
    assert (column["type"], column["required"], column["nullable"]) == ("string", True, False)
    assert set(examples["predictions"]) == {5, 7} and all(isinstance(row, str) for row in examples["rows"])
    assert verified(tmp_path)["equal"]
