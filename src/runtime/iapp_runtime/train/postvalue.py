"""The final answers that the notebook itself made of the served predictions."""

from __future__ import annotations

from typing import Any

from .recorder.estimators import Candidate
from .recorder.state import Recording
from .slicer.cut import Kept
from .slicer.post import Post


def final_value(recording: Recording, candidate: Candidate, number: int, post: Post) -> Any:
    """Recorded value, None where it was not kept."""
    if isinstance(post.result, Kept):
        log = recording.logs.get((post.result.at, post.result.node.site))
        values = [e.value for e in log.executions if e.act == "post" and e.data["candidate"] == number] if log else []
        return values[-1] if values else None
    return recording.finals.get((number, post.result, post.kept[-1].at if post.kept else candidate.statement))
