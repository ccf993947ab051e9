"""Shows that score.py needs nothing of the training side: one more process in which that side cannot be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

from ..evidence import Evidence
from ..json_rows import json_rows

_CODE = """
import sys
class Closed:
    def find_spec(self, name, path=None, target=None):
        if name == "iapp_runtime.train" or name.startswith("iapp_runtime.train."):
            raise ImportError("score.py must not need " + name)
sys.meta_path.insert(0, Closed())
import importlib.util, json, os
folder, answers = sys.argv[1], os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, os.path.join(folder, "modules"))
spec = importlib.util.spec_from_file_location("iapp_score", os.path.join(folder, "score.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["iapp_score"] = module
spec.loader.exec_module(module)
rows = json.load(sys.stdin)
answers.write(json.dumps([repr(list(module.predict([row]))) for row in rows]))
answers.close()
"""


def stands_alone(run_dir: Path, evidence: Evidence, answers: dict[int, str], limit: float = 300.0) -> Optional[str]:
    """Scores these raw positions in a new process; `answers` has what this process gave. Returns the fault, or None."""
    if not answers:
        return None
    sent: list[Any] = [json_rows(evidence.raw, [row])[0] for row in answers]
    root = str(Path(__file__).resolve().parents[3])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, str(run_dir)],
            input=json.dumps(sent),
            capture_output=True,
            text=True,
            timeout=limit,
            cwd=str(run_dir),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
    except subprocess.TimeoutExpired:
        return f"score.py gave no answer within {limit:.0f} s in a process of its own"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"score.py does not work in a process of its own: {last[:300]}"
    given = json.loads(done.stdout)
    wrong = [row for row, ours, theirs in zip(answers, answers.values(), given) if ours != theirs]
    return f"row {wrong[0]} gets another answer in a process of its own" if wrong else None
