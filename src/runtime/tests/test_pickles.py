"""Models whose classes live in the notebook are stored by name and come back inside the scoring module."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import types

import pytest

from iapp_runtime import pickles

DEFINITIONS = """
class Outer:
    class Cleaner:
        def __init__(self, width=1):
            self.width = width
        def transform(self, x):
            return helper(x) * self.width
def helper(x):
    return x + {offset}
factor = 10
double = lambda x: helper(x) * factor
def make():
    def inner(x):
        return x - 1
    return inner
"""


@pytest.fixture
def notebook(monkeypatch):
    main = types.ModuleType("__main__")
    exec(DEFINITIONS.format(offset=1), vars(main))
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


def scoring_module(offset):
    module = types.ModuleType("score_of_something")
    exec(DEFINITIONS.format(offset=offset), vars(module))
    return module


def test_classes_and_functions_are_stored_by_name(notebook, tmp_path):
    names = pickles.dump({"a": notebook.Outer.Cleaner(3), "f": notebook.helper}, tmp_path / "m.pkl")
    assert names == ["Outer", "helper"]
    restored = pickles.load(tmp_path / "m.pkl", scoring_module(offset=100))
    assert restored["a"].transform(1) == 303
    assert b"cloudpickle" not in (tmp_path / "m.pkl").read_bytes()


def test_the_namespace_of_a_module_still_running_is_enough(notebook, tmp_path):
    pickles.dump(notebook.Outer.Cleaner(), tmp_path / "m.pkl")
    assert pickles.load(tmp_path / "m.pkl", vars(scoring_module(5))).transform(1) == 6


def test_lambdas_and_inner_functions_are_stored_by_value_with_names_inside(notebook, tmp_path):
    pytest.importorskip("cloudpickle")
    names = pickles.dump([notebook.double, notebook.make(), notebook.Outer.Cleaner(2)], tmp_path / "m.pkl")
    assert names == ["Outer", "helper"]
    double, inner, cleaner = pickles.load(tmp_path / "m.pkl", scoring_module(100))
    assert (double(1), inner(1), cleaner.transform(1)) == (1010, 0, 202)


def test_a_class_redefined_since_is_stored_by_value(notebook, tmp_path):
    pytest.importorskip("cloudpickle")
    old = notebook.Outer.Cleaner(2)
    exec(DEFINITIONS.format(offset=7), vars(notebook))
    names = pickles.dump(old, tmp_path / "m.pkl")
    assert "Outer" not in names
    assert type(pickles.load(tmp_path / "m.pkl", scoring_module(100))).__name__ == "Cleaner"


def test_a_missing_definition_is_named(notebook, tmp_path):
    pickles.dump(notebook.Outer.Cleaner(), tmp_path / "m.pkl")
    with pytest.raises(AttributeError, match="'Outer', which the notebook defined"):
        pickles.load(tmp_path / "m.pkl", {})


def test_what_cannot_be_stored_is_an_error_and_leaves_no_file(notebook, tmp_path):
    with pytest.raises(pickle.PicklingError, match=r"list cannot be stored"):
        pickles.dump([threading.Lock()], tmp_path / "m.pkl")
    assert list(tmp_path.iterdir()) == []


def test_imported_names_the_packages_without_loading(notebook, tmp_path):
    pytest.importorskip("sklearn")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    model = make_pipeline(StandardScaler(), FunctionTransformer(notebook.helper)).fit([[1.0], [2.0]])
    pickles.dump(model, tmp_path / "m.pkl")
    script = (
        "import sys; from pathlib import Path; from iapp_runtime import pickles;"
        f"print(*pickles.imported(Path({str(tmp_path / 'm.pkl')!r})), 'sklearn' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd="."
    ).stdout.split()
    assert printed[-1] == "False"
    assert {"numpy", "sklearn"} <= set(printed[:-1])


def test_a_module_used_by_a_lambda_counts_as_imported(notebook, tmp_path):
    pytest.importorskip("cloudpickle")
    exec("import json\nshow = lambda x: json.dumps(x)", vars(notebook))
    pickles.dump(notebook.show, tmp_path / "m.pkl")
    assert {"cloudpickle", "json"} <= set(pickles.imported(tmp_path / "m.pkl"))
    assert pickles.load(tmp_path / "m.pkl", {})([1]) == "[1]"
