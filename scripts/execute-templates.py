"""Runs the notebooks of `templates/` top to bottom and stores them with their outputs:
`python scripts/execute-templates.py [churn] [house-prices] [tickets]`.

Needs nbclient, ipykernel and what the templates' requirements.txt name. Times and machine paths are kept out, so that
running it again on the same versions changes nothing but pictures.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def execute(folder: Path) -> None:
    """Executes one template's notebook in its own folder; any failing cell ends the script."""
    path = folder / json.loads((folder / "template.json").read_text())["notebook"]
    notebook = nbformat.read(path, as_version=4)
    begun = time.monotonic()
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}, record_timing=False
    )
    client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # An HTML picture of an estimator weighs more than the notebook; the text of it says the same.
            if "data" in output and "estimator" in output["data"].get("text/html", ""):
                del output["data"]["text/html"]
    nbformat.write(notebook, path)
    print(f"{path.relative_to(TEMPLATES.parent)}: {time.monotonic() - begun:.1f} s, {path.stat().st_size} bytes")


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in sys.argv[1:] or sorted(entry.parent.name for entry in TEMPLATES.glob("*/template.json")):
        execute(TEMPLATES / name)
