"""The probe: tries the generated module on the rows of the run, and learns contract, profile and examples from it.

Runs in the training environment, in a process of its own. Writes probe.json, contract.json, profile.json and
examples.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...score.service import openapi
from ..contract import learn_contract
from ..events import Events
from ..evidence import NoEvidence, load_evidence, read_document, write_document
from ..examples import choose_examples
from ..json_rows import sendable
from ..model_summary import summarise
from ..profile import learn_profile
from ..scoring_module import ScoringModule
from ..stage import stage
from .trial import Trial

TRIAL_SECONDS = 90.0
CONTRACT_SECONDS = 120.0
IMPORTANCE_SECONDS = 30.0


def main(run_dir: Path, events: Events) -> int:
    """Probes RUN_DIR. Returns 0 also when the module differs from the run: that is in probe.json."""
    folder = Path(run_dir)
    with events.phase("probe"):
        try:
            document = probe(folder, events)
        except NoEvidence as problem:
            document = _document(False, error=str(problem))
        except Exception as error:
            document = _document(False, error=f"score.py could not be loaded: {type(error).__name__}: {error}")
        write_document(folder / "probe.json", document)
    return 0


def probe(folder: Path, events: Events) -> dict[str, Any]:
    """Runs the trial; where it finds no difference, learns from the module what a client has to know."""
    evidence = load_evidence(folder)
    workdir = Path((evidence.program or {}).get("workdir") or folder)
    stage(folder, evidence.record, workdir)
    scoring = ScoringModule(folder)
    found: Any = read_document(folder / "score.map.json")
    trial = Trial(evidence, scoring, found if isinstance(found, list) else [], events, TRIAL_SECONDS)
    first = trial.run()
    rows, unsendable = sendable(evidence.raw, evidence.rows.tolist())
    notes = [f"row {row} cannot be sent as JSON: {why}" for row, why in unsendable[:5]]
    if not rows:
        return _document(False, error="no row of the raw table can be sent as JSON", notes=notes)
    rows = list(dict.fromkeys(rows))
    # From a module that scores wrongly there is nothing to learn: then every column counts as required.
    right = first is None
    contract = learn_contract(evidence, scoring, rows, CONTRACT_SECONDS if right else 0.0)
    write_document(folder / "contract.json", contract)
    events.progress("probe", 2, 3, "contract")
    profile = learn_profile(evidence, contract, scoring, rows, IMPORTANCE_SECONDS if right else 0.0)
    write_document(folder / "profile.json", profile)
    examples = choose_examples(evidence, contract, rows)
    write_document(folder / "examples.json", examples)
    title = Path((evidence.program or {}).get("notebook") or "model").stem
    write_document(folder / "openapi.json", openapi.document(contract, title, examples))
    events.progress("probe", 3, 3, "profile")
    space = vars(scoring.module)
    document = _document(right, first=first, fixes=trial.fixes, notes=notes + trial.notes, tried=trial.tried)
    names = [model["name"] for model in evidence.record.get("models") or [] if model["name"] in space]
    document["models"] = {name: summarise(space[name]) for name in names}
    return document


def _document(
    equal: bool,
    first: Any = None,
    fixes: Any = None,
    notes: Any = None,
    tried: Any = None,
    error: Any = None,
) -> dict[str, Any]:
    return {
        "schema": "iapp.probe/1",
        "equal": equal,
        "first_difference": None if first is None else first.document(),
        "fixes": fixes or [],
        "tried": tried or {"batch": 0, "subsets": 0, "single": 0, "dropped": 0},
        "notes": notes or [],
        "models": {},
        "error": error,
    }
