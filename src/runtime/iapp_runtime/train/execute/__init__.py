"""Runs a run folder's program.json in a kernel of its own: live events, logs, executed notebook, record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from ..events import Events
from .runner import Runner


def main(run_dir: Path, events: Events, record: bool = True) -> int:
    """Exit code of the step: 0 when the outcome is in record.json (also a refusal), 130 when interrupted."""
    program = json.loads((run_dir / "program.json").read_text("utf-8"))
    return asyncio.run(Runner(run_dir, program, events, record).run())
