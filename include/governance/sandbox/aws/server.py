"""The stand-in over HTTP: an ASGI application, and a server in a thread for tests.

    with serve(world) as aws:
        boto3.client("config", endpoint_url=aws.url, ...)

In a process of its own: `uvicorn.run(application(world), host="127.0.0.1", port=5000)`. Both loops that
uvicorn uses set TCP_NODELAY on every connection, so a small answer never waits for the next one.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict
from types import TracebackType
from typing import Any

import uvicorn

from governance.errors import GovernanceError
from governance.sandbox.aws.faults import Fault, Faults
from governance.sandbox.aws.gateway import Gateway, Handlers
from governance.sandbox.aws.protocol import Response
from governance.sandbox.aws.request import Request
from governance.sandbox.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONTROL = "/_stand-in/"
KEEP_ALIVE_SECONDS = 75
START_SECONDS = 30.0


class Application:
    """ASGI application over one World: AWS on every path, its own controls below `/_stand-in/`.

    `GET /_stand-in/health` lists what is served; `/_stand-in/faults` takes GET, POST (a Fault as JSON) and
    DELETE; `GET /_stand-in/calls` counts calls by action.
    """

    def __init__(self, world: World, *, faults: Faults | None = None, extra: Handlers | None = None) -> None:
        self.faults = faults or Faults()
        self.gateway = Gateway(world, self.faults, extra)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise GovernanceError(f"the AWS stand-in speaks HTTP only, not {scope['type']}")
        request = await _request(scope, receive)
        if request.path.startswith(CONTROL):
            await _send(send, self._control(request))
            return
        struck = self.gateway.struck(request)
        for fault in struck:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
        if self.gateway.is_slow(request):
            response = await asyncio.to_thread(self.gateway.answer, request, struck)
        else:
            response = self.gateway.answer(request, struck)
        await _send(send, response, cut=any(fault.kind == "disconnect" for fault in struck))

    def _control(self, request: Request) -> Response:
        subject = request.path.removeprefix(CONTROL)
        content: dict[str, Any] = {}
        if (subject, request.method) == ("faults", "POST"):
            try:
                self.faults.add(Fault(**json.loads(request.body)))
            except (GovernanceError, TypeError, ValueError) as error:
                return _json(400, {"error": str(error)})
        elif (subject, request.method) == ("faults", "DELETE"):
            self.faults.clear()
        if subject == "faults":
            content = {"faults": [asdict(fault) for fault in self.faults.listed()]}
        elif subject == "calls":
            content = dict(self.faults.calls)
        elif subject == "health":
            content = {"status": "healthy", "operations": sorted(self.gateway.handlers)}
        return _json(200 if content or subject in ("faults", "calls") else 404, content)


def application(world: World, *, faults: Faults | None = None, extra: Handlers | None = None) -> Application:
    """Return the ASGI application that serves a World."""
    return Application(world, faults=faults, extra=extra)


class Handle:
    """A stand-in that runs in a thread: `url`, `faults`, `stop()`; also a context manager."""

    def __init__(self, app: Application, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self.faults = app.faults
        self._app, self._listener = app, listener
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_keep_alive=KEEP_ALIVE_SECONDS
        )
        self._server = uvicorn.Server(config)
        run = {"sockets": [listener]}
        self._thread = threading.Thread(target=self._server.run, kwargs=run, name="aws-stand-in", daemon=True)

    def start(self) -> Handle:
        """Start, and return when requests are answered."""
        self._thread.start()
        ticks = threading.Event()
        for _ in range(int(START_SECONDS / 0.01)):
            if self._server.started:
                return self
            if not self._thread.is_alive():
                break
            ticks.wait(0.01)
        raise GovernanceError(f"the AWS stand-in did not start at {self.url}")

    def stop(self) -> None:
        """Stop, and forget what was stored. A second call does nothing."""
        if self._thread.is_alive():
            self._server.should_exit = True
            self._server.force_exit = True
            self._thread.join(10)
            self._listener.close()
            self._app.gateway.close()

    def __enter__(self) -> Handle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(world: World, *, host: str = "127.0.0.1", port: int = 0, extra: Handlers | None = None) -> Handle:
    """Serve a World from a thread; port 0 takes a free one. `stop()` the handle when done."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited; no answer waits for an ACK
    listener.bind((host, port))
    return Handle(application(world, extra=extra), listener).start()


async def _request(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers, bytes(body))


async def _send(send: Send, response: Response, *, cut: bool = False) -> None:
    headers = {"content-length": str(len(response.body)), **response.headers}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    body = response.body[: len(response.body) // 2] if cut else response.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode(), {"content-type": "application/json"})
