"""Servers for the tests of readers over HTTP: scripted ones, and the stand-ins of the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from typing import Any
from urllib.parse import parse_qs, urlsplit

from governance.intake.readers.http import JsonHttp

Answer = tuple[int, dict[str, str], str | bytes]


class Server:
    """Answers requests in turn with what `script` says; the last answer repeats."""

    def __init__(self, *script: Answer | Callable[[str, dict[str, str]], Answer]) -> None:
        self.script, self.asked = list(script), []

    @contextmanager
    def serving(self) -> Iterator[str]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                outer.asked.append((parts.path, query, self.headers.get("authorization", "")))
                step = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                status, headers, body = step(parts.path, query) if callable(step) else step
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # a reader may have had enough
                    self.wfile.write(body.encode() if isinstance(body, str) else body)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def ok(document: Any, **headers: str) -> Answer:
    """An answer 200 with JSON."""
    return 200, {name.replace("_", "-"): value for name, value in headers.items()}, dumps(document)


def status(code: int, **headers: str) -> Answer:
    """An answer without anything to read."""
    return code, {name.replace("_", "-"): value for name, value in headers.items()}, "{}"


def record_waits(monkeypatch) -> list[float]:
    """Let readers note how long they would have slept, and sleep not at all."""
    slept: list[float] = []
    real = JsonHttp.of.__func__

    def of(cls, *arguments, **named):
        http = real(cls, *arguments, **named)
        http.sleep = slept.append
        return http

    monkeypatch.setattr(JsonHttp, "of", classmethod(of))
    return slept
