"""Holds a verified run against the notebook itself: no recorder, no slicer, no proof, only the notebook in a kernel of its own.

    python evaluate.py NOTEBOOK RUN_DIR RUNTIME [URL]

Run by the Python of the run's own environment, on a copy of the notebook whose first cell seeds the random numbers (the run was made from
the same copy, so that both draw the same). Every method that predicts is wrapped from outside, cell after cell; the call that the bundle
serves is found again by its class, method and cell. What the notebook's model was given there, and what it answered, is compared row by row
with what the scoring module (or the service behind URL) makes of the raw rows. Prints one JSON document.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

WATCH = '''
def _iapp_watch(source, state={"depth": 0, "cell": 0, "calls": []}):
    import ast, functools, importlib, sys
    state["cell"] += 1
    try:
        for node in ast.walk(ast.parse(source)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                try:
                    importlib.import_module(name)
                except Exception:
                    pass
    except SyntaxError:
        pass
    def wrapped(function, name):
        @functools.wraps(function)
        def call(self, *args, **kwargs):
            state["depth"] += 1
            try:
                result = function(self, *args, **kwargs)
            finally:
                state["depth"] -= 1
            if state["depth"] == 0:
                given = args[0] if args else next(iter(kwargs.values()), None)
                copy = given.copy() if hasattr(given, "copy") and not isinstance(given, list) else given
                state["calls"].append((state["cell"], type(self).__name__, name, self, copy, result))
            return result
        call._iapp = True
        return call
    class Conditional:
        """A method that is there under a condition (`available_if`): the condition stays as it is."""
        _iapp = True
        def __init__(self, inner, name):
            self.inner, self.name = inner, name
        def __get__(self, owner, kind=None):
            bound = self.inner.__get__(owner, kind)
            if owner is None:
                return bound
            return functools.partial(wrapped(lambda _self, *args, **kwargs: bound(*args, **kwargs), self.name), owner)
    def kinds(base):
        yield base
        for sub in type.__subclasses__(base):
            yield from kinds(sub)
    roots = [k for k in vars(sys.modules["__main__"]).values() if isinstance(k, type) and hasattr(k, "fit")]
    base = sys.modules.get("sklearn.base")
    roots += [base.BaseEstimator] if base else []
    for module, name in (("xgboost", "XGBModel"), ("lightgbm", "LGBMModel"), ("xgboost", "Booster"), ("lightgbm", "Booster")):
        roots += [getattr(sys.modules[module], name)] if hasattr(sys.modules.get(module), name) else []
    # Methods may come from a mixin, which is no estimator itself.
    for kind in {k for root in roots for one in kinds(root) for k in one.__mro__ if k is not object}:
        for name in ("predict", "predict_proba", "decision_function", "transform", "fit", "fit_predict", "fit_transform", "score"):
            function = vars(kind).get(name)
            if function is not None and not getattr(function, "_iapp", False) and hasattr(function, "__get__"):
                try:
                    setattr(kind, name, wrapped(function, name) if callable(function) else Conditional(function, name))
                except Exception:
                    pass
def _iapp_tell(cell, kind, method, path, state=_iapp_watch.__defaults__[0]):
    import pickle
    own = [c for c in state["calls"] if c[0] == cell and c[1] == kind]
    # Where a model was only fitted or measured, it is asked for what it then predicts.
    found = [c for c in own if c[2] in (method, "score", "fit", "fit_predict")]
    if not found:
        raise LookupError(str(sorted({c[:3] for c in state["calls"] if c[0] == cell})))
    told = []
    for _, _, name, owner, given, result in found:
        if name in ("fit", "score", "fit_predict"):
            state["depth"] += 1
            try:
                result = owner.predict(given)
            except Exception:
                continue
            finally:
                state["depth"] -= 1
        told.append((given, result))
    with open(path, "wb") as file:
        pickle.dump(told, file)
'''


def run_plainly(notebook: Path, served: dict[str, Any], out: Path) -> str | None:
    """Runs the notebook up to the served cell; writes what the served calls were given and answered. A sentence where that fails."""
    document = nbformat.read(notebook, 4)
    cells = [cell for cell in document.cells if cell.cell_type == "code"]
    client = NotebookClient(document, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(notebook.parent)}})

    def execute(source: str) -> str | None:
        try:
            client.execute_cell(nbformat.v4.new_code_cell(source), 0, store_history=False)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        return None

    with client.setup_kernel():
        # The environment's own interpreter, whatever the notebook's kernel was called.
        told = execute(WATCH)
        for cell in cells[: served["cell"]]:
            source = "\n".join(line for line in cell.source.split("\n") if not line.lstrip().startswith("!"))
            told = execute(f"_iapp_watch({source!r})") or told
            execute(source)
        return execute(f"_iapp_tell({served['cell']}, {served['class']!r}, {served['method']!r}, {str(out)!r})") or told


def rows_of(raw: Any, places: list[int]) -> list[Any]:
    """Raw rows as JSON values."""
    if hasattr(raw, "columns"):
        return json.loads(raw.iloc[places].to_json(orient="records", double_precision=15, date_format="iso"))
    return [json.loads(json.dumps(raw[i], default=lambda v: v.tolist() if hasattr(v, "tolist") else str(v))) for i in places]


def plain(values: Any) -> Any:
    if hasattr(values, "toarray"):
        values = values.toarray()
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    return np.asarray(values)


def differs(left: Any, right: Any, rounding: float = 1e-12) -> list[int]:
    """Places at which two tables of answers are not the same (numbers within 1e-9, or 1e-5 where they have 32 bits; or
    within `rounding` of the size of their column)."""
    left, right = plain(left), plain(right)
    if len(left) != len(right):
        return list(range(max(len(left), len(right))))
    left, right = left.reshape(len(left), -1), right.reshape(len(right), -1)
    if left.shape != right.shape:
        return list(range(len(left)))
    try:
        a, b = left.astype(float), right.astype(float)
        bound = 1e-5 if np.array_equal(a[np.isfinite(a)], a[np.isfinite(a)].astype(np.float32)) else 1e-9
        size = np.nanmax(np.abs(a), axis=0, initial=0) * rounding if a.size else 0
        same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= np.maximum(bound * np.abs(a), size))
    except (TypeError, ValueError):
        same = np.array([[str(x) == str(y) for x, y in zip(p, q)] for p, q in zip(left, right)])
    return np.flatnonzero(~same.all(axis=1)).tolist()


def unmatched(given: Any, answered: Any, ours: Any, answers: Any) -> list[int]:
    """Our rows that are not among those of a call which also got made-up rows (resampling), or have another answer there."""

    def key(row: Any) -> str:
        return " ".join(f"{float(v):.9g}" if isinstance(v, (int, float, np.number, bool)) else str(v) for v in row)

    known: dict[str, set[str]] = {}
    for row, answer in zip(plain(given), plain(answered)):
        known.setdefault(key(row), set()).add(str(answer))
    return [i for i, row in enumerate(plain(ours)) if str(answers[i]) not in known.get(key(row), ())]


def ask(url: str, rows: list[Any]) -> list[Any]:
    """The service's answers, a hundred rows at a time."""
    answers: list[Any] = []
    for start in range(0, len(rows), 100):
        body = json.dumps({"rows": rows[start : start + 100]}).encode()
        request = urllib.request.Request(f"{url.rstrip('/')}/predict", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            answers += json.load(answer)["predictions"]
    return answers


def main() -> dict[str, Any]:
    notebook, run_dir, runtime = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    url = sys.argv[4] if len(sys.argv) > 4 else None
    sys.path.insert(0, runtime)
    record = json.loads((run_dir / "record.json").read_text())
    positions = np.load(run_dir / "expected/rows.npy")[np.load(run_dir / "expected/calls.npy") == 0].tolist()
    with open(run_dir / "expected/raw.pkl", "rb") as file:
        raw = pickle.load(file)
    out = Path(tempfile.mkdtemp()) / "told.pkl"
    problem = run_plainly(notebook, record["served"], out)
    if not out.exists():
        return {"outcome": "not run", "why": problem}
    with open(out, "rb") as file:
        told = [pair for pair in pickle.load(file) if len(plain(pair[0])) >= len(positions)]
    from iapp_runtime.train.scoring_module import ScoringModule

    scoring = ScoringModule(run_dir)
    best: dict[str, Any] = {"outcome": "not found", "why": f"no call got {len(positions)} rows"}
    sample = list(range(len(positions)))[:: max(1, len(positions) // 2000)]
    rows = rows_of(raw, [positions[i] for i in sample])
    ours = scoring.features(rows)
    for given, answered in reversed(told):
        answers = None if record["post"] else ask(url, rows) if url else list(scoring.predict(rows))
        if answers is None:
            wrong = differs(plain(given)[sample], ours)
        elif len(plain(given)) > len(positions):
            wrong = unmatched(given, answered, ours, answers)
        else:
            theirs, asked = plain(answered)[sample], plain(given)[sample]
            # The same model, asked for the very same bits: what is left is the order in which it adds up.
            rounding = 1e-11 if np.array_equal(asked, plain(ours)) else 1e-12
            wrong = sorted({*differs(asked, ours), *differs(theirs, np.asarray(answers), rounding)})
        found = {"outcome": "equal" if not wrong else "UNEQUAL", "rows": len(sample), "different": len(wrong)}
        found["compared"] = "features" if record["post"] else "features and answers"
        if wrong:
            i = wrong[0]
            found["why"] = f"row {positions[sample[i]]}: {plain(given)[sample[i]]} {plain(answered)[sample[i]]}"
        if not wrong:
            return found
        if best["outcome"] == "not found" or best.get("different", 0) > len(wrong):
            best = found
    return best


print(json.dumps(main()))
