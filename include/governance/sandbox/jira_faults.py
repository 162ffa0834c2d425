"""What a ticket system does on bad days: for the next calls, as often as asked.

    faults.plan("too_many_requests", times=2, retry_after=1)
    faults.plan("empty_page")

Over HTTP: `POST /_stand-in/faults` with `{"kind": "server_error", "times": 3}`; `GET` lists, `DELETE` clears.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from governance.errors import GovernanceError

Kind = Literal[
    "too_many_requests",
    "server_error",
    "timeout",
    "malformed",
    "truncated",
    "empty_page",
    "duplicates",
    "expired",
]


@dataclass(frozen=True)
class Fault:
    """One fault. `times` None: until cleared. `path` is a part of the URL's path; '' means every call."""

    kind: Kind
    times: int | None = 1
    path: str = "/search"
    retry_after: int = 1
    seconds: float = 30.0
    skip: int = 0

    async def strike(self) -> Response | None:
        """Answer instead of Jira, or return None where Jira's own answer is only altered."""
        if self.kind == "timeout":
            await asyncio.sleep(self.seconds)
        if self.kind == "too_many_requests":
            return JSONResponse(
                {"errorMessages": ["Rate limit exceeded."]}, 429, {"Retry-After": str(self.retry_after)}
            )
        if self.kind == "server_error":
            return Response("<html><body>Internal Server Error</body></html>", 500, media_type="text/html")
        if self.kind == "expired":
            return JSONResponse({"errorMessages": ["Basic authentication with an expired API token."]}, 401)
        if self.kind == "malformed":
            return Response(
                "<html><body>Please wait while Jira is starting</body></html>", media_type="text/html"
            )
        return None

    def alter(self, response: Response, here: str) -> Response:
        """Return Jira's own answer with the defect of this fault; `here` is the token of the page it is."""
        if self.kind == "truncated":
            body = bytes(response.body)
            return Response(body[: len(body) // 2], media_type="application/json")
        if self.kind not in ("empty_page", "duplicates") or response.status_code != 200:
            return response
        page = json.loads(bytes(response.body))
        return JSONResponse(_doubled(page) if self.kind == "duplicates" else _emptied(page, here))


def _emptied(page: dict[str, Any], here: str) -> dict[str, Any]:
    """A page without issues; on Cloud its token leads to the issues that it should have held."""
    token = {"isLast": False, "nextPageToken": here} if "isLast" in page else {}
    return {**page, "issues": [], **token}


def _doubled(page: dict[str, Any]) -> dict[str, Any]:
    """Every issue twice, as when issues move between pages while they are read."""
    return {**page, "issues": [issue for issue in page.get("issues", []) for _ in range(2)]}


class Faults:
    """The faults to come, and how often each path was called. Safe to use from any thread."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, kind: Kind, **traits: Any) -> None:
        """Let the next calls meet a fault; raises GovernanceError for a kind that is not known."""
        if kind not in get_args(Kind):
            raise GovernanceError(f"unknown fault {kind!r}; known: {', '.join(get_args(Kind))}")
        with self._lock:
            self._planned.append(Fault(kind, **traits))

    def clear(self) -> None:
        """Forget every fault and every count."""
        with self._lock:
            self._planned.clear()
            self.calls.clear()

    def next(self, path: str) -> Fault | None:
        """Count the call and return the fault that it meets, if any; planned first, met first."""
        with self._lock:
            self.calls[path] += 1
            for position, fault in enumerate(self._planned):
                if fault.path not in path:
                    continue
                if fault.skip:
                    self._planned[position] = replace(fault, skip=fault.skip - 1)
                    return None
                self._use(position, fault)
                return fault
            return None

    def _use(self, position: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._planned[position] = replace(fault, times=fault.times - 1)
        else:
            del self._planned[position]

    async def endpoint(self, request: Request) -> Response:
        """List, add or clear faults over HTTP."""
        if request.method == "DELETE":
            self.clear()
        if request.method == "POST":
            try:
                self.plan(**await request.json())
            except (GovernanceError, TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        with self._lock:
            return JSONResponse([asdict(fault) for fault in self._planned])
