"""The proof: every recorded row through the generated module, compared with the notebook's own answers.

Runs in the scoring environment, in a process of its own, and writes verification.json (see CONTRACT.md).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..events import Events
from ..evidence import NoEvidence, load_evidence, read_document, write_document
from ..scoring_module import ScoringModule
from .outcome import Outcome
from .proof import Proof
from .standalone import stands_alone


def main(run_dir: Path, events: Events) -> int:
    """Proves RUN_DIR and writes RUN_DIR/verification.json. Returns 0 also when the answer is "not equal"."""
    with events.phase("prove"):
        document = prove(Path(run_dir), events)
        write_document(Path(run_dir) / "verification.json", document)
    return 0


def prove(run_dir: Path, events: Events) -> dict[str, Any]:
    """The verification document of a run folder."""
    began = time.monotonic()
    outcome = Outcome()
    try:
        evidence = load_evidence(run_dir)
        scoring = ScoringModule(run_dir)
        proof = Proof(evidence, scoring, read_document(run_dir / "contract.json"), _map(run_dir), events, outcome)
        proof.batch()
        proof.shuffled()
        proof.singles()
        proof.required_only()
        proof.otherwise()
        if outcome.equal:
            outcome.error = stands_alone(run_dir, evidence, proof.alone)
    except NoEvidence as problem:
        outcome.error = str(problem)
    except Exception as error:
        outcome.error = f"score.py could not be loaded or run: {type(error).__name__}: {error}"
    return outcome.document(time.monotonic() - began)


def _map(run_dir: Path) -> list[dict[str, Any]]:
    found: Any = read_document(run_dir / "score.map.json")
    return found if isinstance(found, list) else []
