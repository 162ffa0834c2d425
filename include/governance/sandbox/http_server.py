"""Serve an ASGI application on this machine, in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from governance.errors import GovernanceError

START_SECONDS = 10.0


@dataclass(frozen=True)
class Serving:
    """Where an application answers."""

    url: str
    port: int


@contextmanager
def serve(application: Any, port: int = 0, host: str = "127.0.0.1") -> Iterator[Serving]:
    """Serve `application` on `host` until the block ends; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    number = int(listener.getsockname()[1])
    config = uvicorn.Config(application, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name=f"http-{number}", daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield Serving(f"http://{host}:{number}", number)
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise GovernanceError("an HTTP stand-in did not start")
        time.sleep(0.01)
