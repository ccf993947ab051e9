"""Ends this process when the one that started it is gone, so that a killed command line leaves nothing running."""

from __future__ import annotations

import os
import signal
import threading
import time

GRACE_SECONDS = 15.0


def watch_parent(pid: int) -> None:
    """Polls in a daemon thread; polling works on every Unix and has no race with a parent that died before we looked."""  # noqa: E501
    threading.Thread(target=_poll, args=(pid,), name="iapp-parent", daemon=True).start()


def _poll(pid: int) -> None:
    while os.getppid() == pid:
        time.sleep(0.5)
    # First as if the person had pressed Ctrl-C: kernels are stopped and outputs saved; then for certain.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(130)
