"""Runs the application with uvicorn until it is told to end; then what is in flight is answered first."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, Optional

import uvicorn

from ..bundle import load_bundle
from .app import App
from .log import log

#: Seconds for requests in flight when the service is told to end.
GRACE_SECONDS = 20
#: Idle keep-alive connections are closed after this; the router in front gives them up earlier.
IDLE_SECONDS = 5
MOST_CONNECTIONS = 1000


def serve(
    folder: Path, host: str, port: int, name: Optional[str], version: str, watch_parent: bool, data: Optional[Path]
) -> int:
    """Loads the bundle, scores its examples, says `service.ready` on standard output, serves; returns the exit code."""
    began = time.monotonic()
    try:
        bundle = load_bundle(folder)
        app = App(bundle, name or bundle.name, version, data)
        app.readiness.prove()
    except Exception as error:
        return _failed(f"{type(error).__name__}: {error}" if not hasattr(error, "folder") else str(error))
    if app.readiness.problem is not None:
        return _failed(app.readiness.problem)
    try:
        listener = _listen(host, port)
    except OSError as error:
        return _failed(f"port {port} of {host} cannot be had: {error.strerror}")
    # What was loaded stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server = Server(uvicorn.Config(app, **_settings()))
    if watch_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    taken = listener.getsockname()[1]
    seconds = round(time.monotonic() - began, 3)
    log("info", "serving", port=taken, version=version, seconds=seconds)
    _say({"code": "service.ready", "port": taken, "pid": os.getpid(), "seconds": seconds})
    asyncio.run(server.serve(sockets=[listener]))
    app.scorer.close()
    log("info", "ended")
    return 0


class Server(uvicorn.Server):
    """Without uvicorn's own signal messages; SIGTERM and SIGINT both drain."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        if not self.should_exit:
            log("info", "ending", signal=signal.Signals(sig).name)
        self.should_exit = True


def _settings() -> dict[str, Any]:
    return {
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "log_level": "error",
        "server_header": False,
        "date_header": False,
        "timeout_keep_alive": IDLE_SECONDS,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "limit_concurrency": MOST_CONNECTIONS,
        "h11_max_incomplete_event_size": 16384,
        "proxy_headers": False,
        "ws": "none",
    }


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections have it from here. Without it the body, which is written behind the head, waits until the client has
    # acknowledged the head: 40 ms of each answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _failed(reason: str) -> int:
    log("error", reason)
    _say({"code": "service.failed", "reason": reason})
    return 1


def _say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The parent holds the other end of standard input: its end is ours."""
    while sys.stdin.buffer.read(1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
