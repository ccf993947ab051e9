"""Frozen values and models beside a scoring module, and requests that do not mix."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from iapp_runtime import pickles
from iapp_runtime.codec import encode
from iapp_runtime.score.replay import Refused, flagged, row_count, rows_in
from iapp_runtime.score.replay.request import request_rows

MODULE = """
from iapp_runtime.score.replay import Frozen, Model, rows_in

frozen = Frozen("frozen.json")
columns = frozen.columns

class Scaler:
    def __init__(self, by): self.by = by
    def transform(self, x): return x * self.by

scaler = Model("scaler")
encoders = Model("encoders")
steps = Model("steps")
SOURCE = {"kind": "list", "columns": {"x": "object"}}

def features(rows):
    x = rows_in(rows, SOURCE, {}, {})
    return x
"""


@pytest.fixture
def score(tmp_path, monkeypatch):
    main = types.ModuleType("__main__")
    exec("class Scaler:\n    def __init__(self, by): self.by = by", vars(main))
    monkeypatch.setitem(sys.modules, "__main__", main)
    values = {
        "columns": ("constant", ["a", "b"]),
        "table": ("constant", pd.DataFrame({"k": [1, 2]})),
        "weights": ("constant", np.arange(3.0)),
        "mean": ("constant", np.float64(28)),
        "by_column": ("keyed", {"age": 1.5, float("nan"): [0.0], ("a", 1): 2}),
        "in_turn": ("position", [1.0, [2], 3.0]),
    }
    models = {
        "scaler": ("constant", main.Scaler(2), None),
        "encoders": ("keyed", {"sex": main.Scaler(3), "port": main.Scaler(4)}, None),
        "steps": ("position", [main.Scaler(5), main.Scaler(6)], None),
    }
    document = {
        "schema": "iapp.frozen/1",
        "values": {n: {"access": a, "value": encode(v, tmp_path, n)} for n, (a, v) in values.items()},
        "models": {n: {"access": a, "file": f"objects/{n}.pkl", "keys": k} for n, (a, _, k) in models.items()},
    }
    for name, (_, model, _) in models.items():
        pickles.dump(model, tmp_path / "objects" / f"{name}.pkl")
    (tmp_path / "frozen.json").write_text(json.dumps(document))
    (tmp_path / "score.py").write_text(MODULE)
    return load(tmp_path)


def load(folder: Path):
    spec = importlib.util.spec_from_file_location("score_under_any_name", folder / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_constants_keep_their_type(score):
    assert type(score.frozen.mean) is np.float64 and score.columns == ["a", "b"]
    assert isinstance(score.frozen.table, pd.DataFrame)
    with pytest.raises(AttributeError, match="no frozen value is called 'nothing'"):
        score.frozen.nothing  # noqa: B018


def test_keys_and_missing_keys(score):
    assert score.frozen.by_column["age"] == 1.5
    assert score.frozen.by_column[np.nan] == [0.0] and score.frozen.by_column[("a", np.int64(1))] == 2
    for unseen in ("fare", ["unhashable"]):
        with pytest.raises(Refused, match="by_column: a value that was never seen in training"):
            score.frozen.by_column[unseen]


def test_positions_start_again_with_each_request(score):
    for _ in range(2):
        score.features(["x"])
        assert [score.frozen.in_turn.next() for _ in range(3)] == [1.0, [2], 3.0]
    with pytest.raises(Refused, match="more often"):
        score.frozen.in_turn.next()


def test_models_in_their_three_forms(score):
    assert type(score.scaler) is score.Scaler and score.scaler.transform(1) == 2
    assert score.encoders["port"].transform(1) == 4 and score.encoders.keyed["sex"].transform(1) == 3
    score.features(["x"])
    assert [score.steps.next().transform(1) for _ in range(2)] == [5, 6]
    with pytest.raises(LookupError, match="by order of execution"):
        score.steps["sex"]


def test_a_change_in_one_request_is_not_seen_by_the_next(score):
    score.features(["x"])
    score.frozen.columns.append("c")
    score.frozen.table["k"] = 0
    score.frozen.weights[:] = 9
    score.frozen.by_column[np.nan].append(1)
    assert score.frozen.columns == ["a", "b", "c"], "within a request it is the same object"
    score.features(["x"])
    assert score.frozen.columns == ["a", "b"] == score.columns
    assert score.frozen.table["k"].tolist() == [1, 2] and score.frozen.weights.tolist() == [0, 1, 2]
    assert score.frozen.by_column[np.nan] == [0.0]


def test_concurrent_requests_do_not_mix(score):
    wrong: list[str] = []
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        for turn in range(50):
            barrier.wait()
            score.features(["x"] * number)
            score.frozen.columns.append(f"{number}.{turn}")
            first = score.frozen.in_turn.next()
            if row_count() != number or first != 1.0 or score.frozen.columns != ["a", "b", f"{number}.{turn}"]:
                wrong.append(f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_models_are_found_in_the_folder_of_a_bundle(score, tmp_path):
    (tmp_path / "objects").rename(tmp_path / "model")
    assert load(tmp_path).scaler.transform(1) == 2


def test_rows_are_told_by_label_while_labels_tell_them_apart():
    rows_in(list("abcd"), {"kind": "list", "columns": {"x": "object"}}, {}, {})
    assert request_rows(pd.Series([1, 2], index=[3, 1]), [0]) == [3]
    assert request_rows(pd.Series([1, 2, 3, 4], index=[10, 11, 12, 13]), [2]) == [2]
    assert request_rows(pd.Series([1, 2], index=[10, 11]), [1]) == []
    assert request_rows([1, 2, 3, 4], [3]) == [3]
    rows_in(["a"], {"kind": "list", "columns": {"x": "object"}}, {}, {})
    assert request_rows(pd.Series([1], index=[77]), [0]) == [0]


def test_a_model_of_texts_never_imports_pandas():
    script = (
        "import sys; from iapp_runtime.score.replay import Frozen, Model, rows_in, check, keep, row_count;"
        "rows_in(['a'], {'kind': 'list', 'columns': {'x': 'object'}}, {}, {}); check([True], ''); keep(['a']);"
        "print('pandas' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


def test_flagged_is_of_this_request(monkeypatch):
    from iapp_runtime.score.replay import check

    monkeypatch.setenv("IAPP_ON_DROPPED_ROWS", "score")
    rows_in(["a", "b"], {"kind": "list", "columns": {"x": "object"}}, {}, {})
    check([True, False], "cell 4: too small")
    assert flagged() == [("cell 4: too small", [1])]
    rows_in(["a", "b"], {"kind": "list", "columns": {"x": "object"}}, {}, {})
    assert flagged() == []
