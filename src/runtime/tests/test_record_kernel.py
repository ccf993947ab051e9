"""The recorder in a real kernel, driven by hidden cells as the training job does it."""

# ruff: noqa: E501 (cells stand on one line here)

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import record_data as data
from record_helper import program

from iapp_runtime.train.used_files import FileWatch

manager = pytest.importorskip("jupyter_client.manager")
pytest.importorskip("ipykernel")

CELLS = [
    "%matplotlib inline\n".replace("%matplotlib inline", " " * 18)
    + "import pandas as pd\nfrom sklearn.tree import DecisionTreeClassifier",
    "df = pd.read_csv('churn.csv')\ndf['charges'] = df['charges'].fillna(df['charges'].mean())\ndf.head(2)",
    "    ",
    "def broken():\n    return df['nothing']\n\nbroken()",
    "tree = DecisionTreeClassifier(max_depth=2).fit(df[['charges', 'tenure']], df['churn'])\ntree.predict(df[['charges', 'tenure']])[:3]",
]


def run_in_kernel(tmp_path: Path) -> tuple[dict, list[dict]]:
    folder = tmp_path / "run"
    folder.mkdir()
    document = program(CELLS, tmp_path)
    document["cells"][2]["magics"] = [
        {"line": 1, "span": [0, 4], "kind": "shell", "text": "names = !echo one", "action": "run", "assigns": "names"}
    ]
    (folder / "program.json").write_text(json.dumps(document))
    kernels = manager.KernelManager()
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    kernels.start_kernel(cwd=str(tmp_path), env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    client = kernels.client()
    seen: list[dict] = []
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        hidden = "from iapp_runtime.train import in_kernel as _in_kernel; _in_kernel."
        client.execute_interactive(f"{hidden}install({str(folder)!r})", silent=True, timeout=60)
        for cell in document["cells"]:
            client.execute_interactive(f"{hidden}begin_cell({cell['cell']})", silent=True, timeout=60)
            client.execute_interactive(
                cell["source"],
                timeout=60,
                stop_on_error=False,
                output_hook=lambda m: seen.append({"type": m["msg_type"], **m["content"]}),
            )
        client.execute_interactive(f"{hidden}finish({str(folder)!r}, [])", silent=True, timeout=60)
    finally:
        client.stop_channels()
        kernels.shutdown_kernel(now=True)
    return json.loads((folder / "record.json").read_text()), seen


def test_record_in_a_kernel(tmp_path):
    data.churn(tmp_path)
    document, seen = run_in_kernel(tmp_path)
    assert document["status"] == "ok", document["refusal"]
    assert document["python"] == sys.version.split()[0]
    assert "scikit-learn" in document["packages"]
    assert [f["path"] for f in document["data_files"]] == [str(tmp_path / "churn.csv")]
    assert [(f["cell"], f["line"], f["ename"], f["matters"]) for f in document["failures"]] == [
        (4, 4, "KeyError", False)
    ]
    assert [line.split(":")[0] for line in document["failures"][0]["traceback"]] == ["cell 4, line 4", "cell 4, line 2"]
    shown = [message["data"]["text/plain"] for message in seen if message["type"] == "execute_result"]
    assert len(shown) == 2 and "customer" in shown[0] and "array(" in shown[1]
    error = next(message for message in seen if message["type"] == "error")
    assert not any("iapp_runtime" in line for line in error["traceback"])
    assert any("broken" in line for line in error["traceback"])


def test_an_environment_in_the_notebooks_folder_holds_no_data(tmp_path, monkeypatch):
    own = tmp_path / "env/lib/python3.11/site-packages/lib-1.dist-info/entry_points.txt"
    share = tmp_path / "env/share/names.json"
    data = tmp_path / "rows.csv"
    for path in (own, share, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "env"))
    watch = FileWatch(tmp_path)
    watch.cell = 1
    for path in (own, share, data):
        path.read_text()
    assert [file["path"] for file in watch.data_files()] == [str(data)]
