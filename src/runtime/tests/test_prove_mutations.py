"""The proof must be able to fail: every way of scoring wrongly that is known here is caught, and its place is named."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_examples import CHURN, CHURN_RESULT, churn_run, price_run
from run_folders import with_contract
from sklearn.linear_model import LogisticRegression

from iapp_runtime import pickles
from iapp_runtime.train import probe, prove
from iapp_runtime.train.events import Events

REPLACED = {n: text for n, (_, text) in enumerate(CHURN)}


def changed(number: int, text: str) -> list[tuple[str, str]]:
    """The right statements with another text at one place."""
    return [(author, text if n == number else ours) for n, (author, ours) in enumerate(CHURN)]


def probed(folder: Path) -> dict[str, Any]:
    events = Events.open(None, folder)
    assert probe.main(folder, events) == 0
    events.close()
    return json.loads((folder / "probe.json").read_text())


def proved(folder: Path) -> dict[str, Any]:
    events = Events.open(None, folder)
    assert prove.main(folder, events) == 0
    events.close()
    return json.loads((folder / "verification.json").read_text())


def test_the_right_module_is_proved_in_every_way(tmp_path):
    folder = churn_run(tmp_path)
    assert probed(folder)["equal"]
    found = proved(with_contract(folder))
    assert found["equal"], found
    assert found["error"] is None and found["first_difference"] is None
    assert found["rows"]["batch"] == 400
    assert found["rows"]["single"] >= 30
    assert found["rows"]["required_only"] == found["rows"]["single"]
    assert found["features"] == {"equal": True, "max_difference": 0.0}
    assert found["predictions"]["tolerance"].startswith("bit-equal in the batch")
    assert "scikit-learn" in found["packages"]


def test_rows_the_notebook_dropped_are_no_difference(tmp_path):
    folder = price_run(tmp_path)
    assert probed(folder)["tried"]["dropped"] > 0
    found = proved(with_contract(folder))
    assert found["equal"], found
    assert found["rows"]["batch"] < 300


WRONG = {
    "a wrong frozen value": (
        changed(0, "df['charges'] = df['charges'].fillna(frozen.charges_median + 0.01)"),
        "charges",
        1,
    ),
    "a statistic computed again": (
        changed(0, "df['charges'] = df['charges'].fillna(df['charges'].median())"),
        "charges",
        1,
    ),
    "a dropped statement": (changed(4, ""), None, None),
    "a scaler fitted again": (
        changed(4, "df[['tenure', 'charges']] = type(scaler)().fit_transform(df[['tenure', 'charges']])"),
        "tenure",
        5,
    ),
    "categories moved by one": (
        changed(
            3,
            REPLACED[3].replace("for c in frozen.plans", "for c in ['plus', 'pro', 'basic']").replace("== c)", "> c)"),
        ),
        None,
        None,
    ),
    "codes counted from one": (changed(1, "df['gender'] = df['gender'].map({'Female': 1, 'Male': 2})"), "gender", 2),
    "rows in another order": (changed(4, REPLACED[4] + "\ndf = df.iloc[::-1].reset_index(drop=True)"), None, None),
    "a value by position": (
        changed(0, "df['charges'] = df['charges'].fillna(frozen.charges_median)\ndf['tenure'] = TENURE[: len(df)]"),
        "tenure",
        None,
    ),
    "a rare case": (
        changed(2, REPLACED[2] + "\ndf.loc[(df['plan'] == 'pro') & (df['tenure'] > 69), 'gender'] = 0"),
        "gender",
        3,
    ),
    "a hole filled twice": (
        changed(0, "df['charges'] = df['charges'].fillna(frozen.charges_median * (1 + 1e-7))"),
        "charges",
        1,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_features_are_caught(tmp_path, name):
    statements, column, cell = WRONG[name]
    folder = churn_run(tmp_path, statements)
    if "TENURE" in statements[0][1]:
        raw = pickle.loads((folder / "expected" / "raw.pkl").read_bytes())
        text = (folder / "score.py").read_text()
        (folder / "score.py").write_text(
            # On a line that was blank: the map of lines stays true.
            text.replace("\n\n\ndef features", f"\nTENURE = {raw['tenure'].tolist()}\n\ndef features")
        )
    tried = probed(folder)
    assert not tried["equal"] and tried["fixes"], name
    found = proved(folder)
    assert not found["equal"], name
    first = found["first_difference"]
    assert first is not None and first["expected"] != first["actual"]
    if column is not None:
        assert first["column"] == column, first
    if cell is not None:
        assert first["cell"] == cell, first
        assert first["statement"] == CHURN[cell - 1][0]


@pytest.mark.parametrize("line", ["df = df.sort_values('customer')", "df = df.drop_duplicates()"])
def test_what_the_rows_of_the_notebook_cannot_show_is_caught(tmp_path, line):
    """They were sorted and all different: a request need not be."""
    folder = churn_run(tmp_path, changed(4, f"{REPLACED[4]}\n{line}"))
    probed(folder)
    found = proved(with_contract(folder))
    assert not found["equal"]
    assert found["rows"]["batch"] == 400
    assert found["first_difference"]["where"] == "shuffled"


def test_swapped_columns_are_caught(tmp_path):
    folder = churn_run(tmp_path, result=CHURN_RESULT.replace("'tenure', 'charges'", "'charges', 'tenure'"))
    assert not probed(folder)["equal"]
    first = proved(folder)["first_difference"]
    assert first["column"] == "tenure" and first["cell"] == 6


def test_a_batch_that_hides_the_fault_is_not_enough(tmp_path):
    folder = churn_run(tmp_path, WRONG["a statistic computed again"][0])
    probed(folder)
    found = proved(folder)
    assert found["rows"]["batch"] == 400
    assert found["first_difference"]["where"] == "single"
    fix = json.loads((folder / "probe.json").read_text())["fixes"][0]
    assert fix["piece"] == 0 and fix["column"] == "charges"


def test_another_model_is_caught_though_the_features_are_equal(tmp_path):
    folder = churn_run(tmp_path)
    probed(folder)
    other = churn_run(tmp_path / "other", estimator=LogisticRegression())
    (folder / "model" / "clf.pkl").unlink()
    (folder / "model" / "clf.pkl").write_bytes((other / "objects" / "clf.pkl").read_bytes())
    found = proved(with_contract(folder))
    assert not found["equal"] and found["features"]["equal"] and not found["predictions"]["equal"]
    first = found["first_difference"]
    assert first["column"] == "prediction" and first["statement"] == "clf.predict(…)" and first["cell"] == 6


def test_probabilities_count_as_well(tmp_path):
    folder = churn_run(tmp_path)
    probed(folder)
    text = (folder / "score.py").read_text()
    (folder / "score.py").write_text(
        text.replace("clf.predict_proba(features(rows))", "clf.predict_proba(features(rows))[:, ::-1]")
    )
    found = proved(with_contract(folder))
    assert not found["equal"] and found["features"]["equal"]


def test_a_refusal_of_a_row_that_the_notebook_scored(tmp_path):
    folder = churn_run(tmp_path, changed(1, "check(df['tenure'] < 70, 'too long')\n" + REPLACED[1]))
    assert not probed(folder)["equal"]
    found = proved(folder)
    first = found["first_difference"]
    raw = pickle.loads((folder / "expected" / "raw.pkl").read_bytes())
    assert first["actual"] == "too long" and first["cell"] == 2
    assert not found["features"]["equal"] and not found["predictions"]["equal"]
    assert raw["tenure"].iloc[first["row"]] >= 70


def test_an_error_in_the_middle_names_its_statement(tmp_path):
    folder = churn_run(tmp_path, changed(2, "df['Churn'] = df['Churned'].map({'No': 0, 'Yes': 1})"))
    assert not probed(folder)["equal"]
    first = proved(folder)["first_difference"]
    assert first["cell"] == 3 and "KeyError" in first["actual"]


def test_a_contract_that_leaves_out_too_much(tmp_path):
    folder = churn_run(tmp_path)
    probed(folder)
    contract = json.loads((folder / "contract.json").read_text())
    for column in contract["columns"]:
        if column["name"] == "charges":
            column.update(required=False, default=None)
    (folder / "contract.json").write_text(json.dumps(contract))
    found = proved(with_contract(folder))
    assert not found["equal"] and found["first_difference"]["where"] == "required_only"
    assert found["first_difference"]["column"] == "charges"


def test_score_py_must_stand_alone(tmp_path):
    folder = price_run(tmp_path)
    probed(folder)
    text = (folder / "score.py").read_text()
    (folder / "score.py").write_text("import iapp_runtime.train.compare\n" + text)
    (folder / "score.map.json").write_text("[]")
    found = proved(with_contract(folder))
    assert not found["equal"]
    assert "must not need iapp_runtime.train" in found["error"]


def test_rows_of_one_call_are_replayed_as_that_call(tmp_path):
    """Rounding left over from another number of rows is accepted and said; a recorded call has its own shape."""
    import numpy as np

    folder = price_run(tmp_path)
    probed(folder)
    rows = np.load(folder / "expected" / "rows.npy")
    np.save(folder / "expected" / "calls.npy", np.arange(len(rows)) % 3)
    found = proved(with_contract(folder))
    assert found["equal"] and found["rows"]["batch"] == len(rows)


def test_nothing_is_proved_without_evidence(tmp_path):
    folder = churn_run(tmp_path)
    (folder / "expected" / "features.pkl").unlink()
    assert probed(folder)["error"] == "expected/features.pkl is missing"
    found = proved(folder)
    assert not found["equal"] and found["error"] == "expected/features.pkl is missing"


def test_a_module_that_cannot_be_loaded(tmp_path):
    folder = churn_run(tmp_path)
    (folder / "score.py").write_text("def features(rows:\n")
    assert "SyntaxError" in probed(folder)["error"]
    assert "SyntaxError" in proved(folder)["error"]


def test_models_stay_readable(tmp_path):
    """The staged model is the recorded one, and anew after every probe."""
    folder = churn_run(tmp_path)
    probed(folder)
    (folder / "model" / "clf.pkl").unlink()
    probed(folder)
    assert type(pickles.load(folder / "model" / "clf.pkl")).__name__ == "RandomForestClassifier"


@pytest.mark.parametrize("wrong", [0, 7])
def test_answers_that_no_service_can_give_are_counted_and_decide_nothing(tmp_path, wrong):
    folder = churn_run(tmp_path)
    assert probed(folder)["equal"]
    answers = pickle.loads((folder / "expected" / "predictions.pkl").read_bytes())["final"][:40].copy()
    answers[:wrong] = 1 - answers[:wrong]
    told = {"rows": np.load(folder / "expected" / "rows.npy")[:40], "answers": answers, "cell": 3}
    (folder / "expected" / "otherwise.pkl").write_bytes(pickle.dumps(told))
    found = proved(with_contract(folder))
    assert found["equal"], found
    lead = "cell 3 learns again from the 40 rows it prepares: the notebook's own answers for"
    assert found["notes"] == [f"{lead} {wrong} of them differ from the service's"]
