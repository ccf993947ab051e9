"""Local modules that the notebook imports lie in a folder beside the scoring module."""

from __future__ import annotations

import sys

from iapp_runtime.score.replay.store import beside


def use_modules(folder: str) -> None:
    """Lets the calling module import from `folder`, relative to its own file."""
    path = str(beside(folder, sys._getframe(1).f_globals))
    if path not in sys.path:
        sys.path.insert(0, path)
